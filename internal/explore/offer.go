package explore

import (
	"context"
	"fmt"
	"slices"

	"github.com/knowhave/factor"
)

// options returns what can be done now, in a fixed order.
func (s *schedule) options() []option {
	s.can = s.can[:0]
	stored := s.version()
	for i, t := range s.threads {
		switch {
		case t.state != asking, s.mode.atomic && s.mustWait(i):
		case !s.mode.atomic && !s.mode.every && t.firstTouch < 0 && i > 0 && s.ops[i] == s.ops[i-1] && s.threads[i-1].firstTouch < 0:
			// Equal operations start in order: the others are the same schedules
			// under other names.
		default:
			s.offer(t, stored)
		}
	}
	if s.late != nil {
		if s.late.old == stored || s.late.old == 0 {
			s.can = append(s.can, option{step{landing, none}, writes})
		} else {
			s.late = nil // its version never comes back
		}
	}
	return s.can
}

// mustWait reports whether another thread is between a load and its swap.
func (s *schedule) mustWait(i int) bool {
	for j, t := range s.threads {
		if i != j && t.state == asking && t.ask.call == swap {
			return true
		}
	}
	return false
}

// offer adds what can be done with a thread's call.
func (s *schedule) offer(t *thread, stored int64) {
	add := func(f fault, u touch) {
		s.can = append(s.can, option{step{int8(t.pos), f}, u})
	}
	// A swap from a version that is gone for good fails whatever others do. One
	// from nothing may succeed again, where a record is removed.
	viable := t.ask.call == swap && t.ask.old == stored
	plain := reads
	switch {
	case viable && (t.ask.old != 0 || !t.ask.next.IsZero()):
		plain = writes
	case t.ask.call == swap && !viable && t.ask.old != 0:
		plain = nothing
	}
	if s.isGhost(t) && t.ask.call == swap {
		add(diesAfter, plain)
		return
	}
	hangUps := func() {
		if t.ask.call == load {
			add(cancelsAfter, plain)
			if slices.Contains(s.ops[t.pos].judges, factor.KindPassword) {
				add(cancelsInCheck, plain)
			}
		}
	}
	add(none, plain)
	switch {
	case !s.mode.faults || s.faulty >= 0:
	case s.mode.atomic && t.ask.call == swap:
		add(diesAfter, plain)
	case s.mode.atomic && t.firstTouch < 0:
		add(dies, nothing)
		hangUps()
	case s.mode.atomic:
		add(fails, nothing)
		add(cancels, plain)
		hangUps()
	default:
		add(fails, nothing)
		add(dies, nothing)
		add(cancels, plain)
		if t.ask.call == load && s.older.Version != s.newest.Version {
			add(stale, plain)
		}
		hangUps()
		if viable {
			add(failsAfter, plain)
			add(diesAfter, plain)
			add(conflicts, plain)
		}
		if viable || t.ask.call == swap && t.ask.old == 0 {
			add(failsLate, nothing)
			add(diesLate, nothing)
		}
	}
}

func (s *schedule) version() int64 {
	r, err := s.store.Load(context.Background(), user)
	if err != nil {
		panic(fmt.Sprint("explore: the store in memory fails: ", err))
	}
	return r.Version
}

// isGhost reports whether a thread passes for another.
func (s *schedule) isGhost(t *thread) bool { return s.mode.ghost && t.pos == len(s.ops)-1 }
