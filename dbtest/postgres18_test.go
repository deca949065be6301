package dbtest

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/sqlstore"
)

// PostgreSQL is the version of Debian. The newest runs what a store has to pass that
// is no SQL database: sqlstore treats both alike.
func TestStoreOnPostgreSQL18(t *testing.T) {
	s := server.Must(server.NewHome(t).Postgres(server.PostgresConfig{Version: "18"}))(t)
	db, err := sql.Open("pgx", s.DSN("factor"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	var version string
	if err := db.QueryRow("SHOW server_version").Scan(&version); err != nil || !strings.HasPrefix(version, "18") {
		t.Fatalf("the server is PostgreSQL %s, %v", version, err)
	}
	t.Log("PostgreSQL", version)
	Suite{
		New: func(t testing.TB) factor.Store {
			opts := &sqlstore.Options{Table: fmt.Sprintf("factor_%d", places.Add(1))}
			store, err := sqlstore.New(db, sqlstore.Postgres, opts)
			if err == nil {
				err = store.Migrate(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			return store
		},
		Histories: 100,
	}.Run(t)
}
