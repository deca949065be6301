package factor_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/host/hosttest"
)

// A host may keep the context of one of its functions, for a worker or for tracing.
// A later call with it is like any other: the function has returned.
func TestAKeptContextIsInsideNothing(t *testing.T) {
	var checked, observed, wiped context.Context
	first := errors.New("down")
	k := newKit(t, func(o *factor.Options) {
		observe := o.Observe
		o.Observe = func(ctx context.Context, e factor.Event) {
			observed = ctx
			observe(ctx, e)
		}
		o.Wipe = func(ctx context.Context, _ factor.Wipe) error {
			if wiped != nil {
				return nil
			}
			wiped = context.WithoutCancel(ctx)
			return first
		}
	})
	k.onCheck = func(ctx context.Context) error { checked = ctx; return nil }
	k.ok(k.v.VerifyPassword(t.Context(), alice, rightPW))
	k.is(k.guard.Forfeit(t.Context(), alice), first)

	k.ok(k.v.VerifyPassword(checked, alice, rightPW))
	before := len(k.actions())
	k.is(k.v.VerifyPassword(observed, alice, "wrong"), factor.ErrMismatch)
	if n := len(k.actions()) - before; n != 1 {
		t.Errorf("%d events of a call with Observe's context, after Observe has returned; want 1", n)
	}
	k.ok(k.admin.Forget(wiped, alice)) // which finishes the wipe
}

// A kept context must not let a call bypass the lock of hashing calls.
func TestAKeptContextTakesTheSlowLock(t *testing.T) {
	var kept context.Context
	k := newKit(t)
	k.onCheck = func(ctx context.Context) error { kept = ctx; return nil }
	k.ok(k.v.VerifyPassword(t.Context(), alice, rightPW))
	held := 0
	k.onCheck = func(context.Context) error { held = factor.LocksHeld(k.v); return nil }
	k.ok(k.v.VerifyPassword(kept, alice, rightPW))
	if held != 1 {
		t.Errorf("%d locks are held while the password is checked, want 1", held)
	}
}

// An Observe that calls back with another context ends, however deep in the host's
// code.
func TestObserveEndsFarDownTheStack(t *testing.T) {
	var k *kit
	observed := 0
	k = newKit(t, func(o *factor.Options) {
		o.Observe = func(context.Context, factor.Event) {
			if observed++; observed > 100 {
				return
			}
			furtherDown(500, func() { _ = k.v.VerifyPIN(context.Background(), "bob", wrongPIN) })
		}
	})
	k.is(k.v.VerifyPIN(t.Context(), alice, wrongPIN), factor.ErrMismatch)
	if observed > 4 {
		t.Errorf("observed %d events, want at most 4 inside each other", observed)
	}
}

// furtherDown calls f that many frames down.
//
//go:noinline
func furtherDown(frames int, f func()) {
	if frames == 0 {
		f()
		return
	}
	furtherDown(frames-1, f)
}

// A host's type may have the same name as one of this package's.
func TestTheHostsOwnObserveIsNotTakenForOurs(t *testing.T) {
	enter, entered := make(chan struct{}), make(chan struct{})
	told := false
	k := newKit(t, func(o *factor.Options) {
		o.Observe = func(_ context.Context, e factor.Event) {
			if e.User == alice {
				told = true
				return
			}
			entered <- struct{}{}
			<-enter
		}
	})
	var busy sync.WaitGroup
	for range 4 {
		busy.Go(func() { _ = k.v.VerifyPIN(context.Background(), "bob", wrongPIN) })
		<-entered
	}
	hosttest.Observe(func() { k.is(k.v.VerifyPIN(t.Context(), alice, wrongPIN), factor.ErrMismatch) })
	close(enter)
	busy.Wait()
	if !told {
		t.Error("the event was dropped")
	}
}

// A Wipe that returns the error of its own call has failed like any other: it is
// reported, and Sweep backs off.
func TestAWipeThatFailsByItsOwnCallHasFailed(t *testing.T) {
	var k *kit
	k = newKit(t, func(o *factor.Options) {
		o.Wipe = func(ctx context.Context, w factor.Wipe) error {
			k.wipes = append(k.wipes, w)
			return k.admin.Forget(ctx, w.User)
		}
	})
	k.onTheMinute()
	k.is(k.guard.Forfeit(t.Context(), alice), factor.ErrWipePending)
	if !slices.Contains(k.actions(), factor.ActionWipeFailed) {
		t.Error("nobody is told")
	}
	for range 2 {
		_, _ = k.admin.Sweep(t.Context())
	}
	if len(k.wipes) != 2 { // one by the call, one by the first Sweep
		t.Errorf("Wipe was called %d times, want 2", len(k.wipes))
	}
}
