package factor

import (
	"context"
	"sync"
	"time"
)

const (
	// settleTimeout is how long a call may take, at least, to store what it
	// judged, from the last slow work on, whatever becomes of the caller's context.
	settleTimeout = 5 * time.Second
	// settleGrain is how much longer it may take than that.
	settleGrain = time.Second
)

// deadlines are contexts that end in settleTimeout or a little later. All calls
// of a grain share one, because a timer for each would cost as much as judging a
// code, and on an idle machine a wake-up of the network poller too.
type deadlines struct {
	mu   sync.Mutex
	ctx  context.Context
	ends time.Time
}

func (d *deadlines) next() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	// It is more than there can be where a test's clock has come to its end.
	if left := time.Until(d.ends); left <= settleTimeout || left > settleTimeout+settleGrain {
		ctx, cancel := context.WithTimeout(context.Background(), settleTimeout+settleGrain)
		context.AfterFunc(ctx, cancel)
		d.ctx = ctx
		d.ends, _ = ctx.Deadline()
	}
	return d.ctx
}

// A settleContext has the values of a call's context, and an end that is not the
// call's.
type settleContext struct {
	context.Context // whose end it is
	of              context.Context
}

// Value lets the contexts that are derived from this one find the one whose end
// it is, and so need no goroutine to follow it.
func (c *settleContext) Value(key any) any {
	if v := c.Context.Value(key); v != nil {
		return v
	}
	return c.of.Value(key)
}
