package sqlstore

import (
	"context"
	"errors"
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
var Postgres = newPostgres()

func newPostgres() *Dialect {
	return &Dialect{
		name:     "Postgres",
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
		sharing: sharingOnPostgres,
		lost:    lostOnPostgres,
		taken:   takenOnPostgres,
		raced:   racedOnPostgres,
		code:    codeOfPostgres,
		absent:  absentOnPostgres,
		keeps:   keepsPostgres,
		check:   checkPostgres,
		inspect: inspectPostgres,
	}
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

// speakingOnPostgres are the classes of errors whose texts name tables, roles and
// settings, but nothing that a row or an argument holds.
var speakingOnPostgres = []string{"08", "25", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58", "XX"}

func codeOfPostgres(err error) (name string, speaking bool, said error) {
	state, said := sqlState(err)
	return "SQLSTATE " + state, len(state) == 5 && slices.Contains(speakingOnPostgres, state[:2]), said
}

// absentOnPostgres recognises undefined_table.
func absentOnPostgres(err error) bool {
	state, _ := sqlState(err)
	return state == "42P01"
}

// sqlState returns the SQLSTATE of an error, or of one that it wraps, which
// drivers of PostgreSQL tell by a method of this name, and the error that has it.
func sqlState(err error) (state string, said error) {
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return e.SQLState(), e
	}
	return "", nil
}

// checkPostgres refuses settings under which acknowledged writes can be lost or
// users are not ordered by their bytes. It does not ask for fsync, which no
// connection can change and nobody turns off where data matters.
func checkPostgres(ctx context.Context, l *lease, _ table) error {
	var commit, encoding string
	const query = `SELECT current_setting('synchronous_commit'), current_setting('server_encoding')`
	if err := l.queryRow(ctx, query).Scan(&commit, &encoding); err != nil {
		return fmt.Errorf("reading the settings of PostgreSQL: %w", err)
	}
	switch {
	case commit == "off":
		return fmt.Errorf("a connection to PostgreSQL has synchronous_commit off and forgets the last writes when the server fails: " +
			"set it to on, for the role that connects with ALTER ROLE ... SET synchronous_commit = on, or with synchronous_commit=on in the data source name")
	case encoding != "UTF8":
		return fmt.Errorf("the PostgreSQL database has encoding %s, in which not every user can be stored or ordered by its bytes: "+
			"use one that was created with ENCODING 'UTF8'", encoding)
	}
	return nil
}
