package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/knowhave/factor/dbtest/server"
)

func TestWithoutChromiumItsTestsAreSkipped(t *testing.T) {
	server.SkipsWithout(t, `^TestLockShowsTheTimeLeft$`, "chromium")
}

// TestProgram starts the program as it is started, finds the address that it prints, and
// starts it again on the same files.
func TestProgram(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		base, end := start(t, dir)
		response, err := http.Get(base)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || !bytes.Contains(body, []byte("A login to click through")) {
			t.Fatalf("%v: %s", err, body)
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(t.Context(), []string{"-addr", "nowhere", "-dir", dir}, io.Discard, io.Discard); err == nil {
		t.Error("an address that cannot be is taken")
	}
	if err := run(t.Context(), []string{"-h"}, io.Discard, io.Discard); err != nil {
		t.Error(err)
	}
}

// start starts the program, which picks a port.
func start(t *testing.T, dir string) (base string, end func() error) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	printed, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"-addr", "localhost:0", "-dir", dir}, out, io.Discard)
		_ = out.CloseWithError(errors.Join(err, io.EOF))
		ended <- err
	}()
	line, err := bufio.NewReader(printed).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, printed) }()
	return strings.TrimPrefix(strings.TrimSpace(line), "Open "), func() error {
		stop()
		return <-ended
	}
}
