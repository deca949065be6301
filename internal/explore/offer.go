package explore

import (
	"context"
	"fmt"
	"slices"

	"github.com/knowhave/factor"
)

// options returns the possible steps, in a fixed order.
func (s *schedule) options() []option {
	s.can = s.can[:0]
	stored := s.version()
	for i, t := range s.threads {
		switch {
		case s.startsLater(i):
			// Equal operations start in order: other orders are the same schedules
			// under other names.
		case t.state == fresh:
			s.can = append(s.can, option{step{int8(i), none}, nothing, true})
		case t.state == asking && !(s.mode.atomic && s.mustWait(i)):
			s.offer(t, stored)
		}
	}
	if s.occupier != nil && s.occupier.state == asking {
		s.can = append(s.can, option{step{leaving, none}, nothing, true})
	}
	s.offerLanding(stored)
	if len(s.can) > 0 && s.mode.faults && s.faulty < 0 {
		s.offerHangUps()
	}
	return s.can
}

// offerLanding adds the landing of the late write.
func (s *schedule) offerLanding(stored int64) {
	switch {
	case s.late == nil:
	case s.late.old == stored || s.late.old == 0:
		s.can = append(s.can, option{step{landing, none}, writes, false})
	default:
		s.late = nil // its version never comes back
	}
}

// offerHangUps adds the hang-ups of the threads that wait for a lock.
func (s *schedule) offerHangUps() {
	for i, t := range s.threads {
		if t.state == blocked && !s.waits(t) {
			s.can = append(s.can, option{step{int8(i), cancels}, nothing, true})
		}
	}
}

// startsLater reports whether an equal operation is to start before the i-th.
func (s *schedule) startsLater(i int) bool {
	return !s.mode.atomic && !s.mode.every && i > 0 && s.ops[i] == s.ops[i-1] &&
		s.threads[i].firstTouch < 0 && s.threads[i-1].firstTouch < 0
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

// offer adds the possible steps of a thread's call.
func (s *schedule) offer(t *thread, stored int64) {
	// A swap from a version that is gone for good fails whatever others do. One
	// from nothing may succeed again after a removal.
	viable := t.ask.call == swap && t.ask.old == stored
	c := offered{s, t, reads}
	switch {
	case viable && (t.ask.old != 0 || !t.ask.next.IsZero()):
		c.plain = writes
	case t.ask.call == swap && !viable && t.ask.old != 0:
		c.plain = nothing
	}
	if s.isGhost(t) && t.ask.call == swap {
		c.add(c.plain, diesAfter)
		return
	}
	c.add(c.plain, none)
	switch {
	case !s.mode.faults || s.faulty >= 0:
	case s.mode.atomic:
		c.addCuts()
	default:
		c.addFaults(viable)
	}
}

// An offered is a thread's call, with its effect on the store.
type offered struct {
	*schedule
	thread *thread
	plain  touch
}

// add adds the call with each of the faults.
func (c offered) add(u touch, faults ...fault) {
	for _, f := range faults {
		c.can = append(c.can, option{step{int8(c.thread.pos), f}, u, c.mode.together && c.locks(c.thread)})
	}
}

// addCuts adds the faults that cut an operation short between two updates.
func (c offered) addCuts() {
	switch {
	case c.thread.ask.call == swap:
		c.add(c.plain, diesAfter)
	case c.thread.firstTouch < 0:
		c.add(nothing, dies)
		c.addHangUps()
	default:
		c.add(nothing, fails)
		c.add(c.plain, cancels)
		c.addHangUps()
	}
}

// addFaults adds all faults.
func (c offered) addFaults(viable bool) {
	c.add(nothing, fails, dies)
	c.add(c.plain, cancels)
	if c.thread.ask.call == load && c.older.Version != c.newest.Version {
		c.add(c.plain, stale)
	}
	c.addHangUps()
	if viable {
		c.add(c.plain, failsAfter, diesAfter, conflicts)
	}
	if viable || c.thread.ask.call == swap && c.thread.ask.old == 0 {
		c.add(nothing, failsLate, diesLate)
	}
}

// addHangUps adds those after a load.
func (c offered) addHangUps() {
	if c.thread.ask.call != load {
		return
	}
	c.add(c.plain, cancelsAfter)
	if slices.Contains(c.ops[c.thread.pos].judges, factor.KindPassword) {
		c.add(c.plain, cancelsInCheck)
	}
}

func (s *schedule) version() int64 {
	r, err := s.store.Load(context.Background(), user)
	if err != nil {
		panic(fmt.Sprint("explore: the store in memory fails: ", err))
	}
	return r.Version
}

// isGhost reports whether a thread doubles another.
func (s *schedule) isGhost(t *thread) bool { return s.mode.ghost && t.pos == len(s.ops)-1 }
