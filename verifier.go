package factor

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/commit"
	"github.com/knowhave/factor/internal/host"
	"github.com/knowhave/factor/internal/keylock"
	"github.com/knowhave/factor/internal/pinhash"
	"github.com/knowhave/factor/internal/poll"
)

// Credentials is what a user gave as proof. An empty field was not given. Those
// given are judged in the order OTP, Password, PIN, and one right one is
// enough: the later ones are then not looked at. It redacts itself: see "Secrets
// and logs" in the package comment.
type Credentials struct {
	// OTP is 6 to 8 ASCII digits or, where Options.ProofKinds names KindRecovery, a
	// recovery code.
	OTP string
	// Password is 1 to 1,024 bytes.
	Password string
	// PIN is 4 to 12 ASCII digits.
	PIN string
}

// mode is slow if judging may take a hash. With a password and a PIN the lock is
// the password's alone: a PIN must not wait for the host.
func (c Credentials) mode() mode {
	switch {
	case c.Password != "":
		return modePassword
	case c.PIN != "":
		return modeHashing
	}
	return modeFast
}

// Match says what was right.
type Match struct {
	Kind Kind
	// Device is the device whose code it was, uuid.Nil for any other kind.
	Device uuid.UUID
}

// A Verifier decides whether a user has proven a factor. It is safe for use by
// many goroutines, and several processes may work on one Store.
//
// A wrong answer is counted, and a right code spent, before the answer is
// returned: what a method says is stored. A fault of the store, the sealer or a
// host's function is returned as an error that matches none of this package's
// but ErrConflict, ErrUnsealed and ErrNewerFormat, and accepts nothing.
type Verifier struct {
	*core
	purpose   account.Purpose // of the codes that are issued and judged: see For
	malformed error           // what is wrong with the purpose
}

// A core is what all views of a Verifier share.
type core struct {
	store    Store
	records  *records
	opts     Options
	rules    account.Rules // of opts
	hasher   *pinhash.Hasher
	loop     *commit.Loop // that changes the records
	waiters  *poll.Poll   // for a PIN
	attempts sync.Pool    // of *attempt

	hashing, passwords                       commit.SlowLocks // around a call with slow work
	observing                                atomic.Int64     // calls of Observe that run
	checking, registering, wiping, notifying keylock.Slots    // functions of the host's that run
	comparing                                keylock.Slots    // comparisons of a PIN that run
}

func init() {
	pinhash.Of = func(v any) *pinhash.Hasher { return v.(*Verifier).hasher }
}

// NewVerifier returns a Verifier on a store whose records are sealed by sealer.
// Nil options mean the defaults; they are copied. An error names the field that
// is out of range and what it must be.
func NewVerifier(store Store, sealer Sealer, opts *Options) (*Verifier, error) {
	if store == nil {
		return nil, optionError("store", "must not be nil: use memstore, sqlstore or your own")
	}
	if sealer == nil {
		return nil, optionError("sealer", "must not be nil: make a Keyring with NewKeyring")
	}
	var o Options
	if opts != nil {
		o = *opts
	}
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	v := &Verifier{core: &core{store: store, records: &records{store, sealer}, opts: o, rules: o.rules(), hasher: pinhash.New(pinhash.Options(o.PIN.Hash))}}
	v.loop = commit.New(v.records, ErrConflict)
	v.passwords.Patience = slowLockPatience
	v.waiters = v.newWaiters()
	return v, nil
}

// now is the time by which everything is judged. It panics if the host's clock
// does, which the rules are shielded against.
func (v *Verifier) now() time.Time { return v.opts.Now().UTC().Truncate(time.Millisecond) }

// clock is now where no rule is applied.
func (v *Verifier) clock() (now time.Time, err error) {
	err = host.Recover("Now", func() error { now = v.now(); return nil })
	return now, err
}

