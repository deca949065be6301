package factor

import (
	"context"
	"runtime"

	"github.com/knowhave/factor/internal/keylock"
)

// observesAlready reports whether this goroutine is inside Observe, from where it
// was called with another context than the one that Observe was given. A look at
// the stack is dear, and taken only where several calls of Observe run at once.
func observesAlready() bool {
	pcs := make([]uintptr, 128)
	n := runtime.Callers(2, pcs) // from observe on
	for n == len(pcs) {
		pcs = make([]uintptr, 2*len(pcs))
		n = runtime.Callers(2, pcs)
	}
	frames := runtime.CallersFrames(pcs[:n])
	observe, more := frames.Next()
	for more {
		var f runtime.Frame
		if f, more = frames.Next(); f.Function == observe.Function {
			return true
		}
	}
	return false
}

// observe reports what was stored. The context does not end with the caller's.
// An event that was not decided by a rule is of now. What is done inside Observe
// is not reported, or reporting would not end.
func (v *Verifier) observe(ctx context.Context, events []Event) {
	if v.opts.Observe == nil || len(events) == 0 {
		return
	}
	if calledFrom(ctx, func(c *hostContext) bool { return c.verifier == v && c.function == inObserve }) {
		return
	}
	defer v.observing.Add(-1)
	if v.observing.Add(1) > keylock.MaxAtOnce && observesAlready() {
		return
	}
	told := &hostContext{Context: context.WithoutCancel(ctx), verifier: v, function: inObserve}
	defer told.returned.Store(true)
	for _, e := range events {
		_ = recoverPanic("Observe", func() error {
			if e.At.IsZero() {
				e.At = v.now()
			}
			v.opts.Observe(told, e)
			return nil
		})
	}
}
