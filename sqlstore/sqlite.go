package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// SQLite is the dialect of SQLite 3.24 or later, for a database in a file. New
// asks for WAL, synchronous=FULL and a busy timeout, which a data source name
// sets for every connection of the pool. With modernc.org/sqlite:
//
//	file:factor.db?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(5000)
//
// and with github.com/mattn/go-sqlite3:
//
//	file:factor.db?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000
//
// Connections that write at the same time starve each other, so one Store writes
// on one connection at a time. Swaps that come while another one is written
// share the next transaction, and so the wait for the disk: each still has its
// own outcome, and is answered after the commit.
var SQLite = &Dialect{
	quote: `"`,
	schema: []string{
		`CREATE TABLE IF NOT EXISTS {table} (
	user_id TEXT COLLATE BINARY NOT NULL PRIMARY KEY,
	version INTEGER NOT NULL,
	due     INTEGER,
	data    BLOB NOT NULL
)`,
		// With user_id in it, the index alone answers who is due.
		`CREATE INDEX IF NOT EXISTS {index} ON {name} (due, user_id) WHERE due IS NOT NULL`,
	},
	statements: statements{
		load:     `SELECT version, data FROM {table} WHERE user_id = ?`,
		insert:   `INSERT INTO {table} (user_id, version, due, data) VALUES (?, ?, ?, ?) ON CONFLICT (user_id) DO NOTHING`,
		update:   `UPDATE {table} SET version = ?, due = ?, data = ? WHERE user_id = ? AND version = ?`,
		remove:   `DELETE FROM {table} WHERE user_id = ? AND version = ?`,
		list:     `SELECT user_id FROM {table} WHERE user_id > ? ORDER BY user_id LIMIT ?`,
		versions: `SELECT user_id, version FROM {table} WHERE user_id IN ({users})`,
		// The plus signs keep the planner from walking the primary key, past all
		// who are not due, in order to save a sort: that of SQLite 3.40 would.
		listDue: `SELECT user_id FROM {table} WHERE due <= ? AND +user_id > ? ORDER BY +user_id LIMIT ?`,
	},
	together: togetherOnSQLite,
	lost:     lostOnSQLite,
	check:    checkSQLite,
	inspect:  inspectSQLite,
}

// lostOnSQLite recognises SQLITE_BUSY (5) and SQLITE_LOCKED (6), extended codes
// included: another connection held the lock until the busy timeout ran out,
// and the statement, which is its own transaction, has done nothing.
func lostOnSQLite(err error) bool {
	code, ok := errorCode(err, "Code")
	primary := code & 0xff
	return ok && (primary == 5 || primary == 6)
}

// togetherOnSQLite makes writes in one transaction.
func togetherOnSQLite(ctx context.Context, l *lease, batch []*write) (changed []int64, made bool, err error) {
	// The write lock is taken first: a write that had to wait for it later could
	// find that what it has read is old.
	if err := l.begin(ctx, "BEGIN IMMEDIATE"); err != nil {
		l.unsettled = !busyOnSQLite(err) || ctx.Err() != nil
		return nil, false, err
	}
	changed = make([]int64, len(batch))
	for i, one := range batch {
		if changed[i], err = l.exec(ctx, one.statement); err != nil {
			_ = l.finish(ctx, "ROLLBACK")
			return nil, false, err
		}
	}
	if err := l.finish(ctx, "COMMIT"); err != nil {
		_ = l.finish(ctx, "ROLLBACK")
		return nil, true, fmt.Errorf("committing with others: %w", err)
	}
	return changed, true, nil
}

// busyOnSQLite recognises a plain SQLITE_BUSY, which a BEGIN that has not begun
// ends with.
func busyOnSQLite(err error) bool {
	code, ok := errorCode(err, "Code")
	return ok && code == 5
}

const sqliteRemedy = `open it with a data source name that ends in ` +
	`"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(5000)" (modernc.org/sqlite) or ` +
	`"?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000" (github.com/mattn/go-sqlite3), which holds for every connection`

