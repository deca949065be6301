package factor_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/pinhash"
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

func TestAWaiterForALockLeavesWithItsContext(t *testing.T) {
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

func TestAWaiterForASlowLockLeavesWithItsContext(t *testing.T) {
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

// A guess that does not get the lock back after its slow work is counted without
// it, within its own deadline.
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

// However slow hashing is and however many guess at one user at once, calls that
// are refused unjudged in the end are not hashed: they would keep other users' PINs
// waiting.
func TestAFloodOfGuessesAtAUserHashesFew(t *testing.T) {
	for name, proof := range map[string]factor.Credentials{
		"PIN":              {PIN: wrongPIN},
		"password and PIN": {Password: "wrong", PIN: wrongPIN},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKit(t)
				k.setPIN()
				var hashes atomic.Int64
				pinhash.Replace(k.v, func(_, _ []byte, _, _ uint32, _ uint8, keyLen uint32) []byte {
					hashes.Add(1)
					time.Sleep(6 * time.Second)
					return make([]byte, keyLen)
				})
				for range 200 {
					go func() { _, _ = k.v.VerifyAny(context.Background(), alice, proof) }()
				}
				time.Sleep(time.Hour)
				synctest.Wait()
				if n := hashes.Load(); n > 8 {
					t.Errorf("%d hashes for 200 guesses, 3 of which count", n)
				}
			})
		})
	}
}

// A host that is slow to check a password, or fails, keeps no PIN of the same user
// waiting.
func TestNoPINWaitsForTheHost(t *testing.T) {
	for _, beside := range []factor.Credentials{{Password: rightPW}, {Password: "wrong", PIN: wrongPIN}} {
		synctest.Test(t, func(t *testing.T) {
			k := newKit(t)
			k.setPIN()
			enter := make(chan struct{})
			k.onCheck = func(context.Context) error { <-enter; return errBusy }
			done := make(chan error)
			go func() { done <- second(k.v.VerifyAny(t.Context(), alice, beside)) }()
			synctest.Wait()
			began := time.Now()
			k.ok(k.v.VerifyPIN(t.Context(), alice, rightPIN))
			if waited := time.Since(began); waited != 0 {
				t.Errorf("waited for %v", waited)
			}
			close(enter)
			k.is(<-done, errBusy)
		})
	}
}

func TestAWaitForASlowTurnEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		enter := make(chan struct{})
		var once atomic.Bool
		k.onCheck = func(context.Context) error {
			if once.CompareAndSwap(false, true) {
				<-enter
			}
			return nil
		}
		done := make(chan error)
		go func() { done <- k.v.VerifyPassword(t.Context(), alice, rightPW) }()
		synctest.Wait()
		began := time.Now()
		k.ok(k.v.VerifyPassword(t.Context(), alice, rightPW))
		if waited := time.Since(began); waited != 5*time.Second {
			t.Errorf("waited for %v, want 5s", waited)
		}
		hungUp, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		k.is(k.v.VerifyPassword(hungUp, alice, rightPW), context.DeadlineExceeded)
		close(enter)
		k.ok(<-done)
		if n := factor.LocksHeld(k.v); n != 0 {
			t.Errorf("%d turns are left", n)
		}
	})
}

// A fifth call of the same function for the same user waits, and finally fails,
// which costs no try.
func TestFourChecksOfAUserRunAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		enter := make(chan struct{})
		k.onCheck = func(context.Context) error { <-enter; return nil }
		done := make(chan error, 6)
		for range 4 {
			go func() { done <- k.v.VerifyPassword(t.Context(), alice, "wrong") }()
			time.Sleep(6 * time.Second) // until the next one goes on without the turn
		}
		err := k.v.VerifyPassword(t.Context(), alice, "wrong")
		if err == nil || errors.Is(err, factor.ErrMismatch) || errors.Is(err, factor.ErrLocked) || strings.Contains(err.Error(), alice) {
			t.Errorf("the fifth: %v", err)
		}
		go func() { done <- k.v.VerifyPassword(t.Context(), alice, rightPW) }()
		time.Sleep(9 * time.Second)
		close(enter)
		right := 0
		for range 5 { // in whichever order they are swapped
			if err := <-done; err == nil {
				right++
			} else {
				k.is(err, factor.ErrMismatch)
			}
		}
		if right != 1 {
			t.Errorf("%d of five calls were right, want one", right)
		}
	})
}
