package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The statements that different users share on MySQL and MariaDB, with {rows} in the
// place of a row of placeholders for each.
const (
	loadManyOnMySQL = `SELECT user_id, version, data FROM {table} WHERE user_id IN ({rows})`

	// One statement, and so one round trip, on MariaDB: it locks the rows that are
	// wanted, except those that somebody else has locked, and writes over these alone.
	// Every row it selects is there, so that it never inserts.
	updateManyOnMariaDB = `INSERT INTO {table} (user_id, version, due, data)
WITH given (user_id, old, version, due, data) AS (VALUES {rows})
SELECT STRAIGHT_JOIN given.user_id, given.version, given.due, given.data
FROM given JOIN {table} AS stored FORCE INDEX (PRIMARY) ON stored.user_id = given.user_id AND stored.version = given.old
FOR UPDATE SKIP LOCKED
ON DUPLICATE KEY UPDATE version = VALUES(version), due = VALUES(due), data = VALUES(data) RETURNING user_id, version`

	// An insert cannot skip another one of the same user, and does not wait for it.
	insertManyOnMariaDB = `SET STATEMENT innodb_lock_wait_timeout = 0 FOR INSERT INTO {table} (user_id, version, due, data)
VALUES {rows} ON DUPLICATE KEY UPDATE version = {table}.version RETURNING user_id, version`

	// MySQL has no RETURNING.
	lockManyOnMySQL = `SELECT user_id, version FROM {table} FORCE INDEX (PRIMARY) WHERE user_id IN ({rows}) FOR UPDATE SKIP LOCKED`

	updateManyOnMySQL = `UPDATE (SELECT NULL AS user_id, NULL AS version, NULL AS due, NULL AS data FROM DUAL WHERE FALSE {rows}) AS given
STRAIGHT_JOIN {table} AS stored FORCE INDEX (PRIMARY) ON stored.user_id = given.user_id
SET stored.version = given.version, stored.due = given.due, stored.data = given.data`
)

// mariaDBVersion and otherMySQL are how the servers tell what they are. Some that
// are neither begin with the version of MySQL that they resemble.
var (
	mariaDBVersion = regexp.MustCompile(`^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)-MariaDB`)
	mysqlNumbers   = regexp.MustCompile(`^(\d+)\.(\d+)\.(\d+)`)
	otherMySQL     = regexp.MustCompile(`(?i)tidb|vitess|oceanbase|singlestore|mariadb`)
)

// sharingOnMySQL shares if the server has SKIP LOCKED: MariaDB 10.6 and MySQL 8.0.1.
// It shares no writes where a replica would repeat the statements, because it
// cannot know which rows were locked.
func sharingOnMySQL(ctx context.Context, l *lease, t table) (sharing, error) {
	text, err := serverVersion(ctx, l)
	if err != nil {
		return sharing{}, err
	}
	s := sharing{}
	load := t.in(loadManyOnMySQL)
	loads := func(ctx context.Context, l *lease, batch []*request) error {
		return loadTogether(ctx, l, batch, withRows(load, `?`, len(batch)), userArgs(batch)...)
	}
	if v, ok := parseVersion(mariaDBVersion, text); ok && v.atLeast(version{10, 6, 0}) {
		s = sharing{load: loads, update: updateOnMariaDB(t), insert: insertOnMariaDB(t)}
	} else if v, ok := parseVersion(mysqlNumbers, text); ok && v.atLeast(version{8, 0, 1}) && !otherMySQL.MatchString(text) {
		s = sharing{load: loads, update: updateOnMySQL(t)}
	}
	if s.update == nil {
		return s, nil
	}
	var format string
	if err := l.queryRow(ctx, `SELECT IF(@@log_bin, @@session.binlog_format, '')`).Scan(&format); err != nil {
		return sharing{}, err
	}
	if format == "STATEMENT" {
		s.update, s.insert = nil, nil
	}
	return s, nil
}

// withRows puts a row for each of so many into a text.
func withRows(text, row string, n int) string {
	return strings.Replace(text, "{rows}", row+strings.Repeat(","+row, n-1), 1)
}

func userArgs(batch []*request) []any {
	args := make([]any, len(batch))
	for i, r := range batch {
		args[i] = r.user
	}
	return args
}

