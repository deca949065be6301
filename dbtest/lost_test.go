package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/sqlstore"
)

// onServer returns an engine by name, for what only it does.
func onServer(name string) Engine { return Place{Engine: name}.engine() }

// with returns the data source name with further parameters, as an address has
// them.
func (p Place) with(parameters string) string {
	if strings.Contains(p.DSN, "?") {
		return p.DSN + "&" + parameters
	}
	return p.DSN + "?" + parameters
}

// held runs statements in a transaction that stays open.
func held(t *testing.T, db *sql.DB, statements ...string) *sql.Tx {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	for _, s := range statements {
		if _, err := tx.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	return tx
}

// waiting asks a server how many statements on a table wait for a lock.
var waiting = map[*sqlstore.Dialect]string{
	sqlstore.Postgres: `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%{table}%'`,
	sqlstore.MySQL:    `SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE '%{table}%'`,
}

// awaitLocks waits until n statements on the table wait for a lock.
func (p Place) awaitLocks(t *testing.T, n int) {
	t.Helper()
	query := strings.ReplaceAll(waiting[p.engine().Dialect], "{table}", p.Table)
	// A caller that has asked within the last 100 ms gets MariaDB's old list of
	// transactions.
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(150 * time.Millisecond) {
		var now int
		if err := p.pool(t).QueryRow(query).Scan(&now); err != nil {
			t.Fatal(err)
		}
		if now >= n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after a minute %d statements wait for a lock, want %d", now, n)
		}
	}
}

// start makes a swap in the background.
func start(store factor.Store, user string, old int64, next factor.Record) <-chan error {
	result := make(chan error, 1)
	go func() { result <- store.CompareAndSwap(context.Background(), user, old, next) }()
	return result
}

// says checks that an error is, or is not, a conflict, wraps one of the server
// with this code, and does not name the user.
func says(t *testing.T, err error, conflict bool, code string) {
	t.Helper()
	if err == nil || errors.Is(err, factor.ErrConflict) != conflict {
		t.Fatalf("the swap was answered with %v; want a conflict: %v", err, conflict)
	}
	if !strings.Contains(err.Error(), code) {
		t.Errorf("the swap was answered with %v; want it to say %s", err, code)
	}
	if strings.Contains(err.Error(), "alice") {
		t.Errorf("the error names the user: %v", err)
	}
}

// changes are the three kinds of swap that a row with version 1 of alice may be
// hit by.
var changes = map[string]factor.Record{"update": record(2), "removal": {}}

func TestSerializationFailureIsAConflict(t *testing.T) {
	for _, level := range []string{"repeatable%20read", "serializable"} {
		for name, next := range changes {
			t.Run(level+"/"+name, func(t *testing.T) {
				p := onServer("PostgreSQL").Place(t)
				store := p.migrated(t, p.open(t, p.with("default_transaction_isolation="+level)))
				swap(t, store, "alice", 0, record(1))
				other := held(t, p.pool(t), "UPDATE "+p.Table+" SET version = 7")
				result := start(store, "alice", 1, next)
				p.awaitLocks(t, 1)
				if err := other.Commit(); err != nil {
					t.Fatal(err)
				}
				says(t, <-result, true, "40001")
				if got := version(t, store, "alice"); got != 7 {
					t.Fatalf("version %d is stored, want the other's", got)
				}
				swap(t, store, "alice", 7, record(8))
			})
		}
		t.Run(level+"/insert", func(t *testing.T) {
			p := onServer("PostgreSQL").Place(t)
			store := p.migrated(t, p.open(t, p.with("default_transaction_isolation="+level)))
			other := held(t, p.pool(t), "INSERT INTO "+p.Table+" VALUES ('alice', 7, NULL, 'x')")
			result := start(store, "alice", 0, record(1))
			p.awaitLocks(t, 1)
			if err := other.Commit(); err != nil {
				t.Fatal(err)
			}
			says(t, <-result, true, "40001")
			if got := version(t, store, "alice"); got != 7 {
				t.Fatalf("version %d is stored, want the other's", got)
			}
		})
	}
}

