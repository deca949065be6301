package server_test

import (
	"database/sql"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/knowhave/factor/dbtest/server"
)

var engines = []struct {
	name, driver string
	shared       func(testing.TB) string
}{
	{"PostgreSQL", "pgx", server.SharedPostgres},
	{"MariaDB", "mysql", server.SharedMariaDB},
	{"pgbouncer", "pgx", server.SharedPgBouncer},
}

func TestSharedServersAnswer(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			db, err := sql.Open(e.driver, e.shared(t))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			var version string
			if err := db.QueryRow(`SELECT version()`).Scan(&version); err != nil {
				t.Fatal(err)
			}
			t.Log(version)
		})
	}
}
