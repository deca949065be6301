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

// Credentials holds what a user gave as proof. An empty field was not given. Every
// method judges the given ones in the order OTP, Password, PIN, and stops at the
// first right one, which is enough. Credentials redacts itself: see "Secrets and
// logs" in the package comment.
type Credentials struct {
	// OTP is 6 to 8 ASCII digits or, where Options.ProofKinds names KindRecovery, a
	// recovery code.
	OTP string
	// Password is 1 to 1,024 bytes.
	Password string
	// PIN is 4 to 12 ASCII digits.
	PIN string
}

// mode returns modePassword for a password with a PIN: the PIN must not make other
// PINs wait for the host.
func (c Credentials) mode() mode {
	switch {
	case c.Password != "":
		return modePassword
	case c.PIN != "":
		return modeHashing
	}
	return modeFast
}

// Match tells which credential was right.
type Match struct {
	Kind Kind
	// Device is the device whose code it was, uuid.Nil for any other kind.
	Device uuid.UUID
}

// A Verifier decides whether a user has proven a factor. It is safe for use by many
// goroutines, and several processes may share one Store.
//
// Before a method returns, the store has the outcome: a wrong answer is counted, a
// right code is spent. If the store, the sealer or a host's function fails, the
// method accepts nothing and returns that error, which matches none of this
// package's errors but ErrConflict, ErrUnsealed and ErrNewerFormat.
type Verifier struct {
	*core
	purpose   account.Purpose // of issued codes: see For
	malformed error           // set if the purpose is malformed
}

// A core holds what all views of a Verifier share.
type core struct {
	store    Store
	records  *records
	opts     Options
	rules    account.Rules // from opts
	hasher   *pinhash.Hasher
	loop     *commit.Loop // changes the records
	waiters  *poll.Poll   // calls of PINs.Wait
	attempts sync.Pool    // of *attempt

	hashing, passwords                       commit.SlowLocks // held for a whole call
	observing                                atomic.Int64     // running calls of Observe
	checking, registering, wiping, notifying keylock.Slots    // running host functions
	comparing                                keylock.Slots    // running PIN comparisons
}

func init() {
	pinhash.Of = func(v any) *pinhash.Hasher { return v.(*Verifier).hasher }
}

// NewVerifier returns a Verifier on a store whose records sealer seals. Nil options
// mean the defaults; NewVerifier copies them. An error names the field that is out
// of range and its bounds.
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

// now returns the host's time, truncated as records are. It panics if the host's
// clock does; the update loop recovers.
func (v *Verifier) now() time.Time { return v.opts.Now().UTC().Truncate(time.Millisecond) }

// clock is now for callers outside a rule: it returns a panic as an error.
func (v *Verifier) clock() (now time.Time, err error) {
	err = host.Recover("Now", func() error { now = v.now(); return nil })
	return now, err
}

// VerifyOTP judges a code against the given kinds. Without kinds it takes device
// codes and account codes, and on a view with a purpose (see For) account codes
// alone. It spends the code for the first kind in the given order for which the
// code is right. If there is none, it charges each kind that it judged once. It
// leaves out locked kinds, and kinds whose codes have another form. A code that was
// right for one of the kinds and no longer is (because it was used, replaced,
// voided or has expired) is right for none and charged to none: see
// MismatchError.Stale.
//
// It returns ErrMalformed, ErrMismatch, and ErrLocked if every kind that the code
// could be of is locked. Malformed are a code that is neither 6 to 8 digits nor,
// with KindRecovery, a recovery code; a kind that no code has; and an empty list of
// kinds that is not nil. A nil list means the default, so do not pass one to mean
// no kind.
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
// It returns ErrMalformed for anything but 4 to 12 digits, ErrMismatch and
// ErrLocked. A user without a PIN gets ErrMismatch at the same cost in hashing and
// storing.
func (v *Verifier) VerifyPIN(ctx context.Context, user, pin string) error {
	if err := cmp.Or(v.checkUser(user), checkDigits("pin", pin, minPIN, maxPIN)); err != nil {
		return err
	}
	_, err := v.verify(ctx, user, Credentials{PIN: pin}, nil)
	return err
}

// VerifyPassword asks Options.CheckPassword, and counts wrong answers.
//
// It returns ErrMalformed for anything but 1 to 1,024 bytes or without
// Options.CheckPassword, ErrMismatch and ErrLocked.
func (v *Verifier) VerifyPassword(ctx context.Context, user, password string) error {
	if err := cmp.Or(v.checkUser(user), v.checkPassword(password)); err != nil {
		return err
	}
	_, err := v.verify(ctx, user, Credentials{Password: password}, nil)
	return err
}

// VerifyAny judges the given credentials: see Credentials. It judges an OTP against
// Options.ProofKinds, charges each wrong credential to its own kind, and leaves out
// locked kinds. For two factors call it twice.
//
// It returns ErrMalformed, ErrNoCredential, ErrMismatch, and ErrLocked if every
// given credential is locked.
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

// withProof applies a change to a user's holdings if the proof is right. It does
// not judge the proof of a call that precheck, if not nil, refuses.
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

// void is the result of a rule that returns only an error.
type void = struct{}
