package model

import (
	"slices"
	"strings"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"pgregory.net/rapid"
)

// A step is one action of a run.
type step struct {
	name string
	run  func(*machine, *rapid.T)
}

// GoString returns the name, for the log.
func (s step) GoString() string { return s.name }

// actions returns what rapid repeats: one step, drawn by weight.
func (m *machine) actions() map[string]func(*rapid.T) {
	var steps []step
	add := func(weight int, name string, run func(*machine, *rapid.T)) {
		steps = append(steps, slices.Repeat([]step{{name, run}}, weight)...)
	}
	for op, w := range ways {
		if m.env.RarePINs && (spec.Op(op) == spec.VerifyPIN || spec.Op(op) == spec.SetPIN) {
			w.weight = 1
		}
		add(w.weight, spec.Op(op).String(), w.run)
	}
	add(1, "WipeFunction", (*machine).breakWipe)
	add(1, "NotifyFunction", (*machine).breakNotify)
	add(1, "Flood", (*machine).flood)
	add(1, "Hammer", (*machine).hammer)
	add(1, "UseMany", (*machine).useMany)
	add(1, "IssueMany", (*machine).issueMany)
	add(1, "UseRecovery", (*machine).useRecovery)
	add(5, "Clock", (*machine).moveClock)
	add(4, "ClockTo", (*machine).moveTo)
	add(1, "ClockFar", (*machine).moveFar)
	add(1, "Restart", (*machine).restarted)
	add(1, "Rotate", (*machine).rotate)
	return map[string]func(*rapid.T){
		"":     func(*rapid.T) { m.check() },
		"call": func(t *rapid.T) { pick(t, "call", steps...).run(m, t) },
	}
}

const year = 365 * 24 * time.Hour

// moveClock moves the clock forward, as time does.
func (m *machine) moveClock(t *rapid.T) {
	m.move(pick(t, "by", time.Millisecond, time.Second, 14*time.Second, 30*time.Second, 30*time.Second,
		time.Minute, time.Minute, 2*time.Minute, 2*time.Minute, 5*time.Minute, 11*time.Minute, time.Hour, 25*time.Hour, 40*24*time.Hour))
}

// moveFar makes the clock jump.
func (m *machine) moveFar(t *rapid.T) {
	m.move(pick(t, "by", -time.Second, -40*time.Second, -3*time.Minute, -time.Hour, -26*time.Hour, -10*year, 10*year))
}

func (m *machine) move(by time.Duration) {
	to := m.now.Add(by)
	if to.Year() < 1990 || to.Year() > 2100 {
		return
	}
	m.setNow(to)
	m.t.Logf("clock: %v, now %s", by, m.now)
}

const tenMinutes = spec.Time(10 * time.Minute / time.Millisecond)

// moveTo moves the clock to a time at which something ends or begins, or to the
// last millisecond before.
func (m *machine) moveTo(t *rapid.T) {
	var instants []time.Time
	add := func(at spec.Time) {
		if at != 0 {
			instants = append(instants, at.Time())
		}
	}
	for _, name := range m.names {
		s, minAge := m.users[name].state, spec.Time(m.cfg.spec.Reset.MinAge/time.Millisecond)
		for _, k := range spec.IssuedKinds {
			c := s.Codes(k)
			add(c.Hold)
			for _, code := range append(c.Stale[:], c.Live[:]...) {
				add(code.Ends)
				if code.Ends != 0 {
					add(code.Ends + tenMinutes) // from when on it is not known any more
				}
			}
		}
		for _, b := range s.Budgets {
			add(b.Until)
		}
		for _, d := range m.users[name].devices() {
			add(d.EnrolledAt + minAge)
		}
		if s.PIN.Digits != "" {
			add(s.PIN.SetAt + minAge)
		}
		if s.Confirmed != 0 {
			add(s.Confirmed + minAge)
		}
		add(s.Protected)
		add(s.Waiting.Replaced.Ends)
		add(s.Waiting.Ends)
		add(s.Wipe.Retry)
		add(s.Guard.Hold)
		add(s.Notices.Retry)
		add(m.users[name].due)
	}
	if len(instants) == 0 {
		return
	}
	to := pick(t, "to", instants...)
	if rapid.Bool().Draw(t, "just before") {
		to = to.Add(-time.Millisecond)
	}
	m.setNow(to)
	m.t.Logf("clock: to %s", m.now)
}

