package factor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
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
	// maxAtOnce is how many calls of one of the host's functions, or comparisons of
	// a PIN, run at once for one user.
	maxAtOnce = 4
	// atOncePatience is how long a call waits for one of those to return.
	atOncePatience = 5 * time.Second
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
	errTooMany      = fmt.Errorf("it runs %d times already for this user", maxAtOnce)
)

// askHost calls one of the host's functions about the user of the attempt, but
// not from inside itself, and not more often at once than maxAtOnce.
func askHost[T any](a *attempt, f hostFunc, running *atOnce, ask func(ctx context.Context, user string) (T, error)) (T, error) {
	var none T
	nested := calledFrom(a.ctx, func(c *hostContext) bool {
		return c.verifier == a.v && c.function == f && c.user == a.user
	})
	if nested {
		return none, fmt.Errorf("factor: %s: %w", f, errInsideItself)
	}
	leave, err := running.enter(a.ctx, a.user, atOncePatience)
	if err != nil {
		return none, fmt.Errorf("factor: %s: %w", f, err)
	}
	defer leave()
	asked := &hostContext{Context: a.ctx, verifier: a.v, function: f, user: a.user}
	defer asked.returned.Store(true)
	return ask(asked, a.user)
}

// atOnce bounds how many calls run at once for each user.
type atOnce struct {
	mu    sync.Mutex
	users map[string]*slots
}

// slots are those of one user. They exist while somebody uses or awaits one.
type slots struct {
	taken chan struct{}
	users int
}

// enter waits at most for patience, 0 for not at all, until fewer than maxAtOnce
// run. It returns errTooMany, or the context's error.
func (o *atOnce) enter(ctx context.Context, user string, patience time.Duration) (leave func(), err error) {
	s := o.join(user)
	defer func() {
		if err != nil {
			o.part(user, s)
		}
	}()
	leave = func() {
		<-s.taken
		o.part(user, s)
	}
	select {
	case s.taken <- struct{}{}:
		return leave, nil
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case s.taken <- struct{}{}:
		return leave, nil
	case <-timer.C:
		return nil, errTooMany
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (o *atOnce) join(user string) *slots {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.users[user]
	if s == nil {
		if o.users == nil {
			o.users = make(map[string]*slots)
		}
		s = &slots{taken: make(chan struct{}, maxAtOnce)}
		o.users[user] = s
	}
	s.users++
	return s
}

func (o *atOnce) part(user string, s *slots) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s.users--; s.users == 0 {
		delete(o.users, user)
	}
}
