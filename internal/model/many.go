package model

import (
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"pgregory.net/rapid"
)

// useMany uses more codes of a kind than are remembered, and tries the first ones
// again.
func (m *machine) useMany(t *rapid.T) {
	name := literal(pick(t, "user", m.names...))[0]
	u := m.users[name.text]
	kind := pick(t, "kind", spec.IssuedKinds...)
	asked := factor.Kind(kind.String())
	v := drawPurpose(t)
	defer m.fix(v)()
	if m.cfg.spec.View(u.state, m.time()).Budgets[kind].Locked || m.sealed(u) {
		return
	}
	var used []given
	for range spec.StaleKept + pick(t, "more", -1, 0, 1, 2) {
		m.issueThis(name, asked)
		newest := u.state.Codes(kind).Of(v.purpose())
		if newest.Code == 0 {
			return
		}
		used = append(used, given{"the newest code", m.drawn.CodeOf(newest.Code)})
		m.verifyThis(name, used[len(used)-1], []factor.Kind{asked})
		m.setNow(m.now.Add(m.cfg.opts.OTP.Interval))
	}
	for i := range 3 {
		m.verifyThis(name, given{"a used code, from the oldest", used[i].text}, []factor.Kind{asked})
		m.check()
	}
}

// issueMany issues codes for more purposes than can be live at once, and tries them
// all: for their own purposes, and some for another first.
func (m *machine) issueMany(t *rapid.T) {
	name := literal(pick(t, "user", m.names...))[0]
	u := m.users[name.text]
	kind := pick(t, "kind", spec.IssuedKinds...)
	asked := []factor.Kind{factor.Kind(kind.String())}
	var codes []given
	from := pick(t, "first purpose", 0, 1, 2, 3)
	for i := range purposes {
		v := view{true, purposes[(from+i)%len(purposes)]}
		release := m.fix(v)
		m.issueThis(name, asked[0])
		release()
		codes = append(codes, given{"the code for " + v.String(), m.drawn.CodeOf(u.state.Codes(kind).Of(v.purpose()).Code)})
		m.setNow(m.now.Add(m.cfg.opts.OTP.Interval))
	}
	for i, code := range codes {
		if code.text == "" {
			continue
		}
		if rare(t, "another purpose", 5) {
			m.verifyOn(drawPurpose(t), name, code, asked)
		}
		m.verifyOn(view{true, purposes[(from+i)%len(purposes)]}, name, code, asked)
		m.check()
	}
}

// useRecovery generates a set of recovery codes, uses some, tries those again, and
// tries all of them after generating another set.
func (m *machine) useRecovery(t *rapid.T) {
	name := literal(pick(t, "user", m.names...))[0]
	u := m.users[name.text]
	generate := func() {
		a := m.act(spec.GenerateRecovery, name)
		a.Password = passwordOf(name.text)
		a.label("the password").make()
	}
	if !hasRecovery(u) || rare(t, "a new set first", 3) {
		generate()
	}
	codes := m.recoveryOf(u)
	codes = codes[:min(len(codes), pick(t, "how many", 1, 2, spec.RecoveryCodes))]
	for round := range 3 {
		for i, code := range codes {
			m.verifyThis(name, code, pick(t, "recovery kinds", recoveryLists...))
			if i == 1 && round > 0 {
				break
			}
		}
		m.check()
		if round == 1 {
			generate()
		}
	}
}

// verifyOn calls VerifyOTP on a view.
func (m *machine) verifyOn(v view, name, code given, asked []factor.Kind) {
	defer m.fix(v)()
	m.verifyThis(name, code, asked)
}
