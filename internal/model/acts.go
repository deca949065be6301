package model

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
	"github.com/pquerna/otp"
	"pgregory.net/rapid"
)

// A way is how often a run makes a call of an operation, and how it draws one.
type way struct {
	weight int
	run    func(m *machine, t *rapid.T)
}

// ways has one for each operation. Where a call would come to nothing, because
// nobody holds what it is about, another is made instead.
var ways = [spec.OpCount]way{
	spec.VerifyOTP:                {6, (*machine).verifyOTP},
	spec.VerifyPIN:                {3, (*machine).verifyPIN},
	spec.VerifyPassword:           {2, (*machine).verifyPassword},
	spec.VerifyAny:                {3, proven(spec.VerifyAny)},
	spec.SetPIN:                   {3, (*machine).setPIN},
	spec.RemovePIN:                {1, provenBy(spec.RemovePIN, hasPIN)},
	spec.IsSet:                    {1, looks(spec.IsSet)},
	spec.Wait:                     {1, (*machine).wait},
	spec.Issue:                    {2, (*machine).issue},
	spec.IssueUnproven:            {4, (*machine).issueUnproven},
	spec.Enroll:                   {5, (*machine).enroll},
	spec.Devices:                  {1, (*machine).listDevices},
	spec.Revoke:                   {1, (*machine).revoke},
	spec.Begin:                    {2, proven(spec.Begin)},
	spec.Confirm:                  {3, (*machine).confirm},
	spec.RemoveAuthenticator:      {1, provenBy(spec.RemoveAuthenticator, hasAuthenticator)},
	spec.Prove:                    {6, (*machine).prove},
	spec.Forfeit:                  {1, (*machine).forfeit},
	spec.Status:                   {1, (*machine).status},
	spec.Unlock:                   {1, (*machine).unlock},
	spec.AdminSetPIN:              {2, (*machine).adminSetPIN},
	spec.AdminRemovePIN:           {1, aboutOne(spec.AdminRemovePIN, hasPIN)},
	spec.AdminRemoveAuthenticator: {1, aboutOne(spec.AdminRemoveAuthenticator, hasAuthenticator)},
	spec.AdminRevoke:              {1, (*machine).adminRevoke},
	spec.Import:                   {2, (*machine).imports},
	spec.Forget:                   {1, (*machine).forget},
	spec.Reseal:                   {1, looks(spec.Reseal)},
	spec.Users:                    {1, (*machine).listUsers},
	spec.Sweep:                    {3, (*machine).sweep},
}

var _ = func() struct{} {
	for op, w := range ways {
		if w.run == nil {
			panic("model: no way to draw a call of " + spec.Op(op).String())
		}
	}
	return struct{}{}
}()

func hasPIN(u *user) bool           { return u.state.PIN.Digits != "" }
func hasDevice(u *user) bool        { return len(u.devices()) > 0 }
func isWaiting(u *user) bool        { return u.state.Waiting.Secret.Key != 0 }
func hasAuthenticator(u *user) bool { return u.state.Authenticator.Key != 0 || isWaiting(u) }

// looks is a call with no argument but the user.
func looks(op spec.Op) func(*machine, *rapid.T) {
	return func(m *machine, t *rapid.T) { m.act(op, m.drawUser(t)).make() }
}

// aboutOne is such a call, mostly about a user of whom something is true.
func aboutOne(op spec.Op, is func(*user) bool) func(*machine, *rapid.T) {
	return func(m *machine, t *rapid.T) { m.act(op, m.drawUserWho(t, is)).make() }
}

// proven is a call with no argument but the user and a proof.
func proven(op spec.Op) func(*machine, *rapid.T) { return provenBy(op, nil) }

func provenBy(op spec.Op, is func(*user) bool) func(*machine, *rapid.T) {
	return func(m *machine, t *rapid.T) {
		name := m.drawUser(t)
		if is != nil {
			name = m.drawUserWho(t, is)
		}
		a := m.act(op, name)
		a.prove(t, m.patterns()...)
		a.make()
	}
}

