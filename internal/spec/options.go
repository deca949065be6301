package spec

import (
	"fmt"
	"time"
)

// Constants of the rules that no option changes.
const (
	// waitingLife is how long an authenticator waits for its first code, and
	// waitingTries the number of wrong codes that drop it.
	waitingLife  = 15 * time.Minute
	waitingTries = 5
	// clockSlack is how far apart the clocks of several processes may be.
	clockSlack = time.Minute
	// staleKept is how long after its end a code is known as stale.
	staleKept = 10 * time.Minute
	// dueAfter is when Sweep first looks at expiring state, rounded up to full
	// hours, so that the time beside a record does not tell what it is: longer than
	// any of it lasts.
	dueAfter = 25 * time.Minute
	// emptyKept is how long an empty record stays after its last write: longer than
	// a write can linger on its way to the store, because a late insert into
	// nothing would bring back what was forgotten.
	emptyKept = 24 * time.Hour
	// wipeBackoff is how long Sweep leaves a wipe alone after a failure; it doubles
	// up to maxWipeBackoff.
	wipeBackoff    = time.Minute
	maxWipeBackoff = time.Hour
)

// A Limit bounds the wrong answers in a row of one user and kind.
type Limit struct {
	Tries           int
	Delay, MaxDelay time.Duration
	Final           int
}

// PINOptions are the policy for new PINs.
type PINOptions struct {
	Length, MinDistinct int
	AllowSeries         bool
	Limit               Limit
}

// OTPOptions are for issued codes. Limit is for recovery codes too.
type OTPOptions struct {
	Digits                         int
	AccountTTL, LoginTTL, Interval time.Duration
	Resend                         bool
	Limit                          Limit
}

// TOTPOptions are for new secrets, except Skew and Limit.
type TOTPOptions struct {
	Algorithm string
	Period    time.Duration
	Digits    int
	Skew      int // -1: none
	Limit     Limit
}

// DeviceOptions are for enrolling devices.
type DeviceOptions struct {
	Grace time.Duration
	Max   int
}

// ResetOptions are for the reset guard. With Authenticator a confirmed authenticator
// proves a reset as a device does.
type ResetOptions struct {
	Strikes                       int
	Interval, MinAge              time.Duration
	ForgiveRepeats, Authenticator bool
}

// Options are the library's, by the same names.
type Options struct {
	// CheckPassword, RegisteredAt, Wipe and Notify: the host offers the function.
	CheckPassword, RegisteredAt, Wipe, Notify bool

	ProofKinds []Kind
	Password   Limit
	PIN        PINOptions
	OTP        OTPOptions
	TOTP       TOTPOptions
	Device     DeviceOptions
	Reset      ResetOptions
}

// Complete fills in the defaults of zero fields.
func (o Options) Complete() Options {
	if len(o.ProofKinds) == 0 {
		o.ProofKinds = []Kind{KindDeviceTOTP, KindAccount}
	}
	complete := func(l *Limit, tries, final int) {
		orElse(&l.Tries, tries)
		orElse(&l.Delay, time.Minute)
		orElse(&l.MaxDelay, time.Hour)
		orElse(&l.Final, final)
	}
	// 100 is the most that NIST SP 800-63B-4 §3.2.2 allows.
	complete(&o.Password, 5, 100)
	complete(&o.PIN.Limit, 3, 10)
	complete(&o.OTP.Limit, 5, 100)
	complete(&o.TOTP.Limit, 5, 100)
	orElse(&o.PIN.Length, 4)
	orElse(&o.PIN.MinDistinct, 3)
	orElse(&o.OTP.Digits, 6)
	orElse(&o.OTP.AccountTTL, 5*time.Minute)
	orElse(&o.OTP.LoginTTL, 10*time.Minute)
	orElse(&o.TOTP.Algorithm, "SHA1")
	orElse(&o.TOTP.Period, 30*time.Second)
	orElse(&o.TOTP.Digits, 6)
	orElse(&o.TOTP.Skew, 1)
	o.TOTP.Skew = max(0, o.TOTP.Skew)
	orElse(&o.Device.Grace, 5*time.Minute)
	orElse(&o.Device.Max, 10)
	orElse(&o.Reset.Strikes, 3)
	if o.Device.Max > MaxDevices {
		panic(fmt.Sprintf("spec: a State holds no more than %d devices", MaxDevices))
	}
	return o
}

func orElse[T comparable](v *T, byDefault T) {
	var zero T
	if *v == zero {
		*v = byDefault
	}
}

// limit returns the limit of a kind. Kinds with the same limit have separate
// counts.
func (o *Options) limit(k Kind) *Limit {
	switch k {
	case KindPassword:
		return &o.Password
	case KindPIN:
		return &o.PIN.Limit
	case KindLogin, KindAccount, KindRecovery:
		return &o.OTP.Limit
	case KindTOTP, KindDeviceTOTP:
		return &o.TOTP.Limit
	}
	panic("spec: no limit of kind " + k.String())
}

// ttl returns the lifetime of an issued code of a kind. NIST SP 800-63B-4 §3.1.3.2
// allows 10 minutes.
func (o *Options) ttl(k Kind) time.Duration {
	switch k {
	case KindLogin:
		return o.OTP.LoginTTL
	case KindAccount:
		return o.OTP.AccountTTL
	}
	panic("spec: no code of kind " + k.String() + " is issued")
}
