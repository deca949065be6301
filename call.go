package factor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/knowhave/factor/internal/keylock"
	"golang.org/x/crypto/bcrypt"
)

// A call is one call of the API on one user. It remembers what its slow work
// found, so that a lost swap does not repeat it.
type call struct {
	v    *Verifier
	opts *Options
	ctx  context.Context
	user string
	mode mode

	locked        bool                    // whether the user's lock is held
	slow          *userLocks              // of which the user's lock is held too, nil for none
	cached        keylock.Cached[*Record] // for the next holder of the slow lock
	commitContext context.Context         // see commitCtx

	password   *memo[bool]
	newPIN     *memo[pinHash]
	registered *memo[time.Time]
	pins       []pinFound
}

// commitTimeout is how long a call may take, at least, to store what it judged,
// from the last slow work on, whatever becomes of the caller's context. It may take
// a second more.
const commitTimeout = 5 * time.Second

// memo is the outcome of slow work that is done once in a call.
type memo[T any] struct {
	value T
	err   error
}

// pinFound is the outcome of comparing the PIN with one stored hash.
type pinFound struct {
	stored *pinHash // nil: no PIN
	memo   *memo[pinVerdict]
}

// commitCtx is the context of the swap and of what follows it: the caller's
// without its end, because a guess that was judged must be counted.
func (c *call) commitCtx() context.Context {
	if c.commitContext == nil {
		c.commitContext = c.v.deadlines.Detach(c.ctx, commitTimeout)
	}
	return c.commitContext
}

// unlocked runs slow work or a host's function without the user's lock, and takes
// the time anew. The lock is for speed only: if it cannot be had again in time, the
// call goes on without, and the swap alone decides.
func (a *attempt) unlocked(where string, work func() error) error {
	a.unlock()
	fault := callHost(where, work)
	a.commitContext = nil
	_, _ = a.lock(a.commitCtx(), nil)
	a.commitContext = nil // what the wait took is not the swap's
	now, err := a.v.clock()
	if err != nil {
		return err
	}
	a.now = now
	return fault
}

// memoize does slow work without the user's lock, the first time that a call asks
// for it. A caller who has hung up is a fault, as is a panic.
func memoize[T any](a *attempt, m **memo[T], where string, work func() (T, error)) (T, error) {
	if *m == nil {
		done := &memo[T]{err: a.ctx.Err()}
		if done.err == nil {
			done.err = a.unlocked(where, func() (err error) {
				done.value, err = work()
				return err
			})
		}
		*m = done
	}
	return (*m).value, (*m).err
}

// checkPassword asks the host.
func (a *attempt) checkPassword(password string) (bool, error) {
	return memoize(a, &a.password, "CheckPassword", func() (bool, error) {
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
	return memoize(a, &a.registered, "RegisteredAt", func() (time.Time, error) {
		return askHost(a, inRegisteredAt, &a.v.registering, a.opts.RegisteredAt)
	})
}

// hashPIN hashes the new PIN.
func (a *attempt) hashPIN(digits string) (pinHash, error) {
	return memoize(a, &a.newPIN, "hashing the PIN", func() (pinHash, error) {
		return a.v.hasher.hash(a.ctx, digits)
	})
}

// checkPIN compares a PIN with a stored one; nil stands for no PIN and costs the
// same. A right PIN that was hashed at another cost is stored at today's.
func (a *attempt) checkPIN(digits string, held *pin) (bool, error) {
	var stored *pinHash
	if held != nil {
		kept := held.pinHash // held changes if it is renewed, and is looked for again if the swap is lost
		stored = &kept
	}
	i := slices.IndexFunc(a.pins, func(f pinFound) bool { return f.stored.same(stored) })
	if i < 0 {
		i = len(a.pins)
		a.pins = append(a.pins, pinFound{stored: stored})
	}
	v, err := memoize(a, &a.pins[i].memo, "hashing the PIN", func() (pinVerdict, error) {
		leave, err := a.v.comparing.enter(a.ctx, a.user, atOncePatience)
		if err != nil {
			return pinVerdict{}, fmt.Errorf("factor: hashing the PIN: %w", err)
		}
		defer leave()
		return a.v.hasher.verify(a.ctx, digits, stored)
	})
	if err == nil && v.renewed != nil {
		held.pinHash = *v.renewed
	}
	return v.right, err
}

// event adds an event, to be reported once the attempt is stored.
func (a *attempt) event(e Event) {
	e.At, e.User = a.now, a.user
	a.events = append(a.events, e)
}
