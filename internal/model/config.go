package model

import (
	"cmp"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
	"pgregory.net/rapid"
)

// A config is a run's options, beyond what the specification reads.
type config struct {
	opts factor.Options // without functions
	spec spec.Options

	passwords, registered, guard, notify bool // the host has the function
	notifies                             bool // some of its processes have Notify
}

// drawLimit draws a small limit, so that a run reaches its final lock. tries is the
// default of Tries.
func drawLimit(t *rapid.T, label string, tries int) factor.Limit {
	l := factor.Limit{
		Tries: pick(t, label+" tries", 2, 1, 3, 0),
		Delay: pick(t, label+" delay", 0, time.Second, 90*time.Second),
	}
	if more := pick(t, label+" final", 1, 2, 4, 0); more > 0 {
		l.Final = cmp.Or(l.Tries, tries) + more
	}
	if l.Delay > 0 {
		l.MaxDelay = l.Delay * pick(t, label+" max delay", time.Duration(0), 1, 3, 4)
	}
	return l
}

// drawConfig draws what stays the same during a run.
func drawConfig(t *rapid.T) config {
	c := config{
		guard:      pick(t, "guard", true, true, true, true, true, true, true, false),
		registered: pick(t, "registered at", true, true, true, false),
		notifies:   pick(t, "notifies", true, false),
	}
	o := &c.opts
	o.Password = drawLimit(t, "password", 5)
	o.PIN.Limit = drawLimit(t, "pin", 3)
	o.OTP.Limit = drawLimit(t, "otp", 5)
	o.TOTP.Limit = drawLimit(t, "totp", 5)
	o.OTP.AccountTTL = pick(t, "account ttl", 0, time.Minute, 10*time.Minute)
	o.OTP.LoginTTL = pick(t, "login ttl", 0, 90*time.Second)
	o.OTP.Interval = pick(t, "otp interval", 0, 0, 20*time.Second)
	o.OTP.Resend = pick(t, "resend", false, true)
	o.Reset.Strikes = pick(t, "strikes", 0, 1, 2)
	o.Reset.Interval = pick(t, "guard interval", 0, 0, 40*time.Second)
	o.Reset.MinAge = pick(t, "min age", 0, 0, 0, 10*time.Minute)
	o.Reset.ForgiveRepeats = pick(t, "forgive repeats", false, true)
	o.Reset.Authenticator = pick(t, "authenticators prove", false, true)
	c.redraw(t)
	return c
}

// redraw draws what a host may change during the life of its data.
func (c *config) redraw(t *rapid.T) {
	o := &c.opts
	o.OTP.Digits = pick(t, "otp digits", 0, 6, 7, 8)
	o.TOTP.Issuer = pick(t, "issuer", "", "Acme & Söhne")
	o.TOTP.Algorithm = pick(t, "algorithm", "", "SHA1", "SHA256", "SHA512")
	o.TOTP.Period = pick(t, "period", 0, 30*time.Second, time.Minute)
	o.TOTP.Digits = pick(t, "digits", 0, 6, 7, 8)
	o.TOTP.Skew = pick(t, "skew", 0, 1, -1, 2)
	o.PIN.Length = pick(t, "pin length", 0, 0, 4, 6)
	o.PIN.MinDistinct = pick(t, "min distinct", 0, 0, 1, 4)
	o.PIN.AllowSeries = pick(t, "allow series", false, false, true)
	o.Device.Grace = pick(t, "grace", 0, time.Minute)
	o.Device.Max = pick(t, "max devices", 2, 1, 3, 0)
	o.ProofKinds = pick(t, "proof kinds", nil, nil,
		[]factor.Kind{factor.KindAccount},
		[]factor.Kind{factor.KindRecovery},
		[]factor.Kind{factor.KindRecovery, factor.KindAccount},
		translate.Kinds(spec.CodeKinds))
	c.notify = c.notifies && pick(t, "notify", true, true, true, false)
	c.passwords = pick(t, "passwords", true, true, true, true, false)
}
