package factor

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/knowhave/factor/internal/totp"
)

const (
	maxUser     = 255
	maxPassword = 1024
	minPIN      = 4
	maxPIN      = 12
)

// checkUser checks the purpose and the user.
func (v *Verifier) checkUser(user string) error {
	if v.malformed != nil {
		return v.malformed
	}
	if user == "" || len(user) > maxUser || !utf8.ValidString(user) || strings.IndexByte(user, 0) >= 0 {
		return malformed("user", "must be 1 to 255 bytes of UTF-8 without NUL")
	}
	return nil
}

func (v *Verifier) checkPassword(password string) error {
	if password == "" || len(password) > maxPassword {
		return malformed("password", "must be 1 to 1024 bytes")
	}
	if v.opts.CheckPassword == nil {
		return malformed("password", "cannot be judged: set Options.CheckPassword")
	}
	return nil
}

// checkProof checks the user and the given credentials.
func (v *Verifier) checkProof(user string, proof Credentials) error {
	if err := v.checkUser(user); err != nil {
		return err
	}
	if proof.OTP != "" {
		if err := checkOTP(proof.OTP, v.opts.ProofKinds); err != nil {
			return err
		}
	}
	if proof.Password != "" {
		if err := v.checkPassword(proof.Password); err != nil {
			return err
		}
	}
	if proof.PIN != "" {
		return checkDigits("pin", proof.PIN, minPIN, maxPIN)
	}
	return nil
}

// checkOTP returns ErrMalformed unless the code has the form of one of the kinds.
func checkOTP(code string, kinds []Kind) error {
	if slices.ContainsFunc(kinds, func(k Kind) bool { return k.hasFormOf(code) }) {
		return nil
	}
	const letters = "a recovery code of 16 letters and digits"
	switch recovery := slices.Contains(kinds, KindRecovery); {
	case recovery && len(distinct(kinds)) == 1:
		return malformed("otp", "must be "+letters)
	case recovery:
		return malformed("otp", fmt.Sprintf("must be %d to %d ASCII digits, or %s", totp.MinDigits, totp.MaxDigits, letters))
	}
	return checkDigits("otp", code, totp.MinDigits, totp.MaxDigits)
}

func checkNewPIN(pin string) error { return checkDigits("pin", pin, 1, maxPIN) }

// checkDigits returns ErrMalformed unless s is ASCII digits of that length.
func checkDigits(field, s string, shortest, longest int) error {
	if len(s) < shortest || len(s) > longest || !isDigits(s) {
		return malformed(field, fmt.Sprintf("must be %d to %d ASCII digits", shortest, longest))
	}
	return nil
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
