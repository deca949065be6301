// Package rfc6238 computes one-time codes for tests, straight from RFC 4226 and RFC
// 6238. It shares nothing with the library, so that each can catch the other's
// errors. All tests take their codes from here.
package rfc6238

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"hash"
	"strings"
	"time"
)

// A Secret is what an enrolment tells an authenticator app. The zero value of a
// field means what it means in an otpauth URL: SHA1, 6 digits, 30 s.
type Secret struct {
	Base32    string // with or without padding
	Algorithm string // SHA1, SHA256 or SHA512
	Digits    int
	Period    time.Duration // whole seconds
}

// Code returns the code of a time step, or of a counter.
func (s Secret) Code(step int64) string {
	digits := s.Digits
	if digits == 0 {
		digits = 6
	}
	return Code(Key(s.Base32), s.Algorithm, digits, step)
}

// At returns the code that an app shows at an instant.
func (s Secret) At(now time.Time) string { return s.Code(s.Step(now)) }

// Step returns the time step of an instant.
func (s Secret) Step(now time.Time) int64 {
	period := int64(s.Period / time.Second)
	if period == 0 {
		period = 30
	}
	return Step(now.Unix(), period)
}

// Key decodes a secret, which is base32 with or without padding.
func Key(secret string) []byte {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(secret, "="))
	if err != nil {
		panic(fmt.Sprintf("rfc6238: %v", err))
	}
	return key
}

// Step returns the number of whole periods since 1970, RFC 6238 §4.2. Instants
// before 1970 have negative steps.
func Step(unix, period int64) int64 {
	step := unix / period
	if unix%period < 0 {
		step--
	}
	return step
}

// Code returns the code for a counter (RFC 4226 §5.3), with an algorithm of RFC
// 6238 §1.2; an empty name means SHA1.
func Code(key []byte, algorithm string, digits int, counter int64) string {
	mac := hmac.New(newHash(algorithm), key)
	var text [8]byte
	binary.BigEndian.PutUint64(text[:], uint64(counter))
	mac.Write(text[:])
	sum := mac.Sum(nil)

	offset := sum[len(sum)-1] & 0x0f
	number := uint64(binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff)
	space := uint64(1)
	for range digits {
		space *= 10
	}
	return fmt.Sprintf("%0*d", digits, number%space)
}

func newHash(algorithm string) func() hash.Hash {
	switch algorithm {
	case "", "SHA1":
		return sha1.New
	case "SHA256":
		return sha256.New
	case "SHA512":
		return sha512.New
	}
	panic(fmt.Sprintf("rfc6238: no algorithm %q", algorithm))
}
