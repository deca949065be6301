package host

import (
	"context"
	"runtime"
	"sync/atomic"
)

// A Context is what a function of the host's is given: it says by an F which one runs
// and for whom. A host that keeps it for later calls is no longer inside the function
// once that has returned.
type Context[F any] struct {
	context.Context

	function F
	returned atomic.Bool
}

// Enter returns the Context for a function that is about to be called. The caller
// must call Leave once it has returned.
func Enter[F any](ctx context.Context, function F) *Context[F] {
	return &Context[F]{Context: ctx, function: function}
}

// Leave says that the function has returned.
func (c *Context[F]) Leave() { c.returned.Store(true) }

type key[F any] struct{}

// Value returns the Context itself for its key.
func (c *Context[F]) Value(k any) any {
	if k == (key[F]{}) {
		return c
	}
	return c.Context.Value(k)
}

// Inside reports whether ctx was made in a function that still runs and for which is
// holds. It looks from the innermost one outwards.
func Inside[F any](ctx context.Context, is func(function F) bool) bool {
	for c := innermost[F](ctx); c != nil; c = innermost[F](c.Context) {
		if !c.returned.Load() && is(c.function) {
			return true
		}
	}
	return false
}

// innermost returns the innermost Context in which ctx was made, nil if there is none.
func innermost[F any](ctx context.Context) *Context[F] {
	c, _ := ctx.Value(key[F]{}).(*Context[F])
	return c
}

// CalledAgain reports whether the function that calls it is on the goroutine's stack
// a second time. A look at the stack is dear.
func CalledAgain() bool {
	pcs := make([]uintptr, 128)
	n := runtime.Callers(2, pcs) // from the caller on
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
