package model

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/pquerna/otp"
	"pgregory.net/rapid"
)

// drawDevice draws a device ID, mostly of a device the named user has.
func (m *machine) drawDevice(t *rapid.T, name string) given {
	var ids []given
	if u := m.users[name]; u != nil && !rare(t, "any device", 3) {
		for _, d := range u.devices {
			ids = append(ids, given{deviceName(d.id), d.id.String()})
		}
	}
	if len(ids) == 0 {
		for _, id := range devicePool {
			ids = append(ids, given{deviceName(id), id.String()})
		}
	}
	return one(t, "device", ids, 30, []given{{"-", uuid.Nil.String()}})
}

// drawRegistered draws what RegisteredAt answers: inside the window, at its
// edges, outside, nothing, or a fault.
func (m *machine) drawRegistered(t *rapid.T) (at time.Time, fault, label string) {
	switch which := pick(t, "registered", "now", "now", "now", "now", "first moment", "too early", "last moment", "too late", "inside", "zero", "error", "panic"); which {
	case "now":
		return m.now, "", which
	case "first moment":
		return m.now.Add(time.Minute), "", which
	case "too early":
		return m.now.Add(time.Minute + time.Millisecond), "", which
	case "last moment":
		return m.now.Add(-m.cfg.grace), "", which
	case "too late":
		return m.now.Add(-m.cfg.grace - time.Millisecond), "", which
	case "inside":
		return m.now.Add(-m.cfg.grace / 2).In(time.FixedZone("", 3600)), "", which
	case "error":
		return m.now, "registered fault", which
	case "panic":
		return m.now, "fault", which
	default:
		return time.Time{}, "", which
	}
}

func (m *machine) enroll(t *rapid.T) {
	name := m.drawUser(t)
	dev := m.drawDevice(t, "")
	proof, label := m.drawProof(t, name.text, append(m.patterns(), "", "")...)
	at, fault, when := m.drawRegistered(t)
	m.host.reg = func() (time.Time, error) {
		switch fault {
		case "registered fault":
			return at, errRegistered
		case "fault":
			panic("model: RegisteredAt panics")
		}
		return at, nil
	}
	id := uuid.MustParse(dev.text)
	var got factor.Enrollment
	o := m.do(func(ctx context.Context) (err error) {
		got, err = m.devices.Enroll(ctx, name.text, id, proof)
		return err
	}, "DeviceTOTPEnroller.Enroll(%v, %v, %s) registered %s", name, dev, label, when)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.user(name.text)
	bad.check("device", id == uuid.Nil)
	bad.proof(m, proof)
	if bad.refuse(e) {
		return
	}
	u, ok := m.open(e, name.text)
	if !ok || !m.finishWipe(e, o, u) {
		return
	}
	old := u.device(id)
	if old == nil && len(u.devices) >= m.cfg.maxDevices {
		e.unchanged("device limit")
		return
	}
	if proof == (factor.Credentials{}) {
		if !m.graced(e, old != nil, at, fault) {
			return
		}
	} else if o.asked != 0 {
		m.t.Fatalf("%s: RegisteredAt was asked beside a proof", o.label)
	} else if !m.judgeProof(e, u, proof) {
		return
	}
	m.zeroIfFinal(u, factor.KindDeviceTOTP)
	u.bindAnew()
	u.dropDevice(id)
	if o.err == nil {
		u.devices = append(u.devices, &device{id: id, enrolled: m.now, secret: m.enrolled(o, u, got, id)})
	}
	e.full(factor.ActionEnrolled, factor.KindDeviceTOTP, id, 0, noTime)
}

// graced judges an enrolment without a proof.
func (m *machine) graced(e *expectation, again bool, at time.Time, fault string) bool {
	since := m.now.Sub(at)
	switch {
	case again || !m.cfg.registered:
		e.unchanged("no credential")
	case fault != "":
		e.unchanged(fault)
	case at.IsZero() || since < -time.Minute || since > m.cfg.grace:
		e.unchanged("no credential")
	default:
		e.stored("ok")
		return true
	}
	return false
}

