package factor

import (
	"crypto/subtle"
	"encoding/base32"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	// secretSize is the length of a new secret in bytes, RFC 4226 §4 R6.
	secretSize = 20
	// maxPeriod is the longest time step, NIST SP 800-63B-4 §3.1.4.1.
	maxPeriod = 2 * time.Minute
	// maxSkew bounds the steps to either side.
	maxSkew = 10
)

// noStep is the last accepted step of a secret that has accepted none.
const noStep = -1

// secret is a TOTP key and the last step that was accepted from it.
type secret struct {
	key       []byte
	algorithm algorithm
	digits    int
	period    time.Duration
	step      int64
}

func newSecret(key []byte, o TOTPOptions) secret {
	alg, _ := algorithmNamed(o.Algorithm)
	return secret{key: key, algorithm: alg, digits: o.Digits, period: o.Period, step: noStep}
}

// match judges a code against the steps around now. A step is right once, and
// never after a later one. Of several steps that have the same code the latest
// counts, so that the code is of no use afterwards.
func (s *secret) match(code string, now time.Time, skew int) (step int64, v verdict) {
	if len(code) != s.digits {
		return 0, verdictWrong
	}
	given, err := strconv.ParseUint(code, 10, 31)
	if err != nil {
		return 0, verdictWrong
	}
	var key hmacKey
	key.set(s.algorithm, s.key)
	current := s.stepAt(now)
	for step := current + int64(skew); step >= max(0, current-int64(skew)); step-- {
		if subtle.ConstantTimeEq(int32(key.hotp(step, s.digits)), int32(given)) == 0 {
			continue
		}
		if step <= s.step {
			return step, verdictSpent
		}
		return step, verdictRight
	}
	return 0, verdictWrong
}

// stepAt is the step of RFC 6238 §4.2: whole periods since 1970.
func (s *secret) stepAt(now time.Time) int64 {
	seconds, period := now.Unix(), int64(s.period/time.Second)
	if seconds < 0 {
		seconds -= period - 1
	}
	return seconds / period
}

// spendDevice judges a code against the devices that are at least minAge old,
// and takes the step out of use where it is right.
func (a *account) spendDevice(code string, o TOTPOptions, minAge time.Duration, now time.Time) (uuid.UUID, verdict) {
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
func (a *account) spendAuthenticator(code string, o TOTPOptions, now time.Time) verdict {
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
func matchNobodys(code string, o TOTPOptions, now time.Time) {
	s := newSecret(make([]byte, secretSize), o)
	s.match(code, now, o.Skew)
}

// young reports whether what was bound at a time has not reached an age.
func young(at time.Time, minAge time.Duration, now time.Time) bool {
	return minAge > 0 && now.Sub(at) < minAge
}

// enrollment is what the secret's owner gets to see.
func (s *secret) enrollment(id uuid.UUID, issuer, user string) Enrollment {
	e := Enrollment{
		Device: id, Secret: base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(s.key),
		Period: s.period, Digits: s.digits, Algorithm: algorithms[s.algorithm],
	}
	label := url.PathEscape(user)
	query := url.Values{
		"secret": {e.Secret}, "algorithm": {e.Algorithm}, "digits": {strconv.Itoa(e.Digits)},
		"period": {strconv.FormatInt(int64(e.Period/time.Second), 10)},
	}
	if issuer != "" {
		query.Set("issuer", issuer)
	}
	if issuer != "" || strings.Contains(user, ":") { // what is before the first colon is read as the issuer
		label = url.PathEscape(issuer) + ":" + label
	}
	// Some apps show the + of form encoding as it is, so spaces become %20.
	e.URL = "otpauth://totp/" + label + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
	return e
}
