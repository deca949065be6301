package commit

import (
	"context"
	"time"

	"github.com/knowhave/factor/internal/keylock"
)

// locks are locks of keys, whose holders may do the jobs of the calls that wait and
// leave them the record that they have loaded or stored.
type locks = keylock.Locks[Job, *Record]

// A waiter is a call that waits for a lock, or has waited.
type waiter = keylock.Waiter[Job, *Record]

// SlowLocks are locks of keys that calls with slow work take around the whole of it,
// so that such calls queue behind each other and no fast one waits behind them.
type SlowLocks struct {
	// Patience is how long a call waits for the lock before it goes on without; zero
	// means as long as its caller does.
	Patience time.Duration

	locks locks
}

// Keys returns how many keys are locked.
func (s *SlowLocks) Keys() int { return s.locks.Keys() }

func (c *Call) lockSlow() error {
	slow := c.How.Slow
	if slow == nil {
		return nil
	}
	ctx := c.Ctx
	if slow.Patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, slow.Patience)
		defer cancel()
	}
	w, err := slow.locks.Acquire(ctx, c.Key, nil)
	if err == nil {
		c.slowLocked, c.cached = true, w.Cached()
		return nil
	}
	return c.Ctx.Err()
}

func (c *Call) unlockSlow() {
	if c.slowLocked {
		c.How.Slow.locks.Release(c.Key, c.cached)
	}
}

// lock takes the key's lock. The holder may meanwhile do the job, if there is one;
// then the lock is not taken.
func (c *Call) lock(ctx context.Context, offered Job) (*waiter, error) {
	w, err := c.Loop.locks.Acquire(ctx, c.Key, offered)
	c.locked = err == nil && !w.Done()
	return w, err
}

func (c *Call) unlock() {
	if c.locked {
		c.Loop.locks.Release(c.Key, keylock.Cached[*Record]{})
		c.locked = false
	}
}

// Unlocked does slow work without the key's lock. The lock is for speed only: if it
// cannot be had again in time, the call goes on without, and the swap alone decides.
func (c *Call) Unlocked(work func()) {
	c.unlock()
	work()
	c.commitContext = nil
	_, _ = c.lock(c.commitCtx(), nil)
	c.commitContext = nil // what the wait took is not the swap's
}
