package factor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"golang.org/x/crypto/bcrypt"
)

func TestALostSwapHashesNothingAgain(t *testing.T) {
	for lost := range 4 {
		k := newKit(t)
		k.setPIN()
		dearer := newKitOn(t, k.tap, func(o *factor.Options) { o.PIN.Hash.Time = 3 })
		conflict := func(context.Context, func() error) error { return factor.ErrConflict }
		losing := make([]func(context.Context, func() error) error, lost)
		for i := range losing {
			losing[i] = conflict
		}
		k.swapping(losing...)
		k.ok(dearer.v.VerifyPIN(t.Context(), alice, rightPIN))
		if n := dearer.hashes.Load(); n != 2 { // one to compare, one at today's cost
			t.Errorf("%d lost swaps: %d hashes, want 2", lost, n)
		}
	}
}

// A host that takes long to check a password, or gives the fault that it is
// down, keeps no PIN of the same user waiting.
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

// A fifth call of the same function for the same user waits, and is a fault in
// the end, which costs no try.
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

func TestBcryptsMismatchIsNoFault(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte(rightPW), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrap := range []string{"%w", "users: %w"} {
		k := newKit(t, func(o *factor.Options) {
			o.CheckPassword = func(_ context.Context, _, password string) (bool, error) {
				if err := bcrypt.CompareHashAndPassword(hash, []byte(password)); err != nil {
					return true, fmt.Errorf(wrap, err)
				}
				return true, nil
			}
		})
		k.ok(k.v.VerifyPassword(t.Context(), alice, rightPW))
		for range 5 {
			k.is(k.v.VerifyPassword(t.Context(), alice, "wrong"), factor.ErrMismatch)
		}
		k.is(k.v.VerifyPassword(t.Context(), alice, "wrong"), factor.ErrLocked)
	}
}

func TestSweepJoinsAHundredErrorsAndCountsTheRest(t *testing.T) {
	k := newKit(t)
	k.wipe = errBusy
	for i := range 150 {
		k.is(k.guard.Forfeit(t.Context(), fmt.Sprintf("user%03d", i)), factor.ErrWipePending)
	}
	n, err := k.admin.Sweep(t.Context())
	var joined interface{ Unwrap() []error }
	if n != 0 || !errors.As(err, &joined) || len(joined.Unwrap()) != 101 {
		t.Fatalf("changed %d, %v", n, err)
	}
	all := joined.Unwrap()
	for i, err := range all[:100] {
		var of *factor.UserError
		if !errors.As(err, &of) || of.User != fmt.Sprintf("user%03d", i) || !errors.Is(err, factor.ErrWipePending) || !errors.Is(err, errBusy) {
			t.Fatalf("error %d is %v", i, err)
		}
	}
	if rest := all[100]; !strings.Contains(rest.Error(), "50 more users") || !errors.Is(rest, factor.ErrWipePending) || errors.Is(rest, factor.ErrUnsealed) {
		t.Fatal(rest)
	}
	if strings.Contains(err.Error(), "user0") {
		t.Fatalf("the text names users: %v", err)
	}
}

// A process that cannot wipe leaves the wipe, at once, to one that can.
func TestSweepWithoutWipePostponesNothing(t *testing.T) {
	k := newKit(t)
	k.wipe = errBusy
	k.is(k.guard.Forfeit(t.Context(), alice), factor.ErrWipePending)
	k.wipe = nil
	v, err := factor.NewVerifier(k.Store, keyring(t), &factor.Options{Now: k.clock})
	k.ok(err)
	before, _ := k.Store.Load(t.Context(), alice)
	for range 3 {
		n, err := factor.NewAdmin(v).Sweep(t.Context())
		k.is(err, factor.ErrWipePending)
		if n != 0 || !strings.Contains(err.Error(), "Wipe was not called: it is not set") {
			t.Fatalf("changed %d, %v", n, err)
		}
	}
	if after, _ := k.Store.Load(t.Context(), alice); after.Version != before.Version {
		t.Error("the record was changed")
	}
	if n, err := k.admin.Sweep(t.Context()); n != 1 || err != nil {
		t.Fatalf("changed %d, %v", n, err)
	}
}

// A wipe whose host function calls Sweep with its own context is finished by the
// call, and put off by nobody.
func TestSweepInsideWipePassesOverIt(t *testing.T) {
	var k *kit
	k = newKit(t, func(o *factor.Options) {
		o.Wipe = func(ctx context.Context, w factor.Wipe) error {
			n, err := k.admin.Sweep(ctx)
			if n != 0 || !errors.Is(err, factor.ErrWipePending) {
				t.Errorf("changed %d, %v", n, err)
			}
			k.is(k.admin.Forget(ctx, w.User), factor.ErrWipePending)
			_, err = k.dev.Enroll(ctx, w.User, uuid.New(), factor.Credentials{})
			k.is(err, factor.ErrWipePending)
			k.is(k.guard.Prove(ctx, w.User, factor.Credentials{PIN: rightPIN}), factor.ErrWipePending)
			return nil
		}
	})
	k.ok(k.guard.Forfeit(t.Context(), alice))
	if slices.Contains(k.actions(), factor.ActionWipeFailed) {
		t.Error("a wipe that was not called has failed")
	}
	k.is(k.guard.Prove(t.Context(), alice, factor.Credentials{PIN: rightPIN}), factor.ErrWiped)
}
