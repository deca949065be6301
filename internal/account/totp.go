package account

import (
	"time"

	"github.com/knowhave/factor/internal/totp"
)

// NoStep is the LastStep of a key without an accepted code.
const NoStep = -1

// A TOTP is a key for time-based codes.
type TOTP struct {
	totp.Key
	LastStep int64 // the step of the last accepted code
}

// TOTPRules are the options of time-based codes. All except Skew apply to new keys
// only.
type TOTPRules struct {
	Algorithm totp.Algorithm
	Digits    int
	Period    time.Duration
	Skew      int
}

// NewTOTP returns a key without an accepted code.
func NewTOTP(key []byte, o TOTPRules) TOTP {
	return TOTP{totp.Key{Secret: key, Algorithm: o.Algorithm, Digits: o.Digits, Period: o.Period}, NoStep}
}

// Match judges a code against the steps around now. A step is right once, and never
// after a later one. Match does not spend the step.
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

// matchDevices judges a code against the devices whose enrolment time satisfies
// asked.
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

// matchAuthenticator judges a code against the confirmed authenticator.
func (a *Account) matchAuthenticator(code string, o TOTPRules, now time.Time) match {
	if a.Authenticator == nil {
		dummyMatch(code, o, now)
		return match{}
	}
	step, v := a.Authenticator.Match(code, now, o.Skew)
	return match{verdict: v, step: step}
}

// dummyMatch does the work of Match for a user without a key, with a key of the
// current options.
func dummyMatch(code string, o TOTPRules, now time.Time) {
	s := NewTOTP(make([]byte, totp.NewKeySize), o)
	s.Match(code, now, o.Skew)
}
