package explore

import (
	"context"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// A lab holds what the schedules of one starting state share.
type lab struct {
	newVerifier NewVerifier
	src         *source
	start       *start
	prober      *prober
	// apart are the seats of threads in separate processes, and together those in
	// one.
	apart, together seats
	under           *schedule // the one that runs
	ghost           int       // whom the ghost doubles
	tells           bool      // the host offers Notify
}

// seats holds one for each thread. Schedules reuse them until a thread of the
// process dies.
type seats [4]*seat

type seat struct {
	*process
	gate *gate
	work chan func() // done one after the other, on a stack that has grown
}

func (l *lab) close() {
	l.apart.leaveAll()
	l.together.leaveAll()
}

func (s *seats) leaveAll() {
	for pos := range s {
		s.leave(pos)
	}
}

// leave ends what a seat keeps going.
func (s *seats) leave(pos int) {
	if s[pos] != nil {
		close(s[pos].work)
		s[pos] = nil
	}
}

// newLab makes the starting state and everything to run schedules from it.
func newLab(newVerifier NewVerifier, s *start, src *source) (*lab, error) {
	if err := s.prepare(newVerifier, src); err != nil {
		return nil, err
	}
	p, err := newProber(newVerifier, s, src)
	if err != nil {
		return nil, err
	}
	s.before = p.look(s.record, nil)
	return &lab{newVerifier: newVerifier, src: src, start: s, prober: p}, nil
}

// seatOf returns the seat of a thread.
func (s *schedule) seatOf(t *thread) *seat {
	all := &s.lab.apart
	if s.mode.together {
		all = &s.lab.together
	}
	at := all[t.pos]
	if at == nil {
		at = &seat{work: make(chan func())}
		at.process, at.gate = s.processFor(all)
		all[t.pos] = at
		go func() {
			for work := range at.work {
				work()
			}
		}()
	}
	if !s.mode.together || s.waits(t) {
		at.gate.thread = t
	}
	return at
}

// processFor returns the process of a new seat, beside others if the threads share
// one.
func (s *schedule) processFor(all *seats) (*process, *gate) {
	if s.mode.together {
		for _, beside := range all {
			if beside != nil {
				return beside.process, beside.gate
			}
		}
	}
	g := &gate{}
	l := s.lab
	h := &host{
		now: now, registered: now.Add(-l.start.registered), wipeFails: l.start.wipeFails,
		wiping:   func(w factor.Wipe, err error) { l.under.asked(w, err) },
		seeing:   func(ctx context.Context, e factor.Event) { l.under.saw(g.threadOf(ctx), e) },
		checking: func(ctx context.Context) { g.threadOf(ctx).checking() },
	}
	if l.tells {
		h.telling = func(n factor.Notice) { l.under.told(n) }
	}
	p, err := newProcess(l.newVerifier, g, h, l.start.change)
	if err != nil {
		panic(err) // the same options served before
	}
	return p, g
}

// asked is called when the host runs a wipe.
func (s *schedule) asked(w factor.Wipe, err error) {
	if s.wiped == nil {
		s.wiped = make(map[uuid.UUID]bool)
	}
	s.wiped[w.ID] = s.wiped[w.ID] || err == nil
	marked := false
	for _, data := range s.landed {
		marked = marked || holds(data, w.ID)
	}
	if !marked {
		s.broken = append(s.broken, breach{"a wipe is asked for only after it is marked in the store", string(w.Reason)})
	}
	s.note("  the host is asked to wipe (%s): %v", w.Reason, err)
}

// saw is called for each event.
func (s *schedule) saw(t *thread, e factor.Event) {
	switch e.Action {
	case factor.ActionLocked, factor.ActionRefused, factor.ActionResetRefused, factor.ActionWipeFailed:
	default:
		if t.lastWrite < 0 && !t.carried {
			s.broken = append(s.broken, breach{"an event is reported only after its effect is stored", string(e.Action)})
		}
	}
	s.note("  event: %s %s", e.Action, e.Kind)
}
