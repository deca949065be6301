package keylock

import (
	"context"
	"sync"
	"time"
)

// grain is how much later than asked for a shared deadline may come.
const grain = time.Second

// Deadlines returns contexts that end after a time or up to a second later. All of
// one second share one: a timer each would cost as much as a short call, and on an
// idle machine wake the network poller too. The zero value is ready for use; all
// calls must ask for the same time.
type Deadlines struct {
	mu   sync.Mutex
	ctx  context.Context
	ends time.Time
}

// Detach returns a context that has the values of ctx but not its end. It ends
// after at least d, and at most a second later.
func (s *Deadlines) Detach(ctx context.Context, d time.Duration) context.Context {
	return &detached{s.next(d), ctx}
}

func (s *Deadlines) next(d time.Duration) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	// It can be more if a test's fake clock has ended.
	if left := time.Until(s.ends); left <= d || left > d+grain {
		ctx, cancel := context.WithTimeout(context.Background(), d+grain)
		context.AfterFunc(ctx, cancel)
		s.ctx = ctx
		s.ends, _ = ctx.Deadline()
	}
	return s.ctx
}

// detached has the values of one context and the end of another.
type detached struct {
	context.Context // whose end it has
	values          context.Context
}

// Value lets derived contexts find the context whose end they share, so that they
// need no goroutine to follow it.
func (c *detached) Value(key any) any {
	if v := c.Context.Value(key); v != nil {
		return v
	}
	return c.values.Value(key)
}
