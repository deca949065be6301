package dbtest

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/knowhave/factor/sqlstore"
)

func TestMigrateIsIdempotent(t *testing.T) {
	db := OpenSQLite(t, filepath.Join(t.TempDir(), "factor.db"))
	store := migrated(t, db)
	swap(t, store, "alice", 0, record(1))
	before := schemaOf(t, db)
	for range 3 {
		migrated(t, db)
	}
	if after := schemaOf(t, db); after != before {
		t.Fatalf("Migrate changed the schema from\n%s\nto\n%s", before, after)
	}
	if version(t, store, "alice") != 1 {
		t.Fatal("Migrate changed a record")
	}
}

func TestSchemaIsWhatMigrateMakes(t *testing.T) {
	byMigrate := OpenSQLite(t, filepath.Join(t.TempDir(), "factor.db"))
	migrated(t, byMigrate)
	bySchema := OpenSQLite(t, filepath.Join(t.TempDir(), "factor.db"))
	if _, err := bySchema.Exec(sqlstore.Schema(sqlstore.SQLite, nil)); err != nil {
		t.Fatal(err)
	}
	want := schemaOf(t, byMigrate)
	if got := schemaOf(t, bySchema); got != want {
		t.Fatalf("Schema makes\n%s\nMigrate makes\n%s", got, want)
	}
	migrated(t, bySchema)
	if got := schemaOf(t, bySchema); got != want {
		t.Fatalf("Migrate changed what Schema made to\n%s", got)
	}
}

// schemaOf returns all that a database holds but the rows.
func schemaOf(t *testing.T, db *sql.DB) string {
	t.Helper()
	var schema string
	if err := db.QueryRow(`SELECT coalesce(group_concat(type || ' ' || name || ': ' || sql, char(10) ORDER BY name), '') FROM sqlite_schema WHERE sql IS NOT NULL`).Scan(&schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestMigrateFromManyHandlesAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "factor.db")
	const handles = 10
	dbs := make([]*sql.DB, handles)
	for i := range dbs {
		dbs[i] = OpenSQLite(t, path)
	}
	start, results := make(chan struct{}), make(chan error)
	for _, db := range dbs {
		go func() {
			<-start
			store, err := sqlstore.New(db, sqlstore.SQLite, nil)
			if err == nil {
				err = store.Migrate(t.Context())
			}
			results <- err
		}()
	}
	close(start)
	for range handles {
		if err := <-results; err != nil {
			t.Errorf("New and Migrate at the same time as others: %v", err)
		}
	}
	swap(t, migrated(t, dbs[0]), "alice", 0, record(1))
}

// fileEnv names the file that the tests run in processes of their own work on.
const fileEnv = "DBTEST_FILE"

// inProcesses runs a test of this package in as many processes at once and
// returns what they said.
func inProcesses(t *testing.T, processes int, name, path string) []string {
	t.Helper()
	outputs, results := make([]string, processes), make(chan error)
	for i := range outputs {
		go func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+name+"$", "-test.v", "-test.timeout=1m")
			cmd.Env = append(os.Environ(), fileEnv+"="+path)
			out, err := cmd.CombinedOutput()
			outputs[i] = string(out)
			if err != nil {
				err = fmt.Errorf("%w:\n%s", err, out)
			}
			results <- err
		}()
	}
	for range processes {
		if err := <-results; err != nil {
			t.Errorf("one of %d processes failed: %v", processes, err)
		}
	}
	return outputs
}

// inherited returns the file to work on, in a process that inProcesses started.
func inherited(t *testing.T) string {
	path, ok := os.LookupEnv(fileEnv)
	if !ok {
		t.Skip("runs only in a process of its own, started by another test")
	}
	return path
}

func TestMigrateFromManyProcessesAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "factor.db")
	inProcesses(t, 6, "TestProcessThatMigrates", path)
	swap(t, migrated(t, OpenSQLite(t, path)), "alice", 0, record(1))
}

func TestProcessThatMigrates(t *testing.T) {
	migrated(t, OpenSQLite(t, inherited(t)))
}

