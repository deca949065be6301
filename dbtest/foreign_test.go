package dbtest

import "github.com/knowhave/factor/sqlstore"

// A foreignTable is one that Migrate did not make and that cannot serve.
type foreignTable struct{ create, says string }

var foreign = map[*sqlstore.Dialect]map[string]foreignTable{
	sqlstore.SQLite: {
		"other columns":           {`CREATE TABLE {table} (id INTEGER PRIMARY KEY, total REAL)`, "column user_id"},
		"a column missing":        {`CREATE TABLE {table} (user_id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, data BLOB NOT NULL)`, "column due"},
		"no key":                  {`CREATE TABLE {table} (user_id TEXT NOT NULL, version INTEGER NOT NULL, due INTEGER, data BLOB NOT NULL)`, "column user_id"},
		"another key":             {`CREATE TABLE {table} (user_id TEXT NOT NULL, version INTEGER NOT NULL PRIMARY KEY, due INTEGER, data BLOB NOT NULL)`, "column user_id"},
		"a wider key":             {`CREATE TABLE {table} (user_id TEXT NOT NULL, version INTEGER NOT NULL, due INTEGER, data BLOB NOT NULL, realm TEXT NOT NULL DEFAULT '', PRIMARY KEY (user_id, realm))`, "column realm"},
		"user as a number":        {`CREATE TABLE {table} (user_id INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL, due INTEGER, data BLOB NOT NULL)`, "column user_id"},
		"version as text":         {`CREATE TABLE {table} (user_id TEXT NOT NULL PRIMARY KEY, version TEXT NOT NULL, due INTEGER, data BLOB NOT NULL)`, "column version"},
		"due never NULL":          {`CREATE TABLE {table} (user_id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, due INTEGER NOT NULL, data BLOB NOT NULL)`, "column due"},
		"a further needed column": {`CREATE TABLE {table} (user_id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, due INTEGER, data BLOB NOT NULL, tenant TEXT NOT NULL)`, "column tenant"},
		"a key without case":      {`CREATE TABLE {table} (user_id TEXT COLLATE NOCASE NOT NULL PRIMARY KEY, version INTEGER NOT NULL, due INTEGER, data BLOB NOT NULL)`, "NOCASE"},
		"a key trimmed":           {`CREATE TABLE {table} (user_id TEXT COLLATE RTRIM NOT NULL PRIMARY KEY, version INTEGER NOT NULL, due INTEGER, data BLOB NOT NULL) WITHOUT ROWID`, "RTRIM"},
		"a view":                  {`CREATE VIEW {table} AS SELECT 'a' AS user_id, 1 AS version, 2 AS due, x'00' AS data`, "column user_id"},
	},
	sqlstore.Postgres: {
		"other columns":           {`CREATE TABLE {table} (id bigint PRIMARY KEY, total real)`, "column user_id"},
		"a column missing":        {`CREATE TABLE {table} (user_id text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, data bytea NOT NULL)`, "column due"},
		"no key":                  {`CREATE TABLE {table} (user_id text COLLATE "C" NOT NULL, version bigint NOT NULL, due bigint, data bytea NOT NULL)`, "column user_id"},
		"another key":             {`CREATE TABLE {table} (user_id text COLLATE "C" NOT NULL, version bigint PRIMARY KEY, due bigint, data bytea NOT NULL)`, "column user_id"},
		"a wider key":             {`CREATE TABLE {table} (user_id text COLLATE "C", version bigint NOT NULL, due bigint, data bytea NOT NULL, realm text DEFAULT '', PRIMARY KEY (user_id, realm))`, "column realm"},
		"user as a number":        {`CREATE TABLE {table} (user_id bigint PRIMARY KEY, version bigint NOT NULL, due bigint, data bytea NOT NULL)`, "column user_id"},
		"user cut off":            {`CREATE TABLE {table} (user_id varchar(64) COLLATE "C" PRIMARY KEY, version bigint NOT NULL, due bigint, data bytea NOT NULL)`, "column user_id"},
		"version too narrow":      {`CREATE TABLE {table} (user_id text COLLATE "C" PRIMARY KEY, version integer NOT NULL, due bigint, data bytea NOT NULL)`, "column version"},
		"due never NULL":          {`CREATE TABLE {table} (user_id text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, due bigint NOT NULL, data bytea NOT NULL)`, "column due"},
		"data as text":            {`CREATE TABLE {table} (user_id text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, due bigint, data text NOT NULL)`, "column data"},
		"a further needed column": {`CREATE TABLE {table} (user_id text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, due bigint, data bytea NOT NULL, tenant text NOT NULL)`, "column tenant"},
		"a key of a language":     {`CREATE TABLE {table} (user_id text PRIMARY KEY, version bigint NOT NULL, due bigint, data bytea NOT NULL)`, "collation default"},
		"a view":                  {`CREATE VIEW {table} AS SELECT 'a'::text COLLATE "C" AS user_id, 1::bigint AS version, 2::bigint AS due, ''::bytea AS data`, "a view"},
	},
	sqlstore.MySQL: {
		"other columns":           {`CREATE TABLE {table} (id BIGINT PRIMARY KEY, total DOUBLE)`, "column user_id"},
		"a column missing":        {`CREATE TABLE {table} (user_id VARBINARY(255) PRIMARY KEY, version BIGINT NOT NULL, data BLOB NOT NULL)`, "column due"},
		"no key":                  {`CREATE TABLE {table} (user_id VARBINARY(255) NOT NULL, version BIGINT NOT NULL, due BIGINT, data BLOB NOT NULL)`, "column user_id"},
		"another key":             {`CREATE TABLE {table} (user_id VARBINARY(255) NOT NULL, version BIGINT PRIMARY KEY, due BIGINT, data BLOB NOT NULL)`, "column user_id"},
		"a wider key":             {`CREATE TABLE {table} (user_id VARBINARY(255), version BIGINT NOT NULL, due BIGINT, data BLOB NOT NULL, realm VARBINARY(9) DEFAULT '', PRIMARY KEY (user_id, realm))`, "column realm"},
		"a key on the beginning":  {`CREATE TABLE {table} (user_id VARBINARY(255), version BIGINT NOT NULL, due BIGINT, data BLOB NOT NULL, PRIMARY KEY (user_id(10)))`, "column user_id"},
		"user as text":            {`CREATE TABLE {table} (user_id VARCHAR(255) PRIMARY KEY, version BIGINT NOT NULL, due BIGINT, data BLOB NOT NULL)`, "column user_id"},
		"user cut off":            {`CREATE TABLE {table} (user_id VARBINARY(254) PRIMARY KEY, version BIGINT NOT NULL, due BIGINT, data BLOB NOT NULL)`, "column user_id"},
		"user padded":             {`CREATE TABLE {table} (user_id BINARY(255) PRIMARY KEY, version BIGINT NOT NULL, due BIGINT, data BLOB NOT NULL)`, "column user_id"},
		"version too narrow":      {`CREATE TABLE {table} (user_id VARBINARY(255) PRIMARY KEY, version INT NOT NULL, due BIGINT, data BLOB NOT NULL)`, "column version"},
		"due never NULL":          {`CREATE TABLE {table} (user_id VARBINARY(255) PRIMARY KEY, version BIGINT NOT NULL, due BIGINT NOT NULL, data BLOB NOT NULL)`, "column due"},
		"data too short":          {`CREATE TABLE {table} (user_id VARBINARY(255) PRIMARY KEY, version BIGINT NOT NULL, due BIGINT, data TINYBLOB NOT NULL)`, "column data"},
		"a further needed column": {`CREATE TABLE {table} (user_id VARBINARY(255) PRIMARY KEY, version BIGINT NOT NULL, due BIGINT, data BLOB NOT NULL, tenant TEXT NOT NULL)`, "column tenant"},
		"another engine":          {`CREATE TABLE {table} (user_id VARBINARY(255) PRIMARY KEY, version BIGINT NOT NULL, due BIGINT, data BLOB NOT NULL) ENGINE = MyISAM`, "MyISAM"},
		"a view":                  {`CREATE VIEW {table} AS SELECT 'a' AS user_id, 1 AS version, 2 AS due, x'00' AS data`, "that of a view"},
	},
}