// prove draws the proof of a call.
func (a *act) prove(t *rapid.T, patterns ...string) {
	a.label("%s", a.drawProof(t, &a.Call, patterns...))
	if a.Password == faultyPassword {
		a.fault = errPassword
	}
}

func (m *machine) verifyOTP(t *rapid.T) {
	mayHave := func(u *user) bool { return u.state.Login.Live.Code+u.state.Account.Live.Code > 0 || hasDevice(u) }
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
	if rare(t, "odd kinds", 40) {
		asked = pick(t, "kinds", badKindLists...)
	}
	m.verifyThis(name, code, asked)
}

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

func (m *machine) setPIN(t *rapid.T) {
	name, pin := m.drawUser(t), m.drawNewPIN(t)
	a := m.act(spec.SetPIN, name).label("%v", pin)
	a.NewPIN = pin.text
	a.prove(t, m.patterns()...)
	a.make()
}

func (m *machine) adminSetPIN(t *rapid.T) {
	name, pin := m.drawUser(t), m.drawNewPIN(t)
	a := m.act(spec.AdminSetPIN, name).label("%v", pin)
	a.NewPIN = pin.text
	a.make()
}

// wait waits only where it need not: for a PIN that is set, or with a timeout
// that is malformed.
func (m *machine) wait(t *rapid.T) {
	name := m.drawUserWho(t, hasPIN)
	timeout := pick(t, "timeout", time.Second, time.Second, time.Minute, time.Minute, 0, time.Second-1, time.Minute+1, -time.Second)
	malformed := timeout < time.Second || timeout > time.Minute
	if u := m.users[name.text]; !malformed && u != nil && (!hasPIN(u) || m.sealed(u)) {
		return
	}
	a := m.act(spec.Wait, name).label("%v", timeout)
	a.Timeout = timeout
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
	k := one(t, "kind", []given{{"account", "account"}, {"login", "login"}}, 30,
		literal("totp", "device-totp", "pin", "password", "", "sms"))
	m.issueThis(name, factor.Kind(k.text))
}

// issueThis calls IssueUnproven.
func (m *machine) issueThis(name given, kind factor.Kind) {
	a := m.act(spec.IssueUnproven, name).label("%q", kind)
	a.Kind, a.args.Kind = spec.KindNamed(string(kind)), kind
	a.make()
}

// drawDevice draws a device, mostly one that the named user has.
func (m *machine) drawDevice(t *rapid.T, name string) spec.Name {
	var ids []spec.Name
	if u := m.users[name]; u != nil && !rare(t, "any device", 3) {
		for _, d := range u.devices() {
			ids = append(ids, d.ID)
		}
	}
	if len(ids) == 0 {
		ids = devicePool
	}
	if rare(t, "odd device", 30) {
		return 0
	}
	return pick(t, "device", ids...)
}

func (m *machine) enroll(t *rapid.T) {
	name := m.drawUser(t)
	a := m.act(spec.Enroll, name)
	a.Device = m.drawDevice(t, "")
	a.label("%s", deviceName(a.Device))
	a.prove(t, append(m.patterns(), "", "")...)
	at, fault := m.drawRegistered(t, a)
	m.host.reg = func() (time.Time, error) {
		if errors.Is(fault, errPanic) {
			panic(fault)
		}
		return at, fault
	}
	a.Host.Registered, a.Host.Unknown = spec.At(at), fault != nil
	if a.OTP+a.Password+a.PIN == "" && errors.Is(fault, errRegistered) {
		a.fault = fault
	}
	a.make()
}

