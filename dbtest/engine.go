// Package dbtest holds the tests that need a database driver, in a separate module
// so that importers of factor get no driver.
//
// Every suite runs on all Engines. SQLite works in a file; the others are servers,
// which package server starts.
package dbtest

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	_ "modernc.org/sqlite"             // registers the driver "sqlite"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/sqlstore"
)

// An Engine is a database to run the suites on.
type Engine struct {
	Name    string
	Dialect *sqlstore.Dialect
	driver  string // of database/sql
	// dsn returns the data source name of a database to work in. It is a new one,
	// gone with the test, if the engine has no server.
	dsn     func(testing.TB) string
	server  bool
	relayed bool // another engine's server, behind a pooler
}

// Engines are all that the suites run on. Add another one here, in one line.
var Engines = []Engine{
	sqliteEngine,
	{Name: "PostgreSQL", Dialect: sqlstore.Postgres, driver: "pgx", dsn: server.SharedPostgres, server: true},
	{Name: "PostgreSQL through pgbouncer", Dialect: sqlstore.Postgres, driver: "pgx", dsn: server.SharedPgBouncer, server: true, relayed: true},
	{Name: "MariaDB", Dialect: sqlstore.MySQL, driver: "mysql", dsn: server.SharedMariaDB, server: true},
}

// apart are engines that few suites run on.
var apart []Engine

func sqliteFile(t testing.TB) string { return sqliteDSN(filepath.Join(t.TempDir(), "factor.db"), safe) }

// connections is the most connections of a handle on a server.
const connections = 16

// A Place is where a table may be made, with all that a process needs to find it.
type Place struct {
	Engine, DSN, Table string
}

var places atomic.Int64

// Place returns a place without a table, which ends with the test.
func (e Engine) Place(t testing.TB) Place {
	t.Helper()
	p := Place{Engine: e.Name, DSN: e.dsn(t), Table: "factor_records"}
	if !e.server {
		return p
	}
	p.Table = fmt.Sprintf("factor_%x_%d", time.Now().UnixNano(), places.Add(1))
	t.Cleanup(func() {
		if _, err := p.pool(t).Exec("DROP TABLE IF EXISTS " + p.Table); err != nil {
			t.Errorf("removing the table: %v", err)
		}
	})
	return p
}

// Store returns an empty store, which ends with the test.
func (e Engine) Store(t testing.TB) factor.Store {
	t.Helper()
	p := e.Place(t)
	return p.migrated(t, p.pool(t))
}

// storeForBubbles returns an empty store that may be made and used in bubbles.
func (e Engine) storeForBubbles(t testing.TB) factor.Store {
	if !e.server {
		return e.Store(t) // SQLite starts no goroutine and waits for none.
	}
	return forBubbles(t, e.Store)
}

func (p Place) engine() Engine {
	for _, e := range append(slices.Clone(Engines), apart...) {
		if e.Name == p.Engine {
			return e
		}
	}
	panic("no engine " + p.Engine)
}

// Open returns a new handle, until the test ends.
func (p Place) Open(t testing.TB) *sql.DB {
	t.Helper()
	return p.open(t, p.DSN)
}

func (p Place) open(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(p.engine().driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if p.engine().server {
		db.SetMaxOpenConns(connections)
		db.SetMaxIdleConns(connections)
	}
	return db
}

var (
	poolsMu sync.Mutex
	pools   = map[string]*sql.DB{}
)

// pool returns a handle that the tests on a server share. A file has its own.
func (p Place) pool(t testing.TB) *sql.DB {
	t.Helper()
	if !p.engine().server {
		return p.Open(t)
	}
	poolsMu.Lock()
	defer poolsMu.Unlock()
	if db, ok := pools[p.DSN]; ok {
		return db
	}
	db, err := sql.Open(p.engine().driver, p.DSN)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	pools[p.DSN] = db
	return db
}

// options returns the options for sqlstore.New.
func (p Place) options() *sqlstore.Options { return &sqlstore.Options{Table: p.Table} }

// store returns a store on a handle, whose table need not exist.
func (p Place) store(t testing.TB, db *sql.DB) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.New(db, p.engine().Dialect, p.options())
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// migrated returns a store on a handle and creates its table.
func (p Place) migrated(t testing.TB, db *sql.DB) *sqlstore.Store {
	t.Helper()
	store := p.store(t, db)
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store
}

// String returns the input of parsePlace.
func (p Place) String() string {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func parsePlace(text string) (p Place, err error) {
	err = json.Unmarshal([]byte(text), &p)
	return p, err
}
