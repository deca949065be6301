package cut

import (
	"bufio"
	"io"
	"net"
)

// A link is one client's connection to the server.
type link struct {
	proxy   *Proxy
	client  *wire
	server  *wire
	session session
	busy    bool     // has a statement on its way; guarded by the proxy
	kept    *Request // the withheld request
	left    bool     // another goroutine closes the server's end
}

// run returns when either end is gone, or the connection was cut.
func (l *link) run() {
	var err error
	if l.session, err = l.proxy.protocol.open(l.client, l.server); err != nil {
		return
	}
	for answer := []byte(nil); ; {
		// Do this before the client has the answer, so that it may call Drop then.
		l.setBusy(false)
		if _, err := l.client.Write(answer); err != nil {
			return
		}
		r, err := l.session.request(l.client)
		if err != nil {
			return
		}
		l.setBusy(true)
		if cut, ok := l.proxy.meet(r); ok {
			l.cut(cut, r)
			return
		}
		if l.proxy.awaits(r) {
			if err := l.proxy.deliver(); err != nil {
				return
			}
		}
		if answer, err = l.ask(r); err != nil {
			return
		}
	}
}

// ask sends a request to the server and returns the whole answer.
func (l *link) ask(r *Request) ([]byte, error) {
	if _, err := l.server.Write(r.data); err != nil {
		return nil, err
	}
	return l.session.answer(l.server, r)
}

// cut cuts the connection at a request.
func (l *link) cut(c Cut, r *Request) {
	switch c.Point {
	case Before:
	case Unanswered:
		_, _ = l.server.Write(r.data)
		if c.Reset {
			l.proxy.noteReset(l.session.number())
			hangUp(l.server.Conn, true)
			break
		}
		l.left = true
		l.proxy.finish(l.server.Conn)
	case Answered:
		_, _ = l.ask(r)
	case Unended:
		answer, _ := l.ask(r)
		_, _ = l.client.Write(answer[:max(0, len(answer)-endSize)])
	case LateFirst, LateLast:
		l.kept, l.left = r, true
		l.proxy.keep(l)
	}
	hangUp(l.client.Conn, c.Reset)
}

// endSize is how many bytes the message has that ends an answer of PostgreSQL, and no
// more than that of MariaDB has.
const endSize = 6

func (l *link) setBusy(busy bool) {
	l.proxy.mu.Lock()
	l.busy = busy
	l.proxy.mu.Unlock()
}

// drop makes run return, so that the client finds the connection dead.
func (l *link) drop(reset bool) { hangUp(l.client.Conn, reset) }

// A wire is one connection of a link. It reads whole messages.
type wire struct {
	net.Conn
	in *bufio.Reader
}

func newWire(c net.Conn) *wire { return &wire{c, bufio.NewReader(c)} }

// take reads n bytes.
func (w *wire) take(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(w.in, b)
	return b, err
}

// A Protocol is the language of a client and a server.
type Protocol interface {
	// open passes on everything before the first request.
	open(client, server *wire) (session, error)
}

// A session is a connection that serves requests, one at a time.
type session interface {
	request(client *wire) (*Request, error)
	// answer reads the whole answer to a request.
	answer(server *wire, r *Request) ([]byte, error)
	// number is the server's number of the connection.
	number() int64
}
