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

// OTPOptions tunes issued one-time codes. A zero field means its default.
type OTPOptions struct {
	// Digits is the length of a code, 6 to 8. Default 6.
	Digits int
	// AccountTTL and LoginTTL are the lifetimes of account and login codes, 1 s to
	// 10 min (NIST SP 800-63B-4 §3.1.3.2). Default 5 min and 10 min.
	AccountTTL, LoginTTL time.Duration
	// Interval is the least time between two codes of the same kind, whatever their
	// purposes. Issue codes that outsiders can request as KindLogin, or they keep
	// other users from theirs. Default none.
	Interval time.Duration
	// Resend returns the live code again, with its ExpiresAt, if a caller requests
	// one of the same kind and purpose while at least half its life is left. So two
	// mails that arrive late or out of order hold the same code. Each request
	// starts Interval anew. If a code may go to one of several addresses, name the
	// address in its purpose. Default: each code is new.
	Resend bool
	// Limit bounds the wrong codes, separately for account, login and recovery
	// codes.
	Limit Limit
}

// An OTP is an issued one-time code or a recovery code. It redacts itself: see
// "Secrets and logs" in the package comment. Read the field to send the code.
type OTP struct {
	// Code holds the digits, including leading zeros, or a recovery code.
	Code string
	// Kind is KindAccount, KindLogin or KindRecovery.
	Kind Kind
	// ExpiresAt is the first instant at which the package refuses the code, in UTC
	// and whole milliseconds. It is zero for a recovery code.
	ExpiresAt time.Time
}

// An OTPIssuer issues one-time codes. It is safe for use by many goroutines.
type OTPIssuer struct{ v *Verifier }

// NewOTPIssuer returns the OTPIssuer of v.
func NewOTPIssuer(v *Verifier) *OTPIssuer { return &OTPIssuer{v} }

// Issue issues an account code to a user who proves the password or the PIN. The
// new code replaces the live one for the same purpose (see Verifier.For), unless
// OTPOptions.Resend is set. At most 4 codes of a kind are live; beyond that Issue
// drops the oldest.
//
// It returns ErrMalformed (also for an OTP, which is no proof here),
// ErrNoCredential, ErrLocked and ErrMismatch. Within OTPOptions.Interval of the
// last code it returns ErrLocked before it judges the proof.
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

// IssueUnproven issues a login or account code without a proof, for the host to
// send over a channel that only the user reads. The host decides who may request
// one, and how often; OTPOptions.Interval helps.
//
// It returns ErrMalformed, with the field kinds for any other kind, and ErrLocked
// within OTPOptions.Interval of the last code.
func (i *OTPIssuer) IssueUnproven(ctx context.Context, user string, kind Kind) (OTP, error) {
	if err := i.v.checkUser(user); err != nil {
		return OTP{}, err
	}
	if !slices.Contains(issuedKinds[:], kind) {
		return OTP{}, malformed("kinds", "must be "+listed(issuedKinds[:], "or"))
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

// drawCode draws a code that is not stale already, which the verifier would refuse.
// It draws twice at most: that both are stale is practically impossible.
func (a *attempt) drawCode(kind Kind) (string, error) {
	digits, err := randomCode(a.opts.OTP.Digits)
	if err == nil && a.account.WouldBeStale(account.Kind(kind), a.v.purpose, digits, &a.v.rules, a.now) {
		return randomCode(a.opts.OTP.Digits)
	}
	return digits, err
}

// randomCode returns a uniformly distributed code of that many digits.
func randomCode(digits int) (string, error) {
	space := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	n, err := rand.Int(rand.Reader, space)
	if err != nil {
		return "", fmt.Errorf("factor: drawing a code: %w", err)
	}
	return fmt.Sprintf("%0*d", digits, n), nil
}
