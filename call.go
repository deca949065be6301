package factor

import (
	"context"
	"errors"
	"slices"
	"time"

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

	hasTurn bool            // whether the short turn is held
	slow    *turns          // whose slow turn is held, nil for none
	found   found           // for who comes next in the slow turn
	settle  context.Context // see settling

	password   *memo[bool]
	newPIN     *memo[pinHash]
	registered *memo[time.Time]
	pins       []pinFound
}

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

// takeTurn takes the short turn. The job is what may be settled meanwhile, nil
// if nothing may; if it is, the turn is not taken, and not to be left.
func (c *call) takeTurn(ctx context.Context, job anyJob) (*waiting, error) {
	mine, err := c.v.turns.take(ctx, c.user, job)
	c.hasTurn = err == nil
	return mine, err
}

func (c *call) leaveTurn() {
	if c.hasTurn {
		c.v.turns.leave(c.user, found{})
		c.hasTurn = false
	}
}

// load loads the record, unless who had the slow turn before has left it.
func (c *call) load() (Record, error) {
	if c.found.Value != nil {
		return *c.found.Value, nil
	}
	c.asks()
	base, err := c.v.load(c.ctx, c.user)
	if err == nil {
		c.knows(base)
	}
	return base, err
}

// asks notes that the store is asked about the record, and knows what it is then:
// what a slow call leaves spares who comes next a load.
func (c *call) asks() {
	if c.slow != nil {
		c.found = found{After: c.slow.last()}
	}
}

func (c *call) knows(r Record) {
	if c.slow != nil {
		known := r // r itself would be allocated in every call
		c.found.Value = &known
	}
}

// settling is the context of the swap and of what follows it: the caller's
// without its end, because a guess that was judged must be counted.
func (c *call) settling() context.Context {
	if c.settle == nil {
		c.settle = &settleContext{c.v.deadlines.next(), c.ctx}
	}
	return c.settle
}

// slowly runs slow work or a host's function outside the short turn, and takes
// the time anew. The turn is for speed only: if it cannot be had again in time,
// the call goes on without, and the swap alone decides.
func (a *attempt) slowly(where string, work func() error) error {
	a.leaveTurn()
	fault := shielded(where, work)
	a.settle = nil
	_, _ = a.takeTurn(a.settling(), nil)
	a.settle = nil // what the wait took is not the swap's
	now, err := a.v.clock()
	if err != nil {
		return err
	}
	a.now = now
	return fault
}

// once does slow work outside the turn, the first time that a call asks for it.
// A caller who has gone is a fault, as is a panic.
func once[T any](a *attempt, m **memo[T], where string, work func() (T, error)) (T, error) {
	if *m == nil {
		done := &memo[T]{err: a.ctx.Err()}
		if done.err == nil {
			done.err = a.slowly(where, func() (err error) {
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
	return once(a, &a.password, "CheckPassword", func() (bool, error) {
		ask := func(ctx context.Context, user string) (bool, error) { return a.opts.CheckPassword(ctx, user, password) }
		right, err := askHost(a, inCheckPassword, &a.v.checking, ask)
		if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
			return false, nil // the commonest way to say no
		}
		return right, err
	})
}

// registeredAt asks the host.
func (a *attempt) registeredAt() (time.Time, error) {
	return once(a, &a.registered, "RegisteredAt", func() (time.Time, error) {
		return askHost(a, inRegisteredAt, &a.v.registering, a.opts.RegisteredAt)
	})
}

// hashPIN hashes the new PIN.
func (a *attempt) hashPIN(digits string) (pinHash, error) {
	return once(a, &a.newPIN, "hashing the PIN", func() (pinHash, error) {
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
	v, err := once(a, &a.pins[i].memo, "hashing the PIN", func() (pinVerdict, error) {
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
