package commands

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// TestMain runs a program that hangs, where a test started this one to be it.
func TestMain(m *testing.M) {
	if os.Getenv("FACTORCTL_TEST_HANGS") == "" {
		os.Exit(m.Run())
	}
	os.Args = []string{"factorctl", "users"}
	Program{Open: func(context.Context) (*Service, error) {
		fmt.Println("opening")
		select {} // as a driver that does not look at the context
	}}.Main()
}

func TestASecondInterruptEndsAProgramThatHangs(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		c := exec.CommandContext(t.Context(), os.Args[0])
		c.Env = append(os.Environ(), "FACTORCTL_TEST_HANGS=1")
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "opening\n" {
			t.Fatalf("it says %q: %v", line, err)
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		sent, again := 0, time.NewTicker(10*time.Millisecond)
		defer again.Stop()
		for over := false; !over; {
			select {
			case <-ended:
				over = true
			case <-again.C:
				if sent++; sent > 3000 {
					_ = c.Process.Kill() // the test has failed
					t.Fatalf("%v, %d times, does not end it", signal, sent)
				}
				_ = c.Process.Signal(signal) // it may have ended meanwhile
			}
		}
		if status := c.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != signal {
			t.Errorf("%v, %d times: it ended with %v", signal, sent, c.ProcessState)
		}
	}
}
