package dbtest

import (
	"testing"

	"github.com/knowhave/factor/dbtest/server"
)

func TestWithoutAServerItsTestsAreSkipped(t *testing.T) {
	const suites = `^Test(StoresKeepTheContract|Model|Threats|HistoriesFitOneCallerAtATime|ProcessesLoseNoWriteOfEachOther|LockTimeoutIsAConflict)$`
	for engine, programs := range map[string][]string{
		"PostgreSQL":                   {"postgres", "initdb"},
		"PostgreSQL through pgbouncer": {"postgres", "initdb", "pgbouncer"},
		"MariaDB":                      {"mariadbd", "mariadb-install-db"},
	} {
		server.SkipsWithout(t, suites+"/^"+engine+"$", programs...)
	}
	server.SkipsWithout(t, `^Test(DatabaseThatIsNotInUTF8IsRefused|UnsafeSettingsOfPostgreSQLAreRefusedWithTheRemedy)$`, "postgres")
	server.SkipsWithout(t, `^TestStoreOnPostgreSQL18$`, "postgres-18", "initdb-18")
	server.SkipsWithout(t, `^TestUnsafeSettingsOfMariaDBAreRefusedWithTheRemedy$`, "mariadbd")
}

// A suite that runs in bubbles makes its stores on another goroutine, where a skip
// ends only that one.
func TestSkipOnAnotherGoroutineIsASkip(t *testing.T) {
	t.Setenv("CI", "")
	e := Engine{Name: "missing", server: true, dsn: func(t testing.TB) string {
		return server.Must("", error(&server.MissingError{Program: "server", Remedy: "none"}))(t)
	}}
	var store any
	var skipped bool
	passed := t.Run("skipped", func(t *testing.T) {
		defer func() { skipped = t.Skipped() }()
		store = e.storeForBubbles(t)
		t.Error("the test goes on without a store")
	})
	if !passed || !skipped || store != nil {
		t.Errorf("passed %v, skipped %v, store %v", passed, skipped, store)
	}
}
