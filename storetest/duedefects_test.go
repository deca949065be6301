package storetest_test

import (
	"cmp"
	"context"
	"slices"
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
