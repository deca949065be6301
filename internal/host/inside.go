package host

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
)

// A Context is the context of a host function. It holds an F that names the
// function and its subject. Once the function has returned, a host that still uses
// the context is no longer inside it.
type Context[F any] struct {
	parent   context.Context
	endless  bool
	returned atomic.Bool
	function F
}

// Enter returns the Context for a call of a function. The caller must call Leave
// when it returns.
func Enter[F any](parent context.Context, function F) *Context[F] {
	return &Context[F]{parent: parent, function: function}
}

// EnterEndless is Enter with a Context that outlives its parent: see
// context.WithoutCancel.
func EnterEndless[F any](parent context.Context, function F) *Context[F] {
	return &Context[F]{parent: parent, endless: true, function: function}
}

// Leave marks the function as returned.
func (c *Context[F]) Leave() { c.returned.Store(true) }

type key[F any] struct{}

// Value returns the Context itself for its key.
func (c *Context[F]) Value(k any) any {
	if k == (key[F]{}) {
		return c
	}
	return c.ends().Value(k)
}

// Deadline implements context.Context.
func (c *Context[F]) Deadline() (time.Time, bool) { return c.ends().Deadline() }

// Done implements context.Context.
func (c *Context[F]) Done() <-chan struct{} { return c.ends().Done() }

// Err implements context.Context.
func (c *Context[F]) Err() error { return c.ends().Err() }

// ends returns the context whose end counts. It makes an endless one only on
// demand, which is rare.
func (c *Context[F]) ends() context.Context {
	if c.endless {
		return context.WithoutCancel(c.parent)
	}
	return c.parent
}

// Inside reports whether ctx comes from a running function for which is holds,
// starting with the innermost.
func Inside[F any](ctx context.Context, is func(function F) bool) bool {
	for c := innermost[F](ctx); c != nil; c = innermost[F](c.parent) {
		if !c.returned.Load() && is(c.function) {
			return true
		}
	}
	return false
}

// innermost returns the innermost Context of ctx, or nil.
func innermost[F any](ctx context.Context) *Context[F] {
	c, _ := ctx.Value(key[F]{}).(*Context[F])
	return c
}

// CalledAgain reports whether its caller is on the goroutine's stack a second time.
// Walking the stack is expensive.
func CalledAgain() bool {
	pcs := make([]uintptr, 128)
	n := runtime.Callers(2, pcs) // starting with the caller
	for n == len(pcs) {
		pcs = make([]uintptr, 2*len(pcs))
		n = runtime.Callers(2, pcs)
	}
	frames := runtime.CallersFrames(pcs[:n])
	caller, more := frames.Next()
	for more {
		var f runtime.Frame
		if f, more = frames.Next(); f.Function == caller.Function {
			return true
		}
	}
	return false
}