// checkSQLite refuses settings under which acknowledged writes can be lost or
// connections get in each other's way.
func checkSQLite(ctx context.Context, l *lease, t table) error {
	schema := t.schema
	if schema == "" {
		schema = "main"
	}
	file, err := sqliteFile(ctx, l, schema)
	if err != nil {
		return err
	}
	var encoding, journal string
	var synchronous, busy int
	queries := []struct {
		text  string
		value any
	}{
		{`PRAGMA encoding`, &encoding},
		{`PRAGMA "` + schema + `".journal_mode`, &journal},
		{`PRAGMA "` + schema + `".synchronous`, &synchronous},
		{`PRAGMA busy_timeout`, &busy},
	}
	for _, q := range queries {
		if err := l.queryRow(ctx, q.text).Scan(q.value); err != nil {
			return fmt.Errorf("sqlstore: reading the settings of SQLite: %w", err)
		}
	}
	switch {
	case file == "":
		return fmt.Errorf("sqlstore: the SQLite database %s is in memory or temporary and forgets: use a file, and %s", schema, sqliteRemedy)
	case encoding != "UTF-8":
		return fmt.Errorf("sqlstore: the SQLite database has encoding %s, in which text is not ordered by bytes: use one that was created with UTF-8", encoding)
	case journal != "wal":
		return fmt.Errorf("sqlstore: the SQLite database has journal_mode %s, in which readers and writers block each other: %s", journal, sqliteRemedy)
	case synchronous < 2:
		return fmt.Errorf("sqlstore: a connection to the SQLite database has synchronous %d, less than FULL (2), and forgets the last writes on power loss: %s",
			synchronous, sqliteRemedy)
	case busy <= 0:
		return fmt.Errorf("sqlstore: a connection to the SQLite database has no busy_timeout and fails as soon as another writes: %s", sqliteRemedy)
	}
	return nil
}

// sqliteFile returns the file of a database, empty if it has none.
func sqliteFile(ctx context.Context, l *lease, schema string) (file string, err error) {
	err = l.queryRow(ctx, `SELECT file FROM pragma_database_list WHERE name = ? COLLATE NOCASE`, schema).Scan(&file)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("sqlstore: Options.Table names the schema %s, which a connection to the SQLite database does not have: attach it on every connection", schema)
	}
	if err != nil {
		return "", fmt.Errorf("sqlstore: reading the settings of SQLite: %w", err)
	}
	return file, nil
}

// sqliteColumn is a line of PRAGMA table_info.
type sqliteColumn struct {
	name     string
	kind     string
	notNull  bool
	fallback bool // whether it has a default
	key      int  // its place in the primary key, from 1; 0 if none
}

var sqliteColumns = []sqliteColumn{
	{name: "user_id", kind: "TEXT", notNull: true, key: 1},
	{name: "version", kind: "INTEGER", notNull: true},
	{name: "due", kind: "INTEGER"},
	{name: "data", kind: "BLOB", notNull: true},
}

// inspectSQLite checks that a table has the columns of the schema and its key,
// and no more than an insert may leave out. The index is created if it does not
// exist, which needs no lock if it does.
func inspectSQLite(ctx context.Context, l *lease, t table) (present int, err error) {
	found, err := readSQLiteColumns(ctx, l, t)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	if err := refuseSQLite(ctx, l, t, found); err != nil {
		return 0, err
	}
	return 1, nil
}

func refuseSQLite(ctx context.Context, l *lease, t table, found []sqliteColumn) error {
	for _, want := range sqliteColumns {
		if !slices.Contains(found, want) {
			return t.refusal("without the column %s as Schema has it", want.name)
		}
	}
	for _, column := range found {
		if !slices.Contains(sqliteColumns, column) && (column.key > 0 || column.notNull && !column.fallback) {
			return t.refusal("with a column %s that cannot be left out", column.name)
		}
	}
	var collation string
	if err := l.queryRow(ctx, sqliteKeyCollation, t.name, t.schema, t.schema).Scan(&collation); err != nil {
		return fmt.Errorf("reading the key of table %s: %w", t, err)
	}
	if collation != "BINARY" {
		return t.refusal("whose key is compared by %s instead of byte by byte", collation)
	}
	return nil
}

const sqliteKeyCollation = `SELECT key.coll FROM pragma_index_list(?, nullif(?, '')) AS list, pragma_index_xinfo(list.name, nullif(?, '')) AS key
WHERE list.origin = 'pk' AND key.seqno = 0`

func readSQLiteColumns(ctx context.Context, l *lease, t table) ([]sqliteColumn, error) {
	rows, err := l.query(ctx, `SELECT name, upper(type), "notnull", dflt_value IS NOT NULL, pk FROM pragma_table_info(?, nullif(?, ''))`, t.name, t.schema)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var columns []sqliteColumn
	for rows.Next() {
		var c sqliteColumn
		if err := rows.Scan(&c.name, &c.kind, &c.notNull, &c.fallback, &c.key); err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, rows.Err()
}
