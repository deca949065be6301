package linear

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/knowhave/factor"
)

// Odds are the percentages of faults.
type Odds struct {
	Load   int // fails
	Before int // the swap fails and is not done
	After  int // the swap fails and is done
	Late   int // the swap fails and is done later, if its version is still there then
	Lie    int // the swap is done and answered with ErrConflict; the next load shows it
	Cancel int // the caller gives up
	Wipe   int // of a hundred calls of Options.Wipe: it fails
	Notify int // of a hundred calls of Options.Notify: it fails, or panics
}

// Misbehaving holds the odds of most histories.
var Misbehaving = Odds{Load: 10, Before: 10, After: 10, Late: 4, Lie: 4, Cancel: 2, Wipe: 25, Notify: 25}

// A faulty is a store that misbehaves within its contract. It also records which
// calls changed something. All calls on it belong to one user.
type faulty struct {
	pacer
	inner factor.Store
	user  string
	odds  Odds

	mu   sync.Mutex // guards late, and applied and lied of each call
	late []lateSwap
}

// lateSwap is a swap on its way.
type lateSwap struct {
	calls []*Call
	part  int
	old   int64
	next  factor.Record
}

// Pace is called where a store's work could be overtaken by another client's.
type Pace func(ctx context.Context)

// unlucky reports whether a call goes wrong with such odds.
func (c *Call) unlucky(percent int) bool { return !c.calm && c.rng.IntN(100) < percent }

// arrive waits for the caller's turn, lets late swaps land, and has some callers
// give up.
func (f *faulty) arrive(ctx context.Context) *Call {
	c := callOf(ctx)
	f.pace(ctx)
	if c.unlucky(30) {
		f.land(1)
	}
	if c.unlucky(f.odds.Cancel) && c.mayGiveUp() && c.tellsFrom == 0 {
		c.gaveUp = true
		c.cancel()
	}
	return c
}

// mayGiveUp leaves out the calls in which it could not be told from outside how
// far they came, those with a PIN, or that the runtime could let go on at random,
// those that may take a second turn in the library.
// A right password is left out too: it may be asked for again after PasswordChanged.
func (c *Call) mayGiveUp() bool {
	return c.PIN == "" && c.NewPIN == "" && c.Password != rightPassword && !c.binds
}

func (f *faulty) Load(ctx context.Context, user string) (factor.Record, error) {
	c := f.arrive(ctx)
	settled := c.settled
	c.settled = nil
	switch {
	case c.unlucky(f.odds.Load):
		return factor.Record{}, errInjected
	case settled != nil:
		return *settled, nil
	}
	return f.inner.Load(ctx, user)
}

func (f *faulty) CompareAndSwap(ctx context.Context, _ string, old int64, next factor.Record) error {
	c := f.arrive(ctx)
	err := f.tryToSwap(ctx, c, old, next)
	c.unsure = err != nil
	if err != nil {
		f.lost(c.Client)
	}
	return err
}

func (f *faulty) tryToSwap(ctx context.Context, c *Call, old int64, next factor.Record) error {
	roll := 100
	if !c.calm {
		roll = c.rng.IntN(100)
	}
	fails := func(percent int) bool { roll -= percent; return roll < 0 }
	calls, part := c.sharing(), len(c.asks)
	if c.tellsFrom != 0 {
		calls, part = []*Call{c}, tells
	}
	switch {
	case fails(f.odds.Before):
		return errInjected
	case fails(f.odds.Late):
		f.mu.Lock()
		f.late = append(f.late, lateSwap{calls, part, old, next})
		f.mu.Unlock()
		return errInjected
	case fails(f.odds.After):
		if err := f.swap(ctx, calls, part, old, next); err != nil {
			return err
		}
		return errInjected
	case fails(f.odds.Lie):
		err := f.swap(ctx, calls, part, old, next)
		if err == nil {
			c.settled = &next
			for _, c := range calls {
				c.lied = true
			}
			err = factor.ErrConflict
		}
		return err
	}
	return f.swap(ctx, calls, part, old, next)
}

// swap does the swap, and notes whether it was done. One whose outcome the inner
// store does not know counts as done.
func (f *faulty) swap(ctx context.Context, calls []*Call, part int, old int64, next factor.Record) error {
	err := f.inner.CompareAndSwap(ctx, f.user, old, next)
	if !errors.Is(err, factor.ErrConflict) {
		f.mu.Lock()
		for _, c := range calls {
			c.apply(part)
		}
		f.mu.Unlock()
	}
	return err
}

// tells is the part of a call that takes out what it told.
const tells = -1

// apply notes that a swap of a part was done.
func (c *Call) apply(part int) {
	if part == tells {
		c.tookOut = true
		return
	}
	for len(c.applied) <= part {
		c.applied = append(c.applied, false)
	}
	c.applied[part] = true
}

// land has up to so many late swaps arrive.
func (f *faulty) land(most int) {
	f.mu.Lock()
	landing := f.late[:min(most, len(f.late))]
	f.late = f.late[len(landing):]
	f.mu.Unlock()
	for _, l := range landing {
		_ = f.swap(context.Background(), l.calls, l.part, l.old, l.next)
	}
}

// List shows no user but the one that the history is about.
func (f *faulty) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	c := f.arrive(ctx)
	if c.unlucky(f.odds.Load) {
		return nil, errInjected
	}
	if after >= f.user {
		return nil, nil
	}
	last := len(f.user) - 1
	before := f.user[:last] + string(f.user[last]-1) + "~" // no other history's user is in between
	listed, err := f.inner.List(ctx, before, due, 1)
	if err != nil || len(listed) == 0 || listed[0] != f.user {
		return nil, err
	}
	return listed, nil
}
