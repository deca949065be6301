package factor

import (
	"bytes"
	"encoding/base32"
	"fmt"
	"strings"
	"time"
)

const (
	// minKey and maxKey bound an imported key in bytes; NIST SP 800-63B-4
	// §3.1.4.1 asks for 112 bits.
	minKey = 14
	maxKey = 128
)

// Reasons that a URL and a field have in common.
const (
	refusedAlgorithm = "must have the algorithm SHA1, SHA256 or SHA512: have the user enrol anew"
	refusedDigits    = "must have 6 to 8 digits: have the user enrol anew"
	refusedPeriod    = "must have a period of whole seconds, 1 s to 2 min: have the user enrol anew"
)

// read returns the secret, or ErrMalformed.
func (t ImportedTOTP) read(field string, now time.Time) (secret, error) {
	given, at := t, func(name string) string { return field + "." + name }
	if len(t.Key) > 0 && (t.Secret != "" || t.URL != "") {
		return secret{}, malformed(field+".Key", "must not be given beside Secret or URL: give the one that your system computes codes from")
	}
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
	key, from, reason := given.readKey()
	if reason != "" {
		return secret{}, malformed(at(from), reason)
	}
	s := secret{key: key, digits: orElse(given.Digits, minDigits), period: orElse(given.Period, 30*time.Second), step: noStep}
	known := false
	if s.algorithm, known = readAlgorithm(given.Algorithm); !known {
		return secret{}, malformed(at("Algorithm"), refusedAlgorithm)
	}
	if s.digits < minDigits || s.digits > maxDigits {
		return secret{}, malformed(at("Digits"), refusedDigits)
	}
	if s.period < time.Second || s.period > maxPeriod || s.period%time.Second != 0 {
		return secret{}, malformed(at("Period"), refusedPeriod)
	}
	if t.LastStep < 0 || t.LastStep > s.stepAt(now)+maxSkew {
		return secret{}, malformed(field+".LastStep", "must be Unix time / Period, and not in the future: 0 if it is not known")
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

// readAlgorithm knows SHA1 also as SHA-1, HmacSHA1 and HMAC-SHA-1, and so on.
func readAlgorithm(name string) (algorithm, bool) {
	if name == "" {
		return algorithmSHA1, true
	}
	name = strings.NewReplacer("-", "", "_", "").Replace(strings.ToUpper(strings.TrimSpace(name)))
	return algorithmNamed(strings.TrimPrefix(name, "HMAC"))
}

// readKey returns the key and the field that it is from, or the reason why it
// cannot be taken.
func (t ImportedTOTP) readKey() (key []byte, from, reason string) {
	if t.Key != nil && t.Secret == "" {
		return bytes.Clone(t.Key), "Key", weakKey(t.Key)
	}
	key, reason = readBase32(t.Secret)
	if reason == "" {
		reason = weakKey(key)
	}
	return key, "Secret", reason
}

// readBase32 reads a secret as people and systems write it, in groups and padded.
func readBase32(text string) (key []byte, reason string) {
	text = strings.Map(func(r rune) rune {
		if isFiller(r) {
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
		return nil, "must have a length that base32 (RFC 4648) can have: it was cut, so have the user enrol anew"
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
	case len(key) > maxKey:
		return fmt.Sprintf("must have at most %d bytes: have the user enrol anew", maxKey)
	case len(seen) == 0, bytes.Count(seen, seen[:1]) == len(seen):
		return "must not be one byte again and again: have the user enrol anew"
	case counted < minKey:
		return "must have at least 112 bits (NIST SP 800-63B-4 §3.1.4.1): have the user enrol anew"
	}
	return ""
}

// effectiveKey returns the key as HMAC sees it (RFC 2104): hashed if it is longer
// than a block, and without trailing zeros, because HMAC pads it with zeros.
func (s *secret) effectiveKey() []byte {
	key := s.key
	if len(key) > s.algorithm.blockSize() {
		key = s.algorithm.appendSum(nil, key)
	}
	return bytes.TrimRight(key, "\x00")
}

// sameKey reports whether two secrets have the same key, byte by byte or as HMAC
// sees it. The algorithms may differ: nobody has one key for two algorithms.
func (s *secret) sameKey(other *secret) bool {
	return bytes.Equal(s.key, other.key) || bytes.Equal(s.effectiveKey(), other.effectiveKey())
}
