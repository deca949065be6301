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
// Every method is one statement that stands for itself, outside any transaction
// of the host: a request that is rolled back must not take back what was
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
package sqlstore
