package commit

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
)

func batched(ctx context.Context, l *Loop, letter string) func() *addition {
	return func() *addition { return run(ctx, l, How{Batched: true}, letter) }
}

func TestCallsThatWaitShareALoadAndASwap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		l := New(m, errConflict)
		jobs := queued(t, l, m, batched(t.Context(), l, "a"), batched(t.Context(), l, "b"), batched(t.Context(), l, "c"))
		for i, before := range []string{"-", "-a", "-ab"} {
			if jobs[i].Value != before || jobs[i].Err != nil {
				t.Errorf("call %d is answered %q, %v, want %q", i, jobs[i].Value, jobs[i].Err, before)
			}
		}
		if m.text("key") != "-abc" || m.loads != 2 || m.swaps != 2 { // one of each is the first call's
			t.Errorf("stored %q after %d loads and %d swaps", m.text("key"), m.loads, m.swaps)
		}
		if n := l.Keys(); n != 0 {
			t.Errorf("%d locks are left behind", n)
		}
	})
}

func TestOtherCallsDoNotShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		l := New(m, errConflict)
		alone := func() *addition { return run(t.Context(), l, How{}, "a") }
		queued(t, l, m, alone, batched(t.Context(), l, "b"), alone)
		if m.text("key") != "-aba" || m.loads != 4 || m.swaps != 4 {
			t.Errorf("stored %q after %d loads and %d swaps", m.text("key"), m.loads, m.swaps)
		}
	})
}

func TestABatchIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		l := New(m, errConflict)
		calls := make([]func() *addition, 1+maxBatch+1) // the holder, those who share with it, and one too many
		for i := range calls {
			calls[i] = batched(t.Context(), l, "a")
		}
		queued(t, l, m, calls...)
		if m.swaps != 1+2 || len(m.text("key")) != 1+len(calls) {
			t.Errorf("%d swaps stored %d letters", m.swaps, len(m.text("key")))
		}
	})
}

// An outcome is that of all calls that share the swap.
func TestASharedSwapWithAnUnknownOutcome(t *testing.T) {
	for name, c := range map[string]struct {
		swap func(context.Context, func() error) error
		text string
	}{"landed": {unheard, "-ab"}, "not landed": {failed, "-ab"}, "lost": {lost, "-ab"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &memory{onSwap: []func(context.Context, func() error) error{c.swap}}
				l := New(m, errConflict)
				jobs := queued(t, l, m, batched(t.Context(), l, "a"), batched(t.Context(), l, "b"))
				if m.text("key") != c.text || jobs[0].Err != nil || jobs[1].Err != nil || jobs[1].Value != "-a" {
					t.Errorf("%v and %v, stored %q", jobs[0].Err, jobs[1].Err, m.text("key"))
				}
			})
		})
	}
}

// Of several tries the one that landed is answered: here the first, which came late
// and made the second fail.
func TestTheAnswersAreThoseOfTheTryThatLanded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		l := New(m, errConflict)
		counted := func() *addition {
			a := &addition{Call: Call{Loop: l, Ctx: t.Context(), Key: "key", How: How{Batched: true}}}
			a.apply = func(s State) (State, bool) {
				a.Value = fmt.Sprint("try ", a.tries)
				return State{Plain: append([]byte(nil), a.Value...)}, true
			}
			a.Run(a)
			return a
		}
		var late func() error
		m.onSwap = []func(context.Context, func() error) error{
			func(_ context.Context, do func() error) error { late = do; return errBroken },
			func(_ context.Context, do func() error) error { return errors.Join(late(), do()) },
		}
		for _, a := range queued(t, l, m, counted, counted) {
			if a.tries != 2 || a.Value != "try 1" || a.Err != nil {
				t.Errorf("after %d tries: %q, %v", a.tries, a.Value, a.Err)
			}
		}
	})
}

// Calls that share with one that never returns get an error, and no answer.
func TestCallsWhoseLeaderIsGoneFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{onSwap: []func(context.Context, func() error) error{func(context.Context, func() error) error { runtime.Goexit(); return nil }}}
		l := New(m, errConflict)
		jobs := queued(t, l, m, batched(t.Context(), l, "a"), batched(t.Context(), l, "b"))
		if jobs[1].Err != errLeaderGone || jobs[1].Value != "" {
			t.Errorf("answered %q, %v", jobs[1].Value, jobs[1].Err)
		}
		if n := l.Keys(); n != 0 {
			t.Errorf("%d locks are left behind", n)
		}
	})
}

// A caller who hangs up while another call stores for it still gets the answer, and
// the hang-up of the storing caller concerns nobody else.
func TestAHangUpInASharedSwapConcernsNobodyElse(t *testing.T) {
	for _, who := range []string{"who stores", "another"} {
		t.Run(who, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				m := &memory{onSwap: []func(context.Context, func() error) error{func(_ context.Context, do func() error) error {
					cancel()
					synctest.Wait() // whoever is still waiting finds out
					return do()
				}}}
				l := New(m, errConflict)
				contexts := map[string][2]context.Context{"who stores": {ctx, t.Context()}, "another": {t.Context(), ctx}}[who]
				jobs := queued(t, l, m, batched(contexts[0], l, "a"), batched(contexts[1], l, "b"))
				if jobs[0].Err != nil || jobs[1].Err != nil || m.text("key") != "-ab" {
					t.Errorf("%v and %v, stored %q", jobs[0].Err, jobs[1].Err, m.text("key"))
				}
			})
		})
	}
}
