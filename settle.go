package factor

import (
	"context"
	"sync"
	"time"
)

// settleContext is a context with the values of its parent and an end of its
// own. Its time runs from when it is first used. It sets a timer only if it is
// asked for Done, which a store that answers from memory never does: the timer
// would cost as much as judging a code.
type settleContext struct {
	parent context.Context
	lasts  time.Duration

	mu    sync.Mutex
	ends  time.Duration   // by the process's clock, 0 before the first use
	timed context.Context // made when it is first asked for
	end   context.CancelFunc
}

// started is when the clock of the process begins, which costs half of what
// time.Now does.
var started = time.Now()

func elapsed() time.Duration { return time.Since(started) }

func newSettleContext(ctx context.Context, lasts time.Duration) *settleContext {
	return &settleContext{parent: ctx, lasts: lasts}
}

// Deadline, Done, Err and Value are as in context.Context.

func (c *settleContext) Deadline() (time.Time, bool) { return c.withTimer().Deadline() }

// left is how much of its time is left. The lock is held.
func (c *settleContext) left() time.Duration {
	now := elapsed()
	if c.ends == 0 {
		c.ends = now + c.lasts
	}
	return c.ends - now
}

func (c *settleContext) Done() <-chan struct{} { return c.withTimer().Done() }

func (c *settleContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.timed != nil:
		return c.timed.Err()
	case c.left() > 0:
		return nil
	}
	return context.DeadlineExceeded
}

// Value lets the contexts that are derived from this one find the timer's, and
// so need no goroutine to follow it.
func (c *settleContext) Value(key any) any {
	c.mu.Lock()
	timed := c.timed
	c.mu.Unlock()
	if timed != nil {
		return timed.Value(key)
	}
	return context.WithoutCancel(c.parent).Value(key)
}

func (c *settleContext) withTimer() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timed == nil {
		c.timed, c.end = context.WithTimeout(context.WithoutCancel(c.parent), c.left())
	}
	return c.timed
}

// cancel ends it. If nobody has asked for Done, nobody hears of it.
func (c *settleContext) cancel() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end != nil {
		c.end()
	}
}
