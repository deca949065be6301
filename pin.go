package factor

import (
	"cmp"
	"context"
	"time"

	"github.com/knowhave/factor/internal/account"
)

// PINOptions tunes PINs. A zero field means its default. The policy (Length,
// MinDistinct, AllowSeries, Deny) applies to new PINs only, never to one that is
// set.
type PINOptions struct {
	// Length is the number of digits, 4 to 12. Default 4.
	Length int
	// MinDistinct is the least number of different digits, 1 to the lesser of
	// Length and 10. Default 3.
	MinDistinct int
	// AllowSeries allows PINs that are part of 0123456789012, forwards or
	// backwards.
	AllowSeries bool
	// Deny, if set, refuses more PINs, such as the user's birthday.
	Deny func(pin string) bool
	// Limit bounds the wrong PINs.
	Limit Limit
	// Hash sets the cost of a hash.
	Hash HashOptions
	// Poll is how often PINs.Wait queries the store, 1 ms to 1 min. Default 500 ms.
	Poll time.Duration
}

// HashOptions sets the cost of hashing a PIN with Argon2id. A zero field means its
// default. Memory and time must reach one of OWASP's equivalent pairs: (19456, 2),
// (47104, 1), (12288, 3), (9216, 4) or (7168, 5).
//
// If a PIN was hashed with other parameters, the next right answer hashes it anew.
// Until then the time that a wrong PIN takes tells that user from one without a
// PIN.
type HashOptions struct {
	// MemoryKiB is the memory of one hash, at most 4 GiB. Default 19456.
	MemoryKiB uint32
	// Time is the number of passes, at most 1024. Default 2.
	Time uint32
	// Threads is the degree of parallelism of one hash. Default 1.
	Threads uint8
	// Parallel is how many hashes run at once; further ones wait. So hashing takes
	// at most Parallel times MemoryKiB, or Parallel times 128 MiB while it checks
	// imported Argon2 or scrypt hashes. Default the number of CPUs that Go may use.
	Parallel int
}

// PINs sets and removes PINs, and waits for them. It is safe for use by many
// goroutines.
type PINs struct{ v *Verifier }

// NewPINs returns the PINs of v.
func NewPINs(v *Verifier) *PINs { return &PINs{v} }

// Set sets or replaces the user's PIN, if the proof is right: an OTP, the password
// or the old PIN. A new PIN starts with a count of zero.
//
// It returns ErrMalformed, ErrNoCredential, ErrWeakPIN, ErrWipePending, ErrLocked
// and ErrMismatch. A PIN of other than 1 to 12 digits is malformed; one that breaks
// the policy is weak. Neither charges anything.
func (p *PINs) Set(ctx context.Context, user, pin string, proof Credentials) error {
	if err := cmp.Or(p.v.checkProof(user, proof), checkNewPIN(pin)); err != nil {
		return err
	}
	if proof == (Credentials{}) {
		return ErrNoCredential
	}
	m := max(proof.mode(), modeHashing) // Set hashes the new PIN, whatever the proof
	return p.v.setPIN(ctx, user, pin, m, account.User, func(a *attempt) error {
		_, err := a.judge(proof, a.opts.ProofKinds)
		return err
	})
}

// setPIN binds a PIN, unless prove, if not nil, returns an error.
func (v *Verifier) setPIN(ctx context.Context, user, pin string, m mode, by account.Actor, prove func(*attempt) error) error {
	if err := v.opts.PIN.check(pin); err != nil {
		return err
	}
	_, err := updateAfterWipe(ctx, v, user, m, func(a *attempt) (void, error) {
		if prove != nil {
			if err := prove(a); err != nil {
				return void{}, err
			}
		}
		hash, err := a.hashPIN(pin)
		if err != nil {
			return void{}, err
		}
		a.account.SetPIN(account.Hash(hash), by, &a.v.rules, a.now)
		a.event(Event{Action: ActionPINSet, Kind: KindPIN})
		return void{}, nil
	})
	if err == nil {
		v.waiters.Wake(user)
	}
	return err
}

// Remove removes the user's PIN, if the proof is right.
//
// It returns ErrMalformed, ErrNoCredential, ErrNotEnrolled if no PIN is set (before
// it judges the proof), ErrLocked and ErrMismatch.
func (p *PINs) Remove(ctx context.Context, user string, proof Credentials) error {
	_, err := withProof(ctx, p.v, user, proof, (*attempt).hasPIN,
		func(a *attempt) void { return a.removePIN(account.User) })
	return err
}

func (a *attempt) hasPIN() error {
	if a.account.PIN == nil {
		return ErrNotEnrolled
	}
	return nil
}

func (a *attempt) removePIN(by account.Actor) void {
	a.account.RemovePIN(by, &a.v.rules, a.now)
	a.event(Event{Action: ActionPINRemoved, Kind: KindPIN})
	return void{}
}

// IsSet reports whether the user has a PIN. It returns ErrMalformed.
func (p *PINs) IsSet(ctx context.Context, user string) (bool, error) {
	if err := p.v.checkUser(user); err != nil {
		return false, err
	}
	return p.v.pinIsSet(ctx, user)
}

func (v *Verifier) pinIsSet(ctx context.Context, user string) (bool, error) {
	a, err := v.read(ctx, user)
	if err != nil {
		return false, err
	}
	return a.PIN != nil, nil
}

// Wait returns true as soon as the user has a PIN, and false if none is set when
// timeout has passed. It sees a PIN set through the same Verifier at once, and any
// other within PINOptions.Poll, or within the time in which the store loads the
// records of all awaited users, 16 at once, if that is longer. All waiters of a
// process share one poll, which makes one call per 1,000 users if the store is a
// VersionLister.
//
// If one waiter times out or hangs up, the others are not affected. Each call of
// the poll has 5 s.
//
// Wait returns ErrMalformed for a timeout outside 1 s to 60 s, the context's error
// if that ends first, and the store's error. If the store did not answer before the
// timeout, or did not answer a call of the poll, the error matches
// context.DeadlineExceeded.
func (p *PINs) Wait(ctx context.Context, user string, timeout time.Duration) (bool, error) {
	if err := p.v.checkUser(user); err != nil {
		return false, err
	}
	if timeout < time.Second || timeout > time.Minute {
		return false, malformed("timeout", "must be 1 s to 60 s")
	}
	return p.v.waiters.Wait(ctx, user, timeout)
}

// check returns ErrWeakPIN if a well-formed PIN breaks the policy.
func (o PINOptions) check(pin string) error {
	policy := account.PINRules{Length: o.Length, MinDistinct: o.MinDistinct, AllowSeries: o.AllowSeries}
	if reason := policy.Weak(pin); reason != "" {
		return &WeakPINError{reason}
	}
	if o.Deny == nil {
		return nil
	}
	var denied bool
	if err := callHost("PIN.Deny", func() error { denied = o.Deny(pin); return nil }); err != nil {
		return err
	}
	if denied {
		return &WeakPINError{"is not allowed"}
	}
	return nil
}
