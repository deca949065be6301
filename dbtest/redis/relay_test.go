package redis_test

import (
	"io"
	"net"
	"sync"
	"testing"
)

// A relay stands between a primary and its replica.
type relay struct {
	listener net.Listener
	mu       sync.Mutex
	held     bool
	conns    []net.Conn
}

func newRelay(t *testing.T, primary string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: l}
	t.Cleanup(r.close)
	go func() {
		for {
			replica, err := l.Accept()
			if err != nil {
				return
			}
			up, err := net.Dial("tcp", primary)
			if err != nil {
				replica.Close()
				continue
			}
			r.mu.Lock()
			r.conns = append(r.conns, replica, up)
			r.mu.Unlock()
			go func() { _, _ = io.Copy(up, replica) }()
			go func() { _, _ = io.Copy(withheld{r, replica}, up) }()
		}
	}()
	return r
}

func (r *relay) port() string {
	_, port, _ := net.SplitHostPort(r.listener.Addr().String()) // it is one
	return port
}

// withheld drops what is written while the relay holds it back.
type withheld struct {
	r *relay
	net.Conn
}

func (w withheld) Write(b []byte) (int, error) {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	if w.r.held {
		return len(b), nil
	}
	return w.Conn.Write(b)
}

// hold lets nothing through to the replica from now on. What the replica says still
// reaches the primary.
func (r *relay) hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = true
}

// close cuts the replica off for good.
func (r *relay) close() {
	r.listener.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		c.Close()
	}
}
