package explore

import (
	"context"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// maxSteps bounds a schedule. None has come near it.
const maxSteps = 300

// A chooser picks the next step among the possible ones; false ends the run.
type chooser func(options []option) (chosen option, ok bool)

// A schedule is one run of some operations from a starting state.
type schedule struct {
	*lab
	ops     []*operation
	mode    mode
	store   *memstore.Store
	threads []*thread
	// occupier holds the user's lock at the start, see together; nil in a mode
	// without it.
	occupier *thread
	events   chan event
	// late is the write that has not landed yet.
	late *ask
	can  []option
	// older is the record before the newest.
	older, newest factor.Record

	steps  int
	faulty int // the thread with the fault; -1: none
	fault  fault
	// landedLate: a late write was made.
	landedLate bool
	apart      bool        // a thread was overtaken between two of its calls
	current    int         // the thread of the last step
	mailed     []uuid.UUID // the notices that the user was told
	landed     [][]byte
	wiped      map[uuid.UUID]bool // calls of Wipe, and whether they succeeded
	broken     []breach           // seen during the run
	trace      func(format string, args ...any)
}

// A mode tells which schedules there are.
type mode struct {
	faults bool
	// atomic: nothing comes between a load and its swap, and the only faults cut an
	// operation short.
	atomic bool
	// ghost: the last thread dies once it has written, and counts as the one that
	// lab.ghost names.
	ghost bool
	// every: equal operations start in every order.
	every bool
	// together: all threads are in one process.
	together bool
	// absent are the threads that never begin, as bits.
	absent uint8
}

// An ending tells how the run of a schedule ended.
type ending uint8

const (
	complete  ending = iota
	redundant        // the chooser gave it up
	cutOff           // it was longer than maxSteps
)

// run runs one schedule.
func (s *schedule) run(choose chooser) ending {
	s.store, s.events = s.start.on(), make(chan event, 16)
	s.threads, s.late, s.landed = s.threads[:0], nil, append(s.landed[:0], s.start.record.Data)
	s.steps, s.faulty, s.fault, s.apart, s.current = 0, -1, none, false, -1
	s.older, s.newest = s.start.record, s.start.record
	s.landedLate, s.wiped, s.broken, s.mailed = false, nil, nil, s.mailed[:0]
	s.under = s
	defer s.finish()
	s.begin()
	for {
		options := s.options()
		if len(options) == 0 {
			s.checkReturned()
			return complete
		}
		chosen, ok := choose(options)
		if !ok {
			return redundant
		}
		if s.steps++; s.steps > maxSteps {
			return cutOff
		}
		s.take(chosen)
	}
}

// begin starts all threads except those that a step starts.
func (s *schedule) begin() {
	s.occupy()
	for i := range s.ops {
		t := s.newThread(i)
		s.threads = append(s.threads, t)
		switch {
		case s.mode.absent&(1<<i) != 0:
			t.state, t.killed = ended, true
		case s.mode.together && s.locks(t):
			t.state = fresh
		default:
			s.startThread(t, s.ops[i])
		}
	}
}

func (s *schedule) newThread(pos int) *thread {
	return &thread{
		pos: pos, events: s.events, replies: make(chan reply), wake: make(chan struct{}), draws: newStream(uint64(pos + 1)),
		firstTouch: -1, lastWrite: -1, endedAt: -1, cancel: func() {},
	}
}

// startThread starts a thread.
func (s *schedule) startThread(t *thread, op *operation) {
	t.state = running
	s.src.current = t.draws
	at := s.seatOf(t)
	c := caller{p: at.process, held: s.start.held, pos: t.pos}
	if s.isGhost(t) {
		c.pos = s.ghost
	}
	t.start(s.traced(t), op, at, c)
	s.await(t)
}

// take takes one step.
func (s *schedule) take(o option) {
	switch {
	case o.thread == landing:
		err := s.apply(context.Background(), s.threads[s.faulty], *s.late)
		s.note("* lands: %v", err)
		s.late, s.landedLate = nil, err == nil
	case o.thread == leaving:
		s.note("- leaves")
		s.reply(s.occupier, reply{err: errFault})
	case s.threads[o.thread].state == fresh:
		t := s.threads[o.thread]
		s.note("%-14v begins", o.step)
		t.firstTouch = s.steps
		s.startThread(t, s.ops[t.pos])
		s.noteAnswer(t)
	case s.threads[o.thread].state == blocked:
		s.hangUpBlocked(s.threads[o.thread], o)
	default:
		s.grant(o)
	}
}

// grant makes a thread's call.
func (s *schedule) grant(o option) {
	if s.current >= 0 && s.current != int(o.thread) && s.threads[s.current].state == asking && s.threads[s.current].firstTouch >= 0 {
		s.apart = true
	}
	s.current = int(o.thread)
	t := s.threads[o.thread]
	if o.fault != none && !s.mode.ghost {
		s.faulty, s.fault = t.pos, o.fault
	}
	if t.firstTouch < 0 {
		t.firstTouch = s.steps
	}
	t.conflicted = false
	if o.fault != none {
		s.markBehind(t, o.fault)
	}
	t.swapped = t.swapped || t.ask.call == swap
	t.removing = t.removing || o.fault != none && !o.fault.cancel() && t.ask.call == swap && t.ask.old != 0 && t.ask.next.IsZero()
	r := s.make(t, o.fault)
	s.note("%-14v %s: %v", o.step, t.ask, r)
	s.reply(t, r)
	s.noteAnswer(t)
}

// reply lets a thread run until it calls again or ends.
func (s *schedule) reply(t *thread, r reply) {
	t.waiting = false
	if t.state == asking {
		t.state = running
	}
	s.src.current = t.draws
	t.replies <- r
	s.await(t)
}

// make makes a thread's call of the store.
func (s *schedule) make(t *thread, f fault) (r reply) {
	switch f {
	case fails:
		return reply{err: errFault}
	case dies:
		t.killed = true
		return reply{die: true}
	case failsLate, diesLate:
		late := t.ask
		s.late = &late
		t.killed = f == diesLate
		return reply{err: errFault, die: t.killed}
	case cancels:
		t.hangUp()
	}
	switch t.ask.call {
	case load:
		r.record, r.err = s.store.Load(t.ask.ctx, t.ask.user)
	case list:
		r.users, r.err = s.store.List(t.ask.ctx, t.ask.after, t.ask.due, t.ask.limit)
	case swap:
		r.err = s.apply(t.ask.ctx, t, t.ask)
	}
	switch f {
	case failsAfter:
		r.err = errFault
	case diesAfter:
		t.killed, r.die = true, true
	case stale:
		r.record = s.older
	case cancelsAfter:
		t.hangUp()
	case cancelsInCheck:
		t.hangUpInCheck = true
	case conflicts:
		t.conflicted, r.err = true, factor.ErrConflict
	}
	return r
}

// apply makes a swap, for a thread or late.
func (s *schedule) apply(ctx context.Context, t *thread, a ask) error {
	err := s.store.CompareAndSwap(ctx, a.user, a.old, a.next)
	if err != nil {
		return err
	}
	s.landed = append(s.landed, a.next.Data)
	s.older, s.newest = s.newest, a.next
	t.lastWrite = s.steps
	for _, u := range s.threads {
		u.carried = u.carried || u.state == blocked
		u.overtaken = u.overtaken || u != t && u.conflicted
	}
	return nil
}

// await waits until a thread calls again or ends, or, in one process, until no
// thread can go on.
func (s *schedule) await(t *thread) {
	if s.mode.together {
		s.settle()
		return
	}
	for t.state == running {
		s.heard(<-s.events)
	}
}

// heard records a thread's event.
func (s *schedule) heard(e event) {
	u := s.threadAt(e.pos)
	switch {
	case e.ended:
		u.state, u.wrote, u.endedAt = ended, u.lastWrite >= 0 || u.carried, s.steps
	case e.waits:
		u.state = blocked
	case e.woken:
		u.state = woken
	case u.state != ended:
		u.state = asking
		fallthrough
	default:
		u.waiting = true
	}
}

// finish ends the threads that still run.
func (s *schedule) finish() {
	if s.mode.together {
		s.finishTogether()
		return
	}
	for _, t := range s.threads {
		for t.waiting { // or somebody on its behalf
			t.killed = true
			s.reply(t, reply{die: true})
		}
		t.cancel()
		if t.killed {
			s.lab.apart.leave(t.pos)
		}
	}
}

func (s *schedule) noteAnswer(t *thread) {
	if t.state == ended {
		s.note("%c answers %s", 'a'+t.pos, t.said())
	}
}

func (s *schedule) note(format string, args ...any) {
	if s.trace != nil {
		s.trace(format, args...)
	}
}
