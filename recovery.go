package factor

import (
	"context"
	"crypto/rand"

	"github.com/knowhave/factor/internal/account"
)

// RecoveryCodes gives users codes to keep on paper, for when the phone is lost. Each
// is accepted once, wherever KindRecovery is asked for: by VerifyOTP, and as a proof
// where Options.ProofKinds names it. They never prove a password reset. It is safe for
// use by many goroutines.
//
// A code is 16 characters of Crockford's base32, 80 random bits, shown as
// k7m2-q9xw-4d3f-zpt8 (NIST SP 800-63B-4 §4.2.1.1 asks for 64 bits). It is read
// without regard to case, ASCII hyphens and spaces, with o as 0, and i and l as 1, from
// at most 64 bytes. Wrong ones are counted by OTPOptions.Limit, for the kind.
//
// The codes stay until they are used, replaced or removed, or Admin.Forget erases the
// user's record. Admin.PasswordChanged and a wipe leave them.
type RecoveryCodes struct{ v *Verifier }

// NewRecoveryCodes returns the RecoveryCodes of v.
func NewRecoveryCodes(v *Verifier) *RecoveryCodes { return &RecoveryCodes{v} }

// Generate makes 10 codes, in place of all that the user had, and returns them to be
// shown once: nothing shows them again. They do not expire. The proof is one of OTP,
// password and PIN, judged in this order. Codes that a mailed code pays for are as strong
// as the mailbox: where recovery codes are a second factor, leave KindAccount out of
// Options.ProofKinds, or offer Generate only to a user past both factors. A list that a
// thief had made stays when the device that paid for it is revoked: make a new one.
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

// Remove removes the user's recovery codes. The proof is one of OTP, password and PIN,
// judged in this order.
//
// It returns ErrMalformed, ErrNoCredential, ErrNotEnrolled if none is unused (before
// the proof is judged), ErrLocked and ErrMismatch.
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
