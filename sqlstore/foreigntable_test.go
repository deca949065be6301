package sqlstore

import (
	"database/sql/driver"
	"slices"
	"strings"
	"testing"
)

// Rows of a catalogue: of PostgreSQL name, type, collation, NOT NULL, whether an
// insert may leave it out, and key; of MySQL name, type, length in bytes, NOT
// NULL, whether an insert may leave it out, key, and whether only a prefix is.
type catalogue [][]driver.Value

// with returns a copy in which the named column is another one, or is left out
// if there is none, or is added if there was none of that name.
func (c catalogue) with(name string, column ...driver.Value) catalogue {
	other := slices.DeleteFunc(slices.Clone(c), func(row []driver.Value) bool { return row[0] == name })
	if len(column) > 0 {
		other = append(other, append([]driver.Value{name}, column...))
	}
	return other
}

var postgresTable = catalogue{
	{"user_id", "text", "C", true, false, true},
	{"version", "bigint", "", true, false, false},
	{"due", "bigint", "", false, false, false},
	{"data", "bytea", "", true, false, false},
}

// Of SQLite name, type, NOT NULL, whether it has a default, and place in the key.
var sqliteTable = catalogue{
	{"user_id", "TEXT", true, false, int64(1)},
	{"version", "INTEGER", true, false, int64(0)},
	{"due", "INTEGER", false, false, int64(0)},
	{"data", "BLOB", true, false, int64(0)},
}

var mysqlTable = catalogue{
	{"user_id", "varbinary", int64(255), true, false, true, false},
	{"version", "bigint", int64(0), true, false, false, false},
	{"due", "bigint", int64(0), false, false, false, false},
	{"data", "mediumblob", int64(16777215), true, false, false, false},
}

// readCatalogue answers a query with the catalogue of a server that has the table
// and lacks its index.
func readCatalogue(query string) [][]driver.Value {
	switch {
	case strings.Contains(query, "relpersistence"):
		return [][]driver.Value{{"factor_records", "r", "p"}}
	case strings.Contains(query, "sqlite_temp_master"):
		return [][]driver.Value{{false}}
	case strings.Contains(query, "pg_attribute"):
		return postgresTable
	case strings.Contains(query, "pg_class"):
		return [][]driver.Value{{false}}
	case strings.Contains(query, "information_schema.columns"):
		return mysqlTable
	case strings.Contains(query, "information_schema.tables"):
		return [][]driver.Value{{"InnoDB"}}
	case strings.Contains(query, "pragma_table_info"):
		return sqliteTable
	case strings.Contains(query, "pragma_index_list"):
		return [][]driver.Value{{"BINARY"}}
	}
	return nil
}

// readEmpty answers a query with the catalogue of a server that has no table.
func readEmpty(query string) [][]driver.Value {
	if strings.Contains(query, "sqlite_temp_master") {
		return readCatalogue(query)
	}
	return nil
}

// migrateOn runs Migrate against a server that has this table; its index is
// missing unless indexed.
func migrateOn(t *testing.T, d *Dialect, columns catalogue, engine driver.Value, indexed bool) (*fakeServer, error) {
	t.Helper()
	server := &fakeServer{answer: func(query string, _ []driver.NamedValue) ([][]driver.Value, error) {
		switch {
		case strings.Contains(query, "pg_attribute"), strings.Contains(query, "information_schema.columns"):
			return columns, nil
		case strings.Contains(query, "relname = $2"):
			return [][]driver.Value{{indexed}}, nil
		case strings.Contains(query, "information_schema.tables"):
			return [][]driver.Value{{engine}}, nil
		}
		return readCatalogue(query), nil
	}}
	return server, migrateFake(t, d, server)
}

func TestTableThatServesIsLeftAlone(t *testing.T) {
	for name, columns := range map[string]catalogue{
		"as it is made":      postgresTable,
		"POSIX is C":         postgresTable.with("user_id", "text", "POSIX", true, false, true),
		"a note":             postgresTable.with("note", "text", "default", false, false, false),
		"a default":          postgresTable.with("at", "bigint", "", true, true, false),
		"a default for NULL": postgresTable.with("at", "bigint", "", false, true, false),
	} {
		server, err := migrateOn(t, Postgres, columns, nil, true)
		if err != nil || server.saw("CREATE") != 0 {
			t.Errorf("PostgreSQL, %s: %v after %d changes", name, err, server.saw("CREATE"))
		}
	}
	for name, columns := range map[string]catalogue{
		"as it is made":      mysqlTable,
		"a longer key":       mysqlTable.with("user_id", "varbinary", int64(256), true, false, true, false),
		"a short BLOB":       mysqlTable.with("data", "blob", int64(65535), true, false, false, false),
		"a long BLOB":        mysqlTable.with("data", "longblob", int64(4294967295), true, false, false, false),
		"a note":             mysqlTable.with("note", "text", int64(65535), false, false, false, false),
		"a default":          mysqlTable.with("at", "bigint", int64(0), true, true, false, false),
		"a default for NULL": mysqlTable.with("at", "bigint", int64(0), false, true, false, false),
	} {
		server, err := migrateOn(t, MySQL, columns, "InnoDB", true)
		if err != nil || server.saw("CREATE") != 0 {
			t.Errorf("MySQL, %s: %v after %d changes", name, err, server.saw("CREATE"))
		}
	}
}

