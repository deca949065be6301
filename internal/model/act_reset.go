package model

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"pgregory.net/rapid"
)

func (m *machine) prove(t *rapid.T) {
	if m.guard == nil {
		return
	}
	if !m.someone(func(u *user) bool { return u.wiped() || m.guardHolds(u) }) && !rare(t, "prove nothing", 5) {
		m.enroll(t)
		return
	}
	name := m.drawUserWho(t, func(u *user) bool { return u.wiped() || m.guardHolds(u) })
	fields := []string{"otp", "otp", "otp", "otp", "pin", "pin", "pin", "pin", "otp pin", "otp pin", "otp pin", "otp pin", "", "password pin"}
	if m.env.RarePINs {
		fields = []string{"otp", "otp", "otp", "otp", "otp", "pin", "", "otp password"}
	}
	proof, label := m.drawProof(t, name.text, fields...)
	if u := m.users[name.text]; u != nil && len(u.devices) > 0 && rare(t, "used code", 5) {
		if s := u.devices[0].secret; s.last != noStep {
			proof.OTP, label = s.code(s.last), "the last used device code and "+label
		}
	}
	m.proveThis(name, proof, label)
	for m.cfg.opts.Reset.ForgiveRepeats && rare(t, "again", 3) {
		if rare(t, "later", 2) {
			m.moveClock(t)
		}
		m.proveThis(name, proof, label)
	}
}

// proveThis calls Prove.
func (m *machine) proveThis(name given, proof factor.Credentials, label string) {
	o := m.do(func(ctx context.Context) error {
		return m.guard.Prove(ctx, name.text, proof)
	}, "ResetGuard.Prove(%v, %s)", name, label)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.check("password", proof.Password != "")
	u, ok := m.proven(e, name.text, proof, bad)
	if !ok {
		return
	}
	switch {
	case u.wiped() && u.wipe.pending:
		m.guardWipe(e, o, u)
	case u.wiped():
		e.unchanged("wiped")
	case !m.guardHolds(u):
		e.unchanged("not enrolled")
	case inForce(u.guardEnds, m.now, m.cfg.guardWait):
		e.unchanged(lockedUntil("", u.guardEnds))
	default:
		m.judgeGuard(e, o, u, proof)
	}
}

// oldEnough says whether the guard takes something bound at the given instant
// for held.
func (m *machine) oldEnough(d *device) bool {
	return m.cfg.minAge == 0 || m.now.Sub(d.enrolled) >= m.cfg.minAge
}

func (m *machine) guardPIN(u *user) bool {
	return u.pin != "" && (m.cfg.minAge == 0 || m.now.Sub(u.pinSince) >= m.cfg.minAge)
}

func (m *machine) guardHolds(u *user) bool {
	for _, d := range u.devices {
		if m.oldEnough(d) {
			return true
		}
	}
	return m.guardPIN(u)
}

// judgeGuard judges a proof at the guard: the code first; one wrong call is one
// strike, and a call with nothing but a spent code is none.
func (m *machine) judgeGuard(e *expectation, o *observed, u *user, proof factor.Credentials) {
	last, isSpent := factor.KindDeviceTOTP, false
	if proof.OTP != "" {
		v, h := m.look(u, factor.KindDeviceTOTP, proof.OTP, m.oldEnough)
		if v == right {
			h.spend()
			m.guardProven(e, u, h.kind, h.device)
			return
		}
		isSpent = v == spent
	}
	if proof.PIN != "" {
		last = factor.KindPIN
		if m.guardPIN(u) && u.pin == proof.PIN {
			m.guardProven(e, u, last, uuid.Nil)
			return
		}
	}
	if isSpent && proof.PIN == "" {
		left := m.cfg.strikes - u.strikes
		e.unchanged(mismatch(last, left))
		e.full(factor.ActionResetRefused, last, uuid.Nil, left, noTime)
		return
	}
	m.strike(e, o, u, proof, last)
}

func (m *machine) guardProven(e *expectation, u *user, k factor.Kind, d uuid.UUID) {
	u.strikes, u.guardEnds, u.lastWrong = 0, noTime, nil
	e.stored("ok")
	e.oneOf(event(factor.ActionVerified, k, d, 0, noTime), "")
	e.full(factor.ActionResetProven, k, d, 0, noTime)
}

