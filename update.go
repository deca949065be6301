package factor

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"time"
)

const (
	// settleTimeout is how long a call may take to store what it judged, from
	// the last slow work on, whatever becomes of the caller's context.
	settleTimeout = 5 * time.Second
	// maxBackoff bounds the wait before a lost swap is tried again.
	maxBackoff = 100 * time.Millisecond
	// maxUnknown is how many swaps of one call may have an unknown outcome
	// before it ends with the store's error.
	maxUnknown = 3
	// unstored is no version of any record.
	unstored = -1
	// maxVersion bounds the random versions: what a float64 holds exactly.
	maxVersion = 1<<53 - 1
)

// mode says how a call goes about its update.
type mode int

const (
	// quick calls do no slow work, and take the short turn only.
	quick mode = iota
	// slow calls hash, or have the host hash. They take a slow turn as well, so
	// that they queue behind each other and no code waits behind them.
	slow
	// blind calls take a record that does not open for an empty one.
	blind
)

// A rule judges a call on one attempt's account and changes it. It is applied
// again, to a fresh account, each time that a swap is lost.
type rule[T any] func(a *attempt) (T, error)

// An attempt is one application of a rule to one loaded account.
type attempt struct {
	*call
	account *account
	absent  bool // there is no record
	now     time.Time
	events  []Event
	// wrong: a credential was judged wrong, so the call cannot end without the
	// swap, not even with a fault.
	wrong bool
	// unchanged: the answer needs no swap although it is no refusal.
	unchanged bool
	// remove: there is to be no record.
	remove bool
}

// answer is what an attempt has to say once its version is stored.
type answer[T any] struct {
	version int64 // 0 for no record, unstored if it cannot be told from what was there
	result  T
	err     error
	events  []Event
}

// update is the only way to change a user's record. It loads, applies the rule
// and swaps, and lets the answer out only after the swap, or at once if the rule
// refuses without having judged anything wrong.
func update[T any](ctx context.Context, v *Verifier, user string, m mode, r rule[T]) (T, error) {
	said := settle(ctx, v, user, m, r)
	v.observe(ctx, said.events)
	return said.result, said.err
}

func settle[T any](ctx context.Context, v *Verifier, user string, m mode, r rule[T]) answer[T] {
	if m == slow {
		leave, err := v.slowTurns.take(ctx, user)
		if err != nil {
			return answer[T]{err: err}
		}
		defer leave()
	}
	c := &call{v: v, opts: &v.opts, ctx: ctx, user: user, mode: m}
	if err := c.takeTurn(ctx); err != nil {
		return answer[T]{err: err}
	}
	defer c.leaveTurn()

	base, err := v.load(ctx, user)
	if err != nil {
		return answer[T]{err: err}
	}
	var (
		tried   []answer[T] // one for each swap that was not answered with nil
		unknown error       // the store's last word on a swap whose outcome is open
		opens   int         // how many of those
	)
	defer c.endSettling()
	for try := 0; ; try++ {
		said, next := apply(c, base, r)
		if next == nil {
			return said
		}
		err := v.swap(c.settling(), user, base.Version, *next)
		if err == nil {
			return said
		}
		tried = append(tried, said)
		if !errors.Is(err, ErrConflict) {
			unknown = err
			opens++
		}
		// The result of the swap may be known only from what is stored now.
		fresh, loadErr := v.reload(c.settling(), user, try)
		switch {
		case loadErr != nil && unknown != nil:
			return answer[T]{err: unknown}
		case loadErr != nil && c.settling().Err() != nil:
			return answer[T]{err: ErrConflict}
		case loadErr != nil:
			return answer[T]{err: loadErr}
		}
		for _, mine := range tried {
			if mine.version == fresh.Version {
				return mine
			}
		}
		if unknown != nil && (fresh.Version != base.Version || opens >= maxUnknown) {
			return answer[T]{err: unknown}
		}
		base = fresh
	}
}

// apply applies the rule to what was loaded. The returned record is to be
// stored before the answer may leave; none means that there is nothing to store.
func apply[T any](c *call, base Record, r rule[T]) (said answer[T], next *Record) {
	a := &attempt{call: c, absent: base.Version == 0}
	var err error
	switch a.account, err = c.v.open(c.user, base); {
	case err != nil && c.mode == blind:
		a.account = &account{}
	case err != nil:
		return answer[T]{err: err}, nil
	}
	said.err = shielded("judging", func() (err error) {
		a.now = c.v.now()
		said.result, err = r(a)
		return err
	})
	said.events = a.events
	accepted := said.err == nil && !a.unchanged
	if !accepted && !a.wrong {
		// A right credential that a fault came after is not spent.
		said.events = slices.DeleteFunc(said.events, func(e Event) bool { return e.Action == ActionVerified })
		return said, nil
	}
	if a.remove {
		if a.absent {
			said.version = unstored
		}
		return said, &Record{}
	}
	a.account.tidy(a.now)
	data, err := c.v.seal(c.user, a.account)
	if err != nil {
		return answer[T]{err: err}, nil
	}
	said.version = newVersion(base.Version)
	return said, &Record{Data: data, Version: said.version, Due: a.account.due()}
}

