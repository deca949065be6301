package dbtest

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/knowhave/factor/sqlstore"
)

func TestMigrateIsIdempotent(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		db := p.Open(t)
		store := p.migrated(t, db)
		swap(t, store, "alice", 0, record(1))
		before := p.schema(t, db)
		for range 3 {
			p.migrated(t, db)
		}
		if after := p.schema(t, db); after != before {
			t.Fatalf("Migrate changed the schema from\n%s\nto\n%s", before, after)
		}
		if version(t, store, "alice") != 1 {
			t.Fatal("Migrate changed a record")
		}
	})
}

func TestSchemaIsWhatMigrateMakes(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		byMigrate, bySchema := e.Place(t), e.Place(t)
		byMigrate.migrated(t, byMigrate.Open(t))
		db := bySchema.Open(t)
		if _, err := db.Exec(sqlstore.Schema(e.Dialect, bySchema.options())); err != nil {
			t.Fatal(err)
		}
		want := byMigrate.schema(t, byMigrate.Open(t))
		if got := bySchema.schema(t, db); got != want {
			t.Fatalf("Schema makes\n%s\nMigrate makes\n%s", got, want)
		}
		bySchema.migrated(t, db)
		if got := bySchema.schema(t, db); got != want {
			t.Fatalf("Migrate changed what Schema made to\n%s", got)
		}
	})
}

// schema returns what there is of a table but the rows, with {table} for its
// name. It is empty without a table.
func (p Place) schema(t *testing.T, db *sql.DB) string {
	t.Helper()
	var schema string
	err := db.QueryRow(strings.ReplaceAll(schemaQueries[p.engine().Dialect], "{table}", p.Table)).Scan(&schema)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(schema, p.Table, "{table}")
}

var schemaQueries = map[*sqlstore.Dialect]string{
	sqlstore.SQLite: `SELECT coalesce(group_concat(type || ' ' || name || ': ' || sql, char(10) ORDER BY name), '') FROM sqlite_schema WHERE sql IS NOT NULL`,
	sqlstore.Postgres: `SELECT relkind::text || coalesce((SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), collname, attnotnull), E'\n' ORDER BY attnum)
	FROM pg_attribute LEFT JOIN pg_collation ON pg_collation.oid = attcollation WHERE attrelid = pg_class.oid AND attnum > 0), '') ||
	coalesce((SELECT string_agg(pg_get_indexdef(indexrelid), E'\n' ORDER BY indexrelid) FROM pg_index WHERE indrelid = pg_class.oid), '')
	FROM pg_class WHERE oid = to_regclass('{table}') UNION ALL SELECT '' LIMIT 1`,
	sqlstore.MySQL: `SELECT concat_ws(' ', (SELECT concat_ws(' ', table_type, engine) FROM information_schema.tables WHERE table_name = '{table}'),
	(SELECT group_concat(column_name, column_type, coalesce(collation_name, ''), is_nullable, column_key ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = '{table}'),
	(SELECT group_concat(index_name, column_name, coalesce(sub_part, ''), non_unique ORDER BY index_name, seq_in_index) FROM information_schema.statistics WHERE table_name = '{table}'))`,
}

func TestMigrateFromManyHandlesAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		const handles = 10
		dbs := make([]*sql.DB, handles)
		for i := range dbs {
			dbs[i] = p.Open(t)
		}
		start, results := make(chan struct{}), make(chan error)
		for _, db := range dbs {
			go func() {
				<-start
				store, err := sqlstore.New(db, e.Dialect, p.options())
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
		swap(t, p.migrated(t, dbs[0]), "alice", 0, record(1))
	})
}

func TestForeignTableIsLeftAsItIs(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		for name, f := range foreign[e.Dialect] {
			t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
				p := e.Place(t)
				db := p.pool(t)
				if _, err := db.Exec(strings.ReplaceAll(f.create, "{table}", p.Table)); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(f.create, "CREATE VIEW") {
					defer db.Exec("DROP VIEW " + p.Table)
				}
				before := p.schema(t, db)
				store, err := sqlstore.New(db, e.Dialect, p.options())
				if err == nil {
					err = store.Migrate(t.Context())
				}
				if err == nil {
					t.Fatal("Migrate accepted a table that cannot serve")
				}
				for _, text := range []string{p.Table, f.says, "left as it is", "Options.Table"} {
					if !strings.Contains(err.Error(), text) {
						t.Errorf("Migrate = %v\nwant it to say %q", err, text)
					}
				}
				if after := p.schema(t, db); after != before {
					t.Errorf("Migrate changed a table that is not its own to\n%s", after)
				}
			})
		}
	})
}

func TestTableWithMoreThanIsNeededServes(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		for _, create := range richer[e.Dialect] {
			p := e.Place(t)
			db := p.pool(t)
			if _, err := db.Exec(strings.ReplaceAll(create, "{table}", p.Table)); err != nil {
				t.Fatal(err)
			}
			store := p.migrated(t, db)
			for _, c := range calls {
				if err := c.call(t.Context(), store); err != nil {
					t.Errorf("%s on\n%s\n%v", c.name, create, err)
				}
			}
		}
	})
}

func TestMigratePassesFaultsOn(t *testing.T) {
	const refused, refusedToo = `SELECT nonsense`, `SELECT nonsense FROM DUAL WHERE ? = ?`
	faults := map[*sqlstore.Dialect][]struct{ part, answer string }{
		sqlstore.SQLite: {
			{"CREATE TABLE", refused}, {"CREATE INDEX", refused},
			{"pragma_table_info", refused}, {"pragma_table_info", `SELECT NULL`},
			{"pragma_table_info", `SELECT 'user_id', 'TEXT', 1, 0, 1 UNION ALL SELECT abs(-9223372036854775808), 2, 3, 4, 5`},
			{"pragma_index_list", refused}, {"pragma_index_list", `SELECT NULL`},
		},
		sqlstore.Postgres: {
			{"CREATE TABLE", refused}, {"CREATE INDEX", refused},
			{"pg_attribute", refused}, {"pg_attribute", `SELECT $1::text`},
			{"pg_attribute", `SELECT $1::text, 'text', 'C', 1 / (2 - i) = 1, false, true FROM generate_series(1, 2) AS i`},
			{"pg_class", refused}, {"pg_class", `SELECT $1::text || $2`},
		},
		sqlstore.MySQL: {
			{"CREATE TABLE", refused},
			{"SELECT engine", refusedToo}, {"SELECT engine", `SELECT 1, 2 FROM DUAL WHERE ? = ? OR 1`},
			{"SELECT c.column_name", refusedToo}, {"SELECT c.column_name", `SELECT 1 FROM DUAL WHERE ? = ? OR 1`},
		},
	}
	onEach(t, func(t *testing.T, e Engine) {
		for _, fault := range faults[e.Dialect] {
			p := e.Place(t)
			db, spy := p.spied(t)
			store := p.store(t, db)
			spy.rewrite = func(query string) string {
				if strings.Contains(query, fault.part) {
					return fault.answer
				}
				return query
			}
			if err := store.Migrate(t.Context()); err == nil {
				t.Errorf("Migrate succeeded although %q was answered with %q", fault.part, fault.answer)
			}
		}
	})
}
