package server_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
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

// TestNothingIsLeftOfAKilledTestBinary kills this program while it has running
// and stopped servers.
func TestNothingIsLeftOfAKilledTestBinary(t *testing.T) {
	server.Must(server.PostgresProgram("postgres"))(t)
	server.Must(server.MariaDBProgram("mariadbd"))(t)
	temp, report := t.TempDir(), filepath.Join(t.TempDir(), "report")
	for dir := temp; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if strings.HasPrefix(dir, os.TempDir()+"/") {
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBinaryThatIsKilled$", "-test.v")
	cmd.Env = append(os.Environ(), "TMPDIR="+temp, reportEnv+"="+report)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	until(t, "the program has started its servers", func() bool {
		text, err := os.ReadFile(report)
		if err != nil || !strings.HasSuffix(string(text), "\n") {
			return false
		}
		for field := range strings.FieldsSeq(string(text)) {
			var pid int
			if _, err := fmt.Sscan(field, &pid); err != nil {
				t.Fatal(err)
			}
			pids = append(pids, pid)
		}
		return true
	})
	if len(pids) != 4 {
		t.Fatalf("%d servers are reported, want 4", len(pids))
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for _, pid := range pids {
		until(t, fmt.Sprintf("process %d is gone", pid), func() bool {
			return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
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

const reportEnv = "SERVER_TEST_REPORT"

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

func TestMissingProgramIsNamedWithItsPackage(t *testing.T) {
	_, err := server.Find("no-such-program", "some-package", "/usr/lib/*/bin")
	missing, ok := errors.AsType[*server.MissingError](err)
	if !ok || missing.Program != "no-such-program" || !strings.Contains(err.Error(), "apt-get install some-package") {
		t.Fatalf("Find = %v", err)
	}
	for ci, want := range map[string]string{"": "skipped", "true": "failed"} {
		t.Setenv("CI", ci)
		tb := &watched{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			server.Must(0, err)(tb)
			tb.result = "passed"
		}()
		<-done
		if tb.result != want {
			t.Errorf("with CI=%q the test has %s, want %s", ci, tb.result, want)
		}
	}
}
