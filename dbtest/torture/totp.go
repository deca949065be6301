package torture

import (
	"time"

	"github.com/knowhave/factor/internal/rfc6238"
)

// totp is the code of a secret in a time step, computed without the library.
func totp(secret string, step int64) string {
	return codesOf(secret, step, step)[0]
}

// codesOf returns the codes of a secret in a row of time steps.
func codesOf(secret string, first, last int64) []string {
	var codes []string
	for step := first; step <= last; step++ {
		codes = append(codes, rfc6238.Secret{Base32: secret, Digits: digits}.Code(step))
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
