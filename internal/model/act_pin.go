package model

import (
	"context"
	"strings"
	"time"

	"github.com/knowhave/factor"
	"pgregory.net/rapid"
)

// setPIN sets a PIN with a proof.
func (m *machine) setPIN(t *rapid.T) {
	name, pin := m.drawUser(t), m.drawNewPIN(t)
	proof, label := m.drawProof(t, name.text, m.patterns()...)
	o := m.do(func(ctx context.Context) error {
		return m.pins.Set(ctx, name.text, pin.text, proof)
	}, "PINs.Set(%v, %v, %s)", name, pin, label)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.user(name.text)
	bad.newPIN(pin.text)
	bad.proof(m, proof)
	if bad.refuse(e) || noCredential(e, proof) || m.weak(e, pin.text) {
		return
	}
	u, ok := m.open(e, name.text)
	if !ok || !m.finishWipe(e, o, u) || !m.judgeProof(e, u, proof) {
		return
	}
	m.bindPIN(e, u, pin.text)
}

func (m *machine) adminSetPIN(t *rapid.T) {
	name, pin := m.drawUser(t), m.drawNewPIN(t)
	o := m.do(func(ctx context.Context) error {
		return m.admin.SetPIN(ctx, name.text, pin.text)
	}, "Admin.SetPIN(%v, %v)", name, pin)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.user(name.text)
	bad.newPIN(pin.text)
	if bad.refuse(e) || m.weak(e, pin.text) {
		return
	}
	u, ok := m.open(e, name.text)
	if !ok || !m.finishWipe(e, o, u) {
		return
	}
	e.stored("ok")
	m.bindPIN(e, u, pin.text)
}

// weak expects a new PIN to be refused if it is against the policy.
func (m *machine) weak(e *expectation, pin string) bool {
	distinct := 0
	for _, d := range "0123456789" {
		if strings.ContainsRune(pin, d) {
			distinct++
		}
	}
	series := !m.cfg.opts.PIN.AllowSeries &&
		(strings.Contains("0123456789012", pin) || strings.Contains("2109876543210", pin))
	if len(pin) != m.cfg.pinLength || distinct < m.cfg.distinct || series {
		e.answer("weak")
		if strings.HasPrefix(pin, "6661") {
			e.answer("weak", "fault") // The order of the policy's parts is free.
		}
		return true
	}
	switch {
	case strings.HasPrefix(pin, "6661"):
		e.answer("fault")
		return true
	case strings.HasPrefix(pin, "6660"):
		e.answer("weak")
		return true
	}
	return false
}

// bindPIN gives the user a new PIN.
func (m *machine) bindPIN(e *expectation, u *user, pin string) {
	u.pin, u.pinSince = pin, m.now
	u.zero(factor.KindPIN)
	u.bindAnew()
	e.event(factor.ActionPINSet, factor.KindPIN)
}

func (m *machine) removePIN(t *rapid.T) {
	name := m.drawUserWho(t, func(u *user) bool { return u.pin != "" })
	proof, label := m.drawProof(t, name.text, m.patterns()...)
	o := m.do(func(ctx context.Context) error {
		return m.pins.Remove(ctx, name.text, proof)
	}, "PINs.Remove(%v, %s)", name, label)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	u, ok := m.proven(e, name.text, proof, nil)
	switch {
	case !ok:
		return
	case u.pin == "":
		e.unchanged("not enrolled")
		return
	case !m.judgeProof(e, u, proof):
		return
	}
	u.pin = ""
	e.event(factor.ActionPINRemoved, factor.KindPIN)
}

func (m *machine) adminRemovePIN(t *rapid.T) {
	name := m.drawUserWho(t, func(u *user) bool { return u.pin != "" })
	o := m.do(func(ctx context.Context) error {
		return m.admin.RemovePIN(ctx, name.text)
	}, "Admin.RemovePIN(%v)", name)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	u, ok := m.hosts(e, name.text, nil)
	if !ok {
		return
	}
	if u.pin == "" {
		e.unchanged("not enrolled")
		return
	}
	u.pin = ""
	e.stored("ok")
	e.event(factor.ActionPINRemoved, factor.KindPIN)
}

// hosts expects what every call without a proof expects before its own rules.
func (m *machine) hosts(e *expectation, name string, bad badFields) (*user, bool) {
	bad.user(name)
	if bad.refuse(e) {
		return nil, false
	}
	return m.open(e, name)
}

func (m *machine) isSet(t *rapid.T) {
	name := m.drawUser(t)
	var got bool
	o := m.do(func(ctx context.Context) (err error) {
		got, err = m.pins.IsSet(ctx, name.text)
		return err
	}, "PINs.IsSet(%v)", name)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	if u, ok := m.hosts(e, name.text, nil); ok {
		e.unchanged("ok")
		if got != (u.pin != "") {
			m.t.Fatalf("%s is %v", o.label, got)
		}
	}
}

// wait waits only where it need not: for a PIN that is set, or with a timeout
// that is malformed.
func (m *machine) wait(t *rapid.T) {
	name := m.drawUserWho(t, func(u *user) bool { return u.pin != "" })
	timeout := pick(t, "timeout", time.Second, time.Second, time.Minute, time.Minute, 0, time.Second-1, time.Minute+1, -time.Second)
	malformed := timeout < time.Second || timeout > time.Minute
	if u := m.users[name.text]; !malformed && u != nil && (u.pin == "" || m.sealed(u)) {
		return
	}
	var got bool
	o := m.do(func(ctx context.Context) (err error) {
		got, err = m.pins.Wait(ctx, name.text, timeout)
		return err
	}, "PINs.Wait(%v, %v)", name, timeout)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.check("timeout", malformed)
	if u, ok := m.hosts(e, name.text, bad); ok {
		e.unchanged("ok")
		if !got || u.pin == "" {
			m.t.Fatalf("%s is %v", o.label, got)
		}
	}
}
