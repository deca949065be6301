package model

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// check is the invariant: the status of every user is what the model says, and
// asking for it writes nothing.
func (m *machine) check() {
	m.t.Helper()
	for _, name := range m.names {
		m.compareStatus(name)
	}
}

func (m *machine) compareStatus(name string) {
	m.t.Helper()
	var got factor.Status
	quiet := m.host.last
	o := newObserved("")
	m.host.o = o
	got, err := m.admin.Status(context.Background(), name)
	m.host.o, m.host.last = newObserved(""), quiet
	wantErr, want := "ok", m.statusText(m.users[name])
	if m.sealed(m.users[name]) {
		wantErr, want = "unsealed", statusText(factor.Status{})
	}
	if describe(err) != wantErr {
		m.t.Fatalf("Status(%q): answered %q, want %q", name, describe(err), wantErr)
	}
	if text := statusText(got); text != want {
		m.t.Fatalf("Status(%q) is\n%s\nwant\n%s\nat %s", name, text, want, stamp(m.now))
	}
	if got.Wipe != nil && got.Wipe.ID != m.users[name].wipe.ID {
		m.t.Fatalf("Status(%q): the wipe has another ID than Options.Wipe was told", name)
	}
	if o.loads[name] != 1 || len(o.touched) != 1 || sum(o.swaps) != 0 || len(o.events) != 0 {
		m.t.Fatalf("Status(%q): %v loads, %v swaps, %d events", name, o.loads, o.swaps, len(o.events))
	}
}

// statusText writes a status in one order and without anything random.
func statusText(s factor.Status) string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf("\t"+format, args...)) }
	for _, d := range s.Devices {
		add("device %s enrolled %s used %s", deviceName(d.ID), stamp(d.EnrolledAt), stamp(d.UsedAt))
	}
	for _, k := range s.Live {
		add("live %s", k)
	}
	for _, b := range s.Budgets {
		add("budget %s wrong %d locked %v until %s", b.Kind, b.Wrong, b.Locked, stamp(b.Until))
	}
	slices.Sort(lines)
	add("pin %v authenticator %v pending %v strikes %d", s.PIN, s.Authenticator, s.AuthenticatorPending, s.Strikes)
	if w := s.Wipe; w != nil {
		add("wipe %q %s at %s, with an ID: %v", w.User, w.Reason, stamp(w.At), w.ID != uuid.Nil)
	}
	add("wipe pending %v", s.WipePending)
	return strings.Join(lines, "\n")
}

// statusText is what the model says the status is.
func (m *machine) statusText(u *user) string {
	s := factor.Status{PIN: u.pin != "", Authenticator: u.auth != nil, AuthenticatorPending: m.livePending(u) != nil, Strikes: u.strikes}
	for _, d := range u.devices {
		s.Devices = append(s.Devices, factor.Device{ID: d.id, EnrolledAt: d.enrolled, UsedAt: d.used})
	}
	for _, k := range kinds {
		if m.liveCode(u, k) != nil {
			s.Live = append(s.Live, k)
		}
		if n := u.budgets[k].wrong; n > 0 {
			locked, until := m.locked(u, k)
			s.Budgets = append(s.Budgets, factor.Budget{Kind: k, Wrong: n, Locked: locked, Until: until})
		}
	}
	if u.wipe != nil {
		s.Strikes, s.Wipe, s.WipePending = m.cfg.strikes+1, &u.wipe.Wipe, u.wipe.pending
	}
	return statusText(s)
}
