package factor

import (
	"context"

	"github.com/knowhave/factor/internal/keylock"
)

// mode says how a call goes about its update.
type mode int

const (
	// modeFast calls do no slow work, and take only the user's lock.
	modeFast mode = iota
	// modeBatched calls are fast ones. Those that wait for the user's lock at the
	// same time share one swap: see batch.go.
	modeBatched
	// modeHashing calls hash a PIN. They take a second lock around the whole call,
	// so that they queue behind each other and no code waits behind them.
	modeHashing
	// modePassword calls have the host check a password. Their second lock is
	// another, so that no PIN waits for the host.
	modePassword
	// modeOverwrite calls take a record that does not open for an empty one.
	modeOverwrite
)

// A rule judges a call on one attempt's account and changes it. It is applied
// again, to a fresh account, each time that a swap is lost.
type rule[T any] func(a *attempt) (T, error)

// update is the only way to change a user's record. It locks the user, loads and
// opens the record, applies the rule, seals what the rule leaves and swaps it in.
// Only then it answers, or at once if the rule refuses without having judged
// anything wrong. The locks are for speed; the swap alone makes it right.
func update[T any](ctx context.Context, v *Verifier, user string, m mode, r rule[T]) (T, error) {
	j := &typedJob[T]{call: call{v: v, opts: &v.opts, ctx: ctx, user: user, mode: m}, rule: r}
	j.run(j)
	v.observe(ctx, j.answer.events)
	return j.answer.result, j.answer.err
}

// userLocks are locks of users, whose holders may do the jobs of the calls that
// wait and leave them the record that they have loaded or stored.
type userLocks = keylock.Locks[job, *Record]

// A waiter is a call that waits for a lock, or has waited.
type waiter = keylock.Waiter[job, *Record]

// run does the job and those that can share its swap, unless another call did the
// job while this one waited for the user's lock.
func (c *call) run(j job) {
	if err := c.lockSlow(); err != nil {
		j.finish(0, err)
		return
	}
	defer c.unlockSlow()
	var offered job
	if c.mode == modeBatched {
		offered = j
	}
	w, err := c.lock(c.ctx, offered)
	if err != nil {
		j.finish(0, err)
		return
	}
	if w.Done() {
		return
	}
	defer c.unlock()
	base, err := c.load()
	if err != nil {
		j.finish(0, err)
		return
	}
	c.commitBatch(j, w, base)
}

// lockSlow takes the lock of calls that hash, if this is one. A call that one of
// the host's functions makes goes on without, and so does one that has waited for
// slowLockPatience while the host checks passwords. A PIN is hashed without the
// host, so a call with one waits as long as its caller does: if many went on
// without the lock, all of them would hash before the first is counted.
func (c *call) lockSlow() error {
	locks := c.v.slowLocks(c.mode)
	if locks == nil || calledFromAny(c.ctx) {
		return nil
	}
	ctx := c.ctx
	if c.mode == modePassword {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, slowLockPatience)
		defer cancel()
	}
	w, err := locks.Acquire(ctx, c.user, nil)
	if err == nil {
		c.slow, c.cached = locks, w.Cached()
		return nil
	}
	return c.ctx.Err()
}

// slowLocks returns the locks that calls of this mode take around the whole call,
// nil for none.
func (v *Verifier) slowLocks(m mode) *userLocks {
	switch m {
	case modeHashing:
		return &v.pinLocks
	case modePassword:
		return &v.passwordLocks
	}
	return nil
}

func (c *call) unlockSlow() {
	if c.slow != nil {
		c.slow.Release(c.user, c.cached)
	}
}

// lock takes the user's lock. The holder may meanwhile do the job, if there is
// one; then the lock is not taken.
func (c *call) lock(ctx context.Context, offered job) (*waiter, error) {
	w, err := c.v.locks.Acquire(ctx, c.user, offered)
	c.locked = err == nil && !w.Done()
	return w, err
}

func (c *call) unlock() {
	if c.locked {
		c.v.locks.Release(c.user, keylock.Cached[*Record]{})
		c.locked = false
	}
}

// load loads the record, unless the call that had the slow lock before has left it.
func (c *call) load() (Record, error) {
	if c.cached.Value != nil {
		return *c.cached.Value, nil
	}
	c.invalidate()
	base, err := c.v.load(c.ctx, c.user)
	if err == nil {
		c.remember(base)
	}
	return base, err
}

// invalidate forgets the record, because the store is about to be asked about it.
func (c *call) invalidate() {
	if c.slow != nil {
		c.cached = keylock.Cached[*Record]{After: c.slow.Last()}
	}
}

// remember keeps what the store has answered. What a call with a slow lock leaves
// spares the next one a load.
func (c *call) remember(r Record) {
	if c.slow != nil {
		known := r // r itself would be allocated in every call
		c.cached.Value = &known
	}
}