func updateOnMariaDB(t table) together {
	text := t.in(updateManyOnMariaDB)
	// Without the casts, a driver that prepares statements would have the server take
	// bytes for text.
	const row = `(CAST(? AS BINARY), ?, ?, ?, CAST(? AS BINARY))`
	return func(ctx context.Context, l *lease, batch []*request) error {
		batch = distinct(batch)
		args := make([]any, 0, 5*len(batch))
		for _, r := range batch {
			args = append(args, r.user, r.old, r.next.Version, milliseconds(r.next.Due), r.next.Data)
		}
		return swapTogether(ctx, l, batch, refusedOnMySQL, statement{withRows(text, row, len(batch)), args})
	}
}

func insertOnMariaDB(t table) together {
	text := t.in(insertManyOnMariaDB)
	return func(ctx context.Context, l *lease, batch []*request) error {
		batch = distinct(batch)
		args := make([]any, 0, 4*len(batch))
		for _, r := range batch {
			args = append(args, r.user, r.next.Version, milliseconds(r.next.Due), r.next.Data)
		}
		return swapTogether(ctx, l, batch, refusedOnMySQL, statement{withRows(text, `(?, ?, ?, ?)`, len(batch)), args})
	}
}

// updateOnMySQL makes updates in one transaction: it locks the rows, writes over
// those that match, and commits. After any error it does not commit, because after
// some, such as 1213, COMMIT succeeds and has nothing to commit.
func updateOnMySQL(t table) together {
	lock, update := t.in(lockManyOnMySQL), t.in(updateManyOnMySQL)
	return func(ctx context.Context, l *lease, batch []*request) error {
		batch = distinct(batch)
		if err := l.begin(ctx, "BEGIN"); err != nil {
			return undone{err}
		}
		matching, err := lockMatching(ctx, l, batch, statement{withRows(lock, `?`, len(batch)), userArgs(batch)})
		if err == nil && len(matching) > 0 {
			err = updateLocked(ctx, l, matching, update)
		}
		if err != nil || len(matching) == 0 {
			_ = l.finish(ctx, "ROLLBACK")
		}
		if err != nil {
			return undone{err}
		}
		if len(matching) == 0 {
			return nil
		}
		if err := l.finish(ctx, "COMMIT"); err != nil {
			if lostOnMySQL(err) {
				return undone{err}
			}
			return fmt.Errorf("committing with others: %w", err)
		}
		for _, r := range matching {
			r.settled, r.changed = true, 1
		}
		return nil
	}
}

// lockMatching locks the rows that nobody has locked, and returns those requests
// whose rows are as they expect.
func lockMatching(ctx context.Context, l *lease, batch []*request, st statement) (matching []*request, err error) {
	of := byUser(batch)
	err = l.rows(ctx, st, func(rows *sql.Rows) error {
		var user string
		var version int64
		err := rows.Scan(&user, &version)
		if r := of[user]; err == nil && r != nil && r.old == version {
			matching = append(matching, r)
		}
		return err
	})
	return matching, err
}

var errOtherCount = errors.New("the server has changed another number of rows than it had locked")

// updateLocked writes over rows that are locked and match.
func updateLocked(ctx context.Context, l *lease, matching []*request, text string) error {
	args := make([]any, 0, 4*len(matching))
	for _, r := range matching {
		args = append(args, r.user, r.next.Version, milliseconds(r.next.Due), r.next.Data)
	}
	text = strings.Replace(text, "{rows}", strings.Repeat(` UNION ALL SELECT CAST(? AS BINARY), ?, ?, CAST(? AS BINARY)`, len(matching)), 1)
	changed, err := l.exec(ctx, statement{text, args})
	if err == nil && changed != int64(len(matching)) {
		err = errOtherCount
	}
	return err
}

// refusedOnMySQL recognises errors after which a statement that is its own
// transaction has written nothing: the conflicts, and those of its text, its data,
// its privileges and of a server that takes no writes.
func refusedOnMySQL(err error) bool {
	number, said := mysqlNumber(err)
	refusals := []int64{1048, 1064, 1142, 1143, 1146, 1153, 1235, 1264, 1290, 1366, 1406, 1644, 1792, 1836, 4025}
	return said != nil && slices.Contains(refusals, number) || lostOnMySQL(err) || takenOnMySQL(err)
}
