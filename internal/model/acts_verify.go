package model

import (
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
	"pgregory.net/rapid"
)

func (m *machine) verifyOTP(t *rapid.T) {
	mayHave := func(u *user) bool {
		return u.state.Login.Live[0].Code+u.state.Account.Live[0].Code > 0 || hasDevice(u) || hasRecovery(u)
	}
	if !m.someone(mayHave) && !rare(t, "verify nothing", 3) {
		m.issueUnproven(t)
		return
	}
	name := m.drawUser(t)
	code := m.drawCode(t, name.text)
	if rare(t, "empty code", 40) {
		code = literal("")[0]
	}
	asked := pick(t, "kinds", kindLists...)
	if _, is := spec.RecoveryCode(code.text); is && !rare(t, "any kinds", 4) {
		asked = pick(t, "recovery kinds", recoveryLists...)
	}
	if rare(t, "odd kinds", 40) {
		asked = pick(t, "kinds", badKindLists...)
	}
	m.verifyThis(name, code, asked)
}

// kindLists are the default, each kind alone, all of them, and some mixed.
var kindLists = append(kindsAlone(),
	nil, nil, nil, translate.Kinds(spec.CodeKinds),
	[]factor.Kind{factor.KindDeviceTOTP, factor.KindAccount},
	[]factor.Kind{factor.KindAccount, factor.KindDeviceTOTP},
	[]factor.Kind{factor.KindLogin, factor.KindTOTP},
	[]factor.Kind{factor.KindTOTP, factor.KindAccount, factor.KindTOTP},
	[]factor.Kind{factor.KindTOTP, factor.KindDeviceTOTP, factor.KindLogin, factor.KindAccount},
	[]factor.Kind{factor.KindAccount, factor.KindLogin, factor.KindDeviceTOTP},
)

// recoveryLists are for texts that are malformed for other kinds.
var recoveryLists = [][]factor.Kind{
	{factor.KindRecovery}, {factor.KindDeviceTOTP, factor.KindRecovery}, {factor.KindRecovery, factor.KindAccount, factor.KindLogin},
}

func kindsAlone() [][]factor.Kind {
	var alone [][]factor.Kind
	for _, k := range translate.Kinds(spec.CodeKinds) {
		alone = append(alone, []factor.Kind{k})
	}
	return alone
}

var badKindLists = [][]factor.Kind{{factor.KindPIN}, {factor.KindAccount, factor.KindPassword}, {"sms"}, {factor.KindAccount, ""}, {}}

// verifyThis calls VerifyOTP.
func (m *machine) verifyThis(name, code given, asked []factor.Kind) {
	a := m.act(spec.VerifyOTP, name).label("%v", code).label("%q", asked)
	a.OTP, a.Kinds, a.args.Kinds = code.text, translate.KindsOf(asked), asked
	a.make()
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
	a := m.act(spec.VerifyPIN, name).label("%v", pin)
	a.PIN = pin.text
	a.make()
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
	a := m.act(spec.VerifyPassword, name).label("%v", password)
	a.Password = password.text
	if a.Password == faultyPassword {
		a.fault = errPassword
	}
	a.make()
}

func (m *machine) issue(t *rapid.T) {
	fields := []string{"password", "password pin", "pin", "", "otp password"}
	if m.env.RarePINs {
		fields = []string{"password", "password", "password", "password", "", "otp password", "pin"}
	}
	a := m.act(spec.Issue, m.drawUser(t))
	a.prove(t, fields...)
	a.make()
}

func (m *machine) issueUnproven(t *rapid.T) {
	name := m.drawUser(t)
	var issued []given
	for _, k := range spec.IssuedKinds {
		issued = append(issued, given{k.String(), k.String()})
	}
	k := one(t, "kind", issued, 30,
		literal("totp", "device-totp", "pin", "password", "", "sms"))
	m.issueThis(name, factor.Kind(k.text))
}

// issueThis calls IssueUnproven.
func (m *machine) issueThis(name given, kind factor.Kind) {
	a := m.act(spec.IssueUnproven, name).label("%q", kind)
	a.Kind, a.args.Kind = spec.KindNamed(string(kind)), kind
	a.make()
}
