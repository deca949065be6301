package server

import (
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

const (
	postgresEnv = "FACTOR_TEST_POSTGRES"
	mysqlEnv    = "FACTOR_TEST_MYSQL"
)

// SharedPostgres returns the data source name, for pgx, of an existing database
// or of a server that ends with the test binary.
func SharedPostgres(t testing.TB) string {
	t.Helper()
	return shared(t, postgres)
}

// SharedMariaDB returns the data source name, for github.com/go-sql-driver/mysql,
// of an existing database or of a server that ends with the test binary.
func SharedMariaDB(t testing.TB) string {
	t.Helper()
	return shared(t, mariaDB)
}

// SharedPgBouncer returns the data source name, for pgx, of a pgbouncer in front
// of SharedPostgres.
func SharedPgBouncer(t testing.TB) string {
	t.Helper()
	return shared(t, pgBouncer)
}

// An instance is a shared server.
type instance struct {
	dsn  string
	home *Home // nil where it is not the tests' own
}

func shared(t testing.TB, start func() (instance, error)) string {
	t.Helper()
	i := Must(start())(t)
	if i.home != nil {
		t.Cleanup(func() {
			if t.Failed() {
				t.Log(i.home.Logs(5))
			}
		})
	}
	return i.dsn
}

var postgres = sync.OnceValues(func() (instance, error) {
	if dsn := os.Getenv(postgresEnv); dsn != "" {
		return instance{dsn: dsn}, nil
	}
	home, err := newHome()
	if err != nil {
		return instance{}, err
	}
	s, err := home.Postgres(PostgresConfig{})
	if err != nil {
		return instance{}, err
	}
	return instance{s.DSN("factor"), home}, nil
})

var mariaDB = sync.OnceValues(func() (instance, error) {
	if dsn := os.Getenv(mysqlEnv); dsn != "" {
		return instance{dsn: dsn}, nil
	}
	home, err := newHome()
	if err != nil {
		return instance{}, err
	}
	s, err := home.MariaDB(MariaDBConfig{})
	if err != nil {
		return instance{}, err
	}
	return instance{s.DSN("factor"), home}, nil
})

var pgBouncer = sync.OnceValues(func() (instance, error) {
	if err := need("pgbouncer"); err != nil {
		return instance{}, err
	}
	behind, err := postgres()
	if err != nil {
		return instance{}, err
	}
	to, err := pgx.ParseConfig(behind.dsn)
	if err != nil {
		return instance{}, err
	}
	home, err := newHome()
	if err != nil {
		return instance{}, err
	}
	s, err := home.PgBouncer(behind.dsn)
	if err != nil {
		return instance{}, err
	}
	return instance{s.DSN(to.Database), home}, nil
})
