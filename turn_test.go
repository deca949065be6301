package factor_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor"
)

func TestCallsOnOneUserTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		enter := make(chan struct{})
		k.onSwap = func(_ context.Context, _ factor.Record, do func() error) error { <-enter; return do() }
		for range 4 {
			go func() { k.ok(k.admin.Unlock(t.Context(), alice, factor.KindAccount)) }()
		}
		for n := range int64(4) {
			synctest.Wait()
			if k.loads.Load() != n+1 || k.swaps.Load() != n+1 {
				t.Errorf("%d loads and %d swaps, want %d: a call did not wait for its turn", k.loads.Load(), k.swaps.Load(), n+1)
			}
			enter <- struct{}{}
		}
	})
}

func TestNobodyWaitsForAnotherUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		enter := make(chan struct{})
		k.swapping(func(_ context.Context, do func() error) error { <-enter; return do() })
		go func() { k.is(verifyOTP(k, "000000"), factor.ErrMismatch) }()
		synctest.Wait()
		k.is(second(k.v.VerifyOTP(t.Context(), "bob", "000000")), factor.ErrMismatch)
		close(enter)
	})
}

func TestACodeDoesNotWaitBehindAPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		code := k.issue(factor.KindAccount)
		enter := make(chan struct{})
		k.onCheck = func(context.Context) error { <-enter; return nil }
		done := make(chan error)
		for range 2 {
			go func() { done <- k.v.VerifyPassword(t.Context(), alice, "x") }()
		}
		synctest.Wait()
		k.ok(verifyOTP(k, code))
		if k.checks != 1 {
			t.Errorf("%d passwords are checked at once for one user", k.checks)
		}
		close(enter)
		k.is(<-done, factor.ErrMismatch)
		k.is(<-done, factor.ErrMismatch)
		if n := k.wrong(factor.KindPassword); n != 2 {
			t.Fatalf("%d charged", n)
		}
	})
}

func TestWhoWaitsForATurnLeavesWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		enter := make(chan struct{})
		k.swapping(func(_ context.Context, do func() error) error { <-enter; return do() })
		k.onCheck = func(context.Context) error { <-enter; return nil }
		go func() { k.is(verifyOTP(k, "000000"), factor.ErrMismatch) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		k.is(second(k.v.VerifyOTP(ctx, alice, "000000")), context.DeadlineExceeded)
		close(enter)
	})
}

func TestWhoWaitsForASlowTurnLeavesWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		enter := make(chan struct{})
		k.onCheck = func(context.Context) error { <-enter; return nil }
		go func() { k.ok(k.v.VerifyPassword(t.Context(), alice, rightPW)) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		k.is(k.v.VerifyPassword(ctx, alice, rightPW), context.DeadlineExceeded)
		close(enter)
		synctest.Wait()
		if n := factor.LocksHeld(k.v); n != 0 {
			t.Fatalf("%d turns are left behind", n)
		}
	})
}

// A guess whose turn does not come again after the slow work is counted without
// it, within time of its own.
func TestAGuessIsCountedThoughItsTurnDoesNotCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		enter, held := make(chan struct{}), make(chan struct{})
		k.onCheck = func(context.Context) error {
			go func() { _ = verifyOTP(k, "000000"); close(held) }()
			synctest.Wait() // it has the turn, and keeps it
			return nil
		}
		k.swapping(func(_ context.Context, do func() error) error { <-enter; return do() })
		k.is(k.v.VerifyPassword(t.Context(), alice, "x"), factor.ErrMismatch)
		close(enter)
		<-held
		if n := k.wrong(factor.KindPassword); n != 1 {
			t.Fatalf("%d charged", n)
		}
	})
}
