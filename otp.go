package factor

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/knowhave/factor/internal/account"
)

// OTPOptions tunes the one-time codes that are issued. A zero field means its
// default.
type OTPOptions struct {
	// Digits is the length of a code, 6 to 8. Default 6.
	Digits int
	// AccountTTL and LoginTTL are how long a code of that kind lives, 1 s to
	// 10 min (NIST SP 800-63B-4 §3.1.3.2). Default 5 min and 10 min.
	AccountTTL, LoginTTL time.Duration
	// Interval is how long after issuing a code no other of the same kind is
	// issued, whatever its purpose. Issue codes that outsiders can ask for as KindLogin,
	// or they keep others from theirs. Default none.
	Interval time.Duration
	// Resend gives out the code that is live, with its ExpiresAt, where another of its
	// kind and purpose is asked for while at least half its life is left: two mails that come late
	// or in the other order then hold the same code. Interval starts anew with each. Where
	// a code may go to one of several addresses, name the address in its purpose.
	// Default: each code is a new one.
	Resend bool
	// Limit bounds the wrong codes, for each of the two kinds on its own, and for recovery
	// codes.
	Limit Limit
}

// An OTP is an issued one-time code, or a recovery code. It redacts itself: see "Secrets and logs" in
// the package comment. Read the field to send the code.
type OTP struct {
	// Code is the code's digits, leading zeros included, or a recovery code.
	Code string
	// Kind is KindAccount, KindLogin or KindRecovery.
	Kind Kind
	// ExpiresAt is the first instant at which the code is no longer accepted,
	// in UTC and whole milliseconds. It is zero for a recovery code.
	ExpiresAt time.Time
}

// An OTPIssuer issues one-time codes. It is safe for use by many goroutines.
type OTPIssuer struct{ v *Verifier }

// NewOTPIssuer returns the OTPIssuer of v.
func NewOTPIssuer(v *Verifier) *OTPIssuer { return &OTPIssuer{v} }

// Issue issues an account code to a user who proves the password or the PIN:
// those given are judged in this order, and one right one is enough. The new
// code takes the place of the one that was live for the same purpose (see
// Verifier.For), unless OTPOptions.Resend says otherwise. Of a kind at most 4 are live:
// where there would be more, the oldest goes.
//
// It returns ErrMalformed (an OTP is no proof here), ErrNoCredential,
// ErrLocked (also within OTPOptions.Interval of the last code, and then before
// the proof is judged) and ErrMismatch.
func (i *OTPIssuer) Issue(ctx context.Context, user string, proof Credentials) (OTP, error) {
	if err := i.v.checkProof(user, proof); err != nil {
		return OTP{}, err
	}
	if proof.OTP != "" {
		return OTP{}, malformed("otp", "is no proof here: give the password or the PIN")
	}
	if proof == (Credentials{}) {
		return OTP{}, ErrNoCredential
	}
	return update(ctx, i.v, user, proof.mode(), func(a *attempt) (OTP, error) {
		if err := a.mayIssue(KindAccount); err != nil {
			return OTP{}, err
		}
		if _, err := a.judge(proof, nil); err != nil {
			return OTP{}, err
		}
		return a.issue(KindAccount)
	})
}

// IssueUnproven issues a login or an account code without a proof, for the host
// to send over a channel that only the user reads. Who may ask for it, and how
// often, is the host's to decide; OTPOptions.Interval helps.
//
// It returns ErrMalformed, with the field kinds for any other kind, and
// ErrLocked within OTPOptions.Interval of the last code.
func (i *OTPIssuer) IssueUnproven(ctx context.Context, user string, kind Kind) (OTP, error) {
	if err := i.v.checkUser(user); err != nil {
		return OTP{}, err
	}
	if !slices.Contains(issuedKinds[:], kind) {
		return OTP{}, malformed("kinds", "only "+listed(issuedKinds[:], "and")+" codes can be issued")
	}
	return update(ctx, i.v, user, modeBatched, func(a *attempt) (OTP, error) {
		if err := a.mayIssue(kind); err != nil {
			return OTP{}, err
		}
		return a.issue(kind)
	})
}

// mayIssue returns ErrLocked within the Interval of the last code.
func (a *attempt) mayIssue(kind Kind) error {
	until, held := a.account.Codes(account.Kind(kind)).Held(&a.v.rules, a.now)
	if held {
		return a.notBefore(&LockedError{Kind: kind, Until: until, TooSoon: true})
	}
	return nil
}

func (a *attempt) issue(kind Kind) (OTP, error) {
	digits, err := a.drawCode(kind)
	if err != nil {
		return OTP{}, err
	}
	code := a.account.Issue(account.Kind(kind), a.v.purpose, digits, &a.v.rules, a.now)
	a.event(Event{Action: ActionIssued, Kind: kind, Until: code.ExpiresAt})
	return OTP{Code: code.Digits, Kind: kind, ExpiresAt: code.ExpiresAt}, nil
}

// drawCode draws a code that would not be stale, and refused, at once. That one of the
// few that would be is drawn a second time is as good as impossible.
func (a *attempt) drawCode(kind Kind) (string, error) {
	digits, err := randomCode(a.opts.OTP.Digits)
	if err == nil && a.account.WouldBeStale(account.Kind(kind), a.v.purpose, digits, &a.v.rules, a.now) {
		return randomCode(a.opts.OTP.Digits)
	}
	return digits, err
}

// randomCode returns so many uniformly distributed digits.
func randomCode(digits int) (string, error) {
	space := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	n, err := rand.Int(rand.Reader, space)
	if err != nil {
		return "", fmt.Errorf("factor: drawing a code: %w", err)
	}
	return fmt.Sprintf("%0*d", digits, n), nil
}
