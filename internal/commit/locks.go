package commit

import (
	"context"
	"time"

	"github.com/knowhave/factor/internal/keylock"
)

// locks are locks of keys. A holder may do the jobs of waiters, and pass on the
// record it has loaded or stored.
type locks = keylock.Locks[Job, *Record]

// A waiter is a call that waits or waited for a lock.
type waiter = keylock.Waiter[Job, *Record]

// SlowLocks are locks of keys for calls with slow work, which hold them from start
// to end. So such calls queue behind each other, and no fast call waits behind
// them.
type SlowLocks struct {
	// Patience is how long a call waits for the lock before it goes on without it;
	// zero means as long as its caller does.
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

// lock takes the key's lock, unless the holder does the offered job meanwhile.
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

// Unlocked does slow work without the key's lock. The lock is for speed only: if
// the call cannot get it back in time, it goes on without it, and the swap alone
// decides.
func (c *Call) Unlocked(work func()) {
	c.unlock()
	work()
	c.commitContext = nil
	_, _ = c.lock(c.commitCtx(), nil)
	c.commitContext = nil // the wait must not use up the swap's time
}
