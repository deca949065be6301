package factor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

// shielded calls into the host, and makes an error of a panic.
func shielded(where string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			cause, _ := p.(error)
			err = &panicError{where, cause}
		}
	}()
	return f()
}

// panicError stands for a panic of the host's. Its text leaves out the value,
// which may hold a secret, unless it is the runtime's own.
type panicError struct {
	where string
	cause error
}

func (e *panicError) Error() string {
	var r runtime.Error
	if errors.As(e.cause, &r) {
		return fmt.Sprintf("factor: panic in %s: %s", e.where, r)
	}
	return "factor: panic in " + e.where
}

func (e *panicError) Unwrap() error { return e.cause }

// observe reports what was stored. The context does not end with the caller's.
// An event that was not decided by a rule is of now.
func (v *Verifier) observe(ctx context.Context, events []Event) {
	if v.opts.Observe == nil {
		return
	}
	for _, e := range events {
		_ = shielded("Observe", func() error {
			if e.At.IsZero() {
				e.At = v.now()
			}
			v.opts.Observe(context.WithoutCancel(ctx), e)
			return nil
		})
	}
}
