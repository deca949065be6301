package model

import (
	"errors"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
	"github.com/pquerna/otp"
	"pgregory.net/rapid"
)

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

// wait calls Wait only where it returns at once: for a PIN that is set, or with a
// malformed timeout.
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

// drawRegistered draws the answer of RegisteredAt: inside the window, at its edges,
// outside, none, or a fault. The library asks only without a proof.
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
	s := next.Waiting.Secret
	for _, d := range next.Devices {
		if d.ID == a.Device && a.Op == spec.Enroll {
			s = d.Secret
		}
	}
	got := o.Enrollment
	if got.Device != translate.DeviceID(a.Device) || got.Period != time.Duration(s.Period)*time.Second || got.Digits != int(s.Digits) ||
		got.Algorithm != s.Algorithm.String() || len(got.Secret) != 32 {
		a.t.Fatalf("%s: device %s, %s with %d digits every %v, a secret of %d characters",
			o.label, got.Device, got.Algorithm, got.Digits, got.Period, len(got.Secret))
	}
	a.sameAsURL(o)
	if rare(a.t, "QR code", 60) {
		if _, err := got.QR(300); err != nil {
			a.t.Fatalf("%s: no QR code: %v", o.label, err)
		}
	}
	a.drawn.Key(s.Key, got.Secret)
	return s
}

// sameAsURL checks that an enrolment and its URL agree.
func (a *act) sameAsURL(o *observed) {
	a.t.Helper()
	got := o.Enrollment
	key, err := otp.NewKeyFromURL(got.URL)
	if err != nil {
		a.t.Fatalf("%s: the URL does not parse: %v", o.label, err)
	}
	if key.Type() != "totp" || key.Secret() != got.Secret || key.Algorithm().String() != got.Algorithm ||
		int(key.Digits()) != got.Digits || time.Duration(key.Period())*time.Second != got.Period ||
		key.Issuer() != a.cfg.opts.TOTP.Issuer {
		a.t.Fatalf("%s: the URL says something else than the enrolment", o.label)
	}
}

func (m *machine) listDevices(t *rapid.T) {
	a := m.act(spec.Devices, m.drawUser(t))
	if a.make() {
		u := m.users[a.User]
		got, want := m.views.Do(t.Context(), &a.Call, nil), m.cfg.spec.View(u.state, m.time())
		if translate.ViewDevices(got.Devices) != want.Devices {
			m.t.Fatalf("Devices(%q): %+v, want %+v", u.name, got.Devices, want.Devices)
		}
	}
}

func (m *machine) holdings(t *rapid.T) {
	a := m.act(spec.Holds, m.drawUser(t))
	if a.make() {
		u := m.users[a.User]
		got, want := m.views.Do(t.Context(), &a.Call, nil), m.cfg.spec.View(u.state, m.time())
		if translate.ViewHoldings(got.Holdings) != want.Holding() {
			m.t.Fatalf("Holdings(%q): %+v, want %+v", u.name, got.Holdings, want.Holding())
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

// confirmThis calls Confirm and reports whether the code was right.
func (m *machine) confirmThis(name, code given) bool {
	a := m.act(spec.Confirm, name).label("%v", code)
	a.OTP = code.text
	return a.make()
}

// drawConfirm draws a code, often one of the waiting secret's.
func (m *machine) drawConfirm(t *rapid.T, name string) given {
	if u := m.users[name]; u != nil && isWaiting(u) && rapid.Bool().Draw(t, "waiting code") {
		s := u.state.Waiting.Secret
		return given{"the waiting code", m.drawn.At(s, s.Step(m.time()))}
	}
	return m.drawCode(t, name)
}
