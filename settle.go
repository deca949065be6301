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
	mu  sync.Mutex
	ctx context.Context // nil if the next call is to have a new one
}

func (d *deadlines) next() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx == nil {
		ctx, cancel := context.WithTimeout(context.Background(), settleTimeout+settleGrain)
		context.AfterFunc(ctx, cancel)
		time.AfterFunc(settleGrain, d.renew)
		d.ctx = ctx
	}
	return d.ctx
}

func (d *deadlines) renew() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ctx = nil
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
	return context.WithoutCancel(c.of).Value(key)
}
