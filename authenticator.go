package factor

import (
	"context"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/totp"
)

// An AuthenticatorEnroller gives the user an authenticator app, which counts
// once it has shown its first code. It is safe for use by many goroutines.
type AuthenticatorEnroller struct{ v *Verifier }

// NewAuthenticatorEnroller returns the AuthenticatorEnroller of v.
func NewAuthenticatorEnroller(v *Verifier) *AuthenticatorEnroller { return &AuthenticatorEnroller{v} }

// Begin makes a secret for a new authenticator, which waits 15 minutes for
// Confirm. One that is confirmed stays in force until then; one that waits is
// replaced. The proof is one of OTP, password and PIN, judged in this order.
//
// It returns ErrMalformed, ErrNoCredential, ErrLocked and ErrMismatch.
func (e *AuthenticatorEnroller) Begin(ctx context.Context, user string, proof Credentials) (Enrollment, error) {
	return withProof(ctx, e.v, user, proof, nil, func(a *attempt) Enrollment {
		s := drawTOTP(&a.v.rules)
		p := a.account.Begin(s, a.now)
		a.event(Event{Action: ActionAuthenticatorBegun, Kind: KindTOTP, Until: p.ExpiresAt})
		return enrollment(&s.Key, uuid.Nil, a.opts.TOTP.Issuer, a.user)
	})
}

// Confirm judges the first code of the authenticator that waits, and puts it in
// force; the code is spent by it. The secret that waits takes 5 wrong codes, a
// count of its own beside the budget, and is then dropped. A code of the secret that
// the last Begin replaced is not counted (MismatchError.Stale): the user has scanned
// the first of two QR codes.
//
// It returns ErrMalformed, ErrNotEnrolled if none waits, ErrMismatch and, with
// ResetOptions.Authenticator, ErrWipePending.
func (e *AuthenticatorEnroller) Confirm(ctx context.Context, user, code string) error {
	if err := e.v.checkUser(user); err != nil {
		return err
	}
	if err := checkDigits("otp", code, totp.MinDigits, totp.MaxDigits); err != nil {
		return err
	}
	change := update[void]
	if e.v.opts.Reset.Authenticator {
		change = updateAfterWipe[void] // it is bound as a PIN and a device are
	}
	_, err := change(ctx, e.v, user, modeFast, func(a *attempt) (void, error) {
		if a.account.PendingAt(a.now) == nil {
			return void{}, ErrNotEnrolled
		}
		v, left := a.account.Confirm(code, &a.v.rules, a.now)
		if v != account.Right {
			a.wrong = v == account.Wrong
			err := &MismatchError{Kind: KindTOTP, Remaining: left, Stale: v == account.Stale}
			a.event(Event{Action: ActionRefused, Kind: KindTOTP, Err: err, Remaining: left})
			return void{}, err
		}
		a.event(Event{Action: ActionAuthenticatorConfirmed, Kind: KindTOTP})
		return void{}, nil
	})
	return err
}

// Remove removes the authenticator, both the one in force and one that waits.
// The proof is one of OTP, password and PIN, judged in this order.
//
// It returns ErrMalformed, ErrNoCredential, ErrNotEnrolled (before the proof is
// judged), ErrLocked and ErrMismatch.
func (e *AuthenticatorEnroller) Remove(ctx context.Context, user string, proof Credentials) error {
	_, err := withProof(ctx, e.v, user, proof, (*attempt).hasAuthenticator,
		func(a *attempt) void { return a.removeAuthenticator(account.User) })
	return err
}

func (a *attempt) hasAuthenticator() error {
	if a.account.Authenticator == nil && a.account.PendingAt(a.now) == nil {
		return ErrNotEnrolled
	}
	return nil
}

func (a *attempt) removeAuthenticator(by account.Actor) void {
	a.account.RemoveAuthenticator(by, &a.v.rules, a.now)
	a.event(Event{Action: ActionAuthenticatorRemoved, Kind: KindTOTP})
	return void{}
}