// VerifyOTP judges a code against the given kinds; if none is given, against device
// codes and account codes, and on a view with a purpose (see For) against account codes
// alone. It spends the code for the first kind in the given order that it is right for.
// If it is right for none, it is charged once to each kind that it was judged against; a
// kind that is locked is left out, and so is one whose codes have another form. A
// code that was right for one of the others and is not any more (it was used,
// replaced or voided, or has expired) is right for none, and charged to none: see
// MismatchError.Stale.
//
// It returns ErrMalformed (a code that is neither 6 to 8 digits nor, where KindRecovery
// is asked for, a recovery code, a kind that no
// code has, or an empty list of kinds that is not nil: a nil one cannot be told
// from none, so do not pass one that may be nil and means no kind), ErrMismatch,
// and ErrLocked if all the kinds
// that it could be of are locked.
func (v *Verifier) VerifyOTP(ctx context.Context, user, code string, kinds ...Kind) (Match, error) {
	if err := cmp.Or(v.checkUser(user), checkKinds(kinds, otpKinds[:])); err != nil {
		return Match{}, err
	}
	if kinds == nil {
		kinds = v.defaultKinds()
	}
	if err := checkOTP(code, kinds); err != nil {
		return Match{}, err
	}
	return v.verify(ctx, user, Credentials{OTP: code}, distinct(kinds))
}

// VerifyPIN judges a PIN.
//
// It returns ErrMalformed for other than 4 to 12 digits, ErrMismatch (also for a
// user without a PIN, for which it hashes and stores as much) and ErrLocked.
func (v *Verifier) VerifyPIN(ctx context.Context, user, pin string) error {
	if err := cmp.Or(v.checkUser(user), checkDigits("pin", pin, minPIN, maxPIN)); err != nil {
		return err
	}
	_, err := v.verify(ctx, user, Credentials{PIN: pin}, nil)
	return err
}

// VerifyPassword has the host judge a password, within the budget.
//
// It returns ErrMalformed for other than 1 to 1,024 bytes or without
// Options.CheckPassword, ErrMismatch and ErrLocked.
func (v *Verifier) VerifyPassword(ctx context.Context, user, password string) error {
	if err := cmp.Or(v.checkUser(user), v.checkPassword(password)); err != nil {
		return err
	}
	_, err := v.verify(ctx, user, Credentials{Password: password}, nil)
	return err
}

// VerifyAny judges the given credentials in the order OTP, Password, PIN; one
// right one is enough. An OTP is judged against Options.ProofKinds. Each wrong
// one is charged to its own kind, and a locked kind is left out. For two factors
// call twice.
//
// It returns ErrMalformed, ErrNoCredential, ErrMismatch, and ErrLocked if all
// that was given is locked.
func (v *Verifier) VerifyAny(ctx context.Context, user string, proof Credentials) (Match, error) {
	if err := v.checkProof(user, proof); err != nil {
		return Match{}, err
	}
	if proof == (Credentials{}) {
		return Match{}, ErrNoCredential
	}
	return v.verify(ctx, user, proof, v.opts.ProofKinds)
}

func (v *Verifier) verify(ctx context.Context, user string, proof Credentials, kinds []Kind) (Match, error) {
	m := proof.mode()
	if m == modeFast {
		m = modeBatched
	}
	return update(ctx, v, user, m, func(a *attempt) (Match, error) {
		return a.judge(proof, kinds)
	})
}

// withProof applies a change to a user's holdings once the proof is judged right.
// What precheck refuses, if there is one, is refused without judging the proof.
func withProof[T any](ctx context.Context, v *Verifier, user string, proof Credentials, precheck func(*attempt) error, apply func(*attempt) T) (T, error) {
	var none T
	if err := v.checkProof(user, proof); err != nil {
		return none, err
	}
	if proof == (Credentials{}) {
		return none, ErrNoCredential
	}
	return update(ctx, v, user, proof.mode(), func(a *attempt) (T, error) {
		if precheck != nil {
			if err := precheck(a); err != nil {
				return none, err
			}
		}
		if _, err := a.judge(proof, a.opts.ProofKinds); err != nil {
			return none, err
		}
		return apply(a), nil
	})
}

// void is the result of a rule that has nothing to return but its error.
type void = struct{}
