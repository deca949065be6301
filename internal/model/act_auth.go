package model

import (
	"context"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"pgregory.net/rapid"
)

func (m *machine) begin(t *rapid.T) {
	name := m.drawUser(t)
	proof, label := m.drawProof(t, name.text, m.patterns()...)
	var got factor.Enrollment
	o := m.do(func(ctx context.Context) (err error) {
		got, err = m.auths.Begin(ctx, name.text, proof)
		return err
	}, "AuthenticatorEnroller.Begin(%v, %s)", name, label)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	u, ok := m.proven(e, name.text, proof, nil)
	if !ok || !m.judgeProof(e, u, proof) {
		return
	}
	ends := m.now.Add(pendingLife)
	if o.err == nil {
		u.pending = &pending{secret: m.enrolled(o, u, got, uuid.Nil), ends: ends}
	}
	e.full(factor.ActionAuthenticatorBegun, factor.KindTOTP, uuid.Nil, 0, ends)
}

func (m *machine) confirm(t *rapid.T) {
	if !m.someone(func(u *user) bool { return u.pending != nil }) && !rare(t, "confirm nothing", 5) {
		m.begin(t)
		return
	}
	name := m.drawUserWho(t, func(u *user) bool { return u.pending != nil })
	if rare(t, "give up", 8) {
		for range pendingTries {
			m.confirmThis(name, literal("000000")[0])
		}
	}
	code := m.drawConfirm(t, name.text)
	if m.confirmThis(name, code) && rare(t, "replay", 2) {
		m.verifyThis(name, code, []factor.Kind{factor.KindTOTP})
		m.confirmThis(name, code)
	}
}

// confirmThis calls Confirm and says whether it was right.
func (m *machine) confirmThis(name, code given) (confirmed bool) {
	o := m.do(func(ctx context.Context) error {
		return m.auths.Confirm(ctx, name.text, code.text)
	}, "AuthenticatorEnroller.Confirm(%v, %v)", name, code)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.otp(code.text)
	u, ok := m.hosts(e, name.text, bad)
	if !ok {
		return false
	}
	p := m.livePending(u)
	if p == nil {
		e.unchanged("not enrolled")
		return false
	}
	v, step := p.secret.look(code.text, m.now, m.cfg.skew)
	if v != right {
		p.wrong++
		left := pendingTries - p.wrong
		if left == 0 {
			u.pending = nil
		}
		e.stored(mismatch(factor.KindTOTP, left))
		e.full(factor.ActionRefused, factor.KindTOTP, uuid.Nil, left, noTime)
		return false
	}
	p.secret.last = step
	u.auth, u.pending = p.secret, nil
	m.zeroIfFinal(u, factor.KindTOTP)
	e.stored("ok")
	e.oneOf(event(factor.ActionVerified, factor.KindTOTP, uuid.Nil, 0, noTime), "")
	e.event(factor.ActionAuthenticatorConfirmed, factor.KindTOTP)
	return true
}

// drawConfirm draws a code that is often one of the pending secret's.
func (m *machine) drawConfirm(t *rapid.T, name string) given {
	if u := m.users[name]; u != nil && u.pending != nil && rapid.Bool().Draw(t, "pending code") {
		s := u.pending.secret
		return given{"the pending code", s.code(s.step(m.now))}
	}
	return m.drawCode(t, name)
}

func (m *machine) removeAuth(t *rapid.T) {
	name := m.drawUserWho(t, func(u *user) bool { return u.auth != nil || u.pending != nil })
	proof, label := m.drawProof(t, name.text, m.patterns()...)
	o := m.do(func(ctx context.Context) error {
		return m.auths.Remove(ctx, name.text, proof)
	}, "AuthenticatorEnroller.Remove(%v, %s)", name, label)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	u, ok := m.proven(e, name.text, proof, nil)
	switch {
	case !ok:
		return
	case u.auth == nil && m.livePending(u) == nil:
		e.unchanged("not enrolled")
		return
	case !m.judgeProof(e, u, proof):
		return
	}
	u.auth, u.pending = nil, nil
	e.event(factor.ActionAuthenticatorRemoved, factor.KindTOTP)
}

func (m *machine) adminRemoveAuth(t *rapid.T) {
	name := m.drawUserWho(t, func(u *user) bool { return u.auth != nil || u.pending != nil })
	o := m.do(func(ctx context.Context) error {
		return m.admin.RemoveAuthenticator(ctx, name.text)
	}, "Admin.RemoveAuthenticator(%v)", name)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	u, ok := m.hosts(e, name.text, nil)
	if !ok {
		return
	}
	if u.auth == nil && m.livePending(u) == nil {
		e.unchanged("not enrolled")
		return
	}
	u.auth, u.pending = nil, nil
	e.stored("ok")
	e.event(factor.ActionAuthenticatorRemoved, factor.KindTOTP)
}
