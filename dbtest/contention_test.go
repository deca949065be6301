package dbtest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/storetest"
)

func TestRecordsOutliveTheHandle(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		db := p.Open(t)
		swap(t, p.migrated(t, db), "alice", 0, record(7))
		db.Close()
		if got := version(t, p.migrated(t, p.Open(t)), "alice"); got != 7 {
			t.Fatalf("the table has version %d on a new handle, want 7", got)
		}
	})
}

// alternating spreads the calls over two handles on one table, as two processes
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

func TestTwoHandlesOnOneTableKeepTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) factor.Store {
		p := sqliteEngine.Place(t)
		return &alternating{stores: [2]factor.Store{p.migrated(t, p.Open(t)), p.migrated(t, p.Open(t))}}
	})
}

func TestParallelSwapsHaveAtMostOneWinner(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		haveAtMostOneWinner(t, p.migrated(t, p.Open(t)), p.migrated(t, p.Open(t)))
	})
}

// haveAtMostOneWinner makes many swaps from one version at once, again and
// again.
func haveAtMostOneWinner(t *testing.T, stores ...factor.Store) {
	t.Helper()
	var stored int64
	for round := range int64(20) {
		results := make([]error, 32)
		var done sync.WaitGroup
		for i := range results {
			done.Go(func() {
				results[i] = stores[i%len(stores)].CompareAndSwap(t.Context(), "alice", stored, record(1+round*100+int64(i)))
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
