package factor

import (
	"context"

	"github.com/knowhave/factor/internal/host"
	"github.com/knowhave/factor/internal/keylock"
)

// observe reports what was stored. The context does not end with the caller's.
// An event that was not decided by a rule is of now. What is done inside Observe
// is not reported, or reporting would not end.
func (v *Verifier) observe(ctx context.Context, events []Event) {
	if v.opts.Observe == nil || len(events) == 0 {
		return
	}
	if host.Inside(ctx, func(o observing) bool { return o.verifier == v.core }) {
		return
	}
	// With another context than the one that Observe was given, only the stack tells.
	// It is looked at only where several calls of Observe run at once.
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
