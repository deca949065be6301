// Package sqlstore keeps records in one table of an SQL database.
//
// It imports no driver: the host opens a *sql.DB with the one it uses anyway,
// says which dialect the database speaks, and creates the table with Migrate or
// with what Schema returns:
//
//	db, err := sql.Open("sqlite", "file:factor.db?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(5000)")
//	…
//	store, err := sqlstore.New(db, sqlstore.SQLite, nil)
//	…
//	err = store.Migrate(ctx)
//
// The dialects are [SQLite], [Postgres] and [MySQL], which is that of MariaDB
// too; each says which data source names it is run with, and New refuses settings
// under which the database would forget what it has acknowledged. The tests run
// on SQLite 3, PostgreSQL 15 (also behind pgbouncer in transaction mode) and
// MariaDB 10.11.
//
// # The pool
//
// Let the pool keep as many connections as it may open:
//
//	db.SetMaxOpenConns(16)
//	db.SetMaxIdleConns(16)
//
// By default database/sql opens a connection for every call of a burst and keeps
// two. The server has to make the others anew in the next burst. With SQLite they
// also leave their file descriptors open: SQLite must not close the file while
// another connection of the process holds a lock on it. Five bursts of 256 calls
// left 80 descriptors behind with the defaults, and 30 with these settings. With
// SQLite 4 to 16 connections are enough, because one at a time writes. With a
// server leave room for the other processes, and set SetConnMaxLifetime below the
// time after which the server, or a proxy before it, ends a connection.
//
// # Drivers
//
// A driver must not return a connection to the pool with a transaction open: later
// swaps on it would be acknowledged and never committed. This package closes every
// connection of which it cannot know. For what else the host does in the same pool,
// use modernc.org/sqlite v1.36.0 or later: v1.34.1 returns a connection whose BEGIN
// has succeeded after its context ended. The tests run with modernc.org/sqlite
// v1.60.1, github.com/jackc/pgx/v5 v5.12.0 and github.com/go-sql-driver/mysql
// v1.10.1. Older versions of the latter two, and other drivers, may be as good,
// and were not tried.
//
// # Statements
//
// Every call is one statement that stands for itself, or a share of one, outside any
// transaction of the host: a request that is rolled back must not take back what was
// counted. That is why New takes a *sql.DB and there is no way to pass a
// *sql.Tx.
//
// A swap is one conditional INSERT, UPDATE or DELETE, and its row count decides.
// It matches factor.ErrConflict where the count is 0, and where the database says
// that it gave the statement up for the sake of others: a duplicate key of an
// insert, a serialization failure or a deadlock, a lock that was not had in time.
// After any other error it may have been written, and the package factor finds
// that out by loading again. The text of an error says nothing of a row: neither
// the user nor the data, which some servers quote.
//
// The table has four columns: user_id, the primary key, compared byte by byte;
// version; due, in milliseconds since 1970 or NULL; and data, which is sealed.
//
// # Sharing
//
// Calls on different users that come at the same time share statements on PostgreSQL
// and MySQL, and a transaction on SQLite. A call that meets no other sends its own
// at once. Each has its own outcome, and is answered after the commit. Nobody's
// context ends the statement of others; its values, such as a trace, are those of
// one of them. A row that somebody else has locked delays its own caller only.
// [Options.Unshared] turns this off, for example for a proxy that does not
// understand these statements.
package sqlstore
