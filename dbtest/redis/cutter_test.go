package redis_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
)

// A cutter makes connections, and cuts some between a swap and its answer.
type cutter struct {
	mu   sync.Mutex
	left int
	done chan struct{} // left is 0
}

// arm has the next so many swaps lose their answers. The returned channel is closed
// when they have.
func (c *cutter) arm(swaps int) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left, c.done = swaps, make(chan struct{})
	return c.done
}

// cut waits until so many swaps have lost their answers.
func (c *cutter) cut(ctx context.Context, swaps int) error {
	select {
	case <-c.arm(swaps):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// takes reports whether the answer to what is sent gets lost.
func (c *cutter) takes(sent []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.left > 0 && bytes.Contains(sent, []byte("EVAL"))
}

// taken notes that an answer is lost, which is one of those unless more were on
// their way.
func (c *cutter) taken() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left == 0 {
		close(c.done)
	}
}

func (c *cutter) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	return &cutConn{Conn: conn, cutter: c}, err
}

// cutConn is used by one goroutine at a time, as connections of go-redis are.
type cutConn struct {
	net.Conn
	cutter *cutter
	mute   bool
}

func (c *cutConn) Write(b []byte) (int, error) {
	c.mute = c.mute || c.cutter.takes(b)
	return c.Conn.Write(b)
}

// Read waits for the answer, so that the swap is done.
func (c *cutConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if !c.mute || err != nil {
		return n, err
	}
	c.Close()
	c.cutter.taken()
	return 0, io.EOF
}
