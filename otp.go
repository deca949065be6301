package factor

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math/big"
	"slices"
	"time"
)

const (
	// minDigits and maxDigits bound one-time codes, of both the issued and the
	// time-based kind: NIST SP 800-63B-4 §3.1.3.2 asks for at least 6.
	minDigits = 6
	maxDigits = 8
	// maxCodeTTL is the longest life of an issued code, NIST SP 800-63B-4
	// §3.1.3.2.
	maxCodeTTL = 10 * time.Minute
	// clockSlack is how far the clocks of several processes may be apart before
	// a code's end is taken for that of a clock that ran ahead.
	clockSlack = time.Minute
)

// OTPOptions tunes the one-time codes that are issued. A zero field means its
// default.
type OTPOptions struct {
	// Digits is the length of a code, 6 to 8. Default 6.
	Digits int
	// AccountTTL and LoginTTL are how long a code of that kind lives, 1 s to
	// 10 min (NIST SP 800-63B-4 §3.1.3.2). Default 5 min and 10 min.
	AccountTTL, LoginTTL time.Duration
	// Interval is how long after issuing a code no other of the same kind is
	// issued. Default none.
	Interval time.Duration
	// Limit bounds the wrong codes, for each of the two kinds on its own.
	Limit Limit
}

// An OTP is an issued one-time code. It redacts itself: see "Secrets and logs" in
// the package comment. Read the field to send the code.
type OTP struct {
	// Code is the code's digits, leading zeros included.
	Code string
	// Kind is KindAccount or KindLogin.
	Kind Kind
	// ExpiresAt is the first instant at which the code is no longer accepted,
	// in UTC and whole milliseconds.
	ExpiresAt time.Time
}

// An OTPIssuer issues one-time codes. It is safe for use by many goroutines.
type OTPIssuer struct{ v *Verifier }

// NewOTPIssuer returns the OTPIssuer of v.
func NewOTPIssuer(v *Verifier) *OTPIssuer { return &OTPIssuer{v} }

// Issue issues an account code to a user who proves the password or the PIN:
// those given are judged in this order, and one right one is enough. The new
// code takes the place of the one that was live.
//
// It returns ErrMalformed (an OTP is no proof here), ErrNoCredential,
// ErrLocked (also within OTPOptions.Interval of the last code, and then before
// the proof is judged) and ErrMismatch.
func (i *OTPIssuer) Issue(ctx context.Context, user string, proof Credentials) (OTP, error) {
	if err := i.v.checkProof(user, proof); err != nil {
		return OTP{}, err
	}
	if proof.OTP != "" {
		return OTP{}, malformed("otp", "is no proof here: give the password or the PIN")
	}
	if proof == (Credentials{}) {
		return OTP{}, ErrNoCredential
	}
	return update(ctx, i.v, user, proof.mode(), func(a *attempt) (OTP, error) {
		if err := a.mayIssue(KindAccount); err != nil {
			return OTP{}, err
		}
		if _, err := a.judge(proof, nil); err != nil {
			return OTP{}, err
		}
		return a.issue(KindAccount)
	})
}

// IssueUnproven issues a login or an account code without a proof, for the host
// to send over a channel that only the user reads. Who may ask for it, and how
// often, is the host's to decide; OTPOptions.Interval helps.
//
// It returns ErrMalformed, with the field kinds for any other kind, and
// ErrLocked within OTPOptions.Interval of the last code.
func (i *OTPIssuer) IssueUnproven(ctx context.Context, user string, kind Kind) (OTP, error) {
	if err := checkUser(user); err != nil {
		return OTP{}, err
	}
	if kind != KindLogin && kind != KindAccount {
		return OTP{}, malformed("kinds", "only login and account codes can be issued")
	}
	return update(ctx, i.v, user, modeBatched, func(a *attempt) (OTP, error) {
		if err := a.mayIssue(kind); err != nil {
			return OTP{}, err
		}
		return a.issue(kind)
	})
}

// mayIssue returns ErrLocked within the Interval of the last code.
func (a *attempt) mayIssue(kind Kind) error {
	if hold := a.account.codesOf(kind).hold; waits(hold, a.opts.OTP.Interval, a.now) {
		return a.locked(kind, hold)
	}
	return nil
}

func (a *attempt) issue(kind Kind) (OTP, error) {
	digits, err := randomCode(a.opts.OTP.Digits)
	if err != nil {
		return OTP{}, err
	}
	otp := OTP{Code: digits, Kind: kind, ExpiresAt: a.now.Add(a.opts.ttl(kind))}
	a.account.codesOf(kind).issue(code{otp.Code, otp.ExpiresAt}, a.opts.OTP.Interval, a.now)
	a.event(Event{Action: ActionIssued, Kind: kind, Until: otp.ExpiresAt})
	return otp, nil
}

// randomCode returns so many uniformly distributed digits.
func randomCode(digits int) (string, error) {
	space := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	n, err := rand.Int(rand.Reader, space)
	if err != nil {
		return "", fmt.Errorf("factor: drawing a code: %w", err)
	}
	return fmt.Sprintf("%0*d", digits, n), nil
}

// code is an issued code.
type code struct {
	digits    string
	expiresAt time.Time
}

func (c code) is(digits string) bool {
	return subtle.ConstantTimeCompare([]byte(c.digits), []byte(digits)) == 1
}

// codes is what is remembered of the issued codes of one kind.
type codes struct {
	live  *code     // the newest, until it is spent or ends
	spent []code    // the newest spentKept of those that were accepted, oldest first
	hold  time.Time // no new code before
}

// issue makes c the live code.
func (c *codes) issue(live code, interval time.Duration, now time.Time) {
	c.live, c.hold = &live, time.Time{}
	if interval > 0 {
		c.hold = now.Add(interval)
	}
}

// liveNow reports whether there is a live code. One that ends later than it can
// was issued by a clock that ran ahead, and is void.
func (c *codes) liveNow(ttl time.Duration, now time.Time) bool {
	return c.live != nil && waits(c.live.expiresAt, ttl+clockSlack, now)
}

// spend judges a code, and takes the live one out of use if it is right.
func (c *codes) spend(digits string, ttl time.Duration, now time.Time) verdict {
	if c.liveNow(ttl, now) && c.live.is(digits) {
		c.spent = append(c.spent, *c.live)
		c.spent = c.spent[max(0, len(c.spent)-spentKept):]
		c.live = nil
		return verdictRight
	}
	for _, s := range c.spent {
		if s.expiresAt.After(now) && s.is(digits) {
			return verdictSpent
		}
	}
	return verdictWrong
}

func (c *codes) tidy(now time.Time) {
	if c.live != nil && !c.live.expiresAt.After(now) {
		c.live = nil
	}
	c.spent = slices.DeleteFunc(c.spent, func(s code) bool { return !s.expiresAt.After(now) })
	if !c.hold.After(now) {
		c.hold = time.Time{}
	}
}

func (c *codes) empty() bool { return c.live == nil && len(c.spent) == 0 && c.hold.IsZero() }
