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
// Every method is one statement that stands for itself, outside any transaction
// of the host: a request that is rolled back must not take back what was
// counted. That is why New takes a *sql.DB and there is no way to pass a
// *sql.Tx.
//
// The table has four columns: user_id, the primary key, compared byte by byte;
// version; due, in milliseconds since 1970 or NULL; and data, which is sealed.
package sqlstore
