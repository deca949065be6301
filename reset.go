package factor

import (
	"context"
	"fmt"
	"time"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/totp"
)

// ResetOptions tunes the reset guard. A zero field means its default.
type ResetOptions struct {
	// Strikes is the number of wrong proofs that the guard refuses; the next one
	// wipes. 1 to 100. Default 3.
	Strikes int
	// Interval is how long after a wrong proof the guard judges no other. Default
	// none.
	Interval time.Duration
	// MinAge is how long a PIN, a device or an authenticator must have been bound
	// to prove a reset, so that one bound by a thief with the mailbox proves
	// nothing. The guard judges nothing (ErrLocked, with LockedError.TooSoon) while
	// the user holds only newer ones, and while the user holds none and has removed
	// or replaced one less than MinAge ago. New users wait too, so choose hours. A
	// thief with the mailbox can prolong the wait; ResetGuard.Forfeit and
	// Admin.Forget end it. Set the same value in all processes. Default none.
	MinAge time.Duration
	// ForgiveRepeats counts the same wrong proof, given again and again, as one
	// strike. A code is the same only within its time step.
	ForgiveRepeats bool
	// Authenticator makes the confirmed authenticator a proof too, and its Confirm
	// a binding like that of a PIN or a device. A wipe leaves the authenticator, so
	// have the user bind something before you store new critical data. Default:
	// only a PIN and devices prove.
	Authenticator bool
}

// A ResetGuard guards a password reset. A user who proves the PIN or a device keeps
// the critical data. After more than ResetOptions.Strikes wrong proofs the data is
// wiped, so that a thief with nothing but the mailbox gets nothing. With
// ResetOptions.Authenticator an authenticator proves like a device. A ResetGuard is
// safe for use by many goroutines.
//
// Call it only once the mail link of the reset flow is proven: a caller who can
// reach it freely can destroy a user's data, with one call of Forfeit or a few of
// Prove. Where mail alone opens a session and enrols devices, the guard adds
// nothing without ResetOptions.MinAge.
type ResetGuard struct{ v *Verifier }

// NewResetGuard returns the ResetGuard of v. It returns an error if Options.Wipe is
// nil or the purpose of v is malformed.
func NewResetGuard(v *Verifier) (*ResetGuard, error) {
	if v.opts.Wipe == nil {
		return nil, optionError("Wipe", "must be set for a ResetGuard: it deletes the user's critical data")
	}
	if v.malformed != nil {
		return nil, v.malformed
	}
	return &ResetGuard{v}, nil
}

// Prove judges a device code, then a PIN; one right one is enough and sets the
// strikes back to zero. With ResetOptions.Authenticator, a code of the
// authenticator counts as a device code. A call with something wrong and nothing
// right is one strike. A used code is refused (ErrMismatch) without a strike; so
// is, with ResetOptions.MinAge, a code or a PIN of a binding that is too new. The
// strike after the last one marks the wipe, removes the PIN, the devices and the
// live codes, and calls Options.Wipe. Strikes and the budgets of Verifier are
// separate: neither locks the other.
//
// It returns nil if the proof is right: the data is kept. Otherwise it returns
//
//   - ErrMalformed, also for a password or a recovery code, which are no proof
//     here;
//   - ErrNoCredential;
//   - ErrNotEnrolled if the user has nothing that proves a reset;
//   - ErrLocked within ResetOptions.Interval of a wrong proof, and within
//     ResetOptions.MinAge (LockedError.TooSoon);
//   - ErrMismatch;
//   - ErrWiped: the data is gone, and the reset may go on;
//   - ErrWipePending, which wraps the reason, if the wipe is marked but not done:
//     the reset must not go on. Each further call and Admin.Sweep try the wipe
//     again.
func (g *ResetGuard) Prove(ctx context.Context, user string, proof Credentials) error {
	if err := g.v.checkProof(user, Credentials{PIN: proof.PIN}); err != nil {
		return err
	}
	if proof.OTP != "" {
		if err := checkDigits("otp", proof.OTP, totp.MinDigits, totp.MaxDigits); err != nil {
			return err
		}
	}
	if proof.Password != "" {
		return malformed("password", "is no proof here: give a device code or the PIN")
	}
	if proof == (Credentials{}) {
		return ErrNoCredential
	}
	return updateThenWipe(ctx, g.v, user, proof.mode(), func(a *attempt) (*Wipe, error) {
		return a.proveReset(proof)
	})
}

