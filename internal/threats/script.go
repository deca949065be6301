package threats

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// errFault is the error of every injected fault.
var errFault = errors.New("injected fault")

// A fault goes wrong in one call of the library to the store, the sealer or the
// host.
type fault int

const (
	nothing       fault = iota
	fails               // an error, and nothing done
	panics              // a panic, and nothing done
	hangs               // nothing done until the context ends
	cancels             // the caller hangs up, then the call is made
	failsAfter          // a swap is applied, and answered with an error
	panicsAfter         // a swap is applied, then a panic
	hangsAfter          // a swap is applied, and never answered
	conflictAfter       // a swap is applied and answered with ErrConflict, as a driver that sends it twice does
	overtaken           // a swap is applied, somebody else writes, then an error
	late                // a swap is answered with an error, and applied later
	twice               // a swap is applied, and applied again later
	serves              // a load is answered with the old record of the script
	pauses              // the call waits until the test resumes it
)

// A script decides how the calls of one process go, and records them. A nil script
// lets everything pass.
type script struct {
	plan    func(n int, name string) fault // n counts all calls from 1
	cancel  func()                         // hangs up, for cancels
	foreign func()                         // somebody else's write, for overtaken
	old     factor.Record                  // what serves answers
	wait    int                            // how many store calls a late swap waits for; -1: until land
	// inside, if not nil, is called by each of the host's functions.
	inside func(ctx context.Context, name string)

	mu      sync.Mutex
	names   []string
	pending []func()
	paused  chan struct{} // receives when a call pauses
	resumed chan struct{} // closed to let it go on
}

// newScript returns a script that follows plan, which may be nil.
func newScript(plan func(n int, name string) fault) *script {
	return &script{plan: plan, wait: -1, paused: make(chan struct{}, 100), resumed: make(chan struct{})}
}

// at plans one fault, at the nth call.
func at(n int, f fault) func(int, string) fault {
	return func(i int, _ string) fault {
		if i == n {
			return f
		}
		return nothing
	}
}

// everyFrom plans a fault at every call of this name from the nth call on.
func everyFrom(n int, name string, f fault) func(int, string) fault {
	return func(i int, called string) fault {
		if i >= n && called == name {
			return f
		}
		return nothing
	}
}

// nth plans one fault, at the nth call of this name.
func nth(n int, name string, f fault) func(int, string) fault {
	return among(name, f, func(seen int) bool { return seen == n })
}

// fromNth plans a fault at the nth and every later call of this name.
func fromNth(n int, name string, f fault) func(int, string) fault {
	return among(name, f, func(seen int) bool { return seen >= n })
}

func among(name string, f fault, chosen func(seen int) bool) func(int, string) fault {
	seen := 0
	return func(_ int, called string) fault {
		if called != name {
			return nothing
		}
		seen++
		if chosen(seen) {
			return f
		}
		return nothing
	}
}

// reset drops the recorded calls and follows another plan.
func (s *script) reset(plan func(int, string) fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan, s.names, s.pending = plan, nil, nil
}

// awaitPause waits until a call pauses, which the use behind answer has to make.
func (s *script) awaitPause(t testing.TB, answer <-chan error) {
	t.Helper()
	select {
	case <-s.paused:
	case err := <-answer:
		t.Fatalf("answered %v without a swap", err)
	}
}

// recover lets everything pass from now on; late writes stay late.
func (s *script) recover() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan = nil
}

// calls returns the calls so far.
func (s *script) calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.names...)
}

// trace returns the calls so far that one of the prefixes names, in one line.
func (s *script) trace(names ...string) string {
	var kept []string
	for _, c := range s.calls() {
		for _, n := range names {
			if c == n {
				kept = append(kept, c)
			}
		}
	}
	return strings.Join(kept, " ")
}

// enter records a call and returns its fault.
func (s *script) enter(name string) fault {
	if s == nil {
		return nothing
	}
	s.mu.Lock()
	s.names = append(s.names, name)
	f := nothing
	if s.plan != nil {
		f = s.plan(len(s.names), name)
	}
	var landing []func()
	if strings.HasPrefix(name, "Store.") && len(s.pending) > 0 && s.wait >= 0 {
		if s.wait == 0 {
			landing, s.pending = s.pending, nil
		} else {
			s.wait--
		}
	}
	s.mu.Unlock()
	for _, apply := range landing {
		apply()
	}
	return f
}

// land applies the late swaps now.
func (s *script) land() {
	s.mu.Lock()
	landing := s.pending
	s.pending = nil
	s.mu.Unlock()
	for _, apply := range landing {
		apply()
	}
}

func (s *script) postpone(apply func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = append(s.pending, apply)
}

// host is called for every call except a swap.
func (s *script) host(ctx context.Context, name string) error {
	f := s.enter(name)
	if s != nil && s.inside != nil {
		s.inside(ctx, name)
	}
	return s.before(ctx, f)
}

// before does what a fault does before its call.
func (s *script) before(ctx context.Context, f fault) error {
	switch f {
	case fails:
		return errFault
	case panics:
		panic(errFault)
	case hangs:
		return hang(ctx)
	case cancels:
		s.cancel()
	case pauses:
		s.paused <- struct{}{}
		<-s.resumed
	}
	return nil
}

// hang waits until the context ends, or for an hour if it never does. Tests that
// hang run in a synctest bubble.
func hang(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Hour):
		return nil
	}
}
