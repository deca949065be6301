package sqlstore

import (
	"context"
	"fmt"
	"slices"
)

// Postgres is the dialect of PostgreSQL 12 or later. Any data source name serves
// that leads to the server that takes the writes; behind a pooler in transaction
// mode, such as pgbouncer, github.com/jackc/pgx/v5 also needs
// default_query_exec_mode=exec:
//
//	postgres://factor@db.example.com/app?default_query_exec_mode=exec
//
// New asks for a database in UTF8 and a synchronous_commit other than off. Every
// isolation level serves, and READ COMMITTED, which is the default, has the
// fewest conflicts: under the others a swap that meets another one is told so by
// an error instead of waiting for it.
var Postgres = &Dialect{
	quote:    `"`,
	numbered: true,
	schema: []string{
		`CREATE TABLE IF NOT EXISTS {table} (
	user_id text COLLATE "C" NOT NULL PRIMARY KEY,
	version bigint NOT NULL,
	due     bigint,
	data    bytea NOT NULL
)`,
		`CREATE INDEX IF NOT EXISTS {indexname} ON {table} (due, user_id) WHERE due IS NOT NULL`,
	},
	statements: statements{
		load:     `SELECT version, data FROM {table} WHERE user_id = $1`,
		insert:   `INSERT INTO {table} (user_id, version, due, data) VALUES ($1, $2, $3, $4) ON CONFLICT (user_id) DO NOTHING`,
		update:   `UPDATE {table} SET version = $1, due = $2, data = $3 WHERE user_id = $4 AND version = $5`,
		remove:   `DELETE FROM {table} WHERE user_id = $1 AND version = $2`,
		list:     `SELECT user_id FROM {table} WHERE user_id > $1 ORDER BY user_id LIMIT $2`,
		versions: `SELECT user_id, version FROM {table} WHERE user_id IN ({users})`,
		// Apart from the order, so that the planner does not walk the primary key,
		// past all who are not due, in order to save a sort.
		listDue: `WITH due AS MATERIALIZED (SELECT user_id FROM {table} WHERE due <= $1 AND user_id > $2) SELECT user_id FROM due ORDER BY user_id LIMIT $3`,
	},
	lost:    lostOnPostgres,
	taken:   takenOnPostgres,
	raced:   racedOnPostgres,
	code:    codeOfPostgres,
	check:   checkPostgres,
	inspect: inspectPostgres,
}

// lostOnPostgres recognises serialization_failure (40001), deadlock_detected
// (40P01) and lock_not_available (55P03), after which the transaction, which is
// the statement, is rolled back. A cancelled statement (57014) may have been
// committed: where it waits for a standby it already is. So may one whose
// completion is unknown (40003).
func lostOnPostgres(err error) bool {
	state, _ := sqlState(err)
	return state == "40001" || state == "40P01" || state == "55P03"
}

// takenOnPostgres recognises unique_violation, which databases that speak the
// dialect may give where PostgreSQL inserts nothing.
func takenOnPostgres(err error) bool {
	state, _ := sqlState(err)
	return state == "23505"
}

// racedOnPostgres recognises what CREATE ... IF NOT EXISTS fails with when the
// same is created at the same time: a name that is taken, in the catalogue
// (23505) or by a relation (42P07) or a type (42710).
func racedOnPostgres(err error) bool {
	state, _ := sqlState(err)
	return state == "23505" || state == "42P07" || state == "42710" || lostOnPostgres(err)
}

// speaking are the classes of errors whose texts name tables, roles and
// settings, but nothing that a row or an argument holds.
var speaking = []string{"08", "25", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58", "XX"}

func codeOfPostgres(err error) (name string, quoting, ok bool) {
	state, ok := sqlState(err)
	return "SQLSTATE " + state, len(state) != 5 || !slices.Contains(speaking, state[:2]), ok
}

// checkPostgres refuses settings under which acknowledged writes can be lost or
// users are not ordered by their bytes. It does not ask for fsync, which no
// connection can change and nobody turns off where data matters.
func checkPostgres(ctx context.Context, l *lease, _ table) error {
	var commit, encoding string
	const query = `SELECT current_setting('synchronous_commit'), current_setting('server_encoding')`
	if err := l.queryRow(ctx, query).Scan(&commit, &encoding); err != nil {
		return fmt.Errorf("sqlstore: reading the settings of PostgreSQL: %w", err)
	}
	switch {
	case commit == "off":
		return fmt.Errorf("sqlstore: a connection to PostgreSQL has synchronous_commit off and forgets the last writes when the server fails: " +
			"set it to on, for the role that connects with ALTER ROLE ... SET synchronous_commit = on, or with synchronous_commit=on in the data source name")
	case encoding != "UTF8":
		return fmt.Errorf("sqlstore: the PostgreSQL database has encoding %s, in which not every user can be stored or ordered by its bytes: "+
			"use one that was created with ENCODING 'UTF8'", encoding)
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
	for _, want := range []postgresColumn{
		{name: "user_id", kind: "text", notNull: true, key: true}, {name: "version", kind: "bigint", notNull: true},
		{name: "due", kind: "bigint"}, {name: "data", kind: "bytea", notNull: true},
	} {
		i := slices.IndexFunc(found, func(c postgresColumn) bool { return c.name == want.name })
		if i < 0 || found[i].kind != want.kind || found[i].notNull != want.notNull || found[i].key != want.key {
			return 0, t.refusal("without the column %s as Schema has it", want.name)
		}
		if c := found[i].collation; want.key && c != "C" && c != "POSIX" {
			return 0, t.refusal("whose key is compared by the collation %s instead of byte by byte", c)
		}
		found = slices.Delete(found, i, i+1)
	}
	for _, c := range found {
		if c.key || c.notNull && !c.filled {
			return 0, t.refusal("with a column %s that cannot be left out", c.name)
		}
	}
	var indexed bool
	const index = `SELECT EXISTS (SELECT FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indrelid = to_regclass($1) AND relname = $2)`
	if err := l.queryRow(ctx, index, t.in("{table}"), t.index()).Scan(&indexed); err != nil || !indexed {
		return 1, err
	}
	return 2, nil
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
