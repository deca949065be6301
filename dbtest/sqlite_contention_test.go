package dbtest

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/sqlstore"
)

// impatient settings let a write give up after a millisecond.
const impatient = "_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(1)"

func TestLockHeldByAnotherConnectionIsAConflict(t *testing.T) {
	path := filepath.Join(t.TempDir(), "factor.db")
	store := migrated(t, open(t, path, impatient))
	swap(t, store, "alice", 0, record(1))

	other, err := openSQLite(t, path).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	for what, lost := range map[string]error{
		"insert":  store.CompareAndSwap(t.Context(), "bob", 0, record(2)),
		"update":  store.CompareAndSwap(t.Context(), "alice", 1, record(2)),
		"removal": store.CompareAndSwap(t.Context(), "alice", 1, factor.Record{}),
	} {
		if !errors.Is(lost, factor.ErrConflict) {
			t.Errorf("%s while another connection holds the lock = %v; want a conflict", what, lost)
		} else if !strings.Contains(lost.Error(), "SQLITE_BUSY") {
			t.Errorf("%s while another connection holds the lock = %v; want it to wrap the driver's error", what, lost)
		}
	}
	if version(t, store, "alice") != 1 || version(t, store, "bob") != 0 {
		t.Error("a write that was answered with a conflict has landed")
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Errorf("Migrate with nothing to do, while another connection holds the lock = %v", err)
	}
	if _, err := other.ExecContext(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	swap(t, store, "alice", 1, record(2))
	swap(t, store, "bob", 0, record(3))
}

func TestReadOnlyDatabaseIsAFault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "factor.db")
	migrated(t, openSQLite(t, path))
	store, err := sqlstore.New(open(t, path, safe+"&_pragma=query_only(1)"), sqlstore.SQLite, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.CompareAndSwap(t.Context(), "alice", 0, record(1)); err == nil || errors.Is(err, factor.ErrConflict) {
		t.Fatalf("CompareAndSwap on a database that cannot be written = %v; want an error that is no conflict", err)
	}
}

func TestParallelSwapsOverTwoImpatientHandlesHaveAtMostOneWinner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "factor.db")
	haveAtMostOneWinner(t, migrated(t, open(t, path, impatient)), migrated(t, open(t, path, impatient)))
}
