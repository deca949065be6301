package factor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/host"
	"github.com/knowhave/factor/internal/keylock"
)

// The host's functions may call this package with the context they were given. That
// context tells which function runs, so such a call takes no slow lock, and no
// function runs inside itself. With another context the call looks like anybody
// else's; the bounds below then keep it from waiting for itself, or calling itself,
// for ever.

const (
	// slowLockPatience is how long a call waits for the lock of calls with a
	// password before it goes on without it.
	slowLockPatience = 5 * time.Second
	// slotPatience is how long a call waits for a slot, while the same host
	// function, or comparisons of a PIN, run for the same user.
	slotPatience = 5 * time.Second
)

// hostFunc names a function of Options that takes a context and a user.
type hostFunc string

const (
	inCheckPassword hostFunc = "CheckPassword"
	inRegisteredAt  hostFunc = "RegisteredAt"
	inWipe          hostFunc = "Wipe"
	inNotify        hostFunc = "Notify"
)

// A hostCall is a call of one of these functions.
type hostCall struct {
	verifier *core
	function hostFunc
	user     string
	wipe     uuid.UUID // of inWipe
}

// observing is a call of Options.Observe.
type observing struct{ verifier *core }

// calledFromHost reports whether ctx comes from a host function that still runs.
func calledFromHost(ctx context.Context) bool {
	return host.Inside(ctx, func(hostCall) bool { return true }) || host.Inside(ctx, func(observing) bool { return true })
}

var (
	errInsideItself = errors.New("it would run inside itself for the same user")
	errTooMany      = fmt.Errorf("it already runs %d times for this user", keylock.MaxAtOnce)
)

// A notCalledError is the reason why this process did not call a host function.
type notCalledError struct {
	function hostFunc
	because  error
}

func notCalled(f hostFunc, because error) error { return &notCalledError{f, because} }

func (e *notCalledError) Error() string {
	return fmt.Sprintf("factor: %s was not called: %s", e.function, e.because)
}

// wasNotCalled reports whether the host's function was not called. It does not
// unwrap err: a host that calls back may return such an error of another call, and
// then has failed.
func wasNotCalled(err error) bool {
	_, is := err.(*notCalledError)
	return is
}

// askHost calls one of the host's functions for the attempt's user. It fails inside
// that function, and if no slot becomes free in time.
func askHost[T any](a *attempt, f hostFunc, running *keylock.Slots, ask func(ctx context.Context, user string) (T, error)) (T, error) {
	var none T
	call := hostCall{verifier: a.v.core, function: f, user: a.user}
	if host.Inside(a.Ctx, func(c hostCall) bool { return c == call }) {
		return none, fmt.Errorf("factor: %s: %w", f, errInsideItself)
	}
	leave, err := enter(a.Ctx, running, a.user, slotPatience)
	if err != nil {
		return none, fmt.Errorf("factor: %s: %w", f, err)
	}
	defer leave()
	asked := host.Enter(a.Ctx, call)
	defer asked.Leave()
	return ask(asked, a.user)
}

// enter takes one of the user's slots. It returns errTooMany, or the context's
// error.
func enter(ctx context.Context, running *keylock.Slots, user string, patience time.Duration) (leave func(), err error) {
	leave, err = running.Enter(ctx, user, patience)
	if errors.Is(err, keylock.ErrTaken) {
		err = errTooMany
	}
	return leave, err
}
