package factor

import (
	"context"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/totp"
)

// An AuthenticatorEnroller gives the user an authenticator app, which counts once
// it has shown its first code. It is safe for use by many goroutines.
type AuthenticatorEnroller struct{ v *Verifier }

// NewAuthenticatorEnroller returns the AuthenticatorEnroller of v.
func NewAuthenticatorEnroller(v *Verifier) *AuthenticatorEnroller { return &AuthenticatorEnroller{v} }

// Begin makes a secret for a new authenticator, if the proof is right. The secret
// is pending for 15 minutes and replaces an earlier pending one. A confirmed
// authenticator stays in force until Confirm.
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

// Confirm judges the first code of the pending secret, spends it, and puts the
// authenticator in force. After 5 wrong codes it drops the secret; this count is
// separate from the budget. A code of the secret that the last Begin replaced does
// not count (MismatchError.Stale): the user has scanned the first of two QR codes.
//
// It returns ErrMalformed, ErrNotEnrolled if no secret is pending, ErrMismatch and,
// with ResetOptions.Authenticator, ErrWipePending.
func (e *AuthenticatorEnroller) Confirm(ctx context.Context, user, code string) error {
	if err := e.v.checkUser(user); err != nil {
		return err
	}
	if err := checkDigits("otp", code, totp.MinDigits, totp.MaxDigits); err != nil {
		return err
	}
	change := update[void]
	if e.v.opts.Reset.Authenticator {
		change = updateAfterWipe[void] // a binding, as a PIN or a device is
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

// Remove removes the confirmed authenticator and a pending secret, if the proof is
// right.
//
// It returns ErrMalformed, ErrNoCredential, ErrNotEnrolled (before it judges the
// proof), ErrLocked and ErrMismatch.
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