// hammer repeats one wrong credential, each time as soon as it is judged, so that
// the locks grow to their longest and become final.
func (m *machine) hammer(t *rapid.T) {
	name, kind := literal(pick(t, "user", m.names...))[0], pickKind(t)
	if kind == spec.KindPIN {
		if m.env.RarePINs {
			return
		}
		if !m.someone(hasPIN) {
			m.adminSetPIN(t)
		}
		name = m.drawUserWho(t, hasPIN)
	}
	if m.users[name.text] == nil {
		return
	}
	defer m.fix(drawPurpose(t))()
	for range pick(t, "times", 3, 6, 12) {
		switch kind {
		case spec.KindPassword:
			m.verifyThisPassword(name, given{"a wrong password", "guess"})
		case spec.KindPIN:
			m.verifyThisPIN(name, literal("9753")[0])
		case spec.KindRecovery:
			m.verifyThis(name, literal("0000-0000-0000-0000")[0], []factor.Kind{factor.KindRecovery})
		default:
			m.verifyThis(name, literal("000000")[0], []factor.Kind{factor.Kind(kind.String())})
		}
		m.check()
		b := m.cfg.spec.View(m.users[name.text].state, m.time()).Budgets[kind]
		if b.Locked {
			m.giveRight(name, kind)
		}
		switch {
		case b.Locked && b.Until == 0:
			return
		case b.Locked:
			m.setNow(b.Until.Time())
			m.t.Logf("clock: to %s", m.now)
		}
	}
}

// giveRight gives a right credential of a kind, which a lock must keep from being
// judged.
func (m *machine) giveRight(name given, kind spec.Kind) {
	u := m.users[name.text]
	switch kind {
	case spec.KindPassword:
		m.verifyThisPassword(name, given{"the password", passwordOf(name.text)})
	case spec.KindPIN:
		if hasPIN(u) {
			m.verifyThisPIN(name, given{"the PIN " + u.state.PIN.Digits, u.state.PIN.Digits})
		}
	case spec.KindRecovery:
		if codes := m.recoveryOf(u); len(codes) > 0 {
			m.verifyThis(name, codes[0], []factor.Kind{factor.KindRecovery})
		}
	default:
		if fresh, _, _ := m.codesOf(u); len(fresh) > 0 {
			m.verifyThis(name, fresh[0], []factor.Kind{factor.Kind(kind.String())})
		}
	}
}

// breakWipe changes how the host's wipe function behaves from now on.
func (m *machine) breakWipe(t *rapid.T) {
	m.host.wipeMode = pick(t, "wipe", "ok", "error", "panic")
}

// restarted is a new process with other options or keys.
func (m *machine) restarted(t *rapid.T) {
	switch pick(t, "new", "options", "options", "options", "options", "key", "key", "key, old ones dropped", "old keys back", "old keys back") {
	case "options":
		m.cfg.redraw(t)
	case "key":
		m.key++
	case "key, old ones dropped":
		m.key++
		m.oldest = m.key
	case "old keys back":
		m.oldest = 0
	}
	m.restart()
}

// rotate rotates the key as a host does: a new one, every record resealed, the old
// ones dropped.
func (m *machine) rotate(t *rapid.T) {
	m.key++
	m.restart()
	var failed []string
	for _, name := range m.names {
		if sealed := m.sealed(m.users[name]); !m.act(spec.Reseal, literal(name)[0]).make() && sealed {
			failed = append(failed, name)
		}
	}
	if len(failed) == 0 {
		m.oldest = m.key
	}
	m.restart()
	t.Logf("key rotated, not resealed: %s", strings.Join(failed, ", "))
}
