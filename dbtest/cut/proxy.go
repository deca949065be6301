// Package cut is a proxy between a client and a database server that cuts the
// connection at a given statement: before the server has seen it, while the server
// works on it, or once it is done and the answer is on its way. It understands just
// enough of the protocols of PostgreSQL and MySQL.
//
// The tests run every exported method through it on both servers, cut at every
// statement of every operation, and check what is stored:
//
//	go test ./dbtest/cut -v -cut.all
//
// runs all the cuts in all modes of the drivers. A finding names the operation, the
// statement and the cut, and
//
//	go test ./dbtest/cut -v -cut.all -run 'Cut/^PostgreSQL$/forfeit'
//
// repeats one operation with all its cuts.
package cut

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
)

// A Point tells where a connection is cut.
type Point int

const (
	// Before: the server does not see the statement.
	Before Point = iota
	// Unanswered: the statement is sent, and both ends lose the connection at once.
	// Whether the server does the work before the client looks again is a race.
	Unanswered
	// Answered: the server has done the work and answered, but the client does not
	// hear it.
	Answered
	// LateFirst: the client loses the connection, and the statement reaches the
	// server just before the client's next write, or when the operation is over.
	LateFirst
	// LateLast: the client loses the connection, and the statement reaches the
	// server when the operation is over.
	LateLast
	// Unended: the server has done the work, and the client hears its answer but for
	// the end, which says that it was committed.
	Unended
)

func (p Point) String() string {
	return [...]string{"before the statement", "unanswered", "after the work", "late, before the next write", "late, at the end", "before the end of the answer"}[p]
}

// A Cut names a statement and how to cut it.
type Cut struct {
	At      int // the number of the statement, from 1; 0: none
	Point   Point
	Reset   bool // the ends see a reset instead of an end of file
	ForGood bool // no connection until the operation is over
	Twice   bool // the next write is cut as well
}

// A Request is what a client sends in one piece and the server answers in one.
type Request struct {
	SQL  string
	Runs bool // otherwise it is only prepared
	data []byte
}

// Same reports whether two requests are equal to the byte.
func (r *Request) Same(other *Request) bool { return bytes.Equal(r.data, other.data) }

// A Proxy is a proxy in front of one server. Its clients use the server one
// statement at a time.
type Proxy struct {
	protocol Protocol
	server   string
	listener net.Listener
	counts   func(*Request) bool
	writes   func(*Request) bool

	mu     sync.Mutex
	links  map[*link]bool
	cut    Cut
	done   bool // the cut was made
	again  bool // so was the second one
	seen   []*Request
	late   *link // which keeps the statement that was cut
	reset  []int64
	failed error
	atWork int       // servers that were sent a statement and left alone
	idle   sync.Cond // atWork is 0
	open   sync.WaitGroup
}

// Listen starts a proxy on loopback in front of a server. It counts the requests
// that counts selects, and treats as writes those that writes selects.
func Listen(p Protocol, server string, counts, writes func(*Request) bool) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	proxy := &Proxy{protocol: p, server: server, listener: l, counts: counts, writes: writes, links: make(map[*link]bool)}
	proxy.idle.L = &proxy.mu
	proxy.open.Go(proxy.accept)
	return proxy, nil
}

// Port is where the proxy listens.
func (p *Proxy) Port() int { return p.listener.Addr().(*net.TCPAddr).Port }

// Close ends the proxy and its connections.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.Drop(false)
	p.open.Wait()
	return err
}

// Begin starts counting for an operation with this cut.
func (p *Proxy) Begin(c Cut) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut, p.done, p.again, p.seen, p.reset = c, false, false, nil, nil
}

// A Trace is what an operation sent.
type Trace struct {
	Requests []*Request
	Cut      bool // whether the cut was made
	// Reset are the server's numbers of the connections whose end it has yet to
	// notice.
	Reset []int64
}

// End ends the operation: a withheld statement reaches the server now. End returns
// once the server has finished everything it was sent, except on connections that
// were reset. New connections are allowed again.
func (p *Proxy) End() (Trace, error) {
	err := p.deliver()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.atWork > 0 {
		p.idle.Wait()
	}
	t := Trace{p.seen, p.done, p.reset}
	p.cut, p.seen = Cut{}, nil
	return t, errors.Join(err, p.failed)
}

// Drop cuts every connection without a running statement.
func (p *Proxy) Drop(reset bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		if !l.busy {
			l.drop(reset)
			delete(p.links, l)
		}
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		refused := p.done && p.cut.ForGood
		p.mu.Unlock()
		if refused {
			hangUp(client, true)
			continue
		}
		p.open.Go(func() {
			if err := p.serve(client); err != nil {
				p.mu.Lock()
				p.failed = errors.Join(p.failed, err)
				p.mu.Unlock()
			}
		})
	}
}

// serve passes on a client's requests and their answers.
func (p *Proxy) serve(client net.Conn) error {
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		hangUp(client, false)
		return err
	}
	l := &link{proxy: p, client: newWire(client), server: newWire(server), busy: true}
	p.mu.Lock()
	p.links[l] = true
	p.mu.Unlock()
	l.run()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
	if !l.left {
		server.Close()
	}
	client.Close()
	return nil
}

// meet counts a request and reports whether it is the one to cut.
func (p *Proxy) meet(r *Request) (Cut, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.counts(r) {
		return Cut{}, false
	}
	p.seen = append(p.seen, r)
	switch {
	case !p.done && len(p.seen) == p.cut.At:
		p.done = true
	case p.done && p.cut.Twice && !p.again && p.writes(r):
		p.again = true
	default:
		return Cut{}, false
	}
	return p.cut, true
}

// awaits reports whether a withheld statement must go before this one.
func (p *Proxy) awaits(r *Request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.late != nil && p.cut.Point == LateFirst && p.writes(r)
}

// deliver sends the withheld statement to the server and waits for its answer.
func (p *Proxy) deliver() error {
	p.mu.Lock()
	l := p.late
	p.late = nil
	p.mu.Unlock()
	if l == nil {
		return nil
	}
	defer l.server.Close() // who kept it left it open
	_, err := l.ask(l.kept)
	return err
}

func (p *Proxy) keep(l *link) {
	p.mu.Lock()
	p.late = l
	p.mu.Unlock()
}

// finish lets a server finish what it was sent, and waits until it has noticed the
// end of the connection. It returns at once; End waits.
func (p *Proxy) finish(server net.Conn) {
	p.mu.Lock()
	p.atWork++
	p.mu.Unlock()
	p.open.Go(func() {
		if tcp, ok := server.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
		_, _ = io.Copy(io.Discard, server)
		_ = server.Close()
		p.mu.Lock()
		p.atWork--
		p.idle.Broadcast()
		p.mu.Unlock()
	})
}

// noteReset records a connection whose end the server was not seen to notice.
func (p *Proxy) noteReset(number int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.reset, number) {
		p.reset = append(p.reset, number)
	}
}

// hangUp closes a connection, so that the other end sees its end or a reset.
func hangUp(c net.Conn, reset bool) {
	if tcp, ok := c.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
