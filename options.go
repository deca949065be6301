package factor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/pinhash"
	"github.com/knowhave/factor/internal/totp"
)

// Options configures a Verifier. Without a function the host does not offer its
// feature; any other zero field means its default. Durations are whole
// milliseconds.
//
// Many goroutines call the functions at once, with the caller's context unless the
// field says otherwise. A panic in one counts as an error.
//
// A function may call this package with the context it was given, or one derived
// from it. None then runs inside itself for the same user:
//
//   - Inside Wipe, a call that would run that wipe returns ErrWipePending at once.
//   - Inside CheckPassword and RegisteredAt, a call that needs that function fails.
//   - Inside Observe, the package reports no events.
//   - Inside Notify, the package keeps notices for a later Sweep.
//
// Once the function has returned, its context is inside nothing. For one user, each
// of CheckPassword, RegisteredAt, Wipe and Notify runs at most 4 times at once in a
// process. Beyond that, a call of the first two waits up to 5 s and then fails, a
// Wipe is ErrWipePending, and a Notify is left to Sweep. Now and PINOptions.Deny
// get no context and must not call this package.
type Options struct {
	// CheckPassword reports whether this is the user's password. An error is a
	// fault, which charges nothing, but bcrypt.ErrMismatchedHashAndPassword of
	// golang.org/x/crypto and ErrMismatch count as "no". The function must return
	// when its context ends. Nil: a given password is ErrMalformed.
	CheckPassword func(ctx context.Context, user, password string) (bool, error)
	// RegisteredAt returns when the user registered, from the host's records. The
	// package calls it only when a device enrols without a proof. To open the
	// window at each login, return the time of the last login. Nil: no device
	// enrols without a proof.
	RegisteredAt func(ctx context.Context, user string) (time.Time, error)
	// Wipe deletes the user's critical data, and only what existed at Wipe.At. It
	// must be idempotent per Wipe.ID: the package calls it until it returns nil,
	// and several calls may run at once. Its context outlives the caller's and ends
	// after 30 s. Wipe must return then, because a Sweep waits for it. A ResetGuard
	// needs it.
	Wipe func(ctx context.Context, w Wipe) error
	// Observe receives each decision and change once it is stored. The caller waits
	// for it, but its context outlives the caller's. The package drops a panic in
	// it.
	Observe func(ctx context.Context, e Event)
	// Notify tells the user, by mail or the like, of a change to what proves who
	// they are. The package calls it with the same Notice.ID until it returns nil:
	// once in the call that made the change, then in Sweep. Return nil only if you
	// sent the notice, or know that nobody wants it. The caller waits for Notify,
	// but its context outlives the caller's and ends after 10 s. Nil: the package
	// keeps no notices, and Sweep leaves the waiting ones to a process that has
	// Notify.
	Notify func(ctx context.Context, n Notice) error
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// ProofKinds are the kinds of code that count as a proof. Nil means
	// KindDeviceTOTP and KindAccount; an empty list that is not nil is an error.
	ProofKinds []Kind
	// Password bounds the wrong passwords.
	Password Limit
	PIN      PINOptions
	OTP      OTPOptions
	TOTP     TOTPOptions
	Device   DeviceOptions
	Reset    ResetOptions
}

// A Limit bounds the wrong answers in a row for one user and one kind. A zero field
// means its default.
//
// The Tries-th wrong answer in a row locks the kind for Delay, and each further one
// for twice as long as the one before, up to MaxDelay. The Final-th locks it until
// Admin.Unlock or a new binding: a new PIN, a confirmed authenticator, new recovery
// codes, or a device if the user has no other. A right answer or such a binding
// sets the count back to zero. While a kind is locked the package judges nothing,
// so right and wrong get the same answer.
type Limit struct {
	// Tries is at least 1. Default 3 for the PIN, else 5.
	Tries int
	// Delay is at least 1 ms. Default 1 minute.
	Delay time.Duration
	// MaxDelay is at least Delay. Default 1 hour.
	MaxDelay time.Duration
	// Final is more than Tries and at most 100 (NIST SP 800-63B-4 §3.2.2).
	// Default 10 for the PIN, else 100.
	Final int
}

// rules returns what the rules on an account depend on. It needs complete options.
func (o *Options) rules() account.Rules {
	alg, _ := totp.Named(o.TOTP.Algorithm)
	return account.Rules{
		Password: account.Limit(o.Password), PIN: account.Limit(o.PIN.Limit),
		OneTime: account.Limit(o.OTP.Limit), TimeBased: account.Limit(o.TOTP.Limit),
		LoginTTL: o.OTP.LoginTTL, AccountTTL: o.OTP.AccountTTL, Interval: o.OTP.Interval, Resend: o.OTP.Resend,
		TOTP:  account.TOTPRules{Algorithm: alg, Digits: o.TOTP.Digits, Period: o.TOTP.Period, Skew: o.TOTP.Skew},
		Guard: account.GuardRules(o.Reset),
	}
}

func optionError(field, remedy string) error {
	return fmt.Errorf("factor: %s %s", field, remedy)
}

