package torture

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/knowhave/factor"
)

// errStore is in every error that leaves the outcome open because the store's
// server may be killed.
var errStore = errors.New("the store has failed")

// outageStore is a store whose server may be killed.
type outageStore struct {
	factor.Store
	attempts *attempts
}

// attempts counts the swaps tried for each user, and for all under the empty name.
// Calls on one user may share a swap, so it is unknown whose it was.
type attempts struct {
	mu sync.Mutex
	of map[string]int
}

func (t *attempts) count(user string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.of[user]
}

func (t *attempts) add(user string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of[user]++
	t.of[""]++
}

func failed(err error) error {
	if err == nil || errors.Is(err, factor.ErrConflict) {
		return err
	}
	return fmt.Errorf("%w: %w", errStore, err)
}

func (s outageStore) Load(ctx context.Context, user string) (factor.Record, error) {
	r, err := s.Store.Load(ctx, user)
	return r, failed(err)
}

func (s outageStore) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	s.attempts.add(user)
	return failed(s.Store.CompareAndSwap(ctx, user, old, next))
}

func (s outageStore) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	users, err := s.Store.List(ctx, after, due, limit)
	return users, failed(err)
}

// await waits until the store answers, so that a killed server leaves open at most
// one call per worker.
func (s outageStore) await() {
	for {
		if _, err := s.Load(context.Background(), "nobody"); err == nil {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
}
