package dbtest

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/knowhave/factor/sqlstore"
)

// A forgetfulTable has all the columns, and loses what was acknowledged.
type forgetfulTable struct{ create, table, says string }

const (
	postgresColumns = ` {table} (user_id text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, due bigint, data bytea NOT NULL)`
	mysqlColumns    = ` {table} (user_id VARBINARY(255) PRIMARY KEY, version BIGINT NOT NULL, due BIGINT, data VARBINARY(9000) NOT NULL)`
	mysqlBlob       = ` {table} (user_id VARBINARY(255) PRIMARY KEY, version BIGINT NOT NULL, due BIGINT, data BLOB NOT NULL)`
	sqliteColumns   = ` {table} (user_id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, due INTEGER, data BLOB NOT NULL)`
)

var forgetful = map[*sqlstore.Dialect]map[string]forgetfulTable{
	sqlstore.Postgres: {
		"UNLOGGED":  {`CREATE UNLOGGED TABLE` + postgresColumns, "{table}", "SET LOGGED"},
		"temporary": {`CREATE TEMPORARY TABLE` + postgresColumns, "{table}", "temporary"},
		"temporary, beside the other": {
			`CREATE TABLE` + postgresColumns + `; CREATE TEMPORARY TABLE` + postgresColumns, "{table}", "temporary",
		},
		"in the temporary schema": {`CREATE TEMPORARY TABLE` + postgresColumns, "pg_temp.{table}", "temporary"},
		"a partition is UNLOGGED": {
			`CREATE TABLE` + postgresColumns + ` PARTITION BY HASH (user_id); CREATE TABLE {table}_0 PARTITION OF {table} FOR VALUES WITH (MODULUS 2, REMAINDER 0);
			CREATE UNLOGGED TABLE {table}_1 PARTITION OF {table} FOR VALUES WITH (MODULUS 2, REMAINDER 1)`, "{table}", "{table}_1 is UNLOGGED",
		},
		"a materialized view": {
			`CREATE MATERIALIZED VIEW {table} AS SELECT 'a'::text COLLATE "C" AS user_id, 1::bigint AS version, 2::bigint AS due, ''::bytea AS data`, "{table}", "a view",
		},
	},
	sqlstore.MySQL: {
		"MyISAM":    {`CREATE TABLE` + mysqlBlob + ` ENGINE = MyISAM`, "{table}", "engine is MyISAM"},
		"Aria":      {`CREATE TABLE` + mysqlBlob + ` ENGINE = Aria TRANSACTIONAL = 1`, "{table}", "engine is Aria"},
		"MEMORY":    {`CREATE TABLE` + mysqlColumns + ` ENGINE = MEMORY`, "{table}", "engine is MEMORY"},
		"temporary": {`CREATE TEMPORARY TABLE` + mysqlBlob + ` ENGINE = InnoDB`, "{table}", "temporary table"},
		"temporary, beside the other": {
			`CREATE TABLE` + mysqlBlob + ` ENGINE = InnoDB; CREATE TEMPORARY TABLE` + mysqlBlob + ` ENGINE = InnoDB`, "{table}", "temporary table",
		},
	},
	sqlstore.SQLite: {
		"temporary":                   {`CREATE TEMPORARY TABLE` + sqliteColumns, "{table}", "temporary table"},
		"temporary, beside the other": {`CREATE TABLE` + sqliteColumns + `; CREATE TEMPORARY TABLE` + sqliteColumns, "{table}", "temporary table"},
		"a temporary view":            {`CREATE TABLE` + sqliteColumns + `; CREATE TEMPORARY VIEW {table} AS SELECT * FROM main.{table}`, "{table}", "temporary table or view"},
		"in the temporary schema":     {`CREATE TEMPORARY TABLE` + sqliteColumns, "Temp.{table}", "temporary"},
		"in no temporary schema yet":  {`SELECT 1`, "temp.{table}", "temporary"},
	},
}

// New and Migrate refuse a table that forgets, whichever of them meets it first.
func TestTableThatForgetsIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		for name, f := range forgetful[e.Dialect] {
			if e.relayed && strings.Contains(f.create, "TEMPORARY") {
				continue // Behind a pooler a temporary table is on anybody's connection.
			}
			t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
				p := e.Place(t)
				in := func(text string) string { return strings.ReplaceAll(text, "{table}", p.Table) }
				db := p.Open(t)
				db.SetMaxOpenConns(1) // The connection has the temporary table.
				opts := &sqlstore.Options{Table: in(f.table)}
				store, err := sqlstore.New(db, e.Dialect, opts)
				if err == nil {
					execAll(t, db, in(f.create))
					defer dropAll(db, in(f.create))
					checkRefusal(t, "Migrate", store.Migrate(t.Context()), in(f.says))
					_, err = sqlstore.New(db, e.Dialect, opts)
				}
				checkRefusal(t, "New", err, in(f.says))
			})
		}
	})
}

// A temporary schema makes a temporary table of the one that Migrate creates.
func TestMigrateMakesNoTemporaryTable(t *testing.T) {
	p := onServer("PostgreSQL").Place(t)
	db := p.Open(t)
	db.SetMaxOpenConns(1)
	store, err := sqlstore.New(db, sqlstore.Postgres, &sqlstore.Options{Table: "pg_temp." + p.Table})
	if err != nil {
		t.Fatal(err)
	}
	checkRefusal(t, "Migrate", store.Migrate(t.Context()), "temporary")
}

func checkRefusal(t *testing.T, what string, err error, says string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("%s = %v, want a refusal that says %q", what, err, says)
	}
}

func execAll(t *testing.T, db *sql.DB, statements string) {
	t.Helper()
	for statement := range strings.SplitSeq(statements, ";") {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
}

// dropAll drops the views that statements have created, which stand in the way of
// dropping a table.
func dropAll(db *sql.DB, statements string) {
	if name, ok := strings.CutPrefix(statements, "CREATE MATERIALIZED VIEW "); ok {
		_, _ = db.Exec("DROP MATERIALIZED VIEW " + name[:strings.Index(name, " ")])
	}
}

// Every dialect on every database but its own.
func TestWrongDialectIsToldPlainly(t *testing.T) {
	names := map[*sqlstore.Dialect]string{sqlstore.SQLite: "SQLite", sqlstore.Postgres: "Postgres", sqlstore.MySQL: "MySQL"}
	onEach(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		for wrong, name := range names {
			if wrong == e.Dialect {
				continue
			}
			_, err := sqlstore.New(p.Open(t), wrong, p.options())
			for _, says := range []string{"wrong dialect?", "sqlstore." + name, "sqlstore." + names[e.Dialect]} {
				checkRefusal(t, "New with "+name, err, says)
			}
			if err != nil && strings.Contains(err.Error(), "syntax") {
				t.Errorf("New = %v, which is SQL that the caller has not written", err)
			}
		}
	})
}

// New takes a database without the table, because Migrate comes after it. Every
// other call says that it has not come yet.
func TestCallsWithoutATableSayMigrate(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		store := p.store(t, p.Open(t))
		for _, c := range calls {
			checkRefusal(t, c.name, c.call(t.Context(), store), "call Migrate")
		}
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, c := range calls {
			if err := c.call(t.Context(), store); err != nil {
				t.Errorf("%s after Migrate = %v", c.name, err)
			}
		}
	})
}
