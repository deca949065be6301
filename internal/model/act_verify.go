package model

import (
	"context"

	"github.com/knowhave/factor"
	"pgregory.net/rapid"
)

var kindLists = [][]factor.Kind{
	nil, nil, nil,
	{factor.KindLogin}, {factor.KindAccount}, {factor.KindTOTP}, {factor.KindDeviceTOTP},
	{factor.KindDeviceTOTP, factor.KindAccount},
	{factor.KindAccount, factor.KindDeviceTOTP},
	{factor.KindLogin, factor.KindTOTP},
	{factor.KindTOTP, factor.KindAccount, factor.KindTOTP},
	{factor.KindTOTP, factor.KindDeviceTOTP, factor.KindLogin, factor.KindAccount},
	{factor.KindAccount, factor.KindLogin, factor.KindDeviceTOTP},
}

var badKindLists = [][]factor.Kind{{factor.KindPIN}, {factor.KindAccount, factor.KindPassword}, {"sms"}, {factor.KindAccount, ""}, {}}

var otpKinds = []factor.Kind{factor.KindLogin, factor.KindAccount, factor.KindTOTP, factor.KindDeviceTOTP}

func (m *machine) verifyOTP(t *rapid.T) {
	if !m.someone(func(u *user) bool { return len(u.live) > 0 || len(u.devices) > 0 }) && !rare(t, "verify nothing", 3) {
		m.issueUnproven(t)
		return
	}
	name := m.drawUser(t)
	code := m.drawCode(t, name.text)
	if rare(t, "empty code", 40) {
		code = literal("")[0]
	}
	asked := pick(t, "kinds", kindLists...)
	if rare(t, "odd kinds", 40) {
		asked = pick(t, "kinds", badKindLists...)
	}
	m.verifyThis(name, code, asked)
}

// verifyThis calls VerifyOTP.
func (m *machine) verifyThis(name, code given, asked []factor.Kind) {
	var got factor.Match
	o := m.do(func(ctx context.Context) (err error) {
		got, err = m.verifier.VerifyOTP(ctx, name.text, code.text, asked...)
		return err
	}, "VerifyOTP(%v, %v, %q)", name, code, asked)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.user(name.text)
	bad.otp(code.text)
	bad.check("kinds", unknownKinds(asked, otpKinds))
	if bad.refuse(e) {
		return
	}
	if len(asked) == 0 {
		asked = []factor.Kind{factor.KindDeviceTOTP, factor.KindAccount}
	}
	m.judgeOnly(e, o, name.text, factor.Credentials{OTP: code.text}, asked, &got)
}

// judgeOnly expects a call that does nothing but judge.
func (m *machine) judgeOnly(e *expectation, o *observed, name string, proof factor.Credentials, asked []factor.Kind, got *factor.Match) {
	u, ok := m.open(e, name)
	if !ok {
		return
	}
	want := m.judge(e, u, proof, asked)
	if got == nil || o.err != nil {
		return
	}
	if want == nil {
		want = &factor.Match{Kind: "nothing"}
	}
	if *got != *want {
		m.t.Fatalf("%s: matched %s of device %s, want %s of %s",
			o.label, got.Kind, deviceName(got.Device), want.Kind, deviceName(want.Device))
	}
}

func (m *machine) verifyAny(t *rapid.T) {
	name := m.drawUser(t)
	proof, label := m.drawProof(t, name.text, m.patterns()...)
	var got factor.Match
	o := m.do(func(ctx context.Context) (err error) {
		got, err = m.verifier.VerifyAny(ctx, name.text, proof)
		return err
	}, "VerifyAny(%v, %s)", name, label)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.user(name.text)
	bad.proof(m, proof)
	if bad.refuse(e) || noCredential(e, proof) {
		return
	}
	m.judgeOnly(e, o, name.text, proof, m.cfg.proofKinds, &got)
}

func (m *machine) verifyPIN(t *rapid.T) {
	name := m.drawUser(t)
	pin := m.drawPIN(t, name.text)
	if rare(t, "empty pin", 40) {
		pin = literal("")[0]
	}
	m.verifyThisPIN(name, pin)
}

func (m *machine) verifyThisPIN(name, pin given) {
	o := m.do(func(ctx context.Context) error {
		return m.verifier.VerifyPIN(ctx, name.text, pin.text)
	}, "VerifyPIN(%v, %v)", name, pin)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.user(name.text)
	bad.pin(pin.text)
	if !bad.refuse(e) {
		m.judgeOnly(e, o, name.text, factor.Credentials{PIN: pin.text}, nil, nil)
	}
}

func (m *machine) verifyPassword(t *rapid.T) {
	name := m.drawUser(t)
	password := m.drawPassword(t, name.text)
	if rare(t, "empty password", 40) {
		password = literal("")[0]
	}
	m.verifyThisPassword(name, password)
}

func (m *machine) verifyThisPassword(name, password given) {
	o := m.do(func(ctx context.Context) error {
		return m.verifier.VerifyPassword(ctx, name.text, password.text)
	}, "VerifyPassword(%v, %v)", name, password)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.user(name.text)
	bad.password(m, password.text)
	if !bad.refuse(e) {
		m.judgeOnly(e, o, name.text, factor.Credentials{Password: password.text}, nil, nil)
	}
}

// proven expects what every call with a proof expects before its own rules:
// nothing malformed, something given, a record that opens.
func (m *machine) proven(e *expectation, name string, proof factor.Credentials, bad badFields) (*user, bool) {
	bad.user(name)
	bad.proof(m, proof)
	if bad.refuse(e) || noCredential(e, proof) {
		return nil, false
	}
	return m.open(e, name)
}

// judgeProof judges the proof of another act.
func (m *machine) judgeProof(e *expectation, u *user, proof factor.Credentials) bool {
	return m.judge(e, u, proof, m.cfg.proofKinds) != nil
}
