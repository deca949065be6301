package factortest

import (
	"context"
	"slices"

	"github.com/knowhave/factor"
)

// Events returns the events so far. Options.Observe receives them too.
func (e *Engine) Events() []factor.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.events)
}

// Notices returns the notices for which Options.Notify returned nil, in that order.
// A notice told twice is there twice. Without Options.Notify there are none.
//
// Admin.Sweep tells a notice again that Options.Notify failed on, once it is due:
// turn the clock by two minutes first, and by more after further failures.
func (e *Engine) Notices() []factor.Notice {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.told)
}

func (e *Engine) observing(observe func(context.Context, factor.Event)) func(context.Context, factor.Event) {
	return func(ctx context.Context, event factor.Event) {
		e.mu.Lock()
		e.events = append(e.events, event)
		e.mu.Unlock()
		if observe != nil {
			observe(ctx, event)
		}
	}
}

func (e *Engine) notifying(notify func(context.Context, factor.Notice) error) func(context.Context, factor.Notice) error {
	return func(ctx context.Context, n factor.Notice) error {
		if err := notify(ctx, n); err != nil {
			return err
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.told = append(e.told, n)
		return nil
	}
}
