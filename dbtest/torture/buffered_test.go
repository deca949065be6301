package torture_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/torture"
)

// lingering is how long a buffered store keeps a write to itself.
const lingering = 20 * time.Millisecond

// bufferedStore acknowledges a write when it has it in memory, and stores it a
// little later: the defect of every cache and every setting that trades
// durability for speed. While the process lives nothing is to be seen of it.
type bufferedStore struct {
	factor.Store
	mu     sync.Mutex
	newest map[string]factor.Record // of the users with a write on its way, or that had one
	writes chan bufferedWrite
}

type bufferedWrite struct {
	user string
	old  int64
	next factor.Record
	due  time.Time
}

func buffered(s factor.Store) factor.Store {
	b := &bufferedStore{Store: s, newest: make(map[string]factor.Record), writes: make(chan bufferedWrite, 1000)}
	go func() {
		for w := range b.writes {
			<-time.After(time.Until(w.due))
			if err := b.Store.CompareAndSwap(context.Background(), w.user, w.old, w.next); err != nil {
				panic(err) // there is no other process
			}
		}
	}()
	return b
}

func (b *bufferedStore) Load(ctx context.Context, user string) (factor.Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.load(ctx, user)
}

func (b *bufferedStore) load(ctx context.Context, user string) (factor.Record, error) {
	if r, ok := b.newest[user]; ok {
		return r, nil
	}
	return b.Store.Load(ctx, user)
}

func (b *bufferedStore) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, err := b.load(ctx, user)
	if err != nil {
		return err
	}
	if r.Version != old {
		return factor.ErrConflict
	}
	b.newest[user] = next
	b.writes <- bufferedWrite{user, old, next, time.Now().Add(lingering)}
	return nil
}

var bufferedSQLite = torture.Engine{Name: "buffered SQLite", New: sqlite.New, Open: sqlite.Open, Impair: buffered}

// Nearly every kill shows that such a child forgets, so that an audit which has
// gone blind is noticed.
func TestAuditFindsAStoreThatBuffersWrites(t *testing.T) {
	const enough = 20
	report := torture.Run(t, bufferedSQLite, enough, drawnSeed())
	t.Log(report)
	if len(report.Violations) == 0 {
		t.Fatalf("the audit finds nothing after %d kills of a child whose store buffers its writes", enough)
	}
}
