package model

import (
	"errors"
	"fmt"
	"slices"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
	"pgregory.net/rapid"
)

// sweep runs Sweep, and compares what it did for each user.
func (m *machine) sweep(*rapid.T) {
	a := m.act(spec.Sweep, given{})
	c := a.Call
	c.Host.Wipe = m.host.wipes()
	m.host.mail.says(&c.Host)
	o := m.do(fmt.Sprintf("%s%s()", a.view, c.Op), &c, nil)
	if m.malformed(o, &c) {
		return
	}
	want := swept{telling: newTelling()}
	for _, name := range m.names {
		m.sweepUser(o, &c, m.users[name], &want)
	}
	m.sweptEvents(o, want.events)
	m.sweptNotices(o, want.telling)
	if wipes := wipesIn(want.events); o.Count != want.changed || len(o.wipes) != wipes {
		m.t.Fatalf("%s: says it changed %d users, want %d; called Wipe %d times, want %d", o.label, o.Count, want.changed, len(o.wipes), wipes)
	}
	switch {
	case errors.Is(o.Err, errWipe) != (want.failed > 0 && m.host.wipeMode == "error"),
		errors.Is(o.Err, factor.ErrUnsealed) != (want.unopened > 0):
		m.t.Fatalf("%s: answered %q with %d wipes failed and %d records that do not open", o.label, describe(o.Err), want.failed, want.unopened)
	}
	for _, c := range o.complaints {
		m.t.Fatalf("%s: %s", o.label, c)
	}
}

// malformed reports whether a call about everybody is malformed, and checks that it
// was refused without a call of the store.
func (m *machine) malformed(o *observed, c *spec.Call) bool {
	m.t.Helper()
	if len(m.cfg.spec.Malformed(c)) == 0 {
		return false
	}
	if !errors.Is(o.Err, factor.ErrMalformed) || len(o.Users) > 0 || o.Count > 0 || len(o.touched) > 0 || len(o.events) > 0 {
		m.t.Fatalf("%s: answered %q, with %d store calls", o.label, describe(o.Err), sum(o.touched))
	}
	return true
}

// swept is what a Sweep must have done for all users together.
type swept struct {
	events   []spec.Event
	changed  int // users
	failed   int // wipes
	unopened int // records that were due and do not open
	*telling
}

// sweepUser adds to want what the Sweep must have done for a user, and compares the
// user's stored record.
func (m *machine) sweepUser(o *observed, c *spec.Call, u *user, want *swept) {
	isDue := func() bool { return u.due != 0 && u.due <= m.time() }
	if m.sealed(u) {
		want.unopened += count(isDue())
		want.says[u.name] = said{unopened: isDue()}
		m.stored(o, u, u.state)
		return
	}
	m.last++
	c.Notice, c.Failed = noticesOf(m.last), want.telling.failed
	next, out := m.cfg.spec.Run(u.state, m.time(), c)
	if isDue() {
		want.telling.add(u.name, out)
	}
	want.events = append(want.events, out.Events...)
	want.changed += out.Answer.Count
	want.failed += count(out.Answer.Err == spec.WipePending)
	for _, w := range o.wipes {
		if w.User == u.name {
			m.wiped(o, u, w, next)
		}
	}
	m.stored(o, u, next)
	left := next.Notices != spec.Notices{} && (!m.cfg.notify || len(out.Tells) == 0)
	if next.Stored && isDue() && !left {
		m.t.Fatalf("%s: leaves %q due at %s, now is %s", o.label, u.name, u.due.Time(), m.now)
	}
}

// sweptEvents compares the events of a Sweep.
func (m *machine) sweptEvents(o *observed, want []spec.Event) {
	var got []spec.Event
	for _, e := range o.events {
		if u := m.users[e.User]; u == nil || !e.At.Equal(m.now) {
			m.t.Fatalf("%s: event %s of %q", o.label, e.Action, e.User)
		}
		got = append(got, translate.Event(e))
	}
	if !slices.Equal(got, want) {
		m.t.Fatalf("%s: events %+v, want %+v", o.label, got, want)
	}
}
