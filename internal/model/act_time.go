package model

import (
	"slices"
	"time"

	"pgregory.net/rapid"
)

// A call is one of the things a run does.
type call struct {
	name string
	run  func(*rapid.T)
}

// GoString returns the name, for the log.
func (c call) GoString() string { return c.name }

// actions returns what rapid repeats: one call, drawn by weight.
func (m *machine) actions() map[string]func(*rapid.T) {
	var calls []call
	add := func(weight int, name string, run func(*rapid.T)) {
		calls = append(calls, slices.Repeat([]call{{name, run}}, weight)...)
	}
	pinWeight := 3
	if m.env.RarePINs {
		pinWeight = 1
	}
	add(6, "VerifyOTP", m.verifyOTP)
	add(pinWeight, "VerifyPIN", m.verifyPIN)
	add(2, "VerifyPassword", m.verifyPassword)
	add(3, "VerifyAny", m.verifyAny)
	add(pinWeight, "PINs.Set", m.setPIN)
	add(1, "PINs.Remove", m.removePIN)
	add(1, "PINs.IsSet", m.isSet)
	add(1, "PINs.Wait", m.wait)
	add(2, "Issue", m.issue)
	add(4, "IssueUnproven", m.issueUnproven)
	add(5, "Enroll", m.enroll)
	add(1, "Devices", m.listDevices)
	add(1, "Revoke", m.revoke)
	add(2, "Begin", m.begin)
	add(3, "Confirm", m.confirm)
	add(1, "RemoveAuthenticator", m.removeAuth)
	add(6, "Prove", m.prove)
	add(1, "Forfeit", m.forfeit)
	add(1, "WipeFunction", m.breakWipe)
	add(1, "Admin.Unlock", m.unlock)
	add(1, "Admin.Status", m.status)
	add(2, "Admin.SetPIN", m.adminSetPIN)
	add(1, "Admin.RemovePIN", m.adminRemovePIN)
	add(1, "Admin.RemoveAuthenticator", m.adminRemoveAuth)
	add(1, "Admin.RevokeDevice", m.adminRevoke)
	add(1, "Admin.Forget", m.forget)
	add(1, "Admin.Reseal", m.reseal)
	add(2, "Admin.Import", m.imports)
	add(1, "Admin.Users", m.listUsers)
	add(3, "Admin.Sweep", m.sweep)
	add(1, "Hammer", m.hammer)
	add(1, "UseMany", m.useMany)
	add(5, "Clock", m.moveClock)
	add(4, "ClockTo", m.moveTo)
	add(1, "ClockFar", m.moveFar)
	add(1, "Restart", m.restarted)
	add(1, "Rotate", m.rotate)
	return map[string]func(*rapid.T){
		"":     func(*rapid.T) { m.check() },
		"call": func(t *rapid.T) { pick(t, "call", calls...).run(t) },
	}
}

const year = 365 * 24 * time.Hour

// moveClock moves the clock on, as time does.
func (m *machine) moveClock(t *rapid.T) {
	m.move(pick(t, "by", time.Millisecond, time.Second, 14*time.Second, 30*time.Second, 30*time.Second,
		time.Minute, time.Minute, 2*time.Minute, 2*time.Minute, 5*time.Minute, 11*time.Minute, time.Hour, 25*time.Hour, 40*24*time.Hour))
}

// moveFar makes the clock jump, as one does that is set.
func (m *machine) moveFar(t *rapid.T) {
	m.move(pick(t, "by", -time.Second, -40*time.Second, -3*time.Minute, -time.Hour, -26*time.Hour, -10*year, 10*year))
}

func (m *machine) move(by time.Duration) {
	to := m.now.Add(by)
	if to.Year() < 1990 || to.Year() > 2100 {
		return
	}
	m.setNow(to)
	m.t.Logf("clock: %v, now %s", by, stamp(m.now))
}

// moveTo moves the clock to an instant at which something ends or begins, or to
// the last millisecond before.
func (m *machine) moveTo(t *rapid.T) {
	var instants []time.Time
	add := func(at time.Time) {
		if !at.IsZero() {
			instants = append(instants, at)
		}
	}
	for _, name := range m.names {
		u := m.users[name]
		for _, k := range kinds {
			if c := u.live[k]; c != nil {
				add(c.ends)
			}
			for _, c := range u.spent[k] {
				add(c.ends)
			}
			add(u.budgets[k].until)
			add(u.issueEnds[k])
		}
		for _, d := range u.devices {
			add(d.enrolled.Add(m.cfg.minAge))
		}
		if u.pin != "" {
			add(u.pinSince.Add(m.cfg.minAge))
		}
		if u.pending != nil {
			add(u.pending.ends)
		}
		if u.wipe != nil {
			add(u.wipe.retry)
		}
		if u.record.present {
			add(u.record.written.Add(emptyLinger))
		}
		add(u.guardEnds)
		add(u.record.due)
	}
	if len(instants) == 0 {
		return
	}
	to := pick(t, "to", instants...).Truncate(time.Millisecond)
	if rapid.Bool().Draw(t, "just before") {
		to = to.Add(-time.Millisecond)
	}
	m.setNow(to)
	m.t.Logf("clock: to %s", stamp(m.now))
}
