package factor

import (
	"fmt"
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

func checkUser(user string) error {
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
		return malformed("password", "cannot be judged: Options.CheckPassword is not set")
	}
	return nil
}

// checkProof checks the user and those credentials that are given.
func (v *Verifier) checkProof(user string, proof Credentials) error {
	if err := checkUser(user); err != nil {
		return err
	}
	if proof.OTP != "" {
		if err := checkDigits("otp", proof.OTP, totp.MinDigits, totp.MaxDigits); err != nil {
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
