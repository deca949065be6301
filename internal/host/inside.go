package host

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
)

// A Context is what a function of the host's is given: it says by an F which one runs
// and for whom. A host that keeps it for later calls is no longer inside the function
// once that has returned.
type Context[F any] struct {
	parent   context.Context
	endless  bool
	returned atomic.Bool
	function F
}

// Enter returns the Context for a function that is about to be called. The caller
// must call Leave once it has returned.
func Enter[F any](parent context.Context, function F) *Context[F] {
	return &Context[F]{parent: parent, function: function}
}

// EnterEndless is Enter with a Context that does not end with its parent: see
// context.WithoutCancel.
func EnterEndless[F any](parent context.Context, function F) *Context[F] {
	return &Context[F]{parent: parent, endless: true, function: function}
}

// Leave says that the function has returned.
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

// ends returns the context with whose end this one ends. An endless one is made when
// it is asked for, which is seldom.
func (c *Context[F]) ends() context.Context {
	if c.endless {
		return context.WithoutCancel(c.parent)
	}
	return c.parent
}

// Inside reports whether ctx was made in a function that still runs and for which is
// holds. It looks from the innermost one outwards.
func Inside[F any](ctx context.Context, is func(function F) bool) bool {
	for c := innermost[F](ctx); c != nil; c = innermost[F](c.parent) {
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