// strike counts a wrong proof, unless it is forgiven as a repeat of the last: the
// same code and PIN, and the same steps of as many devices where there is a
// code, for otherwise it is another guess.
func (m *machine) strike(e *expectation, o *observed, u *user, proof factor.Credentials, last factor.Kind) {
	was := u.lastWrong
	u.lastWrong = &wrongProof{otp: proof.OTP, pin: proof.PIN}
	for _, d := range u.devices {
		if proof.OTP != "" {
			u.lastWrong.steps += fmt.Sprint(d.secret.step(m.now), " ")
		}
	}
	forgiven := m.cfg.opts.Reset.ForgiveRepeats && was != nil && *was == *u.lastWrong
	if !forgiven {
		u.strikes++
	}
	if u.strikes > m.cfg.strikes {
		m.mark(e, o, u, factor.ReasonStrikes)
		m.guardWipe(e, o, u)
		return
	}
	if m.cfg.guardWait > 0 {
		u.guardEnds = m.now.Add(m.cfg.guardWait)
	}
	left := m.cfg.strikes - u.strikes
	e.stored(mismatch(last, left))
	e.full(factor.ActionResetRefused, last, uuid.Nil, left, u.guardEnds)
	if left == 0 && !forgiven {
		e.event(factor.ActionResetLastChance, last)
	}
}

// mark marks a wipe: PIN, devices, live codes and a pending authenticator go in
// the same swap.
func (m *machine) mark(e *expectation, o *observed, u *user, why factor.WipeReason) {
	u.pin, u.devices, u.pending, u.lastWrong = "", nil, nil, nil
	u.strikes, u.guardEnds = 0, noTime
	clear(u.live)
	u.wipe = &wipe{pending: true, retry: m.now, Wipe: factor.Wipe{User: u.name, At: m.now, Reason: why}}
	if len(o.wipes) > 0 {
		u.wipe.ID = o.wipes[0].ID // random, and the same from now on
	}
	e.oneOf(event(factor.ActionWipeMarked, "", uuid.Nil, 0, noTime))
}

// runWipe expects one call of Options.Wipe and says whether it succeeds.
func (m *machine) runWipe(e *expectation, o *observed, u *user) bool {
	if len(o.wipes) > e.wipes {
		got := o.wipes[e.wipes]
		if got.ID != u.wipe.ID || got.ID == uuid.Nil || got.User != u.name ||
			stamp(got.At) != stamp(u.wipe.At) || got.Reason != u.wipe.Reason {
			m.t.Fatalf("%s: Wipe was told %q, %s, %s, the marked ID: %v; want %q, %s, %s", o.label,
				got.User, got.Reason, stamp(got.At), got.ID == u.wipe.ID, u.name, u.wipe.Reason, stamp(u.wipe.At))
		}
	}
	e.wipes++
	if m.host.wipeMode != "ok" {
		e.event(factor.ActionWipeFailed, "")
		return false
	}
	u.wipe.pending = false
	e.event(factor.ActionWipeDone, "")
	return true
}

// guardWipe runs a pending wipe in a guard's call and expects its answer.
func (m *machine) guardWipe(e *expectation, o *observed, u *user) {
	if m.runWipe(e, o, u) {
		e.stored("wiped")
		return
	}
	e.unchanged("wipe pending" + m.wipeFault())
}

func (m *machine) wipeFault() string {
	if m.host.wipeMode == "error" {
		return ", wipe fault"
	}
	return ""
}

// finishWipe runs a pending wipe before something is bound or forgotten.
func (m *machine) finishWipe(e *expectation, o *observed, u *user) bool {
	if u.wipe == nil || !u.wipe.pending || m.runWipe(e, o, u) {
		return true
	}
	e.unchanged("wipe pending" + m.wipeFault())
	return false
}

// bindAnew ends a wipe that is done, and only then zeroes the strikes.
func (u *user) bindAnew() {
	if u.wiped() {
		u.wipe, u.strikes, u.guardEnds, u.lastWrong = nil, 0, noTime, nil
	}
}

func (m *machine) forfeit(t *rapid.T) {
	if m.guard == nil {
		return
	}
	name := m.drawUser(t)
	o := m.do(func(ctx context.Context) error {
		return m.guard.Forfeit(ctx, name.text)
	}, "ResetGuard.Forfeit(%v)", name)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	u, ok := m.hosts(e, name.text, nil)
	switch {
	case !ok:
		return
	case u.wiped() && !u.wipe.pending:
		e.stored("ok")
		return
	case !u.wiped():
		m.mark(e, o, u, factor.ReasonForfeited)
	}
	m.guardWipe(e, o, u)
	if !u.wipe.pending {
		e.answer("ok")
	}
}

// breakWipe changes how the host's wipe function behaves from now on.
func (m *machine) breakWipe(t *rapid.T) {
	m.host.wipeMode = pick(t, "wipe", "ok", "error", "panic")
}
