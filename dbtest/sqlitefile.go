package dbtest

import (
	"database/sql"
	"testing"

	"github.com/knowhave/factor/sqlstore"
)

// sqliteEngine is for the tests of what only SQLite has.
var sqliteEngine = Engine{Name: "SQLite", Dialect: sqlstore.SQLite, driver: "sqlite", dsn: sqliteFile}

// safe are the settings that sqlstore.New asks for.
const safe = "_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(5000)"

func sqliteDSN(path, settings string) string { return "file:" + path + "?" + settings }

// openSQLite opens an SQLite file, or creates it, with safe settings, until the
// test ends.
func openSQLite(t testing.TB, path string) *sql.DB {
	t.Helper()
	return open(t, path, safe)
}

// open opens an SQLite file with the given settings, until the test ends.
func open(t testing.TB, path, settings string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", sqliteDSN(path, settings))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// migrated returns a store in an SQLite database and creates its table.
func migrated(t testing.TB, db *sql.DB) *sqlstore.Store {
	t.Helper()
	return Place{Engine: "SQLite"}.migrated(t, db)
}
