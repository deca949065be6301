package storetest

import (
	"context"
	"time"

	"github.com/knowhave/factor"
)

func cancelledContextChangesNothing(s *subject) {
	const rule = "a call whose context is done before it begins fails and changes nothing"
	cancelled, cancel := context.WithCancel(s.ctx)
	cancel()
	late, stop := context.WithDeadline(s.ctx, time.Now().Add(-time.Second))
	defer stop()

	stored := s.add("alice", time.Time{})
	for _, ctx := range []context.Context{cancelled, late} {
		if _, err := s.store.Load(ctx, "alice"); err == nil {
			s.t.Fatalf("Load with a context that is done succeeded: %s", rule)
		}
		if _, err := s.store.List(ctx, "", time.Time{}, 10); err == nil {
			s.t.Fatalf("List with a context that is done succeeded: %s", rule)
		}
		if _, err := s.store.List(ctx, "", far, 10); err == nil {
			s.t.Fatalf("List with due and a context that is done succeeded: %s", rule)
		}
		swaps := []struct {
			user string
			old  int64
			next factor.Record
		}{
			{"bob", 0, s.record()},
			{"bob", 0, factor.Record{}},
			{"alice", stored.Version, s.record()},
			{"alice", stored.Version, factor.Record{}},
		}
		for _, swap := range swaps {
			if err := s.store.CompareAndSwap(ctx, swap.user, swap.old, swap.next); err == nil {
				s.t.Fatalf("CompareAndSwap with a context that is done succeeded: %s", rule)
			}
			s.holds("alice", stored, rule)
			s.holds("bob", factor.Record{}, rule)
		}
	}
	next := s.record()
	s.swap("alice", stored.Version, next)
	s.holds("alice", next, "the store goes on after calls whose context was done")
}
