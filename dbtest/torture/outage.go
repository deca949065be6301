package torture

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/knowhave/factor"
)

// errStore is in every error of a store whose server may be killed that leaves
// the outcome open.
var errStore = errors.New("the store has failed")

// swapTried marks a context that is to note whether its call has tried to write.
type swapTried struct{}

// outageStore is a store whose server may be killed.
type outageStore struct{ factor.Store }

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
	if tried, ok := ctx.Value(swapTried{}).(*atomic.Bool); ok {
		tried.Store(true)
	}
	return failed(s.Store.CompareAndSwap(ctx, user, old, next))
}

func (s outageStore) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	users, err := s.Store.List(ctx, after, due, limit)
	return users, failed(err)
}

// await waits until the store answers, so that a killed server leaves the
// outcome of no more calls open than there are workers.
func (s outageStore) await() {
	for {
		if _, err := s.Load(context.Background(), "nobody"); err == nil {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
}
