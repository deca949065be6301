package keylock

import "context"

// A Trace is told what becomes of a call that waits for a lock. It lets a test
// decide in which order waiters go on that were woken at the same time.
type Trace struct {
	// Waits is called when the call has begun to wait, and once more if it still
	// waits when its context has ended.
	Waits func()
	// Woken is called when the waiting is over, before Acquire returns. It is not
	// called for a call that does not wait or that gives up.
	Woken func()
}

type traceKey struct{}

// WithTrace returns a context whose calls of Acquire are traced.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// traceOf returns the trace of a context, one that does nothing if it has none.
func traceOf(ctx context.Context) *Trace {
	if t, ok := ctx.Value(traceKey{}).(*Trace); ok {
		return t
	}
	return &untraced
}

var untraced = Trace{Waits: func() {}, Woken: func() {}}
