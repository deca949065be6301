package dbtest

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/sqlstore"
)

// newRefuses checks that New refuses a handle and says all of this.
func newRefuses(t *testing.T, db *sql.DB, d *sqlstore.Dialect, says ...string) {
	t.Helper()
	_, err := sqlstore.New(db, d, nil)
	if err == nil {
		t.Fatalf("New accepted a database that it must refuse for %q", says)
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("New = %v\nwant it to say %q", err, text)
		}
	}
}

func TestUnsafeSettingsOfPostgreSQLAreRefusedWithTheRemedy(t *testing.T) {
	p := onServer("PostgreSQL").Place(t)
	newRefuses(t, p.open(t, p.with("synchronous_commit=off")), sqlstore.Postgres, "synchronous_commit off", "set it to on")
	for _, safe := range []string{"on", "local", "remote_write", "remote_apply"} {
		p.store(t, p.open(t, p.with("synchronous_commit="+safe)))
	}
	for _, level := range []string{"read%20committed", "repeatable%20read", "serializable"} {
		p.store(t, p.open(t, p.with("default_transaction_isolation="+level)))
	}
}

func TestDatabaseThatIsNotInUTF8IsRefused(t *testing.T) {
	p := onServer("PostgreSQL").Place(t)
	db, spy := p.spied(t)
	spy.rewrite = func(string) string { return `SELECT 'on', 'LATIN1'` }
	newRefuses(t, db, sqlstore.Postgres, "LATIN1", "ENCODING 'UTF8'")
}

func TestUnsafeSettingsOfMariaDBAreRefusedWithTheRemedy(t *testing.T) {
	p := onServer("MariaDB").Place(t)
	newRefuses(t, p.open(t, p.with("autocommit=0")), sqlstore.MySQL, "autocommit off", "data source name")
	newRefuses(t, p.open(t, p.with("completion_type=%27CHAIN%27")), sqlstore.MySQL, "completion_type CHAIN", "data source name")

	s := server.Must(server.NewHome(t).MariaDB(server.MariaDBConfig{Args: []string{"--log-bin", "--sync-binlog=1"}}))(t)
	db := p.open(t, s.DSN("factor"))
	set := func(statement string) {
		t.Helper()
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	p.store(t, db)
	for _, flush := range []string{"0", "2"} {
		set(`SET GLOBAL innodb_flush_log_at_trx_commit = ` + flush)
		newRefuses(t, db, sqlstore.MySQL, "innodb_flush_log_at_trx_commit "+flush, "set it to 1")
	}
	set(`SET GLOBAL innodb_flush_log_at_trx_commit = 1`)
	for _, sync := range []string{"0", "100"} {
		set(`SET GLOBAL sync_binlog = ` + sync)
		newRefuses(t, db, sqlstore.MySQL, "sync_binlog "+sync, "set it to 1")
	}
	set(`SET GLOBAL sync_binlog = 1`)
	p.store(t, db)
}

// The nodes of a Galera cluster keep for each other what one of them forgets.
func TestNodeOfGaleraNeedNotFlush(t *testing.T) {
	p := onServer("MariaDB").Place(t)
	db, spy := p.spied(t)
	spy.rewrite = func(query string) string {
		if !strings.HasPrefix(query, "SHOW VARIABLES") {
			return query
		}
		return `SELECT 'wsrep_on', 'ON' UNION SELECT 'autocommit', 'ON' UNION SELECT 'innodb_flush_log_at_trx_commit', '0' UNION SELECT 'log_bin', 'ON' UNION SELECT 'sync_binlog', '0'`
	}
	p.store(t, db)
}

func TestSettingsThatCannotBeReadAreAFaultOnServers(t *testing.T) {
	for _, e := range Engines {
		if !e.server {
			continue
		}
		for _, answer := range []string{`SELECT nonsense`, `SELECT 1`} {
			db, spy := e.Place(t).spied(t)
			spy.rewrite = func(string) string { return answer }
			newRefuses(t, db, e.Dialect, "reading the settings")
		}
	}
}

func TestTableMayBeInAnotherSchema(t *testing.T) {
	create := map[*sqlstore.Dialect][2]string{
		sqlstore.Postgres: {`CREATE SCHEMA "Auth"`, `DROP SCHEMA "Auth" CASCADE`},
		sqlstore.MySQL:    {"CREATE DATABASE `Auth`", "DROP DATABASE `Auth`"},
	}
	for _, e := range Engines {
		if !e.server {
			continue
		}
		p := e.Place(t)
		db := p.pool(t)
		if _, err := db.Exec(create[e.Dialect][0]); err != nil {
			t.Fatal(err)
		}
		store, err := sqlstore.New(db, e.Dialect, &sqlstore.Options{Table: "Auth.Factors"})
		for range 2 {
			if err == nil {
				err = store.Migrate(t.Context())
			}
		}
		for _, c := range calls {
			if err == nil {
				err = c.call(t.Context(), store)
			}
		}
		if err != nil {
			t.Errorf("%s: a table in another schema: %v", e.Name, err)
		}
		if _, err := db.Exec(create[e.Dialect][1]); err != nil {
			t.Fatal(err)
		}
	}
}
