package factor

import (
	"slices"
	"strings"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/totp"
)

// A Kind is a kind of factor.
type Kind string

const (
	// KindPassword is the password, which the host checks.
	KindPassword Kind = "password"
	// KindPIN is the PIN.
	KindPIN Kind = "pin"
	// KindLogin is a code that OTPIssuer.IssueUnproven issued for a login.
	KindLogin Kind = "login"
	// KindAccount is a code that OTPIssuer issued for an act on the account.
	KindAccount Kind = "account"
	// KindTOTP is a code of the confirmed authenticator.
	KindTOTP Kind = "totp"
	// KindDeviceTOTP is a code of an enrolled device.
	KindDeviceTOTP Kind = "device-totp"
	// KindRecovery is one of the codes that RecoveryCodes generated.
	KindRecovery Kind = "recovery"
)

// kinds holds every Kind, in the order of Status.
var kinds = [...]Kind{KindPassword, KindPIN, KindLogin, KindAccount, KindTOTP, KindDeviceTOTP, KindRecovery}

// issuedKinds holds the kinds of code that OTPIssuer issues.
var issuedKinds = [...]Kind{KindLogin, KindAccount}

// otpKinds holds the kinds that a code can be of.
var otpKinds = [...]Kind{KindLogin, KindAccount, KindTOTP, KindDeviceTOTP, KindRecovery}

// AMR returns the RFC 8176 value for a proof of this kind, for the amr claim of an
// OpenID Connect provider: pwd for a password, pin for a PIN, otp for any kind of
// code, and "" for anything else.
func (k Kind) AMR() string {
	switch {
	case k == KindPassword:
		return "pwd"
	case k == KindPIN:
		return "pin"
	case k.isOTP():
		return "otp"
	}
	return ""
}

// isOTP reports whether a code can be of this kind.
func (k Kind) isOTP() bool { return slices.Contains(otpKinds[:], k) }

// hasFormOf reports whether a text has the form of a code of this kind.
func (k Kind) hasFormOf(code string) bool {
	if k == KindRecovery {
		return account.IsRecoveryCode(code)
	}
	return len(code) >= totp.MinDigits && len(code) <= totp.MaxDigits && isDigits(code)
}

// checkKinds returns ErrMalformed for a kind that is not one of known, and for an
// empty list that is not nil: the caller's filter left no kind, and does not mean
// the default.
func checkKinds(asked, known []Kind) error {
	if asked != nil && len(asked) == 0 {
		return malformed("kinds", "must name at least one kind: pass none for the default")
	}
	for _, k := range asked {
		if !slices.Contains(known, k) {
			return malformed("kinds", "must be "+listed(known, "or"))
		}
	}
	return nil
}

// listed joins two or more kinds, with a word before the last one.
func listed(kinds []Kind, word string) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " " + word + " " + names[last]
}

// distinct returns the kinds without repetitions, in the order of first occurrence.
func distinct(kinds []Kind) []Kind {
	for i, k := range kinds {
		if !slices.Contains(kinds[:i], k) {
			continue
		}
		first := slices.Clone(kinds[:i])
		for _, k := range kinds[i:] {
			if !slices.Contains(first, k) {
				first = append(first, k)
			}
		}
		return first
	}
	return kinds
}

// defaultProofKinds returns the default of Options.ProofKinds.
func defaultProofKinds() []Kind { return []Kind{KindDeviceTOTP, KindAccount} }

// defaultKinds returns the kinds that VerifyOTP judges if the caller names none. On
// a view with a purpose, only a code issued for it counts.
func (v *Verifier) defaultKinds() []Kind {
	if v.purpose.IsSet() {
		return []Kind{KindAccount}
	}
	return defaultProofKinds()
}
