package commands

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/knowhave/factor/sqlstore"
)

// A setting is a value that doctor shows, with the query that reads it.
type setting struct{ name, query string }

// settings decide whether a database keeps what it acknowledges. sqlstore.New
// checks them.
var settings = map[*sqlstore.Dialect][]setting{
	sqlstore.SQLite: {
		{"version", `SELECT sqlite_version()`},
		{"journal_mode", `PRAGMA journal_mode`},
		{"synchronous", `PRAGMA synchronous`},
		{"busy_timeout", `PRAGMA busy_timeout`},
	},
	sqlstore.Postgres: {
		{"version", `SHOW server_version`},
		{"synchronous_commit", `SHOW synchronous_commit`},
		{"fsync", `SHOW fsync`},
		{"full_page_writes", `SHOW full_page_writes`},
		{"server_encoding", `SHOW server_encoding`},
		{"isolation", `SHOW default_transaction_isolation`},
	},
	sqlstore.MySQL: {
		{"version", `SELECT version()`},
		{"innodb_flush_log_at_trx_commit", `SELECT @@innodb_flush_log_at_trx_commit`},
		{"log_bin", `SELECT @@log_bin`},
		{"sync_binlog", `SELECT @@sync_binlog`},
		{"autocommit", `SELECT @@autocommit`},
	},
}

// examineDatabase shows the settings, which sqlstore.New has accepted, and compares
// the clocks.
func (a *app) examineDatabase(ctx context.Context, s *session, r *report) {
	if s.SQL == nil {
		r.add("database", resultSkipped, "the store is not a table of sqlstore")
		r.add("clock", resultSkipped, "there is no other clock to compare")
		return
	}
	var shown []string
	result := resultOK
	for _, set := range settings[s.SQL.Dialect] {
		var value string
		if err := s.SQL.DB.QueryRowContext(ctx, set.query).Scan(&value); err != nil {
			value = "not readable"
		}
		if set.name == "fsync" && value == "off" {
			result = resultFail
		}
		shown = append(shown, set.name+" "+value)
	}
	r.add("database", result, "%s\n%s", s.SQL.Name, strings.Join(shown, ", "))
	examineClock(ctx, s.SQL, r)
}

// clocks maps dialects to queries for the database's time in milliseconds since
// 1970.
var clocks = map[*sqlstore.Dialect]string{
	sqlstore.Postgres: `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint`,
	sqlstore.MySQL:    `SELECT CAST(unix_timestamp(now(3)) * 1000 AS SIGNED)`,
}

// The clocks of the processes on one table may be a minute apart. Beyond that the
// limits are looser than configured.
const (
	clockWarn = time.Second
	clockFail = time.Minute
)

func examineClock(ctx context.Context, place *SQL, r *report) {
	query, ok := clocks[place.Dialect]
	if !ok {
		r.add("clock", resultOK, "the database uses this machine's clock")
		return
	}
	ahead, err := clockOffset(ctx, place.DB, query)
	if err != nil {
		r.add("clock", resultFail, "reading the database's clock: %v", err)
		return
	}
	result := clockResult(ahead)
	if ahead < 0 {
		r.add("clock", result, "this machine is %v behind the database", -ahead)
		return
	}
	r.add("clock", result, "this machine is %v ahead of the database", ahead)
}

func clockResult(ahead time.Duration) string {
	switch apart := ahead.Abs(); {
	case apart >= clockFail:
		return resultFail
	case apart >= clockWarn:
		return resultWarn
	default:
		return resultOK
	}
}

// clockOffset returns how far this machine's clock is ahead of the database's,
// measured by the fastest of five queries.
func clockOffset(ctx context.Context, db *sql.DB, query string) (time.Duration, error) {
	var ahead time.Duration
	fastest := time.Duration(-1)
	for range 5 {
		var ms int64
		asked := time.Now()
		if err := db.QueryRowContext(ctx, query).Scan(&ms); err != nil {
			return 0, err
		}
		took := time.Since(asked)
		if fastest < 0 || took < fastest {
			fastest = took
			ahead = asked.Add(took / 2).Sub(time.UnixMilli(ms))
		}
	}
	return ahead.Round(time.Millisecond), nil
}
