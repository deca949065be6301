package explore

import (
	"context"
	"testing/synctest"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/keylock"
)

// Threads that share a process share its locks, and with them loads, swaps and
// records. A thread may then be blocked without calling the store. So the scheduler
// waits until the whole process stands still, and lets the threads that a step has
// woken go on one at a time, in order: the same steps are the same schedule.
//
// A call that comes while the user's lock is held is a separate step, because it
// decides the order in the queue and who shares a swap with whom. At the start the
// occupier holds the lock: a further call whose only load fails, and which leaves
// no trace. While it stays, all others queue; when it leaves, they make a batch. It
// exists if two operations could share a batch.

// locks reports whether a thread's operation takes locks, or waits to be woken by
// another's.
func (s *schedule) locks(t *thread) bool {
	return t == s.occupier || !s.ops[t.pos].reads || s.ops[t.pos].waits
}

// waits reports whether a thread's operation lets time pass.
func (s *schedule) waits(t *thread) bool { return t != s.occupier && s.ops[t.pos].waits }

// threadAt returns a thread by its place; the occupier's is the last.
func (s *schedule) threadAt(pos int) *thread {
	if pos == len(s.ops) && s.occupier != nil {
		return s.occupier
	}
	return s.threads[pos]
}

// occupying is the occupier's operation.
var occupying = &operation{name: "occupier", run: func(c *caller) answer {
	return matched(c.p.V.VerifyOTP(c.ctx, user, wrongCode, factor.KindLogin))
}}

// occupy lets the occupier take the user's lock.
func (s *schedule) occupy() {
	s.occupier = nil
	sharing := 0
	for _, op := range s.ops {
		if op.shares() || op.guards { // a proof of a reset must not share one
			sharing++
		}
	}
	if s.mode.together && sharing > 1 {
		s.occupier = s.newThread(len(s.ops))
		s.startThread(s.occupier, occupying)
	}
}

// traced returns the context in which a thread reports that it was woken.
func (s *schedule) traced(t *thread) context.Context {
	ctx := context.Background()
	if !s.mode.together {
		return ctx
	}
	return keylock.WithTrace(ctx, &keylock.Trace{
		Waits: func() { t.events <- event{pos: t.pos, waits: true} },
		Woken: func() {
			t.events <- event{pos: t.pos, woken: true}
			<-t.wake
		},
	})
}

// settle waits until no thread can go on without a step.
func (s *schedule) settle() {
	for {
		synctest.Wait()
		for len(s.events) > 0 {
			s.heard(<-s.events)
		}
		switch next := s.first(woken); {
		case next != nil:
			next.state = running
			s.src.current = next.draws
			next.wake <- struct{}{}
		case s.first(running) != nil:
			s.heard(<-s.events) // it sleeps: the time passes
		default:
			return
		}
	}
}

// first returns the first thread in a state, nil if there is none.
func (s *schedule) first(state threadState) *thread {
	for _, u := range s.threads {
		if u.state == state {
			return u
		}
	}
	if s.occupier != nil && s.occupier.state == state {
		return s.occupier
	}
	return nil
}

// markBehind marks the threads that may share the fault of a thread's call, because
// their jobs may be in its swap.
func (s *schedule) markBehind(t *thread, f fault) {
	for _, u := range s.threads {
		shared := s.ops[t.pos].shares() && s.ops[u.pos].shares() && (t.swapped || t.ask.call == swap)
		u.behind = u.behind || u.state == blocked && shared && !f.cancel()
	}
}

// hangUpBlocked ends the context of a thread that waits for a lock. The thread may
// not notice, if its outcome is stored in any case.
func (s *schedule) hangUpBlocked(t *thread, o option) {
	s.faulty, s.fault = t.pos, o.fault
	s.note("%-14v while it waits for a lock", o.step)
	t.cancelled = true
	t.cancel()
	s.settle()
	s.noteAnswer(t)
}

// checkReturned records the threads that wait for ever.
func (s *schedule) checkReturned() {
	for _, t := range s.threads {
		if t.state != ended {
			s.broken = append(s.broken, breach{"every call returns", s.ops[t.pos].name})
		}
	}
}

// finishTogether ends the threads that still run, and the process with them.
func (s *schedule) finishTogether() {
	over := s.killAsking()
	for _, t := range s.threads {
		t.cancel()
	}
	if s.occupier != nil {
		s.occupier.cancel()
	}
	s.settle()
	over = s.killAsking() || over
	for _, t := range s.threads {
		over = over || t.killed
	}
	if over {
		s.lab.together.leaveAll()
	}
}

// killAsking kills the threads that call the store, until none does, and reports
// whether there were any.
func (s *schedule) killAsking() (any bool) {
	for {
		t := s.nextAsking()
		if t == nil {
			return any
		}
		any, t.killed = true, t.killed || t.state != ended // or somebody asks on its behalf
		s.reply(t, reply{die: true})
	}
}

func (s *schedule) nextAsking() *thread {
	for _, t := range s.threads {
		if t.waiting {
			return t
		}
	}
	if s.occupier != nil && s.occupier.waiting {
		return s.occupier
	}
	return nil
}
