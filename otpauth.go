package factor

import (
	"bytes"
	"encoding/base32"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// minKey and maxKey bound an imported key in bytes; NIST SP 800-63B-4
	// §3.1.4.1 asks for 112 bits.
	minKey = 14
	maxKey = 128
)

// read returns the secret, or ErrMalformed.
func (t ImportedTOTP) read(field string, now time.Time) (secret, error) {
	given, at := t, func(name string) string { return field + "." + name }
	if t.URL != "" {
		if t.Secret != "" || t.Algorithm != "" || t.Digits != 0 || t.Period != 0 {
			return secret{}, malformed(field+".URL", "brings Secret, Algorithm, Digits and Period: leave those out")
		}
		var reason string
		if given, reason = parseOTPAuth(t.URL); reason != "" {
			return secret{}, malformed(field+".URL", reason)
		}
		at = func(string) string { return field + ".URL" }
	}
	key, reason := readKey(given.Secret)
	if reason != "" {
		return secret{}, malformed(at("Secret"), reason)
	}
	s := secret{key: key, digits: orElse(given.Digits, minDigits), period: orElse(given.Period, 30*time.Second), step: noStep}
	known := false
	if s.algorithm, known = algorithmNamed(strings.ToUpper(orElse(given.Algorithm, "SHA1"))); !known {
		return secret{}, malformed(at("Algorithm"), "must have the algorithm SHA1, SHA256 or SHA512")
	}
	if s.digits < minDigits || s.digits > maxDigits {
		return secret{}, malformed(at("Digits"), "must have 6 to 8 digits")
	}
	if s.period < time.Second || s.period > maxPeriod || s.period%time.Second != 0 {
		return secret{}, malformed(at("Period"), "must have a period of whole seconds, 1 s to 2 min")
	}
	if t.LastStep < 0 || t.LastStep > s.stepAt(now)+maxSkew {
		return secret{}, malformed(field+".LastStep", "must be Unix time / Period, and not in the future")
	}
	if t.LastStep > 0 {
		s.step = t.LastStep
	}
	return s, nil
}

func orElse[T comparable](value, byDefault T) T {
	var zero T
	if value == zero {
		return byDefault
	}
	return value
}

// readKey reads a key in base32, or returns the reason why it cannot be taken.
func readKey(text string) (key []byte, reason string) {
	text = strings.TrimRight(strings.ToUpper(strings.Join(strings.Fields(text), "")), "=")
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	switch odd := len(text) % 8; {
	case text == "":
		return nil, "must not be empty"
	case err != nil, odd == 1, odd == 3, odd == 6:
		return nil, "must be base32 (RFC 4648)"
	case len(key) < minKey:
		return nil, "must have at least 112 bits (NIST SP 800-63B-4 §3.1.4.1): have the user enrol anew"
	case len(key) > maxKey:
		return nil, "must have at most 128 bytes"
	case bytes.Count(key, key[:1]) == len(key):
		return nil, "must not be one byte again and again"
	}
	return key, ""
}

// parseOTPAuth reads an otpauth URL strictly: what it says is taken or refused,
// and only what it leaves out has a default.
func parseOTPAuth(text string) (t ImportedTOTP, reason string) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "otpauth" || !strings.EqualFold(u.Host, "totp") {
		return t, "must be an otpauth URL of the type totp"
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return t, "must have a query that can be read"
	}
	t = ImportedTOTP{Secret: query.Get("secret"), Algorithm: query.Get("algorithm")}
	if query.Has("algorithm") && t.Algorithm == "" {
		return t, "must have the algorithm SHA1, SHA256 or SHA512"
	}
	if query.Has("digits") {
		if t.Digits, _ = strconv.Atoi(query.Get("digits")); t.Digits == 0 {
			return t, "must have 6 to 8 digits"
		}
	}
	if query.Has("period") {
		seconds, _ := strconv.ParseUint(query.Get("period"), 10, 16)
		if t.Period = time.Duration(seconds) * time.Second; t.Period == 0 {
			return t, "must have a period of whole seconds, 1 s to 2 min"
		}
	}
	return t, ""
}
