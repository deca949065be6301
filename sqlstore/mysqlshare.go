package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// everyRow is for a query whose missing rows mean that there is no record: without a
// LIMIT of its own, sql_select_limit would cut it off.
const everyRow = ` LIMIT 18446744073709551615`

// The statements that different users share on MySQL and MariaDB, with {rows} in the
// place of a row of placeholders for each.
const (
	loadManyOnMySQL = `SELECT user_id, version, data FROM {table} WHERE user_id IN ({rows})` + everyRow

	// One statement, and so one round trip, on MariaDB, but see mariaDB: it locks the rows that are
	// wanted, except those that somebody else has locked, and writes over these alone.
	// Every row it selects is there, so that it never inserts. A lock of somebody's on a
	// gap of the index, which it cannot skip, it does not wait for.
	updateManyOnMariaDB = `SET STATEMENT innodb_lock_wait_timeout = 0 FOR INSERT INTO {table} (user_id, version, due, data)
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
	settings := make(map[string]string)
	err = l.rows(ctx, statement{text: `SHOW VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_format', 'max_allowed_packet', 'wsrep_on')`}, func(rows *sql.Rows) error {
		var name, value string
		err := rows.Scan(&name, &value)
		settings[name] = value
		return err
	})
	if err != nil {
		return sharing{}, err
	}
	// Escaped, the data of a batch is twice as long. A server that is sent too much
	// ends the connection, perhaps before it says why.
	if packet, err := strconv.Atoi(settings["max_allowed_packet"]); err == nil && packet < 4*batchBytes {
		return sharing{}, nil
	}
	s := sharing{}
	load := t.in(loadManyOnMySQL)
	loads := func(ctx context.Context, l *lease, batch []*request) error {
		return loadTogether(ctx, l, batch, withRows(load, `?`, len(batch)), userArgs(batch)...)
	}
	if v, ok := parseVersion(mariaDBVersion, text); ok && v.atLeast(version{10, 6, 0}) {
		_, replicates := settings["wsrep_on"]
		m := &mariaDB{table: t, replicates: replicates}
		m.node.Store(settings["wsrep_on"] == "ON")
		s = sharing{load: loads, update: m.update(), insert: m.insert()}
	} else if v, ok := parseVersion(mysqlNumbers, text); ok && v.atLeast(version{8, 0, 1}) && !otherMySQL.MatchString(text) {
		s = sharing{load: loads, update: updateOnMySQL(t)}
	}
	if settings["log_bin"] == "ON" && settings["binlog_format"] == "STATEMENT" {
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

// mariaDB is how swaps are shared on MariaDB.
type mariaDB struct {
	table table
	// replicates is whether the server can be a node of Galera. As one it may make a
	// statement that is its own transaction a second time, if another node was faster,
	// and return the rows of the first time. So a transaction is needed, whose commit
	// the rows have to wait for.
	replicates bool
	node       atomic.Bool
}

func (m *mariaDB) update() together {
	// Without the casts, a driver that prepares statements would have the server take
	// bytes for text.
	return m.swap(updateManyOnMariaDB, `(CAST(? AS BINARY), ?, ?, ?, CAST(? AS BINARY))`, func(args []any, r *request) []any {
		return append(args, r.user, r.old, r.next.Version, milliseconds(r.next.Due), r.next.Data)
	})
}

func (m *mariaDB) insert() together {
	return m.swap(insertManyOnMariaDB, `(?, ?, ?, ?)`, func(args []any, r *request) []any {
		return append(args, r.user, r.next.Version, milliseconds(r.next.Due), r.next.Data)
	})
}

func (m *mariaDB) swap(text, row string, appendArgs func([]any, *request) []any) together {
	text = m.table.in(text)
	return func(ctx context.Context, l *lease, batch []*request) error {
		batch = distinct(batch)
		var args []any
		for _, r := range batch {
			args = appendArgs(args, r)
		}
		st := statement{withRows(text, row, len(batch)), args}
		if m.node.Load() {
			return transacted(ctx, l, func() (wrote bool, err error) {
				return true, swapTogether(ctx, l, batch, refusedOnMySQL, st)
			})
		}
		if !m.replicates {
			return swapTogether(ctx, l, batch, refusedOnMySQL, st)
		}
		return m.outsideOfCluster(ctx, l, batch, st)
	}
}

var errNode = errors.New("the server has become a node of a cluster")

// outsideOfCluster makes swaps by one statement, on a server that was no node of a
// cluster when it was last seen.
func (m *mariaDB) outsideOfCluster(ctx context.Context, l *lease, batch []*request, st statement) error {
	node := false
	st.text += ", @@wsrep_on"
	err := swapTogether(ctx, l, batch, refusedOnMySQL, st, &node)
	if err == nil && node {
		m.node.Store(true)
		return errNode
	}
	return err
}

// updateOnMySQL makes updates in one transaction: it locks the rows, and writes over
// those that match.
func updateOnMySQL(t table) together {
	lock, update := t.in(lockManyOnMySQL), t.in(updateManyOnMySQL)
	return func(ctx context.Context, l *lease, batch []*request) error {
		batch = distinct(batch)
		return transacted(ctx, l, func() (wrote bool, err error) {
			matching, err := lockMatching(ctx, l, batch, statement{withRows(lock, `?`, len(batch)), userArgs(batch)})
			if err != nil || len(matching) == 0 {
				return false, err
			}
			for _, r := range matching {
				r.settled, r.changed = true, 1
			}
			return true, updateLocked(ctx, l, matching, update)
		})
	}
}

// transacted makes swaps in a transaction. After any error it does not commit,
// because after some, such as 1213, COMMIT succeeds and has nothing to commit. NO
// CHAIN is for a completion_type that would begin another one on the connection.
func transacted(ctx context.Context, l *lease, work func() (wrote bool, err error)) error {
	if err := l.begin(ctx, "BEGIN"); err != nil {
		return undone{err}
	}
	wrote, err := work()
	if err != nil || !wrote {
		_ = l.finish(ctx, "ROLLBACK AND NO CHAIN")
	}
	if err != nil {
		return undone{err}
	}
	if !wrote {
		return nil
	}
	if err := l.finish(ctx, "COMMIT AND NO CHAIN"); err != nil {
		if lostOnMySQL(err) {
			return undone{err}
		}
		return fmt.Errorf("committing with others: %w", err)
	}
	return nil
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