// enrolled checks an enrolment and takes the secret over.
func (m *machine) enrolled(o *observed, u *user, got factor.Enrollment, id uuid.UUID) *secret {
	s := &secret{text: got.Secret, alg: m.cfg.alg, digits: m.cfg.digits, period: m.cfg.period, last: noStep}
	if got.Device != id || got.Period != s.period || got.Digits != s.digits || got.Algorithm != s.alg.String() || len(got.Secret) != 32 {
		m.t.Fatalf("%s: device %s, %s with %d digits every %v, a secret of %d characters",
			o.label, deviceName(got.Device), got.Algorithm, got.Digits, got.Period, len(got.Secret))
	}
	key, err := otp.NewKeyFromURL(got.URL)
	if err != nil {
		m.t.Fatalf("%s: the URL does not parse: %v", o.label, err)
	}
	if key.Type() != "totp" || key.Secret() != s.text || key.Algorithm() != s.alg ||
		int(key.Digits()) != s.digits || time.Duration(key.Period())*time.Second != s.period ||
		key.Issuer() != m.cfg.opts.TOTP.Issuer {
		m.t.Fatalf("%s: the URL says something else than the enrolment", o.label)
	}
	if rare(m.t, "QR code", 60) {
		if _, err := got.QR(300); err != nil {
			m.t.Fatalf("%s: no QR code: %v", o.label, err)
		}
	}
	u.oldSecrets = append(u.oldSecrets, s)
	return s
}

func (m *machine) listDevices(t *rapid.T) {
	name := m.drawUser(t)
	var got []factor.Device
	o := m.do(func(ctx context.Context) (err error) {
		got, err = m.devices.Devices(ctx, name.text)
		return err
	}, "DeviceTOTPEnroller.Devices(%v)", name)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	if u, ok := m.hosts(e, name.text, nil); ok {
		e.unchanged("ok")
		want := factor.Status{}
		for _, d := range u.devices {
			want.Devices = append(want.Devices, factor.Device{ID: d.id, EnrolledAt: d.enrolled, UsedAt: d.used})
		}
		if g, w := statusText(factor.Status{Devices: got}), statusText(want); g != w {
			m.t.Fatalf("%s:\n%s\nwant\n%s", o.label, g, w)
		}
	}
}

func (m *machine) revoke(t *rapid.T) {
	name := m.drawUserWho(t, func(u *user) bool { return len(u.devices) > 0 })
	dev := m.drawDevice(t, name.text)
	proof, label := m.drawProof(t, name.text, m.patterns()...)
	id := uuid.MustParse(dev.text)
	o := m.do(func(ctx context.Context) error {
		return m.devices.Revoke(ctx, name.text, id, proof)
	}, "DeviceTOTPEnroller.Revoke(%v, %v, %s)", name, dev, label)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.check("device", id == uuid.Nil)
	u, ok := m.proven(e, name.text, proof, bad)
	switch {
	case !ok:
		return
	case u.device(id) == nil:
		e.unchanged("unknown device")
		return
	case !m.judgeProof(e, u, proof):
		return
	}
	u.dropDevice(id)
	e.full(factor.ActionRevoked, factor.KindDeviceTOTP, id, 0, noTime)
}

func (m *machine) adminRevoke(t *rapid.T) {
	name := m.drawUserWho(t, func(u *user) bool { return len(u.devices) > 0 })
	dev := m.drawDevice(t, name.text)
	id := uuid.MustParse(dev.text)
	o := m.do(func(ctx context.Context) error {
		return m.admin.RevokeDevice(ctx, name.text, id)
	}, "Admin.RevokeDevice(%v, %v)", name, dev)

	e := &expectation{}
	defer m.compare(name.text, o, e)
	var bad badFields
	bad.check("device", id == uuid.Nil)
	u, ok := m.hosts(e, name.text, bad)
	if !ok {
		return
	}
	if u.device(id) == nil {
		e.unchanged("unknown device")
		return
	}
	u.dropDevice(id)
	e.stored("ok")
	e.full(factor.ActionRevoked, factor.KindDeviceTOTP, id, 0, noTime)
}
