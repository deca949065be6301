package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/knowhave/factor/sqlstore"
)

// A database holds factor's records and this example's own tables.
type database struct {
	*sql.DB
	dialect  *sqlstore.Dialect
	numbered bool // whether placeholders are $1, $2 and not ?
}

// openDatabase opens the database of a data source name and creates this example's
// tables.
func openDatabase(ctx context.Context, dsn string) (*database, error) {
	db, err := connect(dsn)
	if err != nil {
		return nil, err
	}
	for _, table := range tables {
		if _, err := db.ExecContext(ctx, table); err != nil {
			_ = db.Close()
			return nil, fmt.Errorf("creating a table: %w", err)
		}
	}
	return db, nil
}

// sqliteDSN returns a data source name for a file: acknowledged writes survive a
// power cut, and a connection that finds the file locked waits.
func sqliteDSN(file string) string {
	return "file:" + file + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_txlock=immediate"
}

// connect picks the driver by the form of the data source name.
func connect(dsn string) (*database, error) {
	switch {
	case strings.HasPrefix(dsn, "file:"):
		db, err := sql.Open("sqlite", dsn)
		return &database{DB: db, dialect: sqlstore.SQLite}, err
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		db, err := sql.Open("pgx", dsn)
		return &database{DB: db, dialect: sqlstore.Postgres, numbered: true}, err
	case strings.Contains(dsn, "@tcp("), strings.Contains(dsn, "@unix("):
		db, err := sql.Open("mysql", dsn)
		return &database{DB: db, dialect: sqlstore.MySQL}, err
	default: // leave out the name: it may hold a password
		return nil, errors.New("the data source name must begin with file: (SQLite) or postgres://, or be like user:password@tcp(host:3306)/name (MariaDB, MySQL)")
	}
}

// bind replaces question marks by the database's placeholders.
func (d *database) bind(query string) string {
	if !d.numbered {
		return query
	}
	var numbered strings.Builder
	n := 0
	for part := range strings.SplitSeq(query, "?") {
		if n > 0 {
			numbered.WriteString("$" + strconv.Itoa(n))
		}
		numbered.WriteString(part)
		n++
	}
	return numbered.String()
}

// tables are this example's own, in SQL that all three databases accept. Times are
// in milliseconds since 1970.
var tables = []string{
	`CREATE TABLE IF NOT EXISTS userapi_users (
		id            VARCHAR(64)  NOT NULL PRIMARY KEY,
		mail          VARCHAR(255) NOT NULL,
		password_hash VARCHAR(60)  NOT NULL,
		token_hash    CHAR(64)     NOT NULL UNIQUE,
		registered_at BIGINT       NOT NULL
	)`,
	`CREATE TABLE IF NOT EXISTS userapi_identities (
		user_id  VARCHAR(64)  NOT NULL PRIMARY KEY,
		identity VARCHAR(255) NOT NULL UNIQUE
	)`,
	`CREATE TABLE IF NOT EXISTS userapi_payment_methods (
		id       CHAR(36)    NOT NULL PRIMARY KEY,
		user_id  VARCHAR(64) NOT NULL,
		label    VARCHAR(64) NOT NULL,
		added_at BIGINT      NOT NULL
	)`,
	`CREATE TABLE IF NOT EXISTS userapi_wipes (
		id      CHAR(36)    NOT NULL PRIMARY KEY,
		user_id VARCHAR(64) NOT NULL,
		reason  VARCHAR(32) NOT NULL,
		at      BIGINT      NOT NULL
	)`,
}
