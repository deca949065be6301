package model

import (
	"github.com/knowhave/factor"
	"pgregory.net/rapid"
)

// hammer gives one wrong credential again and again, each time as soon as it is
// judged, so that the locks grow to their longest and become final.
func (m *machine) hammer(t *rapid.T) {
	name := literal(pick(t, "user", m.names...))[0]
	kind := pick(t, "kind", kinds...)
	if kind == factor.KindPIN && m.env.RarePINs {
		return
	}
	for range pick(t, "times", 3, 6, 12) {
		switch kind {
		case factor.KindPassword:
			m.verifyThisPassword(name, given{"a wrong password", "guess"})
		case factor.KindPIN:
			m.verifyThisPIN(name, literal("9753")[0])
		default:
			m.verifyThis(name, literal("000000")[0], []factor.Kind{kind})
		}
		m.check()
		locked, until := m.locked(m.users[name.text], kind)
		switch {
		case locked && until.IsZero():
			return
		case locked:
			m.setNow(until)
			m.t.Logf("clock: to %s", stamp(m.now))
		}
	}
}

// useMany uses up more codes of a kind than are remembered, and tries the first
// ones again.
func (m *machine) useMany(t *rapid.T) {
	name := literal(pick(t, "user", m.names...))[0]
	u := m.users[name.text]
	kind := pick(t, "kind", factor.KindAccount, factor.KindLogin)
	if locked, _ := m.locked(u, kind); locked || m.sealed(u) {
		return
	}
	n := spentKept + pick(t, "more", -1, 0, 1, 2)
	var used []given
	for range n {
		m.issueThis(name, kind)
		c := m.liveCode(u, kind)
		if c == nil {
			return
		}
		used = append(used, given{"the newest code", c.text})
		m.verifyThis(name, used[len(used)-1], []factor.Kind{kind})
		m.setNow(m.now.Add(m.cfg.issueWait))
	}
	for i := range 3 {
		m.verifyThis(name, given{"a used code, from the oldest", used[i].text}, []factor.Kind{kind})
		m.check()
	}
}