// complete returns the options with their defaults filled in, or an error for
// each field that is out of range.
func (o Options) complete() (Options, error) {
	var c checker
	if o.Now == nil {
		o.Now = time.Now
	}
	switch {
	case o.ProofKinds == nil:
		o.ProofKinds = defaultProofKinds()
	case len(o.ProofKinds) == 0:
		c.fail("ProofKinds", "must not be empty: name a kind, or leave it nil for device-totp and account")
	}
	o.ProofKinds = slices.Clone(o.ProofKinds)
	for i, k := range o.ProofKinds {
		if !k.isOTP() || slices.Contains(o.ProofKinds[:i], k) {
			c.fail("ProofKinds", "must name each kind once, out of "+listed(otpKinds[:], "and"))
		}
	}
	c.limit("Password", &o.Password, 5, account.MaxFailures)
	c.pin(&o.PIN)

	within(&c, "OTP.Digits", &o.OTP.Digits, 6, totp.MinDigits, totp.MaxDigits)
	within(&c, "OTP.AccountTTL", &o.OTP.AccountTTL, 5*time.Minute, time.Second, account.MaxCodeTTL)
	within(&c, "OTP.LoginTTL", &o.OTP.LoginTTL, 10*time.Minute, time.Second, account.MaxCodeTTL)
	within(&c, "OTP.Interval", &o.OTP.Interval, 0, 0, longest)
	c.limit("OTP.Limit", &o.OTP.Limit, 5, account.MaxFailures)

	c.totp(&o.TOTP)

	within(&c, "Device.Grace", &o.Device.Grace, 5*time.Minute, time.Millisecond, longest)
	within(&c, "Device.Max", &o.Device.Max, 10, 1, account.MaxDevices)

	within(&c, "Reset.Strikes", &o.Reset.Strikes, 3, 1, account.MaxFailures)
	within(&c, "Reset.Interval", &o.Reset.Interval, 0, 0, longest)
	within(&c, "Reset.MinAge", &o.Reset.MinAge, 0, 0, longest)
	return o, errors.Join(c.failed...)
}

// longest bounds durations without a bound of their own, so that adding one to a
// time never overflows.
const longest = 100 * 365 * 24 * time.Hour

// checker collects the errors of fields that are out of range.
type checker struct{ failed []error }

func (c *checker) fail(field, remedy string) {
	c.failed = append(c.failed, optionError("Options."+field, remedy))
}

// within sets the default and checks the bounds.
func within[T int | uint8 | uint32 | time.Duration](c *checker, field string, value *T, byDefault, least, most T) {
	if *value == 0 {
		*value = byDefault
	}
	if *value < least || *value > most {
		c.fail(field, fmt.Sprintf("must be %v to %v, or 0 for %v", least, most, byDefault))
	}
	if d, ok := any(*value).(time.Duration); ok && d%time.Millisecond != 0 {
		c.fail(field, "must be whole milliseconds")
	}
}

func (c *checker) limit(field string, l *Limit, tries, final int) {
	within(c, field+".Tries", &l.Tries, tries, 1, account.MaxFailures-1)
	within(c, field+".Delay", &l.Delay, time.Minute, time.Millisecond, longest)
	within(c, field+".MaxDelay", &l.MaxDelay, time.Hour, time.Millisecond, longest)
	within(c, field+".Final", &l.Final, final, 2, account.MaxFailures)
	if l.Final <= l.Tries {
		c.fail(field+".Final", fmt.Sprintf("(%d) must be more than Tries (%d)", l.Final, l.Tries))
	}
	if l.MaxDelay < l.Delay {
		c.fail(field+".MaxDelay", fmt.Sprintf("(%v) must not be less than Delay (%v)", l.MaxDelay, l.Delay))
	}
}

func (c *checker) pin(o *PINOptions) {
	within(c, "PIN.Length", &o.Length, 4, minPIN, maxPIN)
	within(c, "PIN.MinDistinct", &o.MinDistinct, 3, 1, min(o.Length, 10))
	within(c, "PIN.Poll", &o.Poll, 500*time.Millisecond, time.Millisecond, time.Minute)
	c.limit("PIN.Limit", &o.Limit, 3, 10)

	h := &o.Hash
	within(c, "PIN.Hash.MemoryKiB", &h.MemoryKiB, 19456, 1, pinhash.MaxMemory)
	within(c, "PIN.Hash.Time", &h.Time, 2, 1, pinhash.MaxTime)
	within(c, "PIN.Hash.Threads", &h.Threads, 1, 1, 255)
	within(c, "PIN.Hash.Parallel", &h.Parallel, runtime.GOMAXPROCS(0), 1, 1<<16)
	if !pinhash.Options(*h).Enough() {
		c.fail("PIN.Hash", "is too cheap: MemoryKiB and Time must be at least 19456 and 2, or another of OWASP's pairs (see HashOptions)")
	}
}

func (c *checker) totp(o *TOTPOptions) {
	if !isIssuer(o.Issuer) {
		c.fail("TOTP.Issuer", issuerBounds)
	}
	if o.Algorithm == "" {
		o.Algorithm = "SHA1"
	}
	if _, ok := totp.Named(o.Algorithm); !ok {
		c.fail("TOTP.Algorithm", "must be SHA1, SHA256 or SHA512")
	}
	within(c, "TOTP.Period", &o.Period, 30*time.Second, time.Second, totp.MaxPeriod)
	if o.Period%time.Second != 0 {
		c.fail("TOTP.Period", "must be whole seconds")
	}
	within(c, "TOTP.Digits", &o.Digits, 6, totp.MinDigits, totp.MaxDigits)
	within(c, "TOTP.Skew", &o.Skew, 1, -1, totp.MaxSkew)
	o.Skew = max(0, o.Skew) // -1 means none
	c.limit("TOTP.Limit", &o.Limit, 5, account.MaxFailures)
}