// newVersion draws a version that is not the one it follows.
func newVersion(old int64) int64 {
	for {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails, says its documentation
		if v := int64(binary.BigEndian.Uint64(b[:]) & maxVersion); v != 0 && v != old {
			return v
		}
	}
}

// A call is one call of the API on one user. It remembers what its slow work
// found, so that a lost swap does not repeat it.
type call struct {
	v     *Verifier
	opts  *Options
	ctx   context.Context
	user  string
	mode  mode
	leave func() // gives the short turn back; nil while it is not held

	settleCtx context.Context // see settling
	endSettle context.CancelFunc

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

func (c *call) takeTurn(ctx context.Context) (err error) {
	c.leave, err = c.v.turns.take(ctx, c.user)
	return err
}

func (c *call) leaveTurn() {
	if c.leave != nil {
		c.leave()
		c.leave = nil
	}
}

// settling is the context of the swap and of what follows it: the caller's
// without its end, because a guess that was judged must be counted.
func (c *call) settling() context.Context {
	if c.settleCtx == nil {
		c.settleCtx, c.endSettle = context.WithTimeout(context.WithoutCancel(c.ctx), settleTimeout)
	}
	return c.settleCtx
}

func (c *call) endSettling() {
	if c.endSettle != nil {
		c.endSettle()
		c.settleCtx, c.endSettle = nil, nil
	}
}

// slowly runs slow work or a host's function outside the short turn, and takes
// the time anew. The turn is for speed only: if it cannot be had again in time,
// the call goes on without, and the swap alone decides.
func (a *attempt) slowly(where string, work func() error) error {
	a.leaveTurn()
	a.endSettling()
	fault := shielded(where, work)
	_ = a.takeTurn(a.settling())
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
		return a.opts.CheckPassword(a.ctx, a.user, password)
	})
}

// registeredAt asks the host.
func (a *attempt) registeredAt() (time.Time, error) {
	return once(a, &a.registered, "RegisteredAt", func() (time.Time, error) {
		return a.opts.RegisteredAt(a.ctx, a.user)
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
		stored = &held.pinHash
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

// read loads and opens the account, for looking only.
func (v *Verifier) read(ctx context.Context, user string) (*account, error) {
	rec, err := v.load(ctx, user)
	if err != nil {
		return nil, err
	}
	return v.open(user, rec)
}

func (v *Verifier) load(ctx context.Context, user string) (rec Record, err error) {
	err = shielded("Store.Load", func() (err error) {
		rec, err = v.store.Load(ctx, user)
		return err
	})
	return rec, err
}

// reload loads after a swap that was not answered with nil, at once the first
// time and then after a wait, longer each time and drawn at random, so that
// processes that meet on one user do not meet again.
func (v *Verifier) reload(ctx context.Context, user string, try int) (Record, error) {
	if try > 0 {
		longest := min(time.Millisecond<<min(try, 10), maxBackoff)
		wait := time.NewTimer(mathrand.N(longest))
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return Record{}, ctx.Err()
		}
	}
	return v.load(ctx, user)
}

func (v *Verifier) swap(ctx context.Context, user string, old int64, next Record) error {
	return shielded("Store.CompareAndSwap", func() error {
		return v.store.CompareAndSwap(ctx, user, old, next)
	})
}

// sealedFor binds a record to its user.
func sealedFor(user string) []byte { return []byte("factor record of " + user) }

func (v *Verifier) seal(user string, a *account) (data []byte, err error) {
	err = shielded("Sealer.Encrypt", func() (err error) {
		data, err = v.sealer.Encrypt(a.encode(), sealedFor(user))
		return err
	})
	if err == nil && len(data) == 0 {
		err = errors.New("factor: Sealer.Encrypt returned nothing")
	}
	return data, err
}

// open returns the account of a record, an empty one if there is no record, or
// an error that matches ErrUnsealed.
func (v *Verifier) open(user string, rec Record) (*account, error) {
	if rec.Version == 0 && len(rec.Data) == 0 {
		return &account{}, nil
	}
	var plain []byte
	err := shielded("Sealer.Decrypt", func() (err error) {
		plain, err = v.sealer.Decrypt(rec.Data, sealedFor(user))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsealed, err)
	}
	a, err := decode(plain)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsealed, err)
	}
	return a, nil
}
