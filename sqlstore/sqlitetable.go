package sqlstore

import (
	"context"
	"fmt"
	"slices"
)

// keepsSQLite refuses a connection with a temporary table or view of the same
// name, which hides the table in the file.
func keepsSQLite(ctx context.Context, l *lease, t table) error {
	if t.schema != "" {
		return nil
	}
	var hidden bool
	if err := l.queryRow(ctx, `SELECT count(*) > 0 FROM sqlite_temp_master WHERE name = ? COLLATE NOCASE`, t.name).Scan(&hidden); err != nil {
		return t.unread(err)
	}
	if hidden {
		return fmt.Errorf("a connection has a temporary table or view %s, which hides the other and is gone with the connection: drop it, or give main.%s in Options.Table", t, t)
	}
	return nil
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
