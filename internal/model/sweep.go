package model

import (
	"errors"
	"slices"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
	"pgregory.net/rapid"
)

// sweep runs Sweep, and compares what it did for each user.
func (m *machine) sweep(*rapid.T) {
	c := spec.Call{Op: spec.Sweep, Host: spec.Host{Wipe: m.host.wipes()}}
	o := m.do("Admin.Sweep()", &c, nil)
	var events []spec.Event
	changed, failed, unopened := 0, 0, 0
	for _, name := range m.names {
		u := m.users[name]
		if m.sealed(u) {
			if u.due != 0 && u.due <= m.time() {
				unopened++
			}
			m.stored(o, u, u.state)
			continue
		}
		next, out := m.cfg.spec.Run(u.state, m.time(), &c)
		events = append(events, out.Events...)
		changed += out.Answer.Count
		failed += count(out.Answer.Err == spec.WipePending)
		for _, w := range o.wipes {
			if w.User == name {
				m.wiped(o, u, w, next)
			}
		}
		m.stored(o, u, next)
		if due := u.due; next.Stored && due != 0 && due <= m.time() {
			m.t.Fatalf("%s: leaves %q due at %s, now is %s", o.label, name, due.Time(), m.now)
		}
	}
	var got []spec.Event
	for _, e := range o.events {
		if u := m.users[e.User]; u == nil || !e.At.Equal(m.now) {
			m.t.Fatalf("%s: event %s of %q", o.label, e.Action, e.User)
		}
		got = append(got, translate.Event(e))
	}
	if !slices.Equal(got, events) {
		m.t.Fatalf("%s: events %+v, want %+v", o.label, got, events)
	}
	if o.Count != changed || len(o.wipes) != wipesIn(events) {
		m.t.Fatalf("%s: says it changed %d users, want %d; called Wipe %d times, want %d", o.label, o.Count, changed, len(o.wipes), wipesIn(events))
	}
	switch {
	case errors.Is(o.Err, errWipe) != (failed > 0 && m.host.wipeMode == "error"),
		errors.Is(o.Err, factor.ErrUnsealed) != (unopened > 0),
		(o.Err != nil) != (failed+unopened > 0):
		m.t.Fatalf("%s: answered %q with %d wipes failed and %d records that do not open", o.label, describe(o.Err), failed, unopened)
	}
	for _, c := range o.complaints {
		m.t.Fatalf("%s: %s", o.label, c)
	}
}
