package linear

import (
	"slices"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/translate"
)

// fixed are the options that are the same in every history: the host's functions,
// except Notify, which every other history has; the policy of new PINs, which reads
// no account; the parameters of codes; and Resend, with which nobody can tell whose
// code is sent again if the first answer was lost.
var fixed = []string{
	"CheckPassword", "RegisteredAt", "Wipe", "PIN.Length", "PIN.MinDistinct", "PIN.AllowSeries",
	"OTP.Digits", "OTP.Resend", "TOTP.Algorithm", "TOTP.Period", "TOTP.Digits", "TOTP.Skew",
}

// No history tries the rule of an option that is the same in every history.
func TestEveryOptionIsDrawn(t *testing.T) {
	constant := translate.Constant(300, func(seed uint64) *factor.Options {
		o := optionsOf(seed, newRand(seed, 0))
		return &o
	})
	for _, path := range constant {
		if !slices.Contains(fixed, path) {
			t.Errorf("Options.%s is the same in every history: draw it in vary, or add it to fixed and say why", path)
		}
	}
	for _, path := range fixed {
		if !slices.Contains(constant, path) {
			t.Errorf("Options.%s differs between histories, or does not exist: remove it from fixed", path)
		}
	}
}
