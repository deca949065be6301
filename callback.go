package factor

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor/internal/keylock"
)

// The host's functions may call this package with the context that they were
// given: the context then says which of them runs, so that such a call takes no
// slow lock and none of them runs inside itself. With another context a call
// cannot be told from anybody else's. Then the bounds below keep it from waiting
// for itself, or from calling itself, for ever.

const (
	// slowLockPatience is how long a call waits for the lock of calls with a
	// password before it goes on without it.
	slowLockPatience = 5 * time.Second
	// slotPatience is how long a call waits for one of the calls of the same host
	// function, or comparisons of a PIN, that run for the same user.
	slotPatience = 5 * time.Second
)

// hostFunc names a function of Options that gets a context.
type hostFunc string

const (
	inCheckPassword hostFunc = "CheckPassword"
	inRegisteredAt  hostFunc = "RegisteredAt"
	inWipe          hostFunc = "Wipe"
	inObserve       hostFunc = "Observe"
)

// hostContext is the context that a function of the host's is given. A host that
// keeps it for later calls is no longer inside the function once that has returned.
type hostContext struct {
	context.Context
	verifier *Verifier
	function hostFunc
	user     string
	wipe     uuid.UUID // of inWipe
	returned atomic.Bool
}

type hostKey struct{}

// Value returns the hostContext itself for its key.
func (c *hostContext) Value(key any) any {
	if key == (hostKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// callerOf returns the innermost function of the host's in which ctx was made,
// nil if there is none.
func callerOf(ctx context.Context) *hostContext {
	c, _ := ctx.Value(hostKey{}).(*hostContext)
	return c
}

// calledFrom reports whether ctx was made in a function of the host's that still
// runs and for which is holds.
func calledFrom(ctx context.Context, is func(*hostContext) bool) bool {
	for c := callerOf(ctx); c != nil; c = callerOf(c.Context) {
		if !c.returned.Load() && is(c) {
			return true
		}
	}
	return false
}

// calledFromAny reports whether ctx was made in a function of the host's that still
// runs.
func calledFromAny(ctx context.Context) bool {
	return calledFrom(ctx, func(*hostContext) bool { return true })
}

var (
	errInsideItself = errors.New("it would run inside itself for the same user")
	errTooMany      = fmt.Errorf("it runs %d times already for this user", keylock.MaxAtOnce)
)

// askHost calls one of the host's functions about the user of the attempt, but
// not from inside itself, and not more often at once than there are slots.
func askHost[T any](a *attempt, f hostFunc, running *keylock.Slots, ask func(ctx context.Context, user string) (T, error)) (T, error) {
	var none T
	nested := calledFrom(a.ctx, func(c *hostContext) bool {
		return c.verifier == a.v && c.function == f && c.user == a.user
	})
	if nested {
		return none, fmt.Errorf("factor: %s: %w", f, errInsideItself)
	}
	leave, err := enter(a.ctx, running, a.user, slotPatience)
	if err != nil {
		return none, fmt.Errorf("factor: %s: %w", f, err)
	}
	defer leave()
	asked := &hostContext{Context: a.ctx, verifier: a.v, function: f, user: a.user}
	defer asked.returned.Store(true)
	return ask(asked, a.user)
}

// enter takes one of the slots of a user. It returns errTooMany, or the context's
// error.
func enter(ctx context.Context, running *keylock.Slots, user string, patience time.Duration) (leave func(), err error) {
	leave, err = running.Enter(ctx, user, patience)
	if errors.Is(err, keylock.ErrTaken) {
		err = errTooMany
	}
	return leave, err
}
