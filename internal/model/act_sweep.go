package model

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/knowhave/factor"
	"pgregory.net/rapid"
)

// sweep runs Sweep. Which users it may leave alone is not the model's to say,
// so it takes from the store whom it wrote, and checks that those it had to
// write are among them and that nothing happened but what was due.
func (m *machine) sweep(*rapid.T) {
	var n int
	o := m.do(func(ctx context.Context) (err error) {
		n, err = m.admin.Sweep(ctx)
		return err
	}, "Admin.Sweep()")

	o.sweeps = true
	s := &sweeping{machine: m, o: o, e: &expectation{}}
	for _, name := range m.names {
		s.user(m.users[name])
	}
	s.errors()
	s.events()
	if n < s.changed-s.failed || n > s.changed {
		m.t.Fatalf("%s: says it changed %d users, want %d (or %d without the wipes that failed)",
			o.label, n, s.changed, s.changed-s.failed)
	}
	for _, c := range o.complaints {
		m.t.Fatalf("%s: %s", o.label, c)
	}
	m.settle()
	for _, name := range m.names {
		if r := m.users[name].record; r.present && !m.sealed(m.users[name]) && !r.due.IsZero() && !r.due.After(m.now) {
			m.t.Fatalf("%s: leaves %q due at %s, now is %s", o.label, name, stamp(r.due), stamp(m.now))
		}
	}
}

type sweeping struct {
	*machine
	o                *observed
	e                *expectation // its events
	changed          int
	failed, unopened int
}

// user checks what the sweep did to one user.
func (s *sweeping) user(u *user) {
	_, written := s.o.written[u.name]
	switch {
	case !u.record.present && written:
		s.t.Fatalf("%s: wrote %q, who has no record", s.o.label, u.name)
	case !u.record.present:
		return
	case s.sealed(u):
		if written {
			s.t.Fatalf("%s: wrote %q, whose record does not open", s.o.label, u.name)
		}
		if s.isDue(u) {
			s.unopened++
		}
		return
	}
	must, remove := s.mustWrite(u), u.record.empty && !s.now.Before(u.record.written.Add(emptyLinger))
	s.wipe(u)
	if written {
		s.changed++
	}
	switch {
	case (must || remove) && !written:
		s.t.Fatalf("%s: left %q alone, which was due", s.o.label, u.name)
	case remove && !s.o.removed[u.name]:
		s.t.Fatalf("%s: left the empty record of %q", s.o.label, u.name)
	case s.o.removed[u.name]:
		s.tidy(u)
		if !u.isEmpty() || s.now.Before(u.record.written.Add(emptyLinger)) {
			s.t.Fatalf("%s: removed the record of %q, empty: %v, last written %s", s.o.label, u.name, u.isEmpty(), stamp(u.record.written))
		}
		u.erase()
	}
}

func (s *sweeping) isDue(u *user) bool {
	return !u.record.due.IsZero() && !u.record.due.After(s.now)
}

// mustWrite says whether something of the user's has expired.
func (s *sweeping) mustWrite(u *user) bool {
	over := func(end time.Time) bool { return !end.After(s.now) }
	for _, c := range u.live {
		if over(c.ends) {
			return true
		}
	}
	return u.pending != nil && over(u.pending.ends) || s.mustWipe(u)
}

// mustWipe says whether a pending wipe's time has come. A clock that was set
// back behind the last write may leave it for later.
func (s *sweeping) mustWipe(u *user) bool {
	return s.mayWipe(u) && !u.wipe.retry.After(s.now) && !u.record.written.After(s.now)
}

// mayWipe says whether a pending wipe is not held back by a backoff.
func (s *sweeping) mayWipe(u *user) bool {
	return u.wipe != nil && u.wipe.pending && !inForce(u.wipe.retry, s.now, maxBackoff)
}

// wipe checks that a pending wipe was run if its time had come, and only then.
func (s *sweeping) wipe(u *user) {
	var calls []factor.Wipe
	for _, w := range s.o.wipes {
		if w.User == u.name {
			calls = append(calls, w)
		}
	}
	if s.mustWipe(u) && len(calls) == 0 || len(calls) > 1 || len(calls) == 1 && !s.mayWipe(u) {
		s.t.Fatalf("%s: called Wipe %d times for %q, pending: %v", s.o.label, len(calls), u.name, u.wipe != nil && u.wipe.pending)
	}
	if len(calls) == 0 {
		return
	}
	if !s.runWipe(s.e, &observed{label: s.o.label, wipes: append(slices.Repeat([]factor.Wipe{{}}, s.e.wipes), calls...)}, u) {
		s.failed++
		u.wipe.retry = s.now.Add(min(time.Minute<<min(u.wipe.fails, 10), maxBackoff))
		u.wipe.fails++
	}
}

// errors checks that every failure is in the joined error and nothing else.
func (s *sweeping) errors() {
	s.t.Helper()
	wantFault := s.failed > 0 && s.host.wipeMode == "error"
	switch {
	case errors.Is(s.o.err, errWipe) != wantFault,
		errors.Is(s.o.err, factor.ErrUnsealed) != (s.unopened > 0),
		(s.o.err != nil) != (s.failed+s.unopened > 0):
		s.t.Fatalf("%s: answered %q with %d wipes failed and %d records that do not open",
			s.o.label, describe(s.o.err), s.failed, s.unopened)
	}
}

// events checks that there are none but those of wipes.
func (s *sweeping) events() {
	var got, want []string
	for _, ev := range s.o.events {
		if u := s.users[ev.User]; u == nil || u.wipe == nil || !ev.At.Equal(s.now) {
			s.t.Fatalf("%s: event %s of %q", s.o.label, ev.Action, ev.User)
		}
		got = append(got, event(ev.Action, ev.Kind, ev.Device, ev.Remaining, ev.Until))
	}
	for _, alternatives := range s.e.events {
		want = append(want, alternatives[0])
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.t.Fatalf("%s: events %q, want %q", s.o.label, got, want)
	}
}