// Forfeit gives up the user's critical data without a proof: it marks the wipe, as
// the strike after the last one does, calls Options.Wipe, and returns nil once that
// has succeeded or if it had before. The host decides whether a user may forfeit.
//
// It returns ErrMalformed, or ErrWipePending, which wraps the reason.
func (g *ResetGuard) Forfeit(ctx context.Context, user string) error {
	if err := g.v.checkUser(user); err != nil {
		return err
	}
	return updateThenWipe(ctx, g.v, user, modeFast, func(a *attempt) (*Wipe, error) {
		if a.account.Guard.Wipe == nil {
			return a.markWipe(ReasonForfeited), nil
		}
		// Swap although nothing changes: after this answer too, the host lets the
		// reset go on.
		return a.pendingWipe(), nil
	})
}

// proveReset judges the proof of a reset. The caller must run the Wipe that it
// returns.
//
// After ErrWiped and ErrNotEnrolled the host lets the reset go on, so they need a
// swap: a store that lags may not show yet what the user has bound, or may still
// show a wipe as pending that is done. If there is no record, the swap stores an
// empty one, since only a write is sure to find another.
func (a *attempt) proveReset(proof Credentials) (*Wipe, error) {
	switch state, until := a.account.ResetAt(&a.v.rules, a.now); state {
	case account.ResetWiped:
		a.mustStore = true
		return a.pendingWipe(), ErrWiped
	case account.ResetNotEnrolled:
		a.mustStore = true
		return nil, ErrNotEnrolled
	case account.ResetTooSoon:
		return nil, a.notBefore(&LockedError{Until: until, TooSoon: true})
	case account.ResetHeld:
		return nil, a.notBefore(&LockedError{Until: until})
	}

	refused := MismatchError{Kind: KindPIN}
	if proof.OTP != "" {
		refused.Kind = KindDeviceTOTP
		kind, device, found := a.account.JudgeResetCode(proof.OTP, &a.v.rules, a.now)
		if found == account.Right {
			a.resetProven(Match{Kind(kind), device})
			return nil, nil
		}
		a.wrong, refused.Stale = found == account.Wrong, found == account.Stale
	}
	if proof.PIN != "" {
		right, judged, err := a.provePIN(proof.PIN)
		switch {
		case err != nil && a.wrong:
			// The code beside it was wrong: that is a strike all the same.
			marked, struck := a.strike(KindDeviceTOTP, proof.OTP, "")
			if marked != nil {
				err = fmt.Errorf("%w: %w", struck, err)
			}
			return marked, err
		case err != nil:
			return nil, err
		case right:
			a.resetProven(Match{Kind: KindPIN})
			return nil, nil
		case judged:
			return a.strike(KindPIN, proof.OTP, proof.PIN)
		}
	}
	if a.wrong {
		return a.strike(KindDeviceTOTP, proof.OTP, "")
	}
	refused.Remaining = a.account.Guard.Left(a.v.rules.Guard)
	a.event(Event{Action: ActionResetRefused, Kind: refused.Kind, Err: &refused, Remaining: refused.Remaining})
	return nil, &refused
}

// provePIN judges the PIN as the proof of a reset. It ignores a PIN that is too
// new, which is no strike.
func (a *attempt) provePIN(pin string) (right, judged bool, err error) {
	held, judged := a.account.ProvingPIN(&a.v.rules, a.now)
	if !judged {
		return false, false, nil
	}
	right, err = a.checkPIN(pin, held)
	a.wrong = a.wrong || err == nil && !right
	return right, true, err
}

func (a *attempt) resetProven(m Match) {
	a.account.Guard.Restart()
	a.event(Event{Action: ActionResetProven, Kind: m.Kind, Device: m.Device})
}

// strike counts a wrong proof, or marks the wipe if no strike is left.
func (a *attempt) strike(kind Kind, otp, pin string) (*Wipe, error) {
	counted := a.account.Strike(otp, pin, a.v.rules.Guard, a.now)
	if counted.Exhausted {
		return a.markWipe(ReasonStrikes), ErrWiped
	}
	refused := &MismatchError{Kind: kind, Remaining: counted.Left}
	a.event(Event{Action: ActionResetRefused, Kind: kind, Err: refused, Remaining: counted.Left, Until: a.account.Guard.NotBefore})
	if counted.Last {
		a.event(Event{Action: ActionResetLastChance, Kind: kind})
	}
	return nil, refused
}
