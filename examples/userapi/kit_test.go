package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// TestMain is the program itself where a test starts this binary as such.
func TestMain(m *testing.M) {
	if os.Getenv("USERAPI_TEST_MAIN") != "" {
		main()
		return
	}
	code := m.Run()
	if err := stopShared(); err != nil {
		fmt.Fprintln(os.Stderr, "the shared server:", err)
		code = 1
	}
	os.Exit(code)
}

// A running is a started server, seen from outside: its output, its files and its
// answers.
type running struct {
	base, metrics, token, resetToken string
	newcomer, unlinked               string
	dir                              string
	demo                             []demoLine
	log                              *buffer
	db                               *database
	users                            *users
	payments                         *payments
	stop                             func() error // once; waits for the end
}

// A demoLine is a curl line that was printed, and the status above it.
type demoLine struct{ curl, status string }

// shared is one server for all tests that need none of their own: each test has
// users of its own.
var shared = struct {
	once sync.Once
	dir  string
	s    *running
	err  error
}{}

func sharedServer(t *testing.T) *running {
	t.Helper()
	shared.once.Do(func() {
		if shared.dir, shared.err = os.MkdirTemp("", "userapi-test-"); shared.err == nil {
			shared.s, shared.err = start(shared.dir)
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.s
}

func stopShared() error {
	if shared.s == nil {
		return nil
	}
	defer os.RemoveAll(shared.dir)
	return shared.s.stop()
}

func startServer(t *testing.T, args ...string) *running {
	t.Helper()
	s, err := start(t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return s
}

// start starts a server on SQLite in a directory, or on another database.
func start(dir string, args ...string) (*running, error) {
	dsn := sqliteDSN(filepath.Join(dir, "userapi.db"))
	if len(args) == 2 && args[0] == "-dsn" {
		dsn = args[1]
	}
	ctx, cancel := context.WithCancel(context.Background())
	db, err := openDatabase(ctx, dsn)
	if err != nil {
		cancel()
		return nil, err
	}
	users := &users{db, bcrypt.MinCost}
	// The demo users are there already, so that the server need not hash for long.
	for _, id := range []string{demoUser, newcomer, unlinked} {
		if _, err := users.create(ctx, id, id+"@example.com", demoPassword, time.Now()); err != nil {
			cancel()
			return nil, err
		}
	}
	log := &buffer{}
	printed, stdout := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"-addr", "127.0.0.1:0", "-dir", dir}, args...), stdout, log)
		stdout.CloseWithError(fmt.Errorf("the server ended: %w", errOrEOF(err)))
		ended <- err
	}()
	s := &running{dir: dir, log: log, db: db, users: users, payments: &payments{db}}
	s.stop = sync.OnceValue(func() error {
		cancel()
		return errors.Join(<-ended, db.Close())
	})
	return s, s.read(printed)
}

func errOrEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

// read reads what is printed at the start.
func (s *running) read(printed io.Reader) error {
	values := map[string]*string{
		"The user API is served on ": &s.base, "token       ": &s.token, "reset token ": &s.resetToken,
		"newcomer    ": &s.newcomer, "unlinked    ": &s.unlinked,
	}
	status := ""
	lines := bufio.NewScanner(printed)
	for lines.Scan() {
		line := lines.Text()
		for prefix, value := range values {
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				*value, _, _ = strings.Cut(strings.ReplaceAll(rest, ",", " "), " ")
			}
		}
		if _, rest, ok := strings.Cut(line, "its metrics on "); ok {
			s.metrics = strings.TrimSuffix(rest, ".")
		}
		switch {
		case strings.HasPrefix(line, "# "):
			status = line[strings.LastIndex(line, " ")+1:]
		case strings.HasPrefix(line, "curl "):
			s.demo = append(s.demo, demoLine{line, status})
		case line == "Stop it with Ctrl-C.":
			return nil
		}
	}
	return fmt.Errorf("the server printed no last line: %w", errOrEOF(lines.Err()))
}

// exec changes the server's database behind its back.
func (s *running) exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	if _, err := s.db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// A buffer may be read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
