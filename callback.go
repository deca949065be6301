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

// hostFunc names a function of Options that gets a context and is asked about a user.
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

// observing is a call of Options.Observe. It is made in every call that decides.
type observing struct{ verifier *core }

// calledFromHost reports whether ctx was made in a function of the host's that still
// runs.
func calledFromHost(ctx context.Context) bool {
	return host.Inside(ctx, func(hostCall) bool { return true }) || host.Inside(ctx, func(observing) bool { return true })
}

var (
	errInsideItself = errors.New("it would run inside itself for the same user")
	errTooMany      = fmt.Errorf("it runs %d times already for this user", keylock.MaxAtOnce)
)

// notCalledError is what keeps this process from calling a function of the host's.
type notCalledError struct {
	function hostFunc
	because  error
}

func notCalled(f hostFunc, because error) error { return &notCalledError{f, because} }

func (e *notCalledError) Error() string {
	return fmt.Sprintf("factor: %s was not called: %s", e.function, e.because)
}

// wasNotCalled reports whether the host's function was not called. It looks at the error
// itself and not at what that wraps: a host that calls back may return such an error
// of another call, and has failed then.
func wasNotCalled(err error) bool {
	_, is := err.(*notCalledError)
	return is
}

// askHost calls one of the host's functions about the user of the attempt, but
// not from inside itself, and not more often at once than there are slots.
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

// enter takes one of the slots of a user. It returns errTooMany, or the context's
// error.
func enter(ctx context.Context, running *keylock.Slots, user string, patience time.Duration) (leave func(), err error) {
	leave, err = running.Enter(ctx, user, patience)
	if errors.Is(err, keylock.ErrTaken) {
		err = errTooMany
	}
	return leave, err
}
