package factor

import (
	"context"

	"github.com/knowhave/factor/internal/host"
	"github.com/knowhave/factor/internal/keylock"
)

// observe reports what was stored, with a context that outlives the caller's. An
// event without a time gets the current one. Nothing done inside Observe is
// reported, or reporting would not end.
func (v *Verifier) observe(ctx context.Context, events []Event) {
	if v.opts.Observe == nil || len(events) == 0 {
		return
	}
	if host.Inside(ctx, func(o observing) bool { return o.verifier == v.core }) {
		return
	}
	// If the host calls back with another context, only the stack shows that this
	// call is inside Observe. Look there only if several calls of Observe run at
	// once.
	defer v.observing.Add(-1)
	if v.observing.Add(1) > keylock.MaxAtOnce && host.CalledAgain() {
		return
	}
	told := host.EnterEndless(ctx, observing{v.core})
	defer told.Leave()
	for _, e := range events {
		_ = host.Recover("Observe", func() error {
			if e.At.IsZero() {
				e.At = v.now()
			}
			v.opts.Observe(told, e)
			return nil
		})
	}
}
