package factor

import (
	"context"
	"fmt"
	"runtime"
)

// shielded calls into the host: what comes back is an error that says where it
// arose, a panic included.
func shielded(where string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			cause, _ := p.(error)
			err = &panicError{where, cause}
		}
	}()
	if err := f(); err != nil {
		return err
	}
	return nil
}

// panicError stands for a panic of the host's. Its text leaves out the value,
// which may hold a secret, unless it is the runtime's own.
type panicError struct {
	where string
	cause error
}

func (e *panicError) Error() string {
	if r, ok := e.cause.(runtime.Error); ok {
		return fmt.Sprintf("factor: panic in %s: %s", e.where, r)
	}
	return "factor: panic in " + e.where
}

func (e *panicError) Unwrap() error { return e.cause }

// observe reports what was stored. The context does not end with the caller's.
func (v *Verifier) observe(ctx context.Context, events []Event) {
	if v.opts.Observe == nil {
		return
	}
	for _, e := range events {
		_ = shielded("Observe", func() error {
			v.opts.Observe(context.WithoutCancel(ctx), e)
			return nil
		})
	}
}
