package storetest_test

import (
	"bytes"
	"context"
	"time"

	"github.com/knowhave/factor"
)

var inFlightDefects = []defect{
	{"cancelled under way answered with conflict", "CancelledSwapsTellTheTruth", underWay(func(s *table, ctx context.Context, user string, old int64, next factor.Record) error {
		err := s.sound(user, old, next)
		yield()
		if ctx.Err() != nil {
			return factor.ErrConflict
		}
		return err
	})},
	{"cancelled under way answered with success", "CancelledSwapsTellTheTruth", underWay(func(s *table, ctx context.Context, user string, old int64, next factor.Record) error {
		yield()
		if ctx.Err() != nil {
			return nil
		}
		return s.sound(user, old, next)
	})},
	{"cancelled under way and undone without a comparison", "CancelledSwapsTellTheTruth", underWay(func(s *table, ctx context.Context, user string, old int64, next factor.Record) error {
		before, _ := s.Load(context.Background(), user)
		err := s.sound(user, old, next)
		yield()
		if err == nil && ctx.Err() != nil {
			_ = s.overwrite(user, 0, before)
			return ctx.Err()
		}
		return err
	})},
}

// underWay returns a maker of tables that look at the context before a swap, and
// again in its midst.
func underWay(swap func(s *table, ctx context.Context, user string, old int64, next factor.Record) error) func() factor.Store {
	return func() factor.Store { return &lookingSwap{newTable(), swap} }
}

type lookingSwap struct {
	*table
	swap func(s *table, ctx context.Context, user string, old int64, next factor.Record) error
}

func (s *lookingSwap) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.swap(s.table, ctx, user, old, next)
}

// large reports whether a record is of the size that the engine writes, and not
// of the small ones that most other clauses do.
func large(_ int64, next factor.Record) bool { return len(next.Data) > 100 && len(next.Data) < 1000 }

var engineDefects = []defect{
	{"large records checked, then written", "ParallelGuessesKeepTheLimit", swapping(large, (*table).checkThenWrite)},
	{"large Data loaded before its version", "ParallelRedemptionsAcceptOne", func() factor.Store { return &blobFirst{newTable()} }},
	{"large Data written after its version", "ParallelAnswersAreAllCounted", swapping(large, func(s *table, user string, old int64, next factor.Record) error {
		before, _ := s.Load(context.Background(), user)
		if len(before.Data) == 0 {
			return s.sound(user, old, next)
		}
		blob := next.Data
		next.Data = before.Data
		if err := s.sound(user, old, next); err != nil {
			return err
		}
		yield()
		s.mu.Lock()
		defer s.mu.Unlock()
		if i := s.find(user); i >= 0 {
			s.rows[i].data = bytes.Clone(blob)
		}
		return nil
	})},
	{"due pages by their number", "SweepReachesEveryDueUser", func() factor.Store { return &numberedPages{table: newTable()} }},
}

// blobFirst reads large Data in one statement and the version in another.
type blobFirst struct{ *table }

func (s *blobFirst) Load(ctx context.Context, user string) (factor.Record, error) {
	blob, err := s.table.Load(ctx, user)
	if err != nil || !large(0, blob) {
		return blob, err
	}
	yield()
	now, err := s.table.Load(ctx, user)
	if now.IsZero() {
		return now, err
	}
	return factor.Record{Version: now.Version, Data: blob.Data}, err
}

// numberedPages skips as many due users as it has returned since the first page.
type numberedPages struct {
	*table
	returned int
}

func (s *numberedPages) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	if due.IsZero() || ctx.Err() != nil {
		return s.table.List(ctx, after, due, limit)
	}
	if after == "" {
		s.returned = 0
	}
	all, err := s.table.List(ctx, "", due, len(s.rows))
	page := all[min(s.returned, len(all)):]
	page = page[:min(limit, len(page))]
	s.returned += len(page)
	return page, err
}
