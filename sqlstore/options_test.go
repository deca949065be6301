package sqlstore_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/knowhave/factor/sqlstore"
)

func TestNewNamesWhatIsMissing(t *testing.T) {
	if _, err := sqlstore.New(nil, sqlstore.SQLite, nil); err == nil || !strings.Contains(err.Error(), "db is nil") {
		t.Fatalf("New without a database = %v", err)
	}
	if _, err := sqlstore.New(new(sql.DB), nil, nil); err == nil || !strings.Contains(err.Error(), "dialect is nil") {
		t.Fatalf("New without a dialect = %v", err)
	}
}

func TestTableIsAnIdentifierWithOrWithoutSchema(t *testing.T) {
	for _, name := range []string{"t", "Factor_Records2", "_t", "auth.factors", strings.Repeat("a", 59), strings.Repeat("s", 59) + "." + strings.Repeat("a", 59)} {
		if schema := sqlstore.Schema(sqlstore.SQLite, &sqlstore.Options{Table: name}); !strings.Contains(schema, `"`+strings.ReplaceAll(name, ".", `"."`)+`"`) {
			t.Errorf("Schema with table %s does not name it:\n%s", name, schema)
		}
	}
	bad := []string{
		" ", "a b", "1a", "a-b", "a.", ".a", "a.b.c", "a..b", `a"b`, "a`b", "a'b", "a;b", "a\n", "a\x00", "é", "a--", "a)", strings.Repeat("a", 60), "1.a", "a.1",
	}
	for _, name := range bad {
		_, err := sqlstore.New(new(sql.DB), sqlstore.SQLite, &sqlstore.Options{Table: name})
		if err == nil || !strings.Contains(err.Error(), "Options.Table is") || !strings.Contains(err.Error(), "give a name") {
			t.Errorf("New with table %q = %v; want an error that names the field and the remedy", name, err)
		}
	}
}

func TestSchemaPanicsWhereNewRefuses(t *testing.T) {
	calls := []func(){
		func() { sqlstore.Schema(nil, nil) },
		func() { sqlstore.Schema(sqlstore.SQLite, &sqlstore.Options{Table: "a b"}) },
	}
	for i, call := range calls {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("call %d of Schema did not panic", i)
				}
			}()
			call()
		}()
	}
}

func TestSchemaQuotesTheTableInEveryDialect(t *testing.T) {
	for want, d := range map[string]*sqlstore.Dialect{`"auth"."factors"`: sqlstore.Postgres, "`auth`.`factors`": sqlstore.MySQL} {
		if schema := sqlstore.Schema(d, &sqlstore.Options{Table: "auth.factors"}); !strings.Contains(schema, want) || strings.Contains(schema, "{") {
			t.Errorf("Schema with table auth.factors does not name it %s:\n%s", want, schema)
		}
	}
}

func ExampleSchema_postgres() {
	fmt.Print(sqlstore.Schema(sqlstore.Postgres, nil))
	// Output:
	// CREATE TABLE IF NOT EXISTS "factor_records" (
	// 	user_id text COLLATE "C" NOT NULL PRIMARY KEY,
	// 	version bigint NOT NULL,
	// 	due     bigint,
	// 	data    bytea NOT NULL
	// );
	// CREATE INDEX IF NOT EXISTS "factor_records_due" ON "factor_records" (due, user_id) WHERE due IS NOT NULL;
}

func ExampleSchema_mysql() {
	fmt.Print(sqlstore.Schema(sqlstore.MySQL, nil))
	// Output:
	// CREATE TABLE IF NOT EXISTS `factor_records` (
	// 	user_id VARBINARY(255) NOT NULL PRIMARY KEY,
	// 	version BIGINT NOT NULL,
	// 	due     BIGINT,
	// 	data    MEDIUMBLOB NOT NULL,
	// 	INDEX `factor_records_due` (due, user_id)
	// ) ENGINE = InnoDB;
}

func ExampleSchema() {
	fmt.Print(sqlstore.Schema(sqlstore.SQLite, &sqlstore.Options{Table: "auth.factors"}))
	// Output:
	// CREATE TABLE IF NOT EXISTS "auth"."factors" (
	// 	user_id TEXT COLLATE BINARY NOT NULL PRIMARY KEY,
	// 	version INTEGER NOT NULL,
	// 	due     INTEGER,
	// 	data    BLOB NOT NULL
	// );
	// CREATE INDEX IF NOT EXISTS "auth"."factors_due" ON "factors" (due, user_id) WHERE due IS NOT NULL;
}
