package sqlstore

import (
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
)

// newAndMigrate returns what New, on a server with safe settings, and Migrate say,
// where one query is answered differently.
func newAndMigrate(t *testing.T, d *Dialect, part string, rows [][]driver.Value, err error) (byNew, byMigrate error) {
	t.Helper()
	answer := func(query string, _ []driver.NamedValue) ([][]driver.Value, error) {
		switch {
		case strings.Contains(query, part):
			return rows, err
		case strings.Contains(query, "current_setting"):
			return [][]driver.Value{{"on", "UTF8"}}, nil
		case strings.Contains(query, "SHOW VARIABLES"):
			return [][]driver.Value{{"autocommit", "ON"}, {"innodb_flush_log_at_trx_commit", "1"}}, nil
		case strings.Contains(query, "pragma_database_list"):
			return [][]driver.Value{{"factor.db"}}, nil
		case strings.HasPrefix(query, "PRAGMA encoding"):
			return [][]driver.Value{{"UTF-8"}}, nil
		case strings.HasSuffix(query, "journal_mode"):
			return [][]driver.Value{{"wal"}}, nil
		case strings.HasPrefix(query, "PRAGMA"):
			return [][]driver.Value{{int64(2)}}, nil
		}
		return readCatalogue(query), nil
	}
	_, byNew = New(openFake(t, &fakeServer{answer: answer}), d, nil)
	return byNew, migrateFake(t, d, &fakeServer{answer: answer})
}

func TestNewAndMigrateRefuseATableThatForgets(t *testing.T) {
	for name, c := range map[string]struct {
		dialect *Dialect
		part    string
		rows    [][]driver.Value
		says    string
	}{
		"PostgreSQL":                  {Postgres, "relpersistence", [][]driver.Value{{"factors", "r", "p"}}, ""},
		"PostgreSQL, without a table": {Postgres, "relpersistence", nil, ""},
		"PostgreSQL, partitions":      {Postgres, "relpersistence", [][]driver.Value{{"factors", "p", "p"}, {"factors_0", "r", "p"}}, ""},
		"UNLOGGED":                    {Postgres, "relpersistence", [][]driver.Value{{"factors", "r", "u"}}, "ALTER TABLE factors SET LOGGED"},
		"an UNLOGGED partition":       {Postgres, "relpersistence", [][]driver.Value{{"factors", "p", "p"}, {"factors_0", "r", "u"}}, "ALTER TABLE factors_0 SET LOGGED"},
		"temporary":                   {Postgres, "relpersistence", [][]driver.Value{{"factors", "r", "t"}}, "gone with its connection"},
		"a view":                      {Postgres, "relpersistence", [][]driver.Value{{"factors", "v", "p"}}, "is a view"},
		"a foreign table":             {Postgres, "relpersistence", [][]driver.Value{{"factors", "f", "p"}}, "foreign table"},
		"MySQL":                       {MySQL, "SHOW CREATE TABLE", [][]driver.Value{{"factors", "CREATE TABLE `factors` (\n  COMMENT 'CREATE TEMPORARY'"}}, ""},
		"MySQL, without a table":      {MySQL, "SHOW CREATE TABLE", nil, ""},
		"MySQL, temporary":            {MySQL, "SHOW CREATE TABLE", [][]driver.Value{{"factors", "CREATE TEMPORARY TABLE `factors` ("}}, "temporary table"},
		"MySQL, a view":               {MySQL, "SHOW CREATE TABLE", [][]driver.Value{{"factors", "CREATE VIEW", "utf8mb4", "utf8mb4_bin"}}, ""},
		"MEMORY":                      {MySQL, "SELECT engine", [][]driver.Value{{"MEMORY"}}, "engine is MEMORY"},
		"an engine of none":           {MySQL, "SELECT engine", [][]driver.Value{{nil}}, "that of a view"},
		"SQLite":                      {SQLite, "sqlite_temp_master", [][]driver.Value{{false}}, ""},
		"SQLite, temporary":           {SQLite, "sqlite_temp_master", [][]driver.Value{{true}}, "give main.factor_records"},
	} {
		byNew, byMigrate := newAndMigrate(t, c.dialect, c.part, c.rows, nil)
		checkSays(t, name+", New", byNew, c.says)
		checkSays(t, name+", Migrate", byMigrate, c.says)
	}
}

func TestTableThatCannotBeReadIsAFault(t *testing.T) {
	down := errors.New("gone away")
	for part, d := range map[string]*Dialect{"relpersistence": Postgres, "SHOW CREATE TABLE": MySQL, "SELECT engine": MySQL, "sqlite_temp_master": SQLite} {
		byNew, byMigrate := newAndMigrate(t, d, part, nil, down)
		for _, err := range []error{byNew, byMigrate} {
			if !errors.Is(err, down) || !strings.Contains(err.Error(), "factor_records keeps") {
				t.Errorf("%s: %v", part, err)
			}
		}
	}
	byNew, byMigrate := newAndMigrate(t, MySQL, "SHOW CREATE TABLE", nil, &numberError{Number: 1146, Message: "no such table"})
	if byNew != nil || byMigrate != nil {
		t.Errorf("without a table: %v, %v", byNew, byMigrate)
	}
}

// A database of another dialect is recognised by what it calls its version.
func TestWrongDialectIsNamed(t *testing.T) {
	unknown := errors.New("syntax error")
	for _, c := range []struct{ lite, version, speaks string }{
		{"3.50.1", "", "SQLite"},
		{"", "PostgreSQL 15.14 (Debian)", "Postgres"},
		{"", "CockroachDB CCL v24.1", "Postgres"},
		{"", "10.11.19-MariaDB", "MySQL"},
		{"", "8.0.43", "MySQL"},
		{"1", "1", ""},
		{"", "Oracle", ""},
		{"", "", ""},
	} {
		for _, d := range []*Dialect{SQLite, Postgres, MySQL} {
			tell := func(version string) ([][]driver.Value, error) {
				if version == "" {
					return nil, unknown
				}
				return [][]driver.Value{{version}}, nil
			}
			server := &fakeServer{answer: func(query string, _ []driver.NamedValue) ([][]driver.Value, error) {
				switch query {
				case "SELECT sqlite_version()":
					return tell(c.lite)
				case "SELECT version()":
					return tell(c.version)
				}
				return nil, unknown
			}}
			_, err := New(openFake(t, server), d, nil)
			if !errors.Is(err, unknown) {
				t.Errorf("%v does not wrap the driver's error", err)
			}
			wrong := c.speaks != "" && c.speaks != d.name
			says := "sqlstore: reading the settings of"
			if wrong {
				says = "sqlstore: wrong dialect? New was given sqlstore." + d.name + ", and the database speaks that of sqlstore." + c.speaks
			}
			if !strings.HasPrefix(err.Error(), says) || strings.Contains(err.Error(), "syntax") == wrong {
				t.Errorf("%s on %q: %v, want %s", d.name, c.speaks, err, says)
			}
		}
	}
}
