package account

import (
	"time"

	"github.com/knowhave/factor/internal/totp"
)

// NoStep is the LastStep of a key of which no code was accepted.
const NoStep = -1

// A TOTP is a key that time-based codes are computed from.
type TOTP struct {
	totp.Key
	LastStep int64 // the step of the last accepted code
}

// TOTPRules are the options of time-based codes. All but Skew are those of new keys.
type TOTPRules struct {
	Algorithm totp.Algorithm
	Digits    int
	Period    time.Duration
	Skew      int
}

// NewTOTP returns a key of which no code was accepted yet.
func NewTOTP(key []byte, o TOTPRules) TOTP {
	return TOTP{totp.Key{Secret: key, Algorithm: o.Algorithm, Digits: o.Digits, Period: o.Period}, NoStep}
}

// Match judges a code against the steps around now. A step is right once, and
// never after a later one. It does not take the step out of use.
func (s *TOTP) Match(code string, now time.Time, skew int) (step int64, v Verdict) {
	step, found := s.Find(code, now, skew)
	switch {
	case !found:
		return 0, Wrong
	case step <= s.LastStep:
		return step, Stale
	}
	return step, Right
}

// matchDevices judges a code against the devices that were enrolled at a time for
// which asked holds.
func (a *Account) matchDevices(code string, o TOTPRules, now time.Time, asked func(enrolledAt time.Time) bool) match {
	var found match
	judged := false
	for i := range a.Devices {
		d := &a.Devices[i]
		if !asked(d.EnrolledAt) {
			continue
		}
		judged = true
		step, v := d.Match(code, now, o.Skew)
		found = found.or(match{v, step, i})
	}
	if !judged {
		dummyMatch(code, o, now)
	}
	return found
}

// matchAuthenticator judges a code against the authenticator that counts.
func (a *Account) matchAuthenticator(code string, o TOTPRules, now time.Time) match {
	if a.Authenticator == nil {
		dummyMatch(code, o, now)
		return match{}
	}
	step, v := a.Authenticator.Match(code, now, o.Skew)
	return match{verdict: v, step: step}
}

// dummyMatch does the work of Match where the user holds no key, so that it costs
// what it would with a key of today's options.
func dummyMatch(code string, o TOTPRules, now time.Time) {
	s := NewTOTP(make([]byte, totp.NewKeySize), o)
	s.Match(code, now, o.Skew)
}
