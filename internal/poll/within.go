package poll

import (
	"context"
	"errors"
	"time"
)

// errGone is the error of a call that ended its goroutine by runtime.Goexit.
var errGone = errors.New("factor: a call ended its goroutine instead of returning")

// within makes a call whose context ends after the timeout. It returns by then, also
// if the call ignores its context and goes on.
func within[T any](ctx context.Context, timeout time.Duration, call func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		a := answer{err: errGone}
		defer func() { done <- a }()
		a.value, a.err = call(ctx)
	}()
	select {
	case a := <-done:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// slots bound how many goroutines do something at once. Goroutines that wait for a
// slot get it in the order in which they came.
type slots chan struct{}

// take waits for a slot, and reports false if the context ends before.
func (s slots) take(ctx context.Context) bool {
	select {
	case s <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s slots) give() { <-s }
