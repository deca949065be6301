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
	// longestLife is how long a child works at most before it is killed.
	longestLife = 400 * time.Millisecond
	// patience is how long a child may take until it works.
	patience = time.Minute
)

// live starts a child, waits until it works, and kills it after the delay. If
// there is a crash, it is in between, after another delay.
func live(o order, e Engine, delay func() time.Duration) (err error) {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	if _, err := cmd.StdinPipe(); err != nil { // see dieWithParent
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if complaints.Len() > 0 {
			err = errors.Join(err, fmt.Errorf("the child says:\n%s", complaints.Bytes()))
		}
	}()

	alive, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		if n, _ := out.Read(make([]byte, 1)); n == 1 {
			close(alive)
		}
		_, _ = io.Copy(io.Discard, out) // until it is dead
	}()
	select {
	case <-alive:
	case <-ended:
		return errors.New("the child ended before it did anything")
	case <-time.After(patience):
		return fmt.Errorf("the child did nothing for %v", patience)
	}
	work := func() error {
		select {
		case <-time.After(delay()): // the point of death, not a wait for something
			return nil
		case <-ended:
			return errors.New("the child ended by itself")
		}
	}
	if e.Crash != nil {
		if err := work(); err != nil {
			return err
		}
		if err := e.Crash(o.Source); err != nil {
			return fmt.Errorf("killing the server: %w", err)
		}
	}
	return work()
}
