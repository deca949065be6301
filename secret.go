package factor

import (
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/totp"
)

// noStep is the last accepted step of a secret that has accepted none.
const noStep = -1

// secret is a TOTP key and the last step that was accepted from it.
type secret struct {
	totp.Key
	step int64
}

// totpRules are TOTPOptions as the rules need them.
type totpRules struct {
	Algorithm totp.Algorithm
	Digits    int
	Period    time.Duration
	Skew      int
}

func newSecret(key []byte, o totpRules) secret {
	return secret{totp.Key{Secret: key, Algorithm: o.Algorithm, Digits: o.Digits, Period: o.Period}, noStep}
}

// match judges a code against the steps around now. A step is right once, and
// never after a later one.
func (s *secret) match(code string, now time.Time, skew int) (step int64, v verdict) {
	step, found := s.Find(code, now, skew)
	switch {
	case !found:
		return 0, verdictWrong
	case step <= s.step:
		return step, verdictSpent
	}
	return step, verdictRight
}

// spendDevice judges a code against the devices that are at least minAge old,
// and takes the step out of use where it is right.
func (a *account) spendDevice(code string, o totpRules, minAge time.Duration, now time.Time) (uuid.UUID, verdict) {
	found, held := verdictWrong, false
	for i := range a.devices {
		d := &a.devices[i]
		if young(d.enrolledAt, minAge, now) {
			continue
		}
		held = true
		step, v := d.match(code, now, o.Skew)
		if v == verdictRight {
			d.step, d.usedAt = step, now
			return d.id, v
		}
		found = max(found, v)
	}
	if !held {
		matchNobodys(code, o, now)
	}
	return uuid.Nil, found
}

// spendAuthenticator judges a code against the confirmed authenticator, and
// takes the step out of use if it is right.
func (a *account) spendAuthenticator(code string, o totpRules, now time.Time) verdict {
	if a.authenticator == nil {
		matchNobodys(code, o, now)
		return verdictWrong
	}
	step, v := a.authenticator.match(code, now, o.Skew)
	if v == verdictRight {
		a.authenticator.step = step
	}
	return v
}

// matchNobodys does the work of judging where a user holds no secret, so that it
// costs what it would with a secret of today's options.
func matchNobodys(code string, o totpRules, now time.Time) {
	s := newSecret(make([]byte, totp.NewKeySize), o)
	s.match(code, now, o.Skew)
}

// young reports whether what was bound at a time has not reached an age.
func young(at time.Time, minAge time.Duration, now time.Time) bool {
	return minAge > 0 && now.Sub(at) < minAge
}
