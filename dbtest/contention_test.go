package dbtest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/sqlstore"
	"github.com/knowhave/factor/storetest"
)

// impatient settings let a write give up after a millisecond.
const impatient = "_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(1)"

func TestLockHeldByAnotherConnectionIsAConflict(t *testing.T) {
	path := filepath.Join(t.TempDir(), "factor.db")
	store := migrated(t, open(t, path, impatient))
	swap(t, store, "alice", 0, record(1))

	other, err := OpenSQLite(t, path).Conn(t.Context())
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
	migrated(t, OpenSQLite(t, path))
	store, err := sqlstore.New(open(t, path, safe+"&_pragma=query_only(1)"), sqlstore.SQLite, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.CompareAndSwap(t.Context(), "alice", 0, record(1)); err == nil || errors.Is(err, factor.ErrConflict) {
		t.Fatalf("CompareAndSwap on a database that cannot be written = %v; want an error that is no conflict", err)
	}
}

func TestMissingTableIsAFault(t *testing.T) {
	store, err := sqlstore.New(OpenSQLite(t, filepath.Join(t.TempDir(), "factor.db")), sqlstore.SQLite, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range calls {
		if err := c.call(t.Context(), store); err == nil || errors.Is(err, factor.ErrConflict) {
			t.Errorf("%s without a table = %v; want an error that is no conflict", c.name, err)
		}
	}
}

func TestRecordsOutliveTheHandle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "factor.db")
	db := OpenSQLite(t, path)
	swap(t, migrated(t, db), "alice", 0, record(7))
	db.Close()
	if got := version(t, migrated(t, OpenSQLite(t, path)), "alice"); got != 7 {
		t.Fatalf("the reopened file has version %d, want 7", got)
	}
}

// alternating spreads the calls over two handles on one file, as two processes
// would.
type alternating struct {
	calls  atomic.Int64
	stores [2]factor.Store
}

func (a *alternating) next() factor.Store { return a.stores[a.calls.Add(1)%2] }

func (a *alternating) Load(ctx context.Context, user string) (factor.Record, error) {
	return a.next().Load(ctx, user)
}

func (a *alternating) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	return a.next().CompareAndSwap(ctx, user, old, next)
}

func (a *alternating) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	return a.next().List(ctx, after, due, limit)
}

func TestTwoHandlesOnOneFileKeepTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) factor.Store {
		path := filepath.Join(t.TempDir(), "factor.db")
		return &alternating{stores: [2]factor.Store{migrated(t, OpenSQLite(t, path)), migrated(t, OpenSQLite(t, path))}}
	})
}

func TestParallelSwapsOverTwoImpatientHandlesHaveAtMostOneWinner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "factor.db")
	stores := [2]factor.Store{migrated(t, open(t, path, impatient)), migrated(t, open(t, path, impatient))}
	var stored int64
	for round := range int64(20) {
		results := make([]error, 32)
		var done sync.WaitGroup
		for i := range results {
			done.Go(func() {
				results[i] = stores[i%2].CompareAndSwap(t.Context(), "alice", stored, record(1+round*100+int64(i)))
			})
		}
		done.Wait()
		winner := stored
		for i, err := range results {
			if err == nil && winner != stored {
				t.Fatal("two swaps from one version succeeded")
			} else if err == nil {
				winner = 1 + round*100 + int64(i)
			} else if !errors.Is(err, factor.ErrConflict) {
				t.Fatalf("CompareAndSwap = %v; want a conflict", err)
			}
		}
		if got := version(t, stores[0], "alice"); got != winner {
			t.Fatalf("the stored version is %d, the winner's is %d", got, winner)
		}
		stored = winner
	}
}

// Each process swaps until 50 of its swaps have succeeded. If none was lost,
// the version, which each success raises by one, is the sum.
func TestProcessesLoseNoWriteOfEachOther(t *testing.T) {
	const processes = 4
	path := filepath.Join(t.TempDir(), "factor.db")
	store := migrated(t, OpenSQLite(t, path))
	swap(t, store, "alice", 0, factor.Record{Data: []byte("1"), Version: 1})
	inProcesses(t, processes, "TestProcessThatSwaps", path)
	r, err := store.Load(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(1 + processes*50); r.Version != want || string(r.Data) != strconv.FormatInt(want, 10) {
		t.Fatalf("after %d swaps in %d processes the record is version %d with data %s, want %d", processes*50, processes, r.Version, r.Data, want)
	}
}

func TestProcessThatSwaps(t *testing.T) {
	store := migrated(t, OpenSQLite(t, inherited(t)))
	for won := 0; won < 50; {
		r, err := store.Load(t.Context(), "alice")
		if err != nil {
			t.Fatal(err)
		}
		next := factor.Record{Data: fmt.Append(nil, r.Version+1), Version: r.Version + 1}
		err = store.CompareAndSwap(t.Context(), "alice", r.Version, next)
		if err == nil {
			won++
		} else if !errors.Is(err, factor.ErrConflict) {
			t.Fatal(err)
		}
	}
}