// richer tables have more than is needed, and serve.
var richer = map[*sqlstore.Dialect][]string{
	sqlstore.SQLite: {
		`CREATE TABLE {table} (user_id text PRIMARY KEY NOT NULL, note TEXT, data blob NOT NULL, at INTEGER NOT NULL DEFAULT 0, due integer, version integer NOT NULL)`,
		`CREATE TABLE {table} (user_id TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL, due INTEGER, data BLOB NOT NULL) STRICT, WITHOUT ROWID`,
	},
	sqlstore.Postgres: {
		`CREATE TABLE {table} (id bigint GENERATED ALWAYS AS IDENTITY, user_id text COLLATE "POSIX" PRIMARY KEY, note text, data bytea NOT NULL, at timestamptz NOT NULL DEFAULT now(), due bigint, version bigint NOT NULL)`,
		`CREATE TABLE {table} (user_id text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, due bigint, data bytea NOT NULL) PARTITION BY HASH (user_id);
		CREATE TABLE {table}_0 PARTITION OF {table} FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE {table}_1 PARTITION OF {table} FOR VALUES WITH (MODULUS 2, REMAINDER 1)`,
	},
	sqlstore.MySQL: {
		`CREATE TABLE {table} (note TEXT, user_id VARBINARY(300) PRIMARY KEY, data LONGBLOB NOT NULL, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, due BIGINT, version BIGINT UNSIGNED NOT NULL)`,
		`CREATE TABLE {table} (id BIGINT NOT NULL AUTO_INCREMENT UNIQUE, user_id VARBINARY(255) PRIMARY KEY, version BIGINT NOT NULL, due BIGINT, data BLOB NOT NULL)`,
	},
}
