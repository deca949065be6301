// Package server starts throwaway database servers for tests: PostgreSQL, MariaDB,
// and pgbouncer in front of PostgreSQL, on loopback and with settings under which
// nothing acknowledged is lost.
//
// Most tests share one server of a kind, which SharedPostgres, SharedMariaDB and
// SharedPgBouncer start at their first call and which ends with the test binary, in
// any case. Tests that kill servers start their own in a Home, which ends with the
// test.
//
// The package looks for programs on PATH and in Debian's directories, and runs them
// as separate users if the tests run as root. If a program is missing, Must skips
// the test, and fails it under CI=true. FACTOR_TEST_WITHOUT hides programs: names
// separated by commas, or "all". To use an existing server, set
// FACTOR_TEST_POSTGRES (postgres://...) or FACTOR_TEST_MYSQL to its data source
// name, whose role may create tables and schemas.
package server

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// A Home is a temporary directory with running servers.
type Home struct {
	dir       string
	mu        sync.Mutex
	processes []*Process
}

// NewHome returns a Home that stops its servers and removes its files when the test
// ends. If the test failed, it shows the ends of the servers' logs.
func NewHome(t testing.TB) *Home {
	t.Helper()
	h := Must(newHome())(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(h.Logs(30))
		}
		if err := h.close(); err != nil {
			t.Errorf("stopping the servers: %v", err)
		}
	})
	return h
}

func newHome() (*Home, error) {
	base, err := baseDir()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(base.dir, "")
	if err != nil {
		return nil, err
	}
	return &Home{dir: dir}, os.Chmod(dir, 0o755)
}

// baseDir holds the Homes of this test binary. A separate process removes it when
// the binary has ended, killed or not: that closes the pipe it reads.
var baseDir = sync.OnceValues(func() (base, error) {
	dir, err := os.MkdirTemp("", "factor-servers-")
	if err != nil {
		return base{}, err
	}
	// The servers run as other users, who must be able to enter.
	if err := os.Chmod(dir, 0o755); err != nil {
		return base{}, err
	}
	// The servers may still write while they end: for two minutes at most.
	const remove = `trap '' HUP INT TERM
cat
tries=600
until rm -rf -- "$0" || [ $((tries -= 1)) = 0 ]; do sleep 0.2; done`
	undertaker := exec.Command("/bin/sh", "-c", remove, dir)
	undertaker.SysProcAttr = ownGroup()
	alive, err := undertaker.StdinPipe()
	if err != nil {
		return base{}, err
	}
	return base{dir, alive}, undertaker.Start()
})

type base struct {
	dir   string
	alive io.Closer // open as long as this test binary lives
}

// Directory makes a directory that belongs to a user, or to the current one if user
// is empty.
func (h *Home) Directory(name, user string) (string, error) {
	dir := filepath.Join(h.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	uid, gid, err := ids(user)
	if err != nil {
		return "", err
	}
	return dir, os.Chown(dir, uid, gid)
}

// Logs returns the last lines of the logs of all servers.
func (h *Home) Logs(lines int) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var text string
	for _, p := range h.processes {
		text += fmt.Sprintf("the log of %s ends with\n%s\n", p.Name(), p.LogTail(lines))
	}
	return text
}

func (h *Home) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var faults []error
	for _, p := range slices.Backward(h.processes) {
		faults = append(faults, p.Quit())
		if p.command.Clean != nil {
			p.command.Clean()
		}
	}
	// A server's helpers may still write while they end.
	err := os.RemoveAll(h.dir)
	for deadline := time.Now().Add(endTimeout); err != nil && time.Now().Before(deadline); err = os.RemoveAll(h.dir) {
		time.Sleep(50 * time.Millisecond)
	}
	return errors.Join(append(faults, err)...)
}
