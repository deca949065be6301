// Package totp computes one-time codes (RFC 4226 and RFC 6238), and reads and writes
// the otpauth URLs that authenticator apps exchange keys by. It knows nothing of
// accounts: which codes count, and how often, is decided elsewhere.
package totp

import (
	"bytes"
	"crypto/subtle"
	"encoding/base32"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// NewKeySize is the length of a new key in bytes, RFC 4226 §4 R6.
	NewKeySize = 20
	// MinDigits and MaxDigits bound the length of a code: NIST SP 800-63B-4
	// §3.1.3.2 asks for at least 6.
	MinDigits = 6
	MaxDigits = 8
	// MaxPeriod is the longest time step, NIST SP 800-63B-4 §3.1.4.1.
	MaxPeriod = 2 * time.Minute
	// MaxSkew bounds the steps before and after the current one.
	MaxSkew = 10
)

// A Key is a shared secret and how codes are computed from it.
type Key struct {
	Secret    []byte
	Algorithm Algorithm
	Digits    int
	Period    time.Duration // whole seconds
}

// Find returns the step that a code is of, from skew steps before the current one
// to skew steps after it. Of several steps that have the same code it returns the
// latest, so that the code is of no use once that step is spent.
func (k *Key) Find(code string, now time.Time, skew int) (step int64, found bool) {
	if len(code) != k.Digits {
		return 0, false
	}
	given, err := strconv.ParseUint(code, 10, 31)
	if err != nil {
		return 0, false
	}
	var key hmacKey
	key.set(k.Algorithm, k.Secret)
	current := k.Step(now)
	for step := current + int64(skew); step >= max(0, current-int64(skew)); step-- {
		if subtle.ConstantTimeEq(int32(key.hotp(step, k.Digits)), int32(given)) == 1 {
			return step, true
		}
	}
	return 0, false
}

// Step returns the time step of RFC 6238 §4.2: whole periods since 1970.
func (k *Key) Step(now time.Time) int64 {
	seconds, period := now.Unix(), int64(k.Period/time.Second)
	if seconds < 0 {
		seconds -= period - 1
	}
	return seconds / period
}

// EffectiveSecret returns the secret as HMAC sees it (RFC 2104): hashed if it is
// longer than a block, and without trailing zeros, because HMAC pads it with zeros.
func (k *Key) EffectiveSecret() []byte {
	secret := k.Secret
	if len(secret) > k.Algorithm.blockSize() {
		secret = k.Algorithm.appendSum(nil, secret)
	}
	return bytes.TrimRight(secret, "\x00")
}

// SameSecret reports whether two keys have the same secret, byte by byte or as HMAC
// sees it. The algorithms may differ: nobody has one secret for two algorithms.
func (k *Key) SameSecret(other *Key) bool {
	return bytes.Equal(k.Secret, other.Secret) || bytes.Equal(k.EffectiveSecret(), other.EffectiveSecret())
}

// Base32 returns the secret in base32 without padding.
func (k *Key) Base32() string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(k.Secret)
}

// URL returns the otpauth URL of the key. The issuer must not contain a colon; an
// empty one is left out.
func (k *Key) URL(issuer, user string) string {
	label := url.PathEscape(user)
	query := url.Values{
		"secret": {k.Base32()}, "algorithm": {k.Algorithm.String()}, "digits": {strconv.Itoa(k.Digits)},
		"period": {strconv.FormatInt(int64(k.Period/time.Second), 10)},
	}
	if issuer != "" {
		query.Set("issuer", issuer)
	}
	if issuer != "" || strings.Contains(user, ":") { // apps read what is before the first colon as the issuer
		label = url.PathEscape(issuer) + ":" + label
	}
	// Some apps show the + of form encoding as it is, so spaces become %20.
	return "otpauth://totp/" + label + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}
