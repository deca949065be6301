package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
var SQLite = newSQLite()

func newSQLite() *Dialect {
	return &Dialect{
		name:  "SQLite",
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
		sharing: sharingOnSQLite,
		lost:    lostOnSQLite,
		code:    codeOfSQLite,
		absent:  absentOnSQLite,
		keeps:   keepsSQLite,
		check:   checkSQLite,
		inspect: inspectSQLite,
	}
}

// lostOnSQLite recognises SQLITE_BUSY (5) and SQLITE_LOCKED (6), extended codes
// included: another connection held the lock until the busy timeout ran out,
// and the statement, which is its own transaction, has done nothing.
func lostOnSQLite(err error) bool {
	code, _ := errorCode(err, "Code")
	primary := code & 0xff
	return primary == 5 || primary == 6
}

// sharingOnSQLite has writes share a transaction. Loads wait for nobody.
func sharingOnSQLite(context.Context, *lease, table) (sharing, error) {
	return sharing{update: writeTogetherOnSQLite, serial: true}, nil
}

// writeTogetherOnSQLite makes writes in one transaction.
func writeTogetherOnSQLite(ctx context.Context, l *lease, batch []*request) error {
	// The write lock is taken first: a write that had to wait for it later could
	// find that what it has read is old.
	if err := l.begin(ctx, "BEGIN IMMEDIATE"); err != nil {
		l.unsettled = !busyOnSQLite(err) || ctx.Err() != nil
		return undone{err}
	}
	for _, r := range batch {
		changed, err := l.exec(ctx, r.write)
		if err != nil {
			_ = l.finish(ctx, "ROLLBACK")
			return undone{err}
		}
		r.settled, r.changed = true, changed
	}
	if err := l.finish(ctx, "COMMIT"); err != nil {
		_ = l.finish(ctx, "ROLLBACK")
		l.unsettled = true // What a COMMIT that failed leaves behind is the driver's secret.
		return fmt.Errorf("committing with others: %w", err)
	}
	return nil
}

// busyOnSQLite recognises a plain SQLITE_BUSY, which a BEGIN that has not begun
// ends with.
func busyOnSQLite(err error) bool {
	code, _ := errorCode(err, "Code")
	return code == 5
}

// speakingOnSQLite are the primary codes of errors whose texts hold nothing of a
// row or an argument: locks, memory, files and permissions.
var speakingOnSQLite = []int64{5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 17, 22, 23, 26}

func codeOfSQLite(err error) (name string, speaking bool, said error) {
	code, said := errorCode(err, "Code")
	if said == nil || !slices.Contains(speakingOnSQLite, code&0xff) && !absentOnSQLite(err) {
		return "", false, nil // SQLite quotes nothing, but a trigger of the host's may say anything.
	}
	return "error " + strconv.FormatInt(code, 10), true, said
}

// absentOnSQLite recognises that there is no such table, which SQLite says in
// words only.
func absentOnSQLite(err error) bool {
	code, said := errorCode(err, "Code")
	return code == 1 && strings.Contains(said.Error(), "no such table")
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
	if file == "" {
		return fmt.Errorf("the SQLite database %s is in memory or temporary and forgets: use a file, and %s", schema, sqliteRemedy)
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
			return fmt.Errorf("reading the settings of SQLite: %w", err)
		}
	}
	switch {
	case encoding != "UTF-8":
		return fmt.Errorf("the SQLite database has encoding %s, in which text is not ordered by bytes: use one that was created with UTF-8", encoding)
	case journal != "wal":
		return fmt.Errorf("the SQLite database has journal_mode %s, in which readers and writers block each other: %s", journal, sqliteRemedy)
	case synchronous < 2:
		return fmt.Errorf("a connection to the SQLite database has synchronous %d, less than FULL (2), and forgets the last writes on power loss: %s",
			synchronous, sqliteRemedy)
	case busy <= 0:
		return fmt.Errorf("a connection to the SQLite database has no busy_timeout and fails as soon as another writes: %s", sqliteRemedy)
	}
	return nil
}

// sqliteFile returns the file of a database, empty if it has none.
func sqliteFile(ctx context.Context, l *lease, schema string) (file string, err error) {
	err = l.queryRow(ctx, `SELECT file FROM pragma_database_list WHERE name = ? COLLATE NOCASE`, schema).Scan(&file)
	if errors.Is(err, sql.ErrNoRows) && strings.EqualFold(schema, "temp") {
		return "", nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("Options.Table names the schema %s, which a connection to the SQLite database does not have: attach it on every connection", schema)
	}
	if err != nil {
		return "", fmt.Errorf("reading the settings of SQLite: %w", err)
	}
	return file, nil
}
