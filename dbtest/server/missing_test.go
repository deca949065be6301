package server_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/knowhave/factor/dbtest/server"
)

const withoutEnv = "FACTOR_TEST_WITHOUT"

func TestMissingProgramIsNamedWithItsRemedy(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for _, p := range server.Programs {
		t.Setenv(withoutEnv, "")
		if _, err := server.Find(p.Name); err != nil && err.Error() != p.Name+" is missing: "+p.Remedy() {
			t.Errorf("Find(%s) = %v", p.Name, err)
		}
		for _, hidden := range []string{p.Name, "all", "rsync," + p.Name, p.Name + ", rsync"} {
			t.Setenv(withoutEnv, hidden)
			_, err := server.Find(p.Name)
			if missing, ok := errors.AsType[*server.MissingError](err); !ok || missing.Program != p.Name || !strings.Contains(err.Error(), withoutEnv+" hides it") {
				t.Errorf("with %s hidden, Find(%s) = %v", hidden, p.Name, err)
			}
		}
	}
}

func TestHiddenProgramHidesNoOther(t *testing.T) {
	for _, p := range server.Programs {
		t.Setenv(withoutEnv, p.Name)
		hidden, err := server.Missing()
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv(withoutEnv, "")
		there, err := server.Missing()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := server.Find(p.Name); err == nil && len(hidden) != len(there)+1 {
			t.Errorf("with %s hidden, %d programs are missing instead of %d", p.Name, len(hidden), len(there)+1)
		}
	}
}

func TestNameThatIsNoProgramIsRefused(t *testing.T) {
	if _, err := server.Find("no-such-program"); err == nil || !strings.Contains(err.Error(), "no-such-program") {
		t.Errorf("Find of no program = %v", err)
	}
	t.Setenv(withoutEnv, "rsync,pgbuoncer")
	_, err := server.Find("rsync")
	if _, missing := errors.AsType[*server.MissingError](err); err == nil || missing || !strings.Contains(err.Error(), "pgbuoncer") {
		t.Errorf("a misspelt name in %s is answered %v", withoutEnv, err)
	}
}

// Each test of a missing program is skipped, and fails under CI=true.
func TestMissingProgramSkipsExceptInCI(t *testing.T) {
	t.Setenv(withoutEnv, "rsync")
	for ci, want := range map[string]string{"": "skipped", "true": "failed"} {
		t.Setenv("CI", ci)
		tb := &watched{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			server.Need(tb, "rsync")
			tb.result = "passed"
		}()
		<-done
		if tb.result != want {
			t.Errorf("with CI=%q the test has %s, want %s", ci, tb.result, want)
		}
	}
}

// A PostgreSQL that cannot do what the tests need is as good as none.
func TestPostgreSQLWithoutICUIsMissing(t *testing.T) {
	server.Need(t, "postgres", "initdb")
	for _, complaint := range []string{
		"/usr/lib/postgresql/14/bin/initdb: unrecognized option '--locale-provider=icu'", "initdb: error: ICU is not supported in this build",
	} {
		dir := passable(t)
		for _, name := range []string{"initdb", "postgres"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho \""+complaint+"\" >&2\nexit 1\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
		_, err := server.NewHome(t).Postgres(server.PostgresConfig{})
		if _, ok := errors.AsType[*server.MissingError](err); !ok {
			t.Errorf("where initdb says %q, Postgres = %v; want a MissingError", complaint, err)
		}
	}
}

func TestWithoutAServerItsTestsAreSkipped(t *testing.T) {
	server.SkipsWithout(t, `^TestSharedServersAnswer$/^pgbouncer$`, "postgres", "initdb", "pgbouncer")
	server.SkipsWithout(t, `^TestNothingIsLeftOfAKilledTestBinary$`, servers...)
	server.SkipsWithout(t, `^TestKilledServerComesBackWithWhatItAcknowledged$|^TestSharedServersAnswer$/^PostgreSQL$`, "postgres", "initdb")
	server.SkipsWithout(t, `^TestStoppedServerIsSilentUntilItGoesOn$|^TestSharedServersAnswer$/^MariaDB$`, "mariadbd", "mariadb-install-db")
}