func TestForeignTableIsLeftAsItIs(t *testing.T) {
	const fine = `user_id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, due INTEGER, data BLOB NOT NULL`
	foreign := map[string]struct{ create, says string }{
		"other columns":           {`CREATE TABLE factor_records (id INTEGER PRIMARY KEY, total REAL)`, "column user_id"},
		"a column missing":        {`CREATE TABLE factor_records (user_id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, data BLOB NOT NULL)`, "column due"},
		"no key":                  {`CREATE TABLE factor_records (user_id TEXT NOT NULL, version INTEGER NOT NULL, due INTEGER, data BLOB NOT NULL)`, "column user_id"},
		"another key":             {`CREATE TABLE factor_records (user_id TEXT NOT NULL, version INTEGER NOT NULL PRIMARY KEY, due INTEGER, data BLOB NOT NULL)`, "column user_id"},
		"a wider key":             {`CREATE TABLE factor_records (user_id TEXT NOT NULL, version INTEGER NOT NULL, due INTEGER, data BLOB NOT NULL, realm TEXT NOT NULL DEFAULT '', PRIMARY KEY (user_id, realm))`, "column realm"},
		"user as a number":        {`CREATE TABLE factor_records (user_id INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL, due INTEGER, data BLOB NOT NULL)`, "column user_id"},
		"version as text":         {`CREATE TABLE factor_records (user_id TEXT NOT NULL PRIMARY KEY, version TEXT NOT NULL, due INTEGER, data BLOB NOT NULL)`, "column version"},
		"due never NULL":          {`CREATE TABLE factor_records (user_id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, due INTEGER NOT NULL, data BLOB NOT NULL)`, "column due"},
		"a further needed column": {`CREATE TABLE factor_records (` + fine + `, tenant TEXT NOT NULL)`, "column tenant"},
		"a key without case":      {`CREATE TABLE factor_records (user_id TEXT COLLATE NOCASE NOT NULL PRIMARY KEY, version INTEGER NOT NULL, due INTEGER, data BLOB NOT NULL)`, "NOCASE"},
		"a key trimmed":           {`CREATE TABLE factor_records (user_id TEXT COLLATE RTRIM NOT NULL PRIMARY KEY, version INTEGER NOT NULL, due INTEGER, data BLOB NOT NULL) WITHOUT ROWID`, "RTRIM"},
		"a view":                  {`CREATE VIEW factor_records AS SELECT 'a' AS user_id, 1 AS version, 2 AS due, x'00' AS data`, "column user_id"},
	}
	for name, f := range foreign {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			db := OpenSQLite(t, filepath.Join(t.TempDir(), "factor.db"))
			if _, err := db.Exec(f.create); err != nil {
				t.Fatal(err)
			}
			before := schemaOf(t, db)
			store, err := sqlstore.New(db, sqlstore.SQLite, nil)
			if err != nil {
				t.Fatal(err)
			}
			err = store.Migrate(t.Context())
			if err == nil {
				t.Fatal("Migrate accepted a table that cannot serve")
			}
			for _, text := range []string{"factor_records", f.says, "left as it is", "Options.Table"} {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("Migrate = %v\nwant it to say %q", err, text)
				}
			}
			if after := schemaOf(t, db); after != before {
				t.Errorf("Migrate changed a table that is not its own to\n%s", after)
			}
		})
	}
}

func TestTableWithMoreThanIsNeededServes(t *testing.T) {
	for _, create := range []string{
		`CREATE TABLE factor_records (user_id text PRIMARY KEY NOT NULL, note TEXT, data blob NOT NULL, at INTEGER NOT NULL DEFAULT 0, due integer, version integer NOT NULL)`,
		`CREATE TABLE factor_records (user_id TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL, due INTEGER, data BLOB NOT NULL) STRICT, WITHOUT ROWID`,
	} {
		db := OpenSQLite(t, filepath.Join(t.TempDir(), "factor.db"))
		if _, err := db.Exec(create); err != nil {
			t.Fatal(err)
		}
		store := migrated(t, db)
		for _, c := range calls {
			if err := c.call(t.Context(), store); err != nil {
				t.Errorf("%s on\n%s\n%v", c.name, create, err)
			}
		}
	}
}

func TestMigratePassesFaultsOn(t *testing.T) {
	const refused, overflow = `SELECT nonsense`, `SELECT 'user_id', 'TEXT', 1, 0, 1 UNION ALL SELECT abs(-9223372036854775808), 2, 3, 4, 5`
	for _, fault := range []struct{ part, answer string }{
		{"CREATE TABLE", refused}, {"CREATE INDEX", refused},
		{"pragma_table_info", refused}, {"pragma_table_info", `SELECT NULL`}, {"pragma_table_info", overflow},
		{"pragma_index_list", refused}, {"pragma_index_list", `SELECT NULL`},
	} {
		db, spy := spied(t)
		store, err := sqlstore.New(db, sqlstore.SQLite, nil)
		if err != nil {
			t.Fatal(err)
		}
		spy.rewrite = func(query string) string {
			if strings.Contains(query, fault.part) {
				return fault.answer
			}
			return query
		}
		if err := store.Migrate(t.Context()); err == nil {
			t.Errorf("Migrate succeeded although %q was answered with a fault", fault.part)
		}
	}
}
