package factor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/commit"
	"github.com/knowhave/factor/internal/pinhash"
)

// A call is one call of the API on one user. It keeps the results of its slow work,
// so that a lost swap does not repeat it.
type call struct {
	commit.Call
	v    *Verifier
	opts *Options
	user string
	slow *slowWork // nil until found is called
}

func (v *Verifier) newCall(ctx context.Context, user string, how commit.How) call {
	return call{Call: commit.Call{Loop: v.loop, Ctx: ctx, Key: user, How: how}, v: v, opts: &v.opts, user: user}
}

// slowWork holds the results of a call's slow work.
type slowWork struct {
	password   memo[bool]
	changes    int64 // PasswordChanges before the check
	rechecks   int   // after a change of the password
	newPIN     memo[pinhash.Hash]
	registered memo[time.Time]
	pins       []pinFound
}

// found returns the results of the call's slow work so far.
func (c *call) found() *slowWork {
	if c.slow == nil {
		c.slow = &slowWork{}
	}
	return c.slow
}

// A memo is the result of work that a call does once.
type memo[T any] struct {
	done  bool
	value T
	err   error
}

// A pinFound is the result of comparing the PIN with one stored hash.
type pinFound struct {
	stored *pinhash.Hash // nil: no PIN
	memo   memo[pinhash.Verdict]
}

// unlocked runs slow work or a host's function without the user's lock, and then
// reads the clock again.
func (a *attempt) unlocked(where string, work func() error) (fault error) {
	a.Unlocked(func() { fault = callHost(where, work) })
	now, err := a.v.clock()
	if err != nil {
		return err
	}
	a.now = now
	return fault
}

// memoize does slow work without the user's lock, once per call. If the caller has
// hung up, or the work panics, that is the error.
func memoize[T any](a *attempt, m *memo[T], where string, work func() (T, error)) (T, error) {
	if m.done {
		return m.value, m.err
	}
	if m.err = a.Ctx.Err(); m.err == nil {
		m.err = a.unlocked(where, func() (err error) {
			m.value, err = work()
			return err
		})
	}
	m.done = true
	return m.value, m.err
}

// maxRechecks bounds how often a call checks a password again. A CheckPassword that
// calls PasswordChanged would otherwise go on for ever.
const maxRechecks = 8

var errPasswordChanges = errors.New("factor: the password changed too often during the call: do not call PasswordChanged in CheckPassword")

// checkPassword asks the host. After a lost swap it asks again if the password was
// right and has changed since: the old password must not pay for what
// PasswordChanged has voided.
func (a *attempt) checkPassword(password string) (bool, error) {
	found, changes := a.found(), a.account.PasswordChanges
	if found.password.value && found.changes != changes {
		if found.rechecks == maxRechecks {
			return false, errPasswordChanges
		}
		found.password = memo[bool]{}
		found.rechecks++
	}
	if !found.password.done {
		found.changes = changes
	}
	return memoize(a, &found.password, "CheckPassword", func() (bool, error) {
		ask := func(ctx context.Context, user string) (bool, error) { return a.opts.CheckPassword(ctx, user, password) }
		right, err := askHost(a, inCheckPassword, &a.v.checking, ask)
		if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) || errors.Is(err, ErrMismatch) {
			return false, nil // the usual ways to say no
		}
		return right, err
	})
}

func (a *attempt) registeredAt() (time.Time, error) {
	return memoize(a, &a.found().registered, "RegisteredAt", func() (time.Time, error) {
		return askHost(a, inRegisteredAt, &a.v.registering, a.opts.RegisteredAt)
	})
}

func (a *attempt) hashPIN(digits string) (pinhash.Hash, error) {
	return memoize(a, &a.found().newPIN, "hashing the PIN", func() (pinhash.Hash, error) {
		return a.v.hasher.Hash(a.Ctx, digits)
	})
}

// checkPIN compares a PIN with a stored one; nil stands for no PIN and costs the
// same. If a right PIN was hashed at another cost, checkPIN puts a hash at the
// current cost in held.
func (a *attempt) checkPIN(digits string, held *account.PIN) (bool, error) {
	var stored *pinhash.Hash
	if held != nil {
		kept := pinhash.Hash(held.Hash) // a renewal changes held; after a lost swap the old hash is looked up
		stored = &kept
	}
	found := a.found()
	i := slices.IndexFunc(found.pins, func(f pinFound) bool { return f.stored.Equal(stored) })
	if i < 0 {
		i = len(found.pins)
		found.pins = append(found.pins, pinFound{stored: stored})
	}
	v, err := memoize(a, &found.pins[i].memo, "hashing the PIN", func() (pinhash.Verdict, error) {
		leave, err := enter(a.Ctx, &a.v.comparing, a.user, slotPatience)
		if err != nil {
			return pinhash.Verdict{}, fmt.Errorf("factor: hashing the PIN: %w", err)
		}
		defer leave()
		return a.v.hasher.Verify(a.Ctx, digits, stored)
	})
	if err == nil && v.Renewed != nil {
		held.Hash = account.Hash(*v.Renewed)
	}
	return v.Right, err
}
