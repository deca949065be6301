package torture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

const (
	// longestLife is the longest time that a child works before it is killed.
	longestLife = 400 * time.Millisecond
	// patience is how long a child may take to start.
	patience = time.Minute
)

// live starts a child, waits until it works, and kills it after the delay. A crash
// comes before that, after another delay.
func live(o order, e Engine, delay func() time.Duration) (err error) {
	c, err := start(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.kill()) }()
	if err := c.awaitWork(); err != nil {
		return err
	}
	if e.Crash != nil {
		if err := c.workFor(delay()); err != nil {
			return err
		}
		if err := e.Crash(o.Source); err != nil {
			return fmt.Errorf("killing the server: %w", err)
		}
	}
	return c.workFor(delay())
}

// A child is a process that obeys an order.
type child struct {
	cmd        *exec.Cmd
	complaints bytes.Buffer
	alive      chan struct{} // closed once it works
	ended      chan struct{}
}

func start(o order) (*child, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(program), alive: make(chan struct{}), ended: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	if _, err := c.cmd.StdinPipe(); err != nil { // see dieWithParent
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.cmd.Stderr = &c.complaints
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go c.listen(out)
	return c, nil
}

// listen closes alive at a child's first byte, and ended at the end.
func (c *child) listen(out io.Reader) {
	defer close(c.ended)
	if n, _ := out.Read(make([]byte, 1)); n == 1 {
		close(c.alive)
	}
	_, _ = io.Copy(io.Discard, out) // until it is dead
}

func (c *child) awaitWork() error {
	select {
	case <-c.alive:
		return nil
	case <-c.ended:
		return errors.New("the child ended before it did anything")
	case <-time.After(patience):
		return fmt.Errorf("the child did nothing for %v", patience)
	}
}

// workFor lets the child work for a while. It must not end by itself.
func (c *child) workFor(d time.Duration) error {
	select {
	case <-time.After(d): // the point of death, not a wait for something
		return nil
	case <-c.ended:
		return errors.New("the child ended by itself")
	}
}

// kill kills the child and returns its complaints.
func (c *child) kill() error {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
	if c.complaints.Len() == 0 {
		return nil
	}
	return fmt.Errorf("the child says:\n%s", c.complaints.Bytes())
}
