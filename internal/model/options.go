package model

import (
	"time"

	"github.com/knowhave/factor"
	"github.com/pquerna/otp"
	"pgregory.net/rapid"
)

// A config is the options of one run with their defaults filled in by the
// model, beside the options as they are given.
type config struct {
	opts factor.Options // without functions

	limits               map[factor.Kind]limit
	life                 map[factor.Kind]time.Duration // of codes
	issueWait, guardWait time.Duration
	otpDigits            int
	alg                  otp.Algorithm
	digits, skew         int
	period               time.Duration
	pinLength, distinct  int
	grace, minAge        time.Duration
	maxDevices, strikes  int
	proofKinds           []factor.Kind
	passwords, guard     bool
	registered           bool
}

// orDefault is how an option with the zero value is read.
func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// drawLimit draws a small limit, so that a run reaches its final lock.
func drawLimit(t *rapid.T, label string, tries, final int) (factor.Limit, limit) {
	given := factor.Limit{
		Tries: pick(t, label+" tries", 2, 1, 3, 0),
		Delay: pick(t, label+" delay", 0, time.Second, 90*time.Second),
	}
	if more := pick(t, label+" final", 1, 2, 4, 0); more > 0 {
		given.Final = orDefault(given.Tries, tries) + more
	}
	if given.Delay > 0 {
		given.MaxDelay = given.Delay * pick(t, label+" max delay", time.Duration(0), 1, 3, 4)
	}
	return given, limit{
		tries: orDefault(given.Tries, tries),
		delay: orDefault(given.Delay, time.Minute),
		max:   orDefault(given.MaxDelay, time.Hour),
		final: orDefault(given.Final, final),
	}
}

// drawConfig draws what stays for the whole run.
func drawConfig(t *rapid.T) config {
	c := config{
		limits: map[factor.Kind]limit{}, life: map[factor.Kind]time.Duration{},
		guard:      pick(t, "guard", true, true, true, true, true, true, true, false),
		registered: pick(t, "registered at", true, true, true, false),
	}
	o := &c.opts
	var l limit
	o.Password, l = drawLimit(t, "password", 5, 100)
	c.limits[factor.KindPassword] = l
	o.PIN.Limit, l = drawLimit(t, "pin", 3, 10)
	c.limits[factor.KindPIN] = l
	o.OTP.Limit, l = drawLimit(t, "otp", 5, 100)
	c.limits[factor.KindLogin], c.limits[factor.KindAccount] = l, l
	o.TOTP.Limit, l = drawLimit(t, "totp", 5, 100)
	c.limits[factor.KindTOTP], c.limits[factor.KindDeviceTOTP] = l, l

	o.OTP.AccountTTL = pick(t, "account ttl", 0, time.Minute, 10*time.Minute)
	o.OTP.LoginTTL = pick(t, "login ttl", 0, 90*time.Second)
	c.life[factor.KindAccount] = orDefault(o.OTP.AccountTTL, 5*time.Minute)
	c.life[factor.KindLogin] = orDefault(o.OTP.LoginTTL, 10*time.Minute)
	o.OTP.Interval = pick(t, "otp interval", 0, 0, 20*time.Second)
	c.issueWait = o.OTP.Interval

	o.Reset.Strikes = pick(t, "strikes", 0, 1, 2)
	c.strikes = orDefault(o.Reset.Strikes, 3)
	o.Reset.Interval = pick(t, "guard interval", 0, 0, 40*time.Second)
	c.guardWait = o.Reset.Interval
	o.Reset.MinAge = pick(t, "min age", 0, 0, 0, 10*time.Minute)
	c.minAge = o.Reset.MinAge
	o.Reset.ForgiveRepeats = pick(t, "forgive repeats", false, true)
	c.redraw(t)
	return c
}

// redraw draws what a host may change over the life of its data.
func (c *config) redraw(t *rapid.T) {
	o := &c.opts
	o.OTP.Digits = pick(t, "otp digits", 0, 6, 7, 8)
	c.otpDigits = orDefault(o.OTP.Digits, 6)

	o.TOTP.Issuer = pick(t, "issuer", "", "Acme & Söhne")
	o.TOTP.Algorithm = pick(t, "algorithm", "", "SHA1", "SHA256", "SHA512")
	c.alg = map[string]otp.Algorithm{
		"": otp.AlgorithmSHA1, "SHA1": otp.AlgorithmSHA1,
		"SHA256": otp.AlgorithmSHA256, "SHA512": otp.AlgorithmSHA512,
	}[o.TOTP.Algorithm]
	o.TOTP.Period = pick(t, "period", 0, 30*time.Second, time.Minute)
	c.period = orDefault(o.TOTP.Period, 30*time.Second)
	o.TOTP.Digits = pick(t, "digits", 0, 6, 7, 8)
	c.digits = orDefault(o.TOTP.Digits, 6)
	o.TOTP.Skew = pick(t, "skew", 0, 1, -1, 2)
	c.skew = max(0, orDefault(o.TOTP.Skew, 1))

	o.PIN.Length = pick(t, "pin length", 0, 0, 4, 6)
	c.pinLength = orDefault(o.PIN.Length, 4)
	o.PIN.MinDistinct = pick(t, "min distinct", 0, 0, 1, 4)
	c.distinct = orDefault(o.PIN.MinDistinct, 3)
	o.PIN.AllowSeries = pick(t, "allow series", false, false, true)

	o.Device.Grace = pick(t, "grace", 0, time.Minute)
	c.grace = orDefault(o.Device.Grace, 5*time.Minute)
	o.Device.Max = pick(t, "max devices", 2, 1, 3, 0)
	c.maxDevices = orDefault(o.Device.Max, 10)

	o.ProofKinds = pick(t, "proof kinds", nil, nil,
		[]factor.Kind{factor.KindAccount},
		[]factor.Kind{factor.KindLogin, factor.KindTOTP, factor.KindDeviceTOTP, factor.KindAccount})
	c.proofKinds = o.ProofKinds
	if len(c.proofKinds) == 0 {
		c.proofKinds = []factor.Kind{factor.KindDeviceTOTP, factor.KindAccount}
	}
	c.passwords = pick(t, "passwords", true, true, true, true, false)
}
