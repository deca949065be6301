package factor_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/knowhave/factor"
)

// waitingPasswords has a call hold alice's slow turn in the host's check while
// the others come, and then lets all of them go on, one after the other. It
// returns their errors.
func waitingPasswords(k *kit, passwords ...string) []error {
	enter := make(chan struct{})
	k.mu.Lock()
	k.onCheck = func(context.Context) error { <-enter; return nil }
	k.mu.Unlock()
	errs := make([]error, len(passwords))
	done := make(chan struct{})
	for i, p := range passwords {
		go func() {
			errs[i] = k.v.VerifyPassword(context.Background(), alice, p)
			done <- struct{}{}
		}()
		synctest.Wait()
	}
	close(enter)
	for range passwords {
		<-done
	}
	return errs
}

func TestASlowCallNeedNotLoadWhatTheOneBeforeHasStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		var errs []error
		loads, swaps := counting(k, func() { errs = waitingPasswords(k, "a", "b", rightPW, "c") })
		if loads != 1 || swaps != 4 {
			t.Errorf("%d loads and %d swaps, want 1 and 4", loads, swaps)
		}
		for i, want := range []error{factor.ErrMismatch, factor.ErrMismatch, nil, factor.ErrMismatch} {
			k.is(errs[i], want)
		}
		if n := k.wrong(factor.KindPassword); n != 1 {
			t.Fatalf("%d charged, want 1", n)
		}
	})
}

func TestWhatIsLockedIsRefusedToAllWhoWaitByOneRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		guesses := slices.Repeat([]string{"wrong"}, 100)
		var errs []error
		loads, swaps := counting(k, func() { errs = waitingPasswords(k, guesses...) })
		if loads != 1 || swaps != 5 || k.checks != 5 {
			t.Errorf("%d loads, %d swaps and %d checks, want 1, 5 and 5", loads, swaps, k.checks)
		}
		k.areJudged(errs, 5)
	})
}

// Whoever comes once a swap has begun loads anew: what was stored by then may
// have been replaced before they came.
func TestASlowCallThatComesAfterASwapHasBegunLoads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		for range 4 {
			k.is(k.v.VerifyPassword(t.Context(), alice, "wrong"), factor.ErrMismatch)
		}
		late := make(chan error, 1)
		k.swapping(func(_ context.Context, do func() error) error {
			err := do() // which locks; then another process unlocks
			rival := newKitOn(t, &tap{Store: k.Store})
			rival.ok(rival.admin.Unlock(t.Context(), alice, factor.KindPassword))
			go func() { late <- k.v.VerifyPassword(t.Context(), alice, rightPW) }()
			synctest.Wait()
			return err
		})
		k.is(k.v.VerifyPassword(t.Context(), alice, "wrong"), factor.ErrMismatch)
		k.ok(<-late)
	})
}

// What was left is not believed: the swap finds out that it is old.
func TestASlowCallIsJudgedAgainIfWhatItWasLeftIsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		rival := newKitOn(t, &tap{Store: k.Store})
		swaps := 0
		k.onSwap = func(_ context.Context, _ factor.Record, do func() error) error {
			err := do()
			if swaps++; swaps == 1 { // after the first call's swap another process locks the password
				for range 4 {
					rival.is(rival.v.VerifyPassword(t.Context(), alice, "wrong"), factor.ErrMismatch)
				}
			}
			return err
		}
		errs := waitingPasswords(k, "wrong", rightPW)
		k.is(errs[0], factor.ErrMismatch)
		k.is(errs[1], factor.ErrLocked)
		if n := k.wrong(factor.KindPassword); n != 5 {
			t.Fatalf("%d charged, want 5", n)
		}
	})
}

// What one who was refused has loaded serves those who waited already.
func TestARefusalLeavesWhatItHasLoaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		for range 4 {
			k.is(k.v.VerifyPassword(t.Context(), alice, "wrong"), factor.ErrMismatch)
		}
		k.swapping(func(_ context.Context, do func() error) error { _ = do(); return errGone }) // which leaves nothing
		enter := make(chan struct{})
		k.onCheck = func(context.Context) error { <-enter; return nil }
		done := make(chan error)
		loads, _ := counting(k, func() {
			go func() { done <- k.v.VerifyPassword(t.Context(), alice, "wrong") }()
			synctest.Wait()
			for range 3 {
				go func() { done <- k.v.VerifyPassword(t.Context(), alice, rightPW) }()
			}
			synctest.Wait()
			close(enter)
			k.is(<-done, factor.ErrMismatch)
			for range 3 {
				k.is(<-done, factor.ErrLocked)
			}
		})
		if loads != 3 { // two are the first call's, which has to look what became of its swap
			t.Fatalf("%d loads, want 3", loads)
		}
	})
}

// After a swap whose outcome is unknown there is nothing to leave.
func TestNothingIsLeftAfterAnUnknownOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		k.swapping(func(context.Context, func() error) error { return errGone })
		var errs []error
		loads, swaps := counting(k, func() { errs = waitingPasswords(k, "wrong", rightPW) })
		k.is(errs[0], factor.ErrMismatch)
		k.ok(errs[1])
		if loads != 2 || swaps != 3 { // the first looks what became of its swap
			t.Errorf("%d loads and %d swaps, want 2 and 3", loads, swaps)
		}
	})
}
