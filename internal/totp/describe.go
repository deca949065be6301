package totp

import (
	"bytes"
	"encoding/base32"
	"fmt"
	"strings"
	"time"
	"unicode"
)

const (
	// minImported and maxImported bound a secret of another system in bytes; NIST SP
	// 800-63B-4 §3.1.4.1 asks for 112 bits.
	minImported = 14
	maxImported = 128
)

// Reasons that a URL and a field have in common.
const (
	refusedAlgorithm = "must have the algorithm SHA1, SHA256 or SHA512: have the user enrol anew"
	refusedDigits    = "must have 6 to 8 digits: have the user enrol anew"
	refusedPeriod    = "must have a period of whole seconds, 1 s to 2 min: have the user enrol anew"
)

// A Description is a key as another system describes it. It has a Secret, a Key or
// a URL, and nothing of the rest beside a URL.
type Description struct {
	Secret    string // in base32
	Key       []byte // the secret itself
	Algorithm string
	Digits    int
	Period    time.Duration
	URL       string // otpauth
}

// Parse returns the described key. If it refuses the Description, it returns the
// name of the field that it refuses, and the reason, which never repeats the value.
func (d Description) Parse() (key Key, field, reason string) {
	if len(d.Key) > 0 && (d.Secret != "" || d.URL != "") {
		return Key{}, "Key", "must not be given beside Secret or URL: give the one that your system computes codes from"
	}
	if d.URL == "" {
		return d.parse()
	}
	if d.Secret != "" || d.Algorithm != "" || d.Digits != 0 || d.Period != 0 {
		return Key{}, "URL", "brings Secret, Algorithm, Digits and Period: leave those out"
	}
	d, reason = parseURL(d.URL)
	if reason == "" {
		key, _, reason = d.parse()
	}
	return key, "URL", reason
}

// parse is Parse for a Description without a URL.
func (d Description) parse() (key Key, field, reason string) {
	secret, from, reason := d.secret()
	if reason != "" {
		return Key{}, from, reason
	}
	alg, known := readAlgorithm(d.Algorithm)
	if !known {
		return Key{}, "Algorithm", refusedAlgorithm
	}
	key = Key{Secret: secret, Algorithm: alg, Digits: orElse(d.Digits, MinDigits), Period: orElse(d.Period, 30*time.Second)}
	if key.Digits < MinDigits || key.Digits > MaxDigits {
		return Key{}, "Digits", refusedDigits
	}
	if key.Period < time.Second || key.Period > MaxPeriod || key.Period%time.Second != 0 {
		return Key{}, "Period", refusedPeriod
	}
	return key, "", ""
}

func orElse[T comparable](value, byDefault T) T {
	var zero T
	if value == zero {
		return byDefault
	}
	return value
}

// readAlgorithm knows SHA1 also as SHA-1, HmacSHA1 and HMAC-SHA-1, and so on.
func readAlgorithm(name string) (alg Algorithm, ok bool) {
	if name == "" {
		return SHA1, true
	}
	name = strings.NewReplacer("-", "", "_", "").Replace(strings.ToUpper(strings.TrimSpace(name)))
	return Named(strings.TrimPrefix(name, "HMAC"))
}

// secret returns the secret and the field that it is from, or the reason to refuse
// it.
func (d Description) secret() (secret []byte, from, reason string) {
	if d.Key != nil && d.Secret == "" {
		return bytes.Clone(d.Key), "Key", weakKey(d.Key)
	}
	secret, reason = readBase32(d.Secret)
	if reason == "" {
		reason = weakKey(secret)
	}
	return secret, "Secret", reason
}

// readBase32 reads a secret as people and systems write it, in groups and padded.
func readBase32(text string) (key []byte, reason string) {
	text = strings.Map(func(r rune) rune {
		if IsFiller(r) {
			return -1
		}
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, text)
	text = strings.TrimRight(text, "=")
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	switch odd := len(text) % 8; {
	case err != nil:
		return nil, "must be base32 (RFC 4648): give a key that is text, hex or bytes as Key"
	case odd == 1, odd == 3, odd == 6:
		return nil, "must have a possible length of base32 (RFC 4648): it was cut off, so have the user enrol anew"
	}
	return key, ""
}

// weakKey returns the reason to refuse a key that is too short, too long or trivial,
// and "" for any other.
func weakKey(key []byte) string {
	seen := bytes.TrimRight(key, "\x00") // HMAC pads a key with zeros, so trailing ones add nothing
	counted := len(seen)
	if len(key) > len(seen) {
		counted++ // a random key ends in a zero once in 256 times
	}
	switch {
	case len(key) == 0:
		return "must not be empty: leave the part out for a user who has none"
	case len(key) > maxImported:
		return fmt.Sprintf("must have at most %d bytes: have the user enrol anew", maxImported)
	case len(seen) == 0, bytes.Count(seen, seen[:1]) == len(seen):
		return "must not repeat a single byte: have the user enrol anew"
	case counted < minImported:
		return "must have at least 112 bits (NIST SP 800-63B-4 §3.1.4.1): have the user enrol anew"
	}
	return ""
}

// IsFiller reports whether a character stands between those of a code or a secret
// without being one: white space, dashes, and what has no width.
func IsFiller(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Z, unicode.Dash, unicode.Cf, unicode.Variation_Selector)
}