func TestTableThatCannotServeIsRefusedOnEveryServer(t *testing.T) {
	for name, c := range map[string]struct {
		columns catalogue
		says    string
	}{
		"no user":              {postgresTable.with("user_id"), "column user_id"},
		"no due":               {postgresTable.with("due"), "column due"},
		"user of other type":   {postgresTable.with("user_id", "character varying(255)", "C", true, false, true), "column user_id"},
		"version of 32 bits":   {postgresTable.with("version", "integer", "", true, false, false), "column version"},
		"version may be NULL":  {postgresTable.with("version", "bigint", "", false, false, false), "column version"},
		"due may not be NULL":  {postgresTable.with("due", "bigint", "", true, false, false), "column due"},
		"data as text":         {postgresTable.with("data", "text", "C", true, false, false), "column data"},
		"no key":               {postgresTable.with("user_id", "text", "C", true, false, false), "column user_id"},
		"version in the key":   {postgresTable.with("version", "bigint", "", true, false, true), "column version"},
		"another key beside":   {postgresTable.with("realm", "text", "C", true, true, true), "column realm"},
		"a needed column":      {postgresTable.with("tenant", "text", "C", true, false, false), "column tenant"},
		"a key without case":   {postgresTable.with("user_id", "text", "und-ci", true, false, true), "und-ci"},
		"a key in the locale":  {postgresTable.with("user_id", "text", "default", true, false, true), "default"},
		"a key without a name": {postgresTable.with("user_id", "text", "", true, false, true), "byte by byte"},
	} {
		server, err := migrateOn(t, Postgres, c.columns, nil, false)
		refused(t, "PostgreSQL, "+name, server, err, c.says)
	}
	for name, c := range map[string]struct {
		columns catalogue
		says    string
	}{
		"no user":             {mysqlTable.with("user_id"), "column user_id"},
		"user as VARCHAR":     {mysqlTable.with("user_id", "varchar", int64(255), true, false, true, false), "column user_id"},
		"a shorter key":       {mysqlTable.with("user_id", "varbinary", int64(254), true, false, true, false), "column user_id"},
		"part of the user":    {mysqlTable.with("user_id", "varbinary", int64(255), true, false, true, true), "column user_id"},
		"no key":              {mysqlTable.with("user_id", "varbinary", int64(255), true, false, false, false), "column user_id"},
		"version may be NULL": {mysqlTable.with("version", "bigint", int64(0), false, false, false, false), "column version"},
		"version in the key":  {mysqlTable.with("version", "bigint", int64(0), true, false, true, false), "column version"},
		"version of 32 bits":  {mysqlTable.with("version", "int", int64(0), true, false, false, false), "column version"},
		"due may not be NULL": {mysqlTable.with("due", "bigint", int64(0), true, false, false, false), "column due"},
		"data of 255 bytes":   {mysqlTable.with("data", "tinyblob", int64(255), true, false, false, false), "column data"},
		"another key beside":  {mysqlTable.with("realm", "varbinary", int64(9), true, true, true, false), "column realm"},
		"a needed column":     {mysqlTable.with("tenant", "text", int64(9), true, false, false, false), "column tenant"},
	} {
		server, err := migrateOn(t, MySQL, c.columns, "InnoDB", false)
		refused(t, "MySQL, "+name, server, err, c.says)
	}
	for name, engine := range map[string]driver.Value{"MyISAM": "MyISAM", "a view": nil} {
		server, err := migrateOn(t, MySQL, mysqlTable, engine, false)
		refused(t, "MySQL, "+name, server, err, "instead of InnoDB")
	}
}

func refused(t *testing.T, name string, server *fakeServer, err error, says string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "left as it is") || !strings.Contains(err.Error(), "Options.Table") {
		t.Errorf("%s: %v, want a refusal that says %q", name, err, says)
	}
	if n := server.saw("CREATE"); n != 0 {
		t.Errorf("%s: %d changes of a table that is not its own", name, n)
	}
}

// A table that lacks only its index gets it.
func TestTableWithoutItsIndexGetsIt(t *testing.T) {
	server, err := migrateOn(t, Postgres, postgresTable, nil, false)
	if err != nil || server.saw("CREATE INDEX") != 1 || server.saw("CREATE TABLE") != 0 {
		t.Errorf("%v after %q", err, server.asked)
	}
}
