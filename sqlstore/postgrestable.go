package sqlstore

import (
	"context"
	"fmt"
	"slices"
)

// keepsPostgres refuses a table that forgets, of which it reads the partitions
// too: one that is UNLOGGED is empty after a crash, a temporary one is gone with
// its connection, and what is behind a view or a foreign table cannot be told.
func keepsPostgres(ctx context.Context, l *lease, t table) error {
	rows, err := l.query(ctx, `WITH RECURSIVE part (oid) AS (
	SELECT to_regclass($1)::oid UNION ALL SELECT inhrelid FROM pg_inherits JOIN part ON inhparent = part.oid
) SELECT pg_class.oid::regclass::text, relkind::text, relpersistence::text FROM pg_class JOIN part ON part.oid = pg_class.oid`, t.in("{table}"))
	if err != nil {
		return t.unread(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, kind, persistence string
		if err := rows.Scan(&name, &kind, &persistence); err != nil {
			return t.unread(err)
		}
		switch {
		case persistence == "u":
			return fmt.Errorf("the table %s is UNLOGGED, and PostgreSQL empties it after a crash: run ALTER TABLE %s SET LOGGED", name, name)
		case persistence == "t":
			return fmt.Errorf("the table %s is temporary and gone with its connection: drop it, and give no temporary schema in Options.Table", name)
		case kind != "r" && kind != "p":
			return t.refusal("that is a view or a foreign table, which may forget what it is given")
		}
	}
	if err := rows.Err(); err != nil {
		return t.unread(err)
	}
	return nil
}

// postgresColumn is a line of the catalogue.
type postgresColumn struct {
	name      string
	kind      string
	collation string // empty where there is none
	notNull   bool
	filled    bool // whether it has a default or is computed
	key       bool // whether it is in the primary key
}

// inspectPostgres checks that a table has the columns of the schema and its key,
// and no more than an insert may leave out.
func inspectPostgres(ctx context.Context, l *lease, t table) (present int, err error) {
	found, err := readPostgresColumns(ctx, l, t)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	if err := checkPostgresColumns(t, found); err != nil {
		return 0, err
	}
	var indexed bool
	const index = `SELECT EXISTS (SELECT FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indrelid = to_regclass($1) AND relname = $2)`
	if err := l.queryRow(ctx, index, t.in("{table}"), t.index()).Scan(&indexed); err != nil || !indexed {
		return 1, err
	}
	return 2, nil
}

// checkPostgresColumns refuses columns that lack one of the schema's, or have
// another that an insert may not leave out. It changes found.
func checkPostgresColumns(t table, found []postgresColumn) error {
	for _, want := range []postgresColumn{
		{name: "user_id", kind: "text", notNull: true, key: true}, {name: "version", kind: "bigint", notNull: true},
		{name: "due", kind: "bigint"}, {name: "data", kind: "bytea", notNull: true},
	} {
		i := slices.IndexFunc(found, func(c postgresColumn) bool { return c.name == want.name })
		if i < 0 || found[i].kind != want.kind || found[i].notNull != want.notNull || found[i].key != want.key {
			return t.refusal("without the column %s as Schema has it", want.name)
		}
		if c := found[i].collation; want.key && c != "C" && c != "POSIX" {
			return t.refusal("whose key is compared by the collation %s instead of byte by byte", c)
		}
		found = slices.Delete(found, i, i+1)
	}
	for _, c := range found {
		if c.key || c.notNull && !c.filled {
			return t.refusal("with a column %s that cannot be left out", c.name)
		}
	}
	return nil
}

func readPostgresColumns(ctx context.Context, l *lease, t table) ([]postgresColumn, error) {
	rows, err := l.query(ctx, `SELECT attname::text, format_type(atttypid, atttypmod), coalesce(collname::text, ''), attnotnull,
	atthasdef OR attidentity <> '', coalesce(attnum = ANY (indkey), false)
FROM pg_attribute
LEFT JOIN pg_collation ON pg_collation.oid = attcollation
LEFT JOIN pg_index ON indrelid = attrelid AND indisprimary
WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`, t.in("{table}"))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var columns []postgresColumn
	for rows.Next() {
		var c postgresColumn
		if err := rows.Scan(&c.name, &c.kind, &c.collation, &c.notNull, &c.filled, &c.key); err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, rows.Err()
}
