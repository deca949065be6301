package factor

import (
	"errors"
	"fmt"
	"runtime"
)

// recoverPanic calls into the host, and makes an error of a panic.
func recoverPanic(where string, f func() error) (err error) {
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
