package explore

import (
	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// A lab is what the schedules of one starting state share.
type lab struct {
	newVerifier NewVerifier
	src         *source
	start       *start
	prober      *prober
	// seats holds a process for each thread. It serves for schedule after
	// schedule, until a thread of it dies.
	seats [4]*seat
	under *schedule // the one that runs
	ghost int       // whom the ghost doubles
}

type seat struct {
	*process
	gate gate
	work chan func() // done one after the other, on a stack that has grown
}

func (l *lab) close() {
	for pos := range l.seats {
		l.leave(pos)
	}
}

// leave ends what a seat keeps going.
func (l *lab) leave(pos int) {
	if l.seats[pos] != nil {
		close(l.seats[pos].work)
		l.seats[pos] = nil
	}
}

// newLab makes the starting state and what is needed to run schedules from it.
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
func (l *lab) seatOf(t *thread) *seat {
	at := l.seats[t.pos]
	if at == nil {
		at = &seat{work: make(chan func())}
		h := &host{
			now: now, registered: now.Add(-l.start.registered), wipeFails: l.start.wipeFails,
			wiping:   func(w factor.Wipe, err error) { l.under.asked(w, err) },
			seeing:   func(e factor.Event) { l.under.saw(at.gate.thread, e) },
			checking: func() { at.gate.thread.checking() },
		}
		var err error
		if at.process, err = newProcess(l.newVerifier, &at.gate, h, l.start.change); err != nil {
			panic(err) // the same options served before
		}
		l.seats[t.pos] = at
		go func() {
			for work := range at.work {
				work()
			}
		}()
	}
	at.gate.thread = t
	return at
}

// asked is told that the host was asked to wipe.
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

// saw is told of an event.
func (s *schedule) saw(t *thread, e factor.Event) {
	switch e.Action {
	case factor.ActionLocked, factor.ActionRefused, factor.ActionResetRefused, factor.ActionWipeFailed:
	default:
		if t.lastWrite < 0 {
			s.broken = append(s.broken, breach{"an event is reported only after its effect is stored", string(e.Action)})
		}
	}
	s.note("  event: %s %s", e.Action, e.Kind)
}
