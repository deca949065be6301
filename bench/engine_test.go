package bench

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	_ "modernc.org/sqlite"             // registers the driver "sqlite"

	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/sqlstore"
)

// An engine is a database that is measured.
type engine struct {
	name    string
	dialect *sqlstore.Dialect
	driver  string                  // of database/sql
	dsn     func(testing.TB) string // may skip the test
}

var (
	sqlite   = engine{"SQLite", sqlstore.SQLite, "sqlite", func(tb testing.TB) string { return sqliteDSN(tb.TempDir()) }}
	postgres = engine{"PostgreSQL", sqlstore.Postgres, "pgx", server.SharedPostgres}
	mariaDB  = engine{"MariaDB", sqlstore.MySQL, "mysql", server.SharedMariaDB}
)

func sqliteDSN(dir string) string {
	return "file:" + filepath.Join(dir, "bench.db") + "?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(60000)"
}

// connections is how many a pool has.
const connections = 16

// open returns a pool, which the caller closes.
func (e engine) open(tb testing.TB, dsn string) *sql.DB {
	tb.Helper()
	db, err := sql.Open(e.driver, dsn)
	if err != nil {
		tb.Fatal(err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db
}

// pool returns a pool that ends with the test.
func (e engine) pool(tb testing.TB) *sql.DB {
	tb.Helper()
	db := e.open(tb, e.dsn(tb))
	tb.Cleanup(func() { db.Close() })
	return db
}

// records are a table of sqlstore's, in a pool.
type records struct {
	engine engine
	db     *sql.DB
	table  string
}

var tables atomic.Int64

// records makes an empty table, which the caller drops.
func (e engine) records(tb testing.TB, db *sql.DB) *records {
	tb.Helper()
	r := &records{e, db, fmt.Sprintf("factor_bench_%d", tables.Add(1))}
	if err := r.store(tb).Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return r
}

// temporary makes an empty table that is gone with the test.
func (e engine) temporary(tb testing.TB, db *sql.DB) *records {
	tb.Helper()
	r := e.records(tb, db)
	tb.Cleanup(r.drop)
	return r
}

func (r *records) drop() { _, _ = r.db.Exec("DROP TABLE IF EXISTS " + r.table) }

func (r *records) store(tb testing.TB) *sqlstore.Store {
	tb.Helper()
	store, err := sqlstore.New(r.db, r.engine.dialect, &sqlstore.Options{Table: r.table})
	if err != nil {
		tb.Fatal(err)
	}
	return store
}
