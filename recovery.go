package factor

import (
	"context"
	"crypto/rand"

	"github.com/knowhave/factor/internal/account"
)

// RecoveryCodes gives users codes to keep on paper, in case they lose the phone.
// VerifyOTP accepts each code once where its kinds include KindRecovery, and every
// method that takes a proof does where Options.ProofKinds does. The codes never
// prove a password reset. RecoveryCodes is safe for use by many goroutines.
//
// A code is 16 characters of Crockford's base32, 80 random bits, shown as
// k7m2-q9xw-4d3f-zpt8 (NIST SP 800-63B-4 §4.2.1.1 requires 64 bits). The reader
// ignores case, ASCII hyphens and spaces, takes o as 0 and i and l as 1, and
// accepts at most 64 bytes. OTPOptions.Limit bounds the wrong ones.
//
// The codes stay until they are used, replaced, removed, or erased by Admin.Forget.
// Admin.PasswordChanged and a wipe leave them.
type RecoveryCodes struct{ v *Verifier }

// NewRecoveryCodes returns the RecoveryCodes of v.
func NewRecoveryCodes(v *Verifier) *RecoveryCodes { return &RecoveryCodes{v} }

// Generate replaces all the user's recovery codes by 10 new ones, if the proof is
// right. Show them to the user now: no call returns them again. They do not expire.
//
// With a mailed code as the proof, the codes are as strong as the mailbox. If they
// are a second factor, leave KindAccount out of Options.ProofKinds, or offer
// Generate only to a user past both factors. Revoking a device does not void codes
// that a thief generated with it: generate new ones.
//
// It returns ErrMalformed, ErrNoCredential, ErrLocked and ErrMismatch.
func (r *RecoveryCodes) Generate(ctx context.Context, user string, proof Credentials) ([]OTP, error) {
	return withProof(ctx, r.v, user, proof, nil, func(a *attempt) []OTP {
		var seed account.RecoverySeed
		_, _ = rand.Read(seed[:]) // never fails, says its documentation
		shown := make([]OTP, 0, account.RecoveryCodes)
		for _, code := range a.account.GenerateRecovery(seed) {
			shown = append(shown, OTP{Code: code, Kind: KindRecovery})
		}
		a.event(Event{Action: ActionRecoveryGenerated, Kind: KindRecovery})
		return shown
	})
}

// Remove removes the user's recovery codes, if the proof is right.
//
// It returns ErrMalformed, ErrNoCredential, ErrNotEnrolled if no unused code is
// left (before it judges the proof), ErrLocked and ErrMismatch.
func (r *RecoveryCodes) Remove(ctx context.Context, user string, proof Credentials) error {
	_, err := withProof(ctx, r.v, user, proof, (*attempt).hasRecovery, (*attempt).removeRecovery)
	return err
}

func (a *attempt) hasRecovery() error {
	if a.account.RecoveryLeft() == 0 {
		return ErrNotEnrolled
	}
	return nil
}

func (a *attempt) removeRecovery() void {
	a.account.RemoveRecovery()
	a.event(Event{Action: ActionRecoveryRemoved, Kind: KindRecovery})
	return void{}
}
