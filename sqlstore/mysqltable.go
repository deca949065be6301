package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// mysqlColumn is a line of the information schema.
type mysqlColumn struct {
	name    string
	kind    string
	length  int64 // of bytes; 0 where that is not said
	notNull bool
	filled  bool // whether it has a default or is computed
	key     bool // whether it is in the primary key
	prefix  bool // whether only the beginning of it is
}

// keepsMySQL refuses a table that forgets: one of an engine other than InnoDB,
// which a view has not either, and a temporary one, which hides the table on its
// connection and is gone with it.
func keepsMySQL(ctx context.Context, l *lease, t table) error {
	temporary, err := isTemporaryOnMySQL(ctx, l, t)
	if err != nil {
		return t.unread(err)
	}
	if temporary {
		return fmt.Errorf("a connection has a temporary table %s, which hides the other and is gone with the connection: drop it", t)
	}
	var engine sql.NullString
	const query = `SELECT engine FROM information_schema.tables WHERE table_schema = coalesce(nullif(?, ''), database()) AND table_name = ?`
	err = l.queryRow(ctx, query, t.schema, t.name).Scan(&engine)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return t.unread(err)
	case engine.String != "InnoDB":
		return t.refusal("whose engine is %s instead of InnoDB", cmp.Or(engine.String, "that of a view"))
	}
	return nil
}

// isTemporaryOnMySQL reads the statement that would create the table, because the
// information schema does not list temporary ones.
func isTemporaryOnMySQL(ctx context.Context, l *lease, t table) (bool, error) {
	rows, err := l.query(ctx, t.in("SHOW CREATE TABLE {table}"))
	if err != nil && absentOnMySQL(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil || !rows.Next() {
		return false, errors.Join(err, rows.Err())
	}
	// The name and the statement; of a view two more.
	row := make([]sql.NullString, len(columns))
	places := make([]any, len(columns))
	for i := range row {
		places[i] = &row[i]
	}
	if err := rows.Scan(places...); err != nil {
		return false, err
	}
	return len(row) == 2 && strings.HasPrefix(row[1].String, "CREATE TEMPORARY"), rows.Err()
}

// inspectMySQL checks that a table has the columns of the schema and its key, and
// no more than an insert may leave out.
func inspectMySQL(ctx context.Context, l *lease, t table) (present int, err error) {
	found, err := readMySQLColumns(ctx, l, t)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	for _, want := range []struct {
		name             string
		kinds            []string
		length           int64 // at least
		notNull, primary bool
	}{
		{"user_id", []string{"varbinary"}, 255, true, true},
		{"version", []string{"bigint"}, 0, true, false},
		{"due", []string{"bigint"}, 0, false, false},
		{"data", []string{"blob", "mediumblob", "longblob"}, 0, true, false},
	} {
		i := slices.IndexFunc(found, func(c mysqlColumn) bool { return c.name == want.name })
		if i < 0 || !slices.Contains(want.kinds, found[i].kind) || found[i].length < want.length ||
			found[i].notNull != want.notNull || found[i].key != want.primary || found[i].prefix {
			return 0, t.refusal("without the column %s as Schema has it", want.name)
		}
		found = slices.Delete(found, i, i+1)
	}
	for _, c := range found {
		if c.key || c.notNull && !c.filled {
			return 0, t.refusal("with a column %s that cannot be left out", c.name)
		}
	}
	return 1, nil
}

func readMySQLColumns(ctx context.Context, l *lease, t table) ([]mysqlColumn, error) {
	rows, err := l.query(ctx, `SELECT c.column_name, c.data_type, coalesce(c.character_octet_length, 0), c.is_nullable = 'NO',
	c.column_default IS NOT NULL OR c.extra <> '', s.column_name IS NOT NULL, s.sub_part IS NOT NULL
FROM information_schema.columns AS c
LEFT JOIN information_schema.statistics AS s ON s.table_schema = c.table_schema AND s.table_name = c.table_name
	AND s.column_name = c.column_name AND s.index_name = 'PRIMARY'
WHERE c.table_schema = coalesce(nullif(?, ''), database()) AND c.table_name = ?`, t.schema, t.name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var columns []mysqlColumn
	for rows.Next() {
		var c mysqlColumn
		if err := rows.Scan(&c.name, &c.kind, &c.length, &c.notNull, &c.filled, &c.key, &c.prefix); err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, rows.Err()
}