func TestDeadlockOnPostgreSQLIsAConflict(t *testing.T) {
	p := onServer("PostgreSQL").Place(t)
	store := p.migrated(t, p.Open(t))
	swap(t, store, "alice", 0, record(1))
	other := held(t, p.pool(t), "SET LOCAL deadlock_timeout = '1min'", "UPDATE "+p.Table+" SET version = 7")
	result := start(store, "alice", 1, record(2))
	p.awaitLocks(t, 1)
	if _, err := other.Exec("LOCK TABLE " + p.Table + " IN SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	says(t, <-result, true, "40P01")
	if err := other.Rollback(); err != nil {
		t.Fatal(err)
	}
	swap(t, store, "alice", 1, record(2))
}

// Two inserts that wait for a third get what they wait for together when that is
// rolled back, and then wait for each other.
func TestDeadlockOnMariaDBIsAConflict(t *testing.T) {
	p := onServer("MariaDB").Place(t)
	store := p.migrated(t, p.Open(t))
	other := held(t, p.pool(t), "INSERT INTO "+p.Table+" VALUES ('alice', 7, NULL, 'x')")
	results := []<-chan error{start(store, "alice", 0, record(1)), start(store, "alice", 0, record(2))}
	p.awaitLocks(t, 2)
	if err := other.Rollback(); err != nil {
		t.Fatal(err)
	}
	winner := int64(0)
	for i, result := range results {
		if err := <-result; err == nil {
			winner = int64(i + 1)
		} else {
			says(t, err, true, "1213")
		}
	}
	if got := version(t, store, "alice"); winner == 0 || got != winner {
		t.Fatalf("version %d is stored, the winner's is %d", got, winner)
	}
}

func TestLockTimeoutIsAConflict(t *testing.T) {
	for _, c := range []struct{ engine, setting, code string }{
		{"PostgreSQL", "lock_timeout=100ms", "55P03"},
		{"MariaDB", "innodb_lock_wait_timeout=1", "1205"},
	} {
		for name, next := range changes {
			t.Run(c.engine+"/"+name, func(t *testing.T) {
				p := onServer(c.engine).Place(t)
				store := p.migrated(t, p.open(t, p.with(c.setting)))
				swap(t, store, "alice", 0, record(1))
				other := held(t, p.pool(t), "UPDATE "+p.Table+" SET version = 7")
				says(t, store.CompareAndSwap(t.Context(), "alice", 1, next), true, c.code)
				if err := other.Rollback(); err != nil {
					t.Fatal(err)
				}
				if got := version(t, store, "alice"); got != 1 {
					t.Fatalf("version %d is stored, want that from before", got)
				}
				swap(t, store, "alice", 1, record(2))
			})
		}
	}
}

// With innodb_snapshot_isolation a statement may not change a row that has
// changed since the transaction's snapshot. A swap is a transaction of its own,
// so it takes a connection in the midst of another one to see this.
func TestChangeSinceTheSnapshotIsAConflict(t *testing.T) {
	p := onServer("MariaDB").Place(t)
	plain := p.migrated(t, p.Open(t))
	swap(t, plain, "alice", 0, record(1))
	if _, err := p.pool(t).Exec(`SELECT @@innodb_snapshot_isolation`); err != nil {
		t.Skipf("NOT RUN: this server has no innodb_snapshot_isolation: %v", err)
	}
	db, _ := p.spied(t, `SET innodb_snapshot_isolation = ON`, `SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ`, `START TRANSACTION WITH CONSISTENT SNAPSHOT`)
	db.SetMaxOpenConns(1)
	store := p.store(t, db)
	swap(t, plain, "alice", 1, record(2))
	says(t, store.CompareAndSwap(t.Context(), "alice", 1, record(3)), true, "1020")
	if got := version(t, plain, "alice"); got != 2 {
		t.Fatalf("version %d is stored, want 2", got)
	}
}

// The text of a duplicate-key error contains the key.
func TestDuplicateKeyIsAConflictThatDoesNotNameTheUser(t *testing.T) {
	for engine, code := range map[string]string{"PostgreSQL": "23505", "MariaDB": "1062"} {
		p := onServer(engine).Place(t)
		store := p.migrated(t, p.pool(t))
		swap(t, store, "alice", 0, record(1))
		err := store.CompareAndSwap(t.Context(), "alice", 0, record(2))
		if !errors.Is(err, factor.ErrConflict) || strings.Contains(err.Error(), "alice") {
			t.Errorf("%s: insert of a user who is there = %v", engine, err)
		}
		// An index that is not this package's makes PostgreSQL fail, too.
		if _, err := p.pool(t).Exec("CREATE UNIQUE INDEX " + p.Table + "_u ON " + p.Table + " (version)"); err != nil {
			t.Fatal(err)
		}
		says(t, store.CompareAndSwap(t.Context(), "alice2", 0, record(1)), true, code)
		swap(t, store, "bob", 0, record(2))
		says(t, store.CompareAndSwap(t.Context(), "alice", 1, record(2)), false, code)
	}
}

// A statement that was cancelled may have been committed.
func TestCancelledStatementIsNoConflict(t *testing.T) {
	for _, c := range []struct{ engine, setting, code string }{
		{"PostgreSQL", "statement_timeout=200ms", "57014"},
		{"MariaDB", "max_statement_time=0.2", "1969"},
	} {
		p := onServer(c.engine).Place(t)
		store := p.migrated(t, p.open(t, p.with(c.setting)))
		swap(t, store, "alice", 0, record(1))
		other := held(t, p.pool(t), "UPDATE "+p.Table+" SET version = 7")
		says(t, store.CompareAndSwap(t.Context(), "alice", 1, record(2)), false, c.code)
		if err := other.Rollback(); err != nil {
			t.Fatal(err)
		}
		swap(t, store, "alice", 1, record(2))
	}
}

// A server's or a driver's error about an argument may quote it.
func TestTextThatQuotesTheUserIsLeftOut(t *testing.T) {
	for _, e := range Engines {
		p := e.Place(t)
		number := "BIGINT"
		if e.Dialect == sqlstore.SQLite {
			number = "BLOB"
		}
		create := "CREATE TABLE " + p.Table + " (user_id " + number + ", version BIGINT, due BIGINT, data BIGINT)"
		if _, err := p.pool(t).Exec(create); err != nil {
			t.Fatal(err)
		}
		store := p.store(t, p.pool(t))
		for _, c := range calls {
			if err := c.call(t.Context(), store); err != nil && strings.Contains(err.Error(), "alice") {
				t.Errorf("%s: %s: the error names the user: %v", e.Name, c.name, err)
			}
		}
	}
}
