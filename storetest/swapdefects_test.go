package storetest_test

import (
	"context"
	"errors"
	"runtime"

	"github.com/knowhave/factor"
)

// swapFunc is the CompareAndSwap of a defective table.
type swapFunc func(s *table, user string, old int64, next factor.Record) error

// swapping returns a maker of tables whose CompareAndSwap is another where the
// condition holds, and nil for the condition means everywhere.
func swapping(where func(old int64, next factor.Record) bool, swap swapFunc) func() factor.Store {
	return func() factor.Store { return &otherSwap{newTable(), where, swap} }
}

type otherSwap struct {
	*table
	where func(old int64, next factor.Record) bool
	swap  swapFunc
}

func (s *otherSwap) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	if ctx.Err() != nil || s.where != nil && !s.where(old, next) {
		return s.table.CompareAndSwap(ctx, user, old, next)
	}
	return s.swap(s.table, user, old, next)
}

func inserts(old int64, next factor.Record) bool  { return old == 0 && !next.IsZero() }
func updates(old int64, next factor.Record) bool  { return old != 0 && !next.IsZero() }
func removals(old int64, next factor.Record) bool { return old != 0 && next.IsZero() }
func nothings(old int64, next factor.Record) bool { return old == 0 && next.IsZero() }

// sound is the swap as it should be.
func (s *table) sound(user string, old int64, next factor.Record) error {
	return s.CompareAndSwap(context.Background(), user, old, next)
}

// overwrite writes without looking at the stored version.
func (s *table) overwrite(user string, _ int64, next factor.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write(user, next)
	return nil
}

// checkThenWrite looks at the stored version and writes, and lets others in
// between.
func (s *table) checkThenWrite(user string, old int64, next factor.Record) error {
	s.mu.Lock()
	stored := s.stored(user)
	s.mu.Unlock()
	if stored != old {
		return factor.ErrConflict
	}
	yield()
	return s.overwrite(user, old, next)
}

// insertEmpty adds a row without version and Data.
func (s *table) insertEmpty(user string, old int64, next factor.Record) error {
	err := s.sound(user, old, next)
	if err == nil {
		s.rows = append(s.rows, row{user: user})
	}
	return err
}

// yield lets other goroutines run.
func yield() {
	for range 20 {
		runtime.Gosched()
	}
}

var swapDefects = []defect{
	{"update checks, then writes", "ParallelSwapsHaveOneWinner", swapping(updates, (*table).checkThenWrite)},
	{"insert checks, then writes", "ParallelInsertsHaveOneWinner", swapping(inserts, (*table).checkThenWrite)},
	{"removal checks, then removes", "ParallelRemovalsHaveOneWinner", swapping(removals, (*table).checkThenWrite)},
	{"version and Data read apart", "ParallelVersionsFormOneChain", func() factor.Store { return &tornLoad{newTable()} }},
	{"one statement bound for all", "ParallelUsersDoNotMix", func() factor.Store { return &sharedStatement{table: newTable()} }},
	{"insert overwrites", "FirstSwapNeedsAbsence", swapping(inserts, (*table).overwrite)},
	{"removal of any version", "StaleVersionChangesNothing", swapping(removals, (*table).overwrite)},
	{"update of what is absent inserts", "StaleVersionChangesNothing", swapping(updates, func(s *table, user string, old int64, next factor.Record) error {
		if s.stored(user) == 0 {
			old = 0
		}
		return s.sound(user, old, next)
	})},
	{"conflict that writes all the same", "StaleVersionChangesNothing", swapping(updates, func(s *table, user string, old int64, next factor.Record) error {
		err := s.sound(user, old, next)
		_ = s.overwrite(user, old, next)
		return err
	})},
	{"conflict answered with success", "StaleVersionChangesNothing", swapping(nil, func(s *table, user string, old int64, next factor.Record) error {
		_ = s.sound(user, old, next)
		return nil
	})},
	{"conflict with an error of its own", "StaleVersionChangesNothing", swapping(nil, func(s *table, user string, old int64, next factor.Record) error {
		if s.sound(user, old, next) != nil {
			return errors.New("conflict")
		}
		return nil
	})},
	{"update skipped where Data is the same", "DataComesBackAsStored", swapping(updates, func(s *table, user string, old int64, next factor.Record) error {
		if r, err := s.Load(context.Background(), user); err == nil && r.Version == old && string(r.Data) == string(next.Data) {
			return nil
		}
		return s.sound(user, old, next)
	})},
	{"zero next stored as an empty row", "ZeroNextRemoves", swapping(removals, (*table).insertEmpty)},
	{"zero next does nothing", "ZeroNextRemoves", swapping(removals, func(s *table, user string, old int64, _ factor.Record) error {
		if s.stored(user) != old {
			return factor.ErrConflict
		}
		return nil
	})},
	{"zero next from 0 stored as an empty row", "ZeroNextFromZeroOnlyChecks", swapping(nothings, (*table).insertEmpty)},
	{"zero next from 0 always succeeds", "ZeroNextFromZeroOnlyChecks", swapping(nothings, func(*table, string, int64, factor.Record) error { return nil })},
	{"zero next from 0 always a conflict", "ZeroNextFromZeroOnlyChecks", swapping(nothings, func(*table, string, int64, factor.Record) error { return factor.ErrConflict })},
	{"zero next from 0 removes", "ZeroNextFromZeroOnlyChecks", swapping(nothings, (*table).overwrite)},
	{"context not looked at", "CancelledContextChangesNothing", with(func(s *table) { s.context = func(context.Context) error { return nil } })},
	{"context looked at after the write", "CancelledContextChangesNothing", func() factor.Store { return &lateContext{newTable()} }},
}

// tornLoad reads the version and the Data in two statements.
type tornLoad struct{ *table }

func (s *tornLoad) Load(ctx context.Context, user string) (factor.Record, error) {
	version, err := s.table.Load(ctx, user)
	if err != nil {
		return factor.Record{}, err
	}
	yield()
	data, err := s.table.Load(ctx, user)
	return factor.Record{Version: version.Version, Data: data.Data}, err
}

// sharedStatement binds what is to be written to a statement that other calls
// bind as well.
type sharedStatement struct {
	*table
	user string
	next factor.Record
}

func (s *sharedStatement) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	s.mu.Lock()
	if err := ctx.Err(); err != nil || s.stored(user) != old {
		s.mu.Unlock()
		return errors.Join(err, factor.ErrConflict)
	}
	s.user, s.next = user, next
	s.mu.Unlock()
	yield()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write(s.user, s.next)
	return nil
}

// lateContext asks the context when the write is done.
type lateContext struct{ *table }

func (s *lateContext) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	if err := s.sound(user, old, next); err != nil {
		return err
	}
	return ctx.Err()
}
