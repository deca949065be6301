package model

import (
	"context"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"pgregory.net/rapid"
)

func (m *machine) issue(t *rapid.T) {
	name := m.drawUser(t)
	fields := []string{"password", "password pin", "pin", "", "otp password"}
	if m.env.RarePINs {
		fields = []string{"password", "password", "password", "password", "", "otp password", "pin"}
	}
	proof, label := m.drawProof(t, name.text, fields...)
	var got factor.OTP
	o := m.do(func(ctx context.Context) (err error) {
		got, err = m.codes.Issue(ctx, name.text, proof)
		return err
	}, "OTPIssuer.Issue(%v, %s)", name, label)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.check("otp", proof.OTP != "")
	u, ok := m.proven(e, name.text, proof, bad)
	if !ok || m.tooSoon(e, u, factor.KindAccount) || !m.judgeProof(e, u, proof) {
		return
	}
	m.issued(e, o, u, factor.KindAccount, got)
}

func (m *machine) issueUnproven(t *rapid.T) {
	name := m.drawUser(t)
	k := one(t, "kind", []given{{"account", "account"}, {"login", "login"}}, 30,
		literal("totp", "device-totp", "pin", "password", "", "sms"))
	m.issueThis(name, factor.Kind(k.text))
}

// issueThis calls IssueUnproven.
func (m *machine) issueThis(name given, kind factor.Kind) {
	var got factor.OTP
	o := m.do(func(ctx context.Context) (err error) {
		got, err = m.codes.IssueUnproven(ctx, name.text, kind)
		return err
	}, "OTPIssuer.IssueUnproven(%v, %q)", name, kind)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.check("kinds", kind != factor.KindAccount && kind != factor.KindLogin)
	u, ok := m.hosts(e, name.text, bad)
	if !ok || m.tooSoon(e, u, kind) {
		return
	}
	e.stored("ok")
	m.issued(e, o, u, kind, got)
}

// tooSoon expects a new code to be refused within the Interval after the last.
func (m *machine) tooSoon(e *expectation, u *user, k factor.Kind) bool {
	ends := u.issueEnds[k]
	if !inForce(ends, m.now, m.cfg.issueWait) {
		return false
	}
	e.unchanged(lockedUntil(k, ends))
	return true
}

// issued checks a new code and takes it over.
func (m *machine) issued(e *expectation, o *observed, u *user, k factor.Kind, got factor.OTP) {
	ends := m.now.Add(m.cfg.life[k])
	e.full(factor.ActionIssued, k, uuid.Nil, 0, ends)
	if o.err != nil {
		return
	}
	if got.Kind != k || stamp(got.ExpiresAt) != stamp(ends) {
		m.t.Fatalf("%s: a code of kind %s until %s, want %s until %s", o.label, got.Kind, stamp(got.ExpiresAt), k, stamp(ends))
	}
	if !digitsOnly(got.Code, m.cfg.otpDigits, m.cfg.otpDigits) {
		m.t.Fatalf("%s: the code is not %d digits", o.label, m.cfg.otpDigits)
	}
	c := code{got.Code, k, ends}
	u.live[k] = &c
	u.oldCodes = append(u.oldCodes, c)
	if m.cfg.issueWait > 0 {
		u.issueEnds[k] = m.now.Add(m.cfg.issueWait)
	}
}
