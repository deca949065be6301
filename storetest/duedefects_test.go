package storetest_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/knowhave/factor"
)

var dueDefects = []defect{
	{"Due truncated to seconds", "DueIsKeptToTheMillisecond", with(func(s *table) { truncateDue(s, time.Second) })},
	{"Due rounded to seconds", "DueIsKeptToTheMillisecond", with(func(s *table) {
		sound := s.due
		s.due = func(due time.Time) int64 { return sound(due.Round(time.Second)) }
	})},
	{"Due of 32 bits", "DueIsKeptToTheMillisecond", with(func(s *table) {
		sound := s.due
		s.due = func(due time.Time) int64 { return int64(int32(sound(due)/1000))*1000 + sound(due)%1000 }
	})},
	{"Due as the wall shows it", "DueIsTheSameInAnyZone", with(func(s *table) {
		sound := s.due
		s.due = func(due time.Time) int64 {
			if due.IsZero() {
				return 0
			}
			wall, _ := time.Parse("2006-01-02 15:04:05.000", due.Format("2006-01-02 15:04:05.000"))
			return sound(wall)
		}
	})},
	{"Due never cleared", "DueChangesWithTheRecord", with(func(s *table) {
		s.update = func(old, next row) row {
			next.due = cmp.Or(next.due, old.due)
			return next
		}
	})},
	{"Due kept from the first write", "DueChangesWithTheRecord", with(func(s *table) {
		s.update = func(old, next row) row {
			next.due = old.due
			return next
		}
	})},
	{"Due outlives its record", "DueIsRemovedWithTheRecord", func() factor.Store { return &lastingDue{newTable(), make(map[string]int64)} }},
	{"due list that never shows a write", "DueIsKeptToTheMillisecond", func() factor.Store { return newLagging(1 << 30) }},
	{"due list that lags and never forgets", "DueIsRemovedWithTheRecord", func() factor.Store {
		s := newLagging(3)
		s.lasting = true
		return s
	}},
	{"due without its own instant", "DueIsKeptToTheMillisecond", with(func(s *table) { s.isDue = func(due, at int64) bool { return due < at } })},
}

// truncateDue makes a table keep a coarser Due, and ask for no finer one.
func truncateDue(s *table, unit time.Duration) {
	sound := s.due
	s.due = func(due time.Time) int64 { return sound(due) / unit.Milliseconds() * unit.Milliseconds() }
}

// lastingDue keeps the due users in an index of its own, from which removals do
// not take them.
type lastingDue struct {
	*table
	index map[string]int64
}

func (s *lastingDue) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	err := s.table.CompareAndSwap(ctx, user, old, next)
	if err != nil || next.IsZero() {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.index, user)
	if !next.Due.IsZero() {
		s.index[user] = next.Due.UnixMilli()
	}
	return nil
}

func (s *lastingDue) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	if due.IsZero() || ctx.Err() != nil {
		return s.table.List(ctx, after, due, limit)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var users []string
	for user, at := range s.index {
		if user > after && at <= due.UnixMilli() {
			users = append(users, user)
		}
	}
	slices.Sort(users)
	return users[:min(limit, len(users))], nil
}

// lagging answers a List with due from an index that learns of each write only when it
// has been asked so many times after it.
type lagging struct {
	*table
	lag     int
	lasting bool // removals never reach the index
	swaps   sync.Mutex
	index   map[string]int64
	coming  []entry
}

type entry struct {
	user string
	due  int64 // 0 if there is none
	wait int
}

func newLagging(lag int) *lagging {
	return &lagging{table: newTable(), lag: lag, index: make(map[string]int64)}
}

func (s *lagging) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	s.swaps.Lock() // the index learns of them in their order
	defer s.swaps.Unlock()
	if err := s.table.CompareAndSwap(ctx, user, old, next); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !next.IsZero() || !s.lasting {
		s.coming = append(s.coming, entry{user, s.due(next.Due), s.lag})
	}
	return nil
}

func (s *lagging) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	if due.IsZero() || ctx.Err() != nil {
		return s.table.List(ctx, after, due, limit)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var users []string
	for user, at := range s.index {
		if user > after && at != 0 && at <= due.UnixMilli() {
			users = append(users, user)
		}
	}
	slices.Sort(users)
	for i := range s.coming {
		s.coming[i].wait--
	}
	for len(s.coming) > 0 && s.coming[0].wait <= 0 {
		s.index[s.coming[0].user] = s.coming[0].due
		s.coming = s.coming[1:]
	}
	return users[:min(limit, len(users))], nil
}