// drawRegistered draws what RegisteredAt answers: inside the window, at its edges,
// outside, nothing, or a fault. It is asked only where no proof is given.
func (m *machine) drawRegistered(t *rapid.T, a *act) (at time.Time, fault error) {
	grace := m.cfg.spec.Device.Grace
	which := pick(t, "registered", "now", "now", "now", "now", "first moment", "too early", "last moment", "too late", "inside", "zero", "error", "panic")
	a.label("registered %s", which)
	switch which {
	case "now":
		return m.now, nil
	case "first moment":
		return m.now.Add(time.Minute), nil
	case "too early":
		return m.now.Add(time.Minute + time.Millisecond), nil
	case "last moment":
		return m.now.Add(-grace), nil
	case "too late":
		return m.now.Add(-grace - time.Millisecond), nil
	case "inside":
		return m.now.Add(-grace / 2).In(time.FixedZone("", 3600)), nil
	case "error":
		return m.now, errRegistered
	case "panic":
		return m.now, errPanic
	}
	return time.Time{}, nil
}

// enrolled checks an enrolment and returns its secret.
func (a *act) enrolled(o *observed, next spec.State) spec.Secret {
	a.t.Helper()
	got, s := o.Enrollment, next.Waiting.Secret
	for _, d := range next.Devices {
		if d.ID == a.Device && a.Op == spec.Enroll {
			s = d.Secret
		}
	}
	if got.Device != translate.DeviceID(a.Device) || got.Period != time.Duration(s.Period)*time.Second || got.Digits != int(s.Digits) ||
		got.Algorithm != s.Algorithm.String() || len(got.Secret) != 32 {
		a.t.Fatalf("%s: device %s, %s with %d digits every %v, a secret of %d characters",
			o.label, got.Device, got.Algorithm, got.Digits, got.Period, len(got.Secret))
	}
	key, err := otp.NewKeyFromURL(got.URL)
	if err != nil {
		a.t.Fatalf("%s: the URL does not parse: %v", o.label, err)
	}
	if key.Type() != "totp" || key.Secret() != got.Secret || key.Algorithm().String() != got.Algorithm ||
		int(key.Digits()) != got.Digits || time.Duration(key.Period())*time.Second != got.Period ||
		key.Issuer() != a.cfg.opts.TOTP.Issuer {
		a.t.Fatalf("%s: the URL says something else than the enrolment", o.label)
	}
	if rare(a.t, "QR code", 60) {
		if _, err := got.QR(300); err != nil {
			a.t.Fatalf("%s: no QR code: %v", o.label, err)
		}
	}
	a.drawn.Key(s.Key, got.Secret)
	return s
}

func (m *machine) listDevices(t *rapid.T) {
	a := m.act(spec.Devices, m.drawUser(t))
	a.make()
	if u := m.users[a.User]; u != nil && !m.sealed(u) {
		got, want := m.views.Do(t.Context(), &a.Call, nil), m.cfg.spec.View(u.state, m.time())
		if translate.ViewDevices(got.Devices) != want.Devices {
			m.t.Fatalf("Devices(%q): %+v, want %+v", u.name, got.Devices, want.Devices)
		}
	}
}

func (m *machine) revoke(t *rapid.T) {
	a := m.act(spec.Revoke, m.drawUserWho(t, hasDevice))
	a.Device = m.drawDevice(t, a.User)
	a.label("%s", deviceName(a.Device))
	a.prove(t, m.patterns()...)
	a.make()
}

func (m *machine) adminRevoke(t *rapid.T) {
	a := m.act(spec.AdminRevoke, m.drawUserWho(t, hasDevice))
	a.Device = m.drawDevice(t, a.User)
	a.label("%s", deviceName(a.Device)).make()
}

