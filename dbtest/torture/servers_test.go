package torture_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/dbtest/torture"
	"github.com/knowhave/factor/sqlstore"
)

// The source of each is the data source name of a database that nobody else works
// on.
var (
	postgres = torture.Engine{Name: "PostgreSQL", New: sharedPostgres, Open: openPostgres, Settle: settlePostgres}
	mariaDB  = torture.Engine{Name: "MariaDB", New: sharedMariaDB, Open: openMySQL, Settle: settleMySQL}

	mortalPostgres = torture.Engine{Name: "PostgreSQL whose server is killed", New: ownPostgres, Open: openPostgres, Settle: settlePostgres, Crash: crash}
	mortalMariaDB  = torture.Engine{Name: "MariaDB whose server is killed", New: ownMariaDB, Open: openMySQL, Settle: settleMySQL, Crash: crash}
)

// databaseName is new each time.
func databaseName() string { return fmt.Sprintf("factor_torture_%x", time.Now().UnixNano()) }

// made makes a database with a statement, and removes it when the test ends.
func made(t testing.TB, db *sql.DB, name string) {
	t.Helper()
	if _, err := db.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec("DROP DATABASE " + name); err != nil {
			t.Error(err)
		}
		db.Close()
	})
}

func sharedPostgres(t testing.TB) string {
	cfg, err := pgx.ParseConfig(server.SharedPostgres(t))
	if err != nil {
		t.Fatal(err)
	}
	name := databaseName()
	made(t, stdlib.OpenDB(*cfg), name)
	return fmt.Sprintf("host=%s port=%d user=%s password='%s' dbname=%s sslmode=disable", cfg.Host, cfg.Port, cfg.User, cfg.Password, name)
}

func sharedMariaDB(t testing.TB) string {
	cfg, err := mysqldriver.ParseDSN(server.SharedMariaDB(t))
	if err != nil {
		t.Fatal(err)
	}
	name := databaseName()
	made(t, openDB(t, "mysql", cfg.FormatDSN()), name)
	cfg.DBName = name
	return cfg.FormatDSN()
}

func openDB(t testing.TB, driver, source string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// servers are those that may be killed, by source.
var servers sync.Map

func ownPostgres(t testing.TB) string {
	s := server.Must(server.NewHome(t).Postgres(server.PostgresConfig{}))(t)
	source := s.DSN("factor")
	servers.Store(source, s.Process)
	return source
}

func ownMariaDB(t testing.TB) string {
	s := server.Must(server.NewHome(t).MariaDB(server.MariaDBConfig{}))(t)
	source := s.DSN("factor")
	servers.Store(source, s.Process)
	return source
}

// crash kills the server of a source and starts it again on what it has left.
func crash(source string) error {
	p, ok := servers.Load(source)
	if !ok {
		return errors.New("nobody's server")
	}
	s := p.(*server.Process)
	if err := s.Kill(); err != nil {
		return err
	}
	if err := s.Launch(); err != nil {
		return err
	}
	return s.Await(time.Minute)
}

func openPostgres(source string) (factor.Store, func() error, error) {
	return openStore("pgx", source, sqlstore.Postgres)
}

func openMySQL(source string) (factor.Store, func() error, error) {
	db, err := mysqlDB(source)
	if err != nil {
		return nil, nil, err
	}
	store, err := storeOn(db, sqlstore.MySQL)
	return store, db.Close, err
}

// mysqlDB returns a handle whose driver does not print what it meets: a child
// that prints complains.
func mysqlDB(source string) (*sql.DB, error) {
	cfg, err := mysqldriver.ParseDSN(source)
	if err != nil {
		return nil, err
	}
	cfg.Logger = &mysqldriver.NopLogger{}
	c, err := mysqldriver.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}

func openStore(driver, source string, d *sqlstore.Dialect) (factor.Store, func() error, error) {
	db, err := sql.Open(driver, source)
	if err != nil {
		return nil, nil, err
	}
	store, err := storeOn(db, d)
	return store, db.Close, err
}

// storeOn returns a store on a handle, which it closes if there is an error.
func storeOn(db *sql.DB, d *sqlstore.Dialect) (*sqlstore.Store, error) {
	store, err := sqlstore.New(db, d, nil)
	if err == nil {
		err = store.Migrate(context.Background())
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return store, nil
}

// A server goes on with what a killed client has sent it, and notices its end
// only then.

func settlePostgres(ctx context.Context, source string) error {
	return settled(ctx, "pgx", source,
		`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`)
}

func settleMySQL(ctx context.Context, source string) error {
	return settled(ctx, "mysql", source,
		`SELECT count(*) FROM information_schema.processlist WHERE db = database() AND id <> connection_id()`)
}

// settled waits until nobody else is connected to the database.
func settled(ctx context.Context, driver, source, others string) error {
	db, err := sql.Open(driver, source)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		var n int
		if err := db.QueryRowContext(ctx, others).Scan(&n); err != nil || n == 0 {
			return err
		}
		<-time.After(2 * time.Millisecond)
	}
}
