// Package dbtest holds the tests that need a database driver, in a module of
// its own so that the importers of factor get none.
package dbtest

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/sqlstore"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// safe are the settings that sqlstore.New asks for.
const safe = "_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(5000)"

// SQLite returns an empty store in a new SQLite file, which is gone with the
// test.
func SQLite(t testing.TB) factor.Store {
	t.Helper()
	return migrated(t, OpenSQLite(t, filepath.Join(t.TempDir(), "factor.db")))
}

// OpenSQLite opens an SQLite file, or creates it, with safe settings, until the
// test ends.
func OpenSQLite(t testing.TB, path string) *sql.DB {
	t.Helper()
	return open(t, path, safe)
}

// open opens an SQLite file with the given settings, until the test ends.
func open(t testing.TB, path, settings string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?"+settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// migrated returns a store in the database and creates its table.
func migrated(t testing.TB, db *sql.DB) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.New(db, sqlstore.SQLite, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store
}