func (m *machine) confirm(t *rapid.T) {
	if !m.someone(isWaiting) && !rare(t, "confirm nothing", 5) {
		proven(spec.Begin)(m, t)
		return
	}
	name := m.drawUserWho(t, isWaiting)
	if rare(t, "give up", 8) {
		for range 5 {
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
func (m *machine) confirmThis(name, code given) bool {
	a := m.act(spec.Confirm, name).label("%v", code)
	a.OTP = code.text
	return a.make()
}

// drawConfirm draws a code that is often one of the waiting secret's.
func (m *machine) drawConfirm(t *rapid.T, name string) given {
	if u := m.users[name]; u != nil && isWaiting(u) && rapid.Bool().Draw(t, "waiting code") {
		s := u.state.Waiting.Secret
		return given{"the waiting code", m.drawn.At(s, s.Step(m.time()))}
	}
	return m.drawCode(t, name)
}

func (m *machine) prove(t *rapid.T) {
	if !m.cfg.guard {
		return
	}
	guarded := func(u *user) bool { return u.state.Wipe.Stage != spec.NotWiped || hasPIN(u) || hasDevice(u) }
	if !m.someone(guarded) && !rare(t, "prove nothing", 5) {
		m.enroll(t)
		return
	}
	a := m.act(spec.Prove, m.drawUserWho(t, guarded))
	fields := []string{"otp", "otp", "otp", "otp", "pin", "pin", "pin", "pin", "otp pin", "otp pin", "otp pin", "otp pin", "", "password pin"}
	if m.env.RarePINs {
		fields = []string{"otp", "otp", "otp", "otp", "otp", "pin", "", "otp password"}
	}
	a.prove(t, fields...)
	if u := m.users[a.User]; u != nil && hasDevice(u) && rare(t, "used code", 5) {
		if s := u.state.Devices[0].Secret; s.Last != spec.NoStep {
			a.OTP = m.drawn.At(s, s.Last)
			a.label("the last used device code instead")
		}
	}
	a.make()
	for m.cfg.opts.Reset.ForgiveRepeats && rare(t, "again", 3) {
		if rare(t, "later", 2) {
			m.moveClock(t)
		}
		a.make()
	}
}

func (m *machine) forfeit(t *rapid.T) {
	if m.cfg.guard {
		m.act(spec.Forfeit, m.drawUser(t)).make()
	}
}

func (m *machine) unlock(t *rapid.T) {
	name := m.drawUser(t)
	var ks []given
	for _, r := range spec.Kinds {
		ks = append(ks, given{r.Name, r.Name})
	}
	k := factor.Kind(one(t, "kind", ks, 20, literal("", "sms", "PIN")).text)
	a := m.act(spec.Unlock, name)
	a.args.Kinds = pick(t, "kinds", []factor.Kind{k}, []factor.Kind{k}, nil, []factor.Kind{},
		[]factor.Kind{k, factor.KindPIN}, []factor.Kind{factor.KindAccount, k})
	a.label("%q", a.args.Kinds)
	a.Kinds = translate.KindsOf(a.args.Kinds)
	a.make()
}

// status looks at a user outside of the invariant.
func (m *machine) status(t *rapid.T) {
	name := one(t, "user", literal("nobody", "aNN", "Ann "), 2, badUsers)
	a := m.act(spec.Status, name)
	if a.make() && translate.View(m.views.Do(t.Context(), &a.Call, nil).Status) != (spec.View{}) {
		m.t.Fatalf("%s(%v): a status out of nothing", a.Op, name)
	}
}

func (m *machine) forget(t *rapid.T) {
	if !rare(t, "forget", 3) {
		return // or no user grows old
	}
	m.act(spec.Forget, m.drawUser(t)).make()
}

func (m *machine) listUsers(t *rapid.T) {
	a := m.act(spec.Users, given{})
	a.args.After = pick(t, "after", "", "A", "Ann", "ann", "ann ", "b")
	a.args.Most = pick(t, "stop after", 1, 2, 3, 4)
	o := m.do(fmt.Sprintf("%s(%q)", a.Op, a.args.After), &a.Call, &a.args)
	var want []string
	for _, name := range m.names {
		if m.users[name].state.Stored && name > a.args.After && len(want) < a.args.Most {
			want = append(want, name)
		}
	}
	if o.Err != nil || strings.Join(o.Users, "|") != strings.Join(want, "|") {
		m.t.Fatalf("%s: %q, %v, want %q", o.label, o.Users, o.Err, want)
	}
}
