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

// A call is one call of the API on one user. It remembers what its slow work
// found, so that a lost swap does not repeat it.
type call struct {
	commit.Call
	v    *Verifier
	opts *Options
	user string
	slow *slowWork // see found; nil if there was none yet
}

func (v *Verifier) newCall(ctx context.Context, user string, how commit.How) call {
	return call{Call: commit.Call{Loop: v.loop, Ctx: ctx, Key: user, How: how}, v: v, opts: &v.opts, user: user}
}

// slowWork is what the slow work of a call found.
type slowWork struct {
	password   memo[bool]
	changes    int64 // of the password, before it was checked
	rechecks   int   // because of a change
	newPIN     memo[pinhash.Hash]
	registered memo[time.Time]
	pins       []pinFound
}

// found returns what the call's slow work found so far.
func (c *call) found() *slowWork {
	if c.slow == nil {
		c.slow = &slowWork{}
	}
	return c.slow
}

// memo is the outcome of slow work that is done once in a call.
type memo[T any] struct {
	done  bool
	value T
	err   error
}

// pinFound is the outcome of comparing the PIN with one stored hash.
type pinFound struct {
	stored *pinhash.Hash // nil: no PIN
	memo   memo[pinhash.Verdict]
}

// unlocked runs slow work or a host's function without the user's lock, and takes
// the time anew.
func (a *attempt) unlocked(where string, work func() error) (fault error) {
	a.Unlocked(func() { fault = callHost(where, work) })
	now, err := a.v.clock()
	if err != nil {
		return err
	}
	a.now = now
	return fault
}

// memoize does slow work without the user's lock, the first time that a call asks
// for it. A caller who has hung up is a fault, as is a panic.
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

// maxRechecks bounds how often a call asks for a password again. A CheckPassword that
// calls PasswordChanged would have it ask for ever.
const maxRechecks = 8

var errPasswordChanges = errors.New("factor: the password was changed again and again during the call")

// checkPassword asks the host. After a lost swap it asks again if the host has changed a
// password that was right: what PasswordChanged has voided must not be paid for by the old
// one.
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
			return false, nil // the commonest ways to say no
		}
		return right, err
	})
}

// registeredAt asks the host.
func (a *attempt) registeredAt() (time.Time, error) {
	return memoize(a, &a.found().registered, "RegisteredAt", func() (time.Time, error) {
		return askHost(a, inRegisteredAt, &a.v.registering, a.opts.RegisteredAt)
	})
}

// hashPIN hashes the new PIN.
func (a *attempt) hashPIN(digits string) (pinhash.Hash, error) {
	return memoize(a, &a.found().newPIN, "hashing the PIN", func() (pinhash.Hash, error) {
		return a.v.hasher.Hash(a.Ctx, digits)
	})
}

// checkPIN compares a PIN with a stored one; nil stands for no PIN and costs the
// same. A right PIN that was hashed at another cost is stored at today's.
func (a *attempt) checkPIN(digits string, held *account.PIN) (bool, error) {
	var stored *pinhash.Hash
	if held != nil {
		kept := pinhash.Hash(held.Hash) // held changes if it is renewed, and is looked for again if the swap is lost
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
