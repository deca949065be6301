package factor

import (
	"cmp"
	"context"
	"time"

	"github.com/knowhave/factor/internal/account"
)

// PINOptions tunes PINs. A zero field means its default. The policy (Length,
// MinDistinct, AllowSeries, Deny) binds new PINs only, never one that is set.
type PINOptions struct {
	// Length is how many digits a PIN has, 4 to 12. Default 4.
	Length int
	// MinDistinct is how many different digits it has at least, 1 to the lesser
	// of Length and 10. Default 3.
	MinDistinct int
	// AllowSeries allows PINs that are a part of 0123456789012, forwards or
	// backwards.
	AllowSeries bool
	// Deny, if set, refuses further PINs, such as the user's birthday.
	Deny func(pin string) bool
	// Limit bounds the wrong PINs.
	Limit Limit
	// Hash sets what a hash costs.
	Hash HashOptions
	// Poll is how often PINs.Wait asks the store, 1 ms to 1 min. Default 500 ms.
	Poll time.Duration
}

// HashOptions sets what hashing a PIN with Argon2id costs. A zero field means
// its default. Memory and time are at least one of OWASP's equivalent pairs:
// (19456, 2), (47104, 1), (12288, 3), (9216, 4) or (7168, 5).
//
// A PIN that was hashed with other parameters is hashed anew the next time that
// it is given right. Until then, what a wrong PIN costs tells that user from one
// without a PIN.
type HashOptions struct {
	// MemoryKiB is the memory that one hash takes, at most 4 GiB. Default 19456.
	MemoryKiB uint32
	// Time is the number of passes, at most 1024. Default 2.
	Time uint32
	// Threads is the degree of parallelism of one hash. Default 1.
	Threads uint8
	// Parallel is how many hashes are computed at once; further ones wait. It
	// bounds the memory to Parallel times MemoryKiB, or times 128 MiB at most while
	// imported hashes of Argon2 or scrypt are checked. Default the number of CPUs
	// that Go may use.
	Parallel int
}

// PINs sets, removes and waits for PINs. It is safe for use by many goroutines.
type PINs struct{ v *Verifier }

// NewPINs returns the PINs of v.
func NewPINs(v *Verifier) *PINs { return &PINs{v} }

// Set sets the user's PIN, in place of the one that was set. The proof is an
// OTP, the password or the old PIN: those given are judged in this order, and
// one right one is enough. A new PIN starts with no wrong answers counted.
//
// It returns ErrMalformed, ErrNoCredential, ErrWeakPIN, ErrWipePending,
// ErrLocked and ErrMismatch. A PIN of other than 1 to 12 digits is malformed, one
// against the policy is weak; both cost nothing.
func (p *PINs) Set(ctx context.Context, user, pin string, proof Credentials) error {
	if err := cmp.Or(p.v.checkProof(user, proof), checkNewPIN(pin)); err != nil {
		return err
	}
	if proof == (Credentials{}) {
		return ErrNoCredential
	}
	m := max(proof.mode(), modeHashing) // the new PIN is hashed, whatever the proof
	return p.v.setPIN(ctx, user, pin, m, account.User, func(a *attempt) error {
		_, err := a.judge(proof, a.opts.ProofKinds)
		return err
	})
}

// setPIN binds a PIN, unless prove, if there is one, refuses it.
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

// Remove removes the user's PIN. The proof is as in Set.
//
// It returns ErrMalformed, ErrNoCredential, ErrNotEnrolled if no PIN is set
// (before the proof is judged), ErrLocked and ErrMismatch.
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

// IsSet reports whether the user has set a PIN. It returns ErrMalformed.
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

// Wait returns true as soon as the user has set a PIN, and false when timeout has
// passed without. A PIN that is set through the same Verifier is seen at once, and
// others within PINOptions.Poll, or in the time that the store takes to load the
// records of all who are waited for, 16 at once, if that is longer. All who wait
// in one process share one poll, which is one call for each 1,000 users where the
// store is a VersionLister.
//
// The timeout or hang-up of one caller is nothing to the others who wait for the
// same user. The store has 5 s for each call of the poll.
//
// It returns ErrMalformed for a timeout outside 1 s to 60 s, the context's error
// when that ends first, and the store's error. If the store has not answered at
// all until the timeout, or to a call of the poll, the error matches
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

// check returns ErrWeakPIN if a well-formed PIN is against the policy.
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
