package threats

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/knowhave/factor"
)

// Threat07ForgottenCount ends the process at every store call of a series of
// guesses, before the call or after it was applied: never are fewer counted than
// were answered, and never more judged than Tries and one lost answer.
func Threat07ForgottenCount(t *testing.T, env Env) {
	for _, kind := range allKinds {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { crashWhileGuessing(t, env, kind) })
		})
		t.Run(fmt.Sprintf("%s/restart each time", kind), func(t *testing.T) {
			w := newWorld(t, env, onlyKind(kind))
			p := w.stranger()
			judged := 0
			for range 8 {
				if errors.Is(verifyAny.call(ctx, w.start(nil), p, kind, p.wrong(kind)), factor.ErrMismatch) {
					judged++
				}
			}
			if want := w.wrong(p.id, kind); judged != want || judged < 3 || judged > 5 {
				t.Fatalf("%d judged and %d counted", judged, want)
			}
		})
	}
	t.Run("caller hangs up", func(t *testing.T) { hangUpWhileGuessing(t, env) })
}

// A crash is a plan that ends the process at its nth store call.
type crash struct {
	n       int
	applied bool
	seen    int
	dead    bool
}

func (c *crash) plan(_ int, name string) fault {
	if c.dead {
		return fails // Whatever a dead process would still do does not happen.
	}
	if name != "Store.Load" && name != "Store.CompareAndSwap" {
		return nothing
	}
	c.seen++
	if c.seen != c.n {
		return nothing
	}
	c.dead = true
	if c.applied && name == "Store.CompareAndSwap" {
		return failsAfter
	}
	return fails
}

// crashWhileGuessing runs inside a synctest bubble, where backoff takes no time.
func crashWhileGuessing(t *testing.T, env Env, kind factor.Kind) {
	w := newWorld(t, env, func(o *factor.Options) {
		onlyKind(kind)(o)
		sameLimit(o, factor.Limit{Tries: 3})
	})
	for n := 1; n <= 7; n++ {
		for _, applied := range []bool{false, true} {
			p := w.stranger()
			c := &crash{n: n, applied: applied}
			on := w.start(newScript(c.plan))
			answered := 0
			for range 6 {
				err := verifyAny.call(ctx, on, p, kind, p.wrong(kind))
				if c.dead {
					if err == nil || errors.Is(err, factor.ErrMismatch) && !applied {
						t.Fatalf("call %d: a guess was answered %v and could not be stored", n, err)
					}
					on, c = w.start(nil), &crash{} // Nobody heard the answer.
					continue
				}
				if errors.Is(err, factor.ErrMismatch) {
					answered++
				}
				if counted := w.wrong(p.id, kind); counted < answered {
					t.Fatalf("call %d: %d answered and %d counted", n, answered, counted)
				}
			}
			if counted := w.wrong(p.id, kind); counted != 3 || answered > 3 || answered < 2 {
				t.Fatalf("call %d: %d answered and %d counted, want 3 counted and at most one answer lost", n, answered, counted)
			}
		}
	}
}

// hangUpWhileGuessing cancels the caller's context at every call in turn: an
// answered guess is counted, and hanging up never buys another.
func hangUpWhileGuessing(t *testing.T, env Env) {
	for _, kind := range allKinds {
		w := newWorld(t, env, func(o *factor.Options) {
			onlyKind(kind)(o)
			sameLimit(o, factor.Limit{Tries: 3})
		})
		for n := 1; n <= 14; n++ {
			p := w.stranger()
			answered := 0
			for range 6 {
				c, cancel := context.WithCancel(ctx)
				s := newScript(at(n, cancels))
				s.cancel = cancel
				if errors.Is(verifyAny.call(c, w.start(s), p, kind, p.wrong(kind)), factor.ErrMismatch) {
					answered++
				}
				cancel()
			}
			if counted := w.wrong(p.id, kind); answered > 3 || counted < answered {
				t.Fatalf("%s, hung up at call %d: %d answered and %d counted", kind, n, answered, counted)
			}
		}
	}
}
