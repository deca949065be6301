package torture_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/torture"
	"github.com/knowhave/factor/sqlstore"
)

// Servers that acknowledge a write before it is anywhere but in their own memory.
// sqlstore refuses the settings, so they are made behind its back.
var (
	forgetfulPostgres = torture.Engine{Name: "forgetful PostgreSQL", New: ownPostgres, Open: openForgetfulPostgres, Settle: settlePostgres, Crash: crash}
	forgetfulMariaDB  = torture.Engine{Name: "forgetful MariaDB", New: ownMariaDB, Open: openForgetfulMariaDB, Settle: settleMySQL, Crash: crash}
)

func openForgetfulPostgres(source string) (factor.Store, func() error, error) {
	cfg, err := pgx.ParseConfig(source)
	if err != nil {
		return nil, nil, err
	}
	var looked atomic.Bool
	db := stdlib.OpenDB(*cfg, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		if !looked.Load() {
			return nil
		}
		_, err := conn.Exec(ctx, `SET synchronous_commit = off`)
		return err
	}))
	store, err := storeOn(db, sqlstore.Postgres)
	looked.Store(true)
	db.SetMaxIdleConns(0) // closes the connection that was looked at
	db.SetMaxIdleConns(2)
	return store, db.Close, err
}

func openForgetfulMariaDB(source string) (factor.Store, func() error, error) {
	db, err := mysqlDB(source)
	if err != nil {
		return nil, nil, err
	}
	if _, err := db.Exec(`SET GLOBAL innodb_flush_log_at_trx_commit = 1`); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	store, err := storeOn(db, sqlstore.MySQL)
	if err != nil {
		return nil, nil, err
	}
	if _, err := db.Exec(`SET GLOBAL innodb_flush_log_at_trx_commit = 0`); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return store, db.Close, nil
}

// An audit that has gone blind is noticed.
func TestAuditFindsAServerThatForgets(t *testing.T) {
	for _, e := range []torture.Engine{forgetfulPostgres, forgetfulMariaDB} {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			const enough = 10
			report := torture.Run(t, e, enough, drawnSeed())
			t.Log(report)
			if len(report.Violations) == 0 {
				t.Fatalf("the audit finds nothing after %d crashes of a server that acknowledges what it has not stored", enough)
			}
			found, _, _ := strings.Cut(report.Violations[0], "\n")
			t.Log(found)
		})
	}
}
