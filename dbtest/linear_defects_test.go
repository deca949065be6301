package dbtest

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/linear"
)

// linearDefects are stores with one defect each, over one that is right.
var linearDefects = []struct {
	name string
	over func(factor.Store, linear.Pace) factor.Store
}{
	{"checks, then writes", func(right factor.Store, pace linear.Pace) factor.Store {
		return swapping{right, func(ctx context.Context, user string, old int64, next factor.Record) error {
			stored, err := right.Load(ctx, user)
			if err != nil {
				return err
			}
			if stored.Version != old {
				return factor.ErrConflict
			}
			pace(ctx)
			return put(ctx, right, user, next)
		}}
	}},
	{"overwrites what it did not expect", func(right factor.Store, _ linear.Pace) factor.Store {
		return swapping{right, func(ctx context.Context, user string, _ int64, next factor.Record) error {
			return put(ctx, right, user, next)
		}}
	}},
	{"inserts over a record that is there", func(right factor.Store, _ linear.Pace) factor.Store {
		return swapping{right, func(ctx context.Context, user string, old int64, next factor.Record) error {
			if old == 0 {
				return put(ctx, right, user, next)
			}
			return right.CompareAndSwap(ctx, user, old, next)
		}}
	}},
	{"forgets one write in twenty", func(right factor.Store, _ linear.Pace) factor.Store {
		var writes atomic.Int64
		return swapping{right, func(ctx context.Context, user string, old int64, next factor.Record) error {
			stored, err := right.Load(ctx, user)
			if err == nil && stored.Version == old && writes.Add(1)%20 == 7 {
				return nil
			}
			return right.CompareAndSwap(ctx, user, old, next)
		}}
	}},
	{"says conflict where it does not know", func(right factor.Store, pace linear.Pace) factor.Store {
		var writes atomic.Int64
		return swapping{right, func(ctx context.Context, user string, old int64, next factor.Record) error {
			err := right.CompareAndSwap(ctx, user, old, next)
			if err == nil && writes.Add(1)%10 == 5 {
				pace(ctx) // time for others to write over it
				return factor.ErrConflict
			}
			return err
		}}
	}},
	{"says conflict and writes later", func(right factor.Store, pace linear.Pace) factor.Store {
		var writes atomic.Int64
		return swapping{right, func(ctx context.Context, user string, old int64, next factor.Record) error {
			if writes.Add(1)%10 != 5 {
				return right.CompareAndSwap(ctx, user, old, next)
			}
			go func() {
				pace(ctx)
				_ = right.CompareAndSwap(context.WithoutCancel(ctx), user, old, next)
			}()
			return factor.ErrConflict
		}}
	}},
}

// swapping is a store with another compare-and-swap.
type swapping struct {
	factor.Store
	swap func(ctx context.Context, user string, old int64, next factor.Record) error
}

func (s swapping) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	return s.swap(ctx, user, old, next)
}

// put writes whatever is there.
func put(ctx context.Context, s factor.Store, user string, next factor.Record) error {
	for {
		stored, err := s.Load(ctx, user)
		if err != nil {
			return err
		}
		if err := s.CompareAndSwap(ctx, user, stored.Version, next); !errors.Is(err, factor.ErrConflict) {
			return err
		}
	}
}
