package torture

import (
	"crypto/hmac"
	"crypto/sha1" // #nosec G505 -- RFC 6238's default.
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"time"
)

// totp is the code of a secret in a time step, by a generator of the test's own.
func totp(secret string, step int64) string {
	return codesOf(secret, step, step)[0]
}

// codesOf returns the codes of a secret in a row of time steps (RFC 4226 §5.3).
func codesOf(secret string, first, last int64) []string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		panic(err) // the engine's secret is not what it says it is
	}
	mac := hmac.New(sha1.New, key)
	var codes []string
	for step := first; step <= last; step++ {
		mac.Reset()
		_ = binary.Write(mac, binary.BigEndian, step)
		sum := mac.Sum(nil)
		offset := sum[len(sum)-1] & 0xf
		value := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
		codes = append(codes, fmt.Sprintf("%0*d", digits, value%100_000_000))
	}
	return codes
}

// stepAt is the time step of an instant in Unix milliseconds.
func stepAt(at int64) int64 { return at / period.Milliseconds() }

// window is the time steps that a client uses: from a little before now, so that
// there is a supply of fresh ones, and all stay in the engine's window for a
// while.
func window(now time.Time) (first, last int64) {
	step := stepAt(now.UnixMilli())
	return step - 2, step + skew - 1
}

// ambiguous reports whether the code of a secret in a step would be right in
// another step, or for another of the user's secrets, whenever it is in the
// window. Such a code says nothing about one-time use, and even with 8 digits a
// long run draws one.
func ambiguous(secret string, step int64, all []string) bool {
	code := totp(secret, step)
	const far = 2*skew + 1
	right := 0
	for _, s := range all {
		for _, c := range codesOf(s, step-far, step+far) {
			if c == code {
				right++
			}
		}
	}
	return right > 1
}
