package sqlstore

import (
	"context"
	"database/sql/driver"
	"encoding/hex"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// The statements that different users share on PostgreSQL. Each takes arrays, so
// that its text is the same for any number of users.
const (
	loadManyOnPostgres = `SELECT user_id, version, data FROM {table} WHERE user_id = ANY($1::text[])`

	// due holds noDue in the place of NULL.
	givenOnPostgres = `unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[]) AS given (user_id, old, version, due, data)`
	dueOnPostgres   = `nullif(given.due, '-9223372036854775808'::bigint)`

	// A row that somebody else has locked is left to its caller. Whoever waited for
	// it would hold up the others, and two such batches could wait for each other.
	updateManyOnPostgres = `WITH held AS MATERIALIZED (
	SELECT given.user_id, given.old, given.version, ` + dueOnPostgres + ` AS due, given.data
	FROM ` + givenOnPostgres + ` JOIN {table} AS stored ON stored.user_id = given.user_id AND stored.version = given.old
	FOR NO KEY UPDATE OF stored SKIP LOCKED
)
UPDATE {table} AS stored SET version = held.version, due = held.due, data = held.data
FROM held WHERE stored.user_id = held.user_id AND stored.version = held.old RETURNING stored.user_id, stored.version`

	// An insert waits for another one of the same user, which it cannot skip. So it
	// does not wait long.
	insertManyOnPostgres = `WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', '50ms', true))
INSERT INTO {table} AS stored (user_id, version, due, data)
SELECT given.user_id, given.version, ` + dueOnPostgres + `, given.data FROM patience, ` + givenOnPostgres + `
ON CONFLICT (user_id) DO NOTHING RETURNING stored.user_id, stored.version`
)

// noDue stands for a record without a Due in an array.
const noDue = math.MinInt64

// postgresVersion is how PostgreSQL tells its version. Other databases that speak
// the dialect tell theirs differently.
var postgresVersion = regexp.MustCompile(`^PostgreSQL (\d+)(?:\.(\d+))?(?:\.(\d+))?(?:devel|beta\d+|rc\d+)?[ ,]`)

// sharingOnPostgres shares if the server is PostgreSQL 12 or later. SKIP LOCKED is
// there since 9.5, and MATERIALIZED since 12.
func sharingOnPostgres(ctx context.Context, l *lease, t table) (sharing, error) {
	text, err := serverVersion(ctx, l)
	if err != nil {
		return sharing{}, err
	}
	if v, ok := parseVersion(postgresVersion, text); !ok || !v.atLeast(version{12}) {
		return sharing{}, nil
	}
	native := takesArrays(l)
	load, update, insert := t.in(loadManyOnPostgres), t.in(updateManyOnPostgres), t.in(insertManyOnPostgres)
	swap := func(text string) together {
		return func(ctx context.Context, l *lease, batch []*request) error {
			batch = distinct(batch)
			return swapTogether(ctx, l, batch, refusedOnPostgres, statement{text, swapArrays(native, batch)})
		}
	}
	return sharing{
		load: func(ctx context.Context, l *lease, batch []*request) error {
			users := make([]string, len(batch))
			for i, r := range batch {
				users[i] = r.user
			}
			return loadTogether(ctx, l, batch, load, array(native, users, quoteElement))
		},
		update: swap(update), insert: swap(insert),
	}, nil
}

// swapArrays returns the arguments of swaps.
func swapArrays(native bool, batch []*request) []any {
	n := len(batch)
	users, data := make([]string, n), make([][]byte, n)
	olds, versions, dues := make([]int64, n), make([]int64, n), make([]int64, n)
	for i, r := range batch {
		users[i], data[i] = r.user, r.next.Data
		olds[i], versions[i], dues[i] = r.old, r.next.Version, noDue
		if due := milliseconds(r.next.Due); due.Valid {
			dues[i] = due.Int64
		}
	}
	return []any{
		array(native, users, quoteElement), array(native, olds, decimal), array(native, versions, decimal), array(native, dues, decimal),
		array(native, data, hexadecimal),
	}
}

// takesArrays reports whether the driver takes slices for arrays.
func takesArrays(l *lease) bool {
	takes := false
	_ = l.conn.Raw(func(conn any) error {
		checker, ok := conn.(driver.NamedValueChecker)
		for _, slice := range []any{[]string{"a"}, []int64{1}, [][]byte{{1}}} {
			ok = ok && checker.CheckNamedValue(&driver.NamedValue{Ordinal: 1, Value: slice}) == nil
		}
		takes = ok
		return nil
	})
	return takes
}

// array returns a slice as it is, or as PostgreSQL writes an array.
func array[T any](native bool, all []T, write func([]byte, T) []byte) any {
	if native {
		return all
	}
	text := []byte{'{'}
	for i, one := range all {
		if i > 0 {
			text = append(text, ',')
		}
		text = write(text, one)
	}
	return string(append(text, '}'))
}

var elementEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func quoteElement(text []byte, user string) []byte {
	text = append(text, '"')
	text = append(text, elementEscapes.Replace(user)...)
	return append(text, '"')
}

func decimal(text []byte, n int64) []byte { return strconv.AppendInt(text, n, 10) }

func hexadecimal(text, data []byte) []byte {
	text = append(text, `"\\x`...)
	text = hex.AppendEncode(text, data)
	return append(text, '"')
}

// refusedOnPostgres recognises errors after which a statement that is its own
// transaction has written nothing: the conflicts, and those of its data (22, 23), of
// its text (42), of what is not supported (0A), of limits (54) and of what triggers
// raise (09, 27, 45, P0) or check (44).
func refusedOnPostgres(err error) bool {
	state, _ := sqlState(err)
	if len(state) != 5 {
		return false
	}
	switch state[:2] {
	case "09", "0A", "22", "23", "27", "42", "44", "45", "54", "P0":
		return true
	}
	return lostOnPostgres(err)
}
