package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/knowhave/factor/dbtest/server"
)

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after two minutes it is still not so that %s", what)
		}
	}
}

func TestKilledServerComesBackWithWhatItAcknowledged(t *testing.T) {
	s := server.Must(server.NewHome(t).Postgres(server.PostgresConfig{}))(t)
	run := func(query string) error {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		conn, err := pgx.Connect(ctx, s.DSN("factor"))
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, query)
		return err
	}
	if err := run(`CREATE TABLE kept (x int)`); err != nil {
		t.Fatal(err)
	}
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := run(`SELECT * FROM kept`); err == nil {
		t.Fatal("a killed server answers")
	}
	if err := errors.Join(s.Launch(), s.Await(time.Minute), run(`SELECT * FROM kept`)); err != nil {
		t.Fatal(err)
	}
}

func TestStoppedServerIsSilentUntilItGoesOn(t *testing.T) {
	s := server.Must(server.NewHome(t).MariaDB(server.MariaDBConfig{}))(t)
	s.Stop()
	if err := s.Await(200 * time.Millisecond); err == nil {
		t.Fatal("a stopped server answers")
	}
	s.Cont()
	if err := s.Await(time.Minute); err != nil {
		t.Fatal(err)
	}
}

// passable returns a temporary directory that the users of servers may pass.
func passable(t *testing.T) string {
	t.Helper()
	temp := t.TempDir()
	for dir := temp; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if strings.HasPrefix(dir, os.TempDir()+"/") {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	return temp
}

// TestNothingIsLeftOfAKilledTestBinary kills this program while it has running
// and stopped servers.
func TestNothingIsLeftOfAKilledTestBinary(t *testing.T) {
	server.Need(t, servers...)
	temp, report := passable(t), filepath.Join(t.TempDir(), "report")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBinaryThatIsKilled$", "-test.v")
	cmd.Env = append(os.Environ(), "TMPDIR="+temp, reportEnv+"="+report)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	var pids []int
	until(t, "the program has started its servers", func() bool {
		select {
		case <-ended:
			if why := regexp.MustCompile(`NOT RUN: .*`).Find(output.Bytes()); why != nil {
				t.Skipf("%s", why)
			}
			t.Fatalf("the program has ended before it was killed:\n%s", output.Bytes())
		default:
		}
		pids = reported(t, report)
		return pids != nil
	})
	if len(pids) != 4 {
		t.Fatalf("%d servers are reported, want 4", len(pids))
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
	for _, pid := range pids {
		until(t, fmt.Sprintf("process %d is gone", pid), func() bool {
			p, err := os.FindProcess(pid)
			return err != nil || errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
		})
	}
	until(t, "the temporary directory is empty", func() bool {
		left, err := os.ReadDir(temp)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return len(left) == 0
	})
}

// reported returns the processes in a report, or nil if it is not written yet.
func reported(t *testing.T, path string) (pids []int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(string(text), "\n") {
		return nil
	}
	for field := range strings.FieldsSeq(string(text)) {
		var pid int
		if _, err := fmt.Sscan(field, &pid); err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}

const reportEnv = "SERVER_TEST_REPORT"

// servers are the programs that TestBinaryThatIsKilled needs.
var servers = []string{"postgres", "initdb", "pgbouncer", "mariadbd", "mariadb-install-db"}

func TestBinaryThatIsKilled(t *testing.T) {
	report, ok := os.LookupEnv(reportEnv)
	if !ok {
		t.Skip("runs only in a process of its own, started by another test")
	}
	t.Setenv("FACTOR_TEST_POSTGRES", "")
	server.SharedPgBouncer(t)
	h := server.NewHome(t)
	pg, maria := server.Must(h.Postgres(server.PostgresConfig{}))(t), server.Must(h.MariaDB(server.MariaDBConfig{}))(t)
	other := server.Must(h.Start(server.Command{Name: "sleep", Path: "/bin/sleep", Args: []string{"1000"}}))(t)
	pids := fmt.Sprintln(pg.Pid(), maria.Pid(), other.Pid(), os.Getpid())
	pg.Stop()
	maria.Stop()
	if err := os.WriteFile(report, []byte(pids), 0o644); err != nil {
		t.Fatal(err)
	}
	select {}
}
