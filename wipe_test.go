package factor_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

var errBusy = errors.New("the payment service is busy")

// strike gives the guard n wrong PINs and returns the last answer.
func (k *kit) strike(n int) (err error) {
	for range n {
		err = k.guard.Prove(k.Context(), alice, factor.Credentials{PIN: wrongPIN})
	}
	return err
}

func TestTheFourthWrongProofWipesAndAnswersErrWiped(t *testing.T) {
	k := newKit(t)
	k.setPIN()
	k.enroll()
	k.issue(factor.KindAccount)
	k.begin()
	for _, left := range []int{2, 1, 0} {
		var mismatch *factor.MismatchError
		if err := k.strike(1); !errors.As(err, &mismatch) || mismatch.Remaining != left || mismatch.Kind != factor.KindPIN {
			t.Fatalf("got %v, want %d left", err, left)
		}
	}
	k.is(k.strike(1), factor.ErrWiped)
	s := k.status()
	if s.PIN || s.Authenticator || len(s.Devices) != 0 || len(s.Live) != 0 || s.Strikes != 4 || s.Wipe == nil {
		t.Fatalf("%+v", s)
	}
	if len(k.wipes) != 1 || k.wipes[0] != *s.Wipe || s.Wipe.Reason != factor.ReasonStrikes || s.Wipe.User != alice || !s.Wipe.At.Equal(k.Now()) {
		t.Fatalf("asked for %+v, status %+v", k.wipes, s.Wipe)
	}
	k.is(k.guard.Prove(t.Context(), alice, factor.Credentials{PIN: rightPIN}), factor.ErrWiped)
	k.is(k.auth.Confirm(t.Context(), alice, "123456"), factor.ErrNotEnrolled)
	if len(k.wipes) != 1 {
		t.Fatal("a wipe that is done was asked for again")
	}
	tail := k.actions()[len(k.actions())-3:]
	if !slices.Equal(tail, []factor.Action{factor.ActionResetLastChance, factor.ActionWipeMarked, factor.ActionWipeDone}) {
		t.Fatal(tail)
	}
}

func TestAConfirmedAuthenticatorSurvivesTheWipe(t *testing.T) {
	k := newKit(t)
	e := k.begin()
	k.ok(k.auth.Confirm(t.Context(), alice, k.code(e)))
	k.ok(k.guard.Forfeit(t.Context(), alice))
	if !k.status().Authenticator {
		t.Fatal("the authenticator is gone")
	}
}

func TestAWipeThatFailsIsAskedForAgainWithTheSameID(t *testing.T) {
	k := newKit(t)
	k.setPIN()
	k.wipe = errBusy
	asked := func(n int, err error, matches ...error) {
		t.Helper()
		for _, want := range matches {
			k.is(err, want)
		}
		if errors.Is(err, factor.ErrWiped) {
			t.Fatalf("%v lets a reset go on while the data is there", err)
		}
		if len(k.wipes) != n || k.wipes[n-1] != k.wipes[0] {
			t.Fatalf("asked for %+v", k.wipes)
		}
	}
	asked(1, k.strike(4), factor.ErrWipePending, errBusy)
	asked(2, k.strike(1), factor.ErrWipePending, errBusy)
	asked(3, k.guard.Forfeit(t.Context(), alice), factor.ErrWipePending, errBusy)
	asked(4, k.admin.SetPIN(t.Context(), alice, rightPIN), factor.ErrWipePending, errBusy)
	asked(5, second(k.dev.Enroll(t.Context(), alice, uuid.New(), factor.Credentials{})), factor.ErrWipePending, errBusy)
	asked(6, k.admin.Forget(t.Context(), alice), factor.ErrWipePending, errBusy)
	asked(7, k.pins.Set(t.Context(), alice, rightPIN, factor.Credentials{Password: "x"}), factor.ErrWipePending, errBusy)
	if n := k.wrong(factor.KindPassword); n != 0 {
		t.Fatal("the proof was judged before the wipe was finished")
	}
	if s := k.status(); s.PIN || s.Strikes != 4 || s.Wipe == nil || s.Wipe.ID != k.wipes[0].ID {
		t.Fatalf("%+v", s)
	}
	k.wipe = nil
	k.ok(k.admin.SetPIN(t.Context(), alice, rightPIN))
	if s := k.status(); !s.PIN || s.Strikes != 0 || s.Wipe != nil || len(k.wipes) != 8 {
		t.Fatalf("%+v", s)
	}
	k.ok(k.guard.Prove(t.Context(), alice, factor.Credentials{PIN: rightPIN}))
}

func TestSweepFinishesACutOffWipeAndPutsAFailingOneOff(t *testing.T) {
	k := newKit(t)
	k.onTheMinute()
	k.setPIN()
	k.wipe = errBusy
	k.is(k.strike(4), factor.ErrWipePending)
	sweep := func(changed, asked int, want error) {
		t.Helper()
		n, err := k.admin.Sweep(t.Context())
		if n != changed || len(k.wipes) != asked || !errors.Is(err, want) {
			t.Fatalf("changed %d, asked %d times, %v", n, len(k.wipes), err)
		}
		var of *factor.UserError
		if want != nil && (!errors.Is(err, factor.ErrWipePending) || !errors.As(err, &of) || of.User != alice || strings.Contains(err.Error(), alice)) {
			t.Fatalf("%v does not say whose wipe is pending, or says it in its text", err)
		}
	}
	sweep(0, 2, errBusy)
	for i, wait := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		k.Turn(wait*time.Minute - time.Millisecond)
		sweep(0, 2+i, nil)
		k.Turn(time.Millisecond)
		sweep(0, 3+i, errBusy)
	}
	k.is(k.strike(1), factor.ErrWipePending) // the backoff does not hold this back
	k.wipe = nil
	k.Turn(time.Hour)
	sweep(1, 12, nil)
	sweep(0, 12, nil)
	k.is(k.strike(1), factor.ErrWiped)
	if len(k.wipes) != 12 {
		t.Fatal("a wipe that is done was asked for again")
	}
}

func TestWipeHasADeadlineOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, func(o *factor.Options) {
			o.Wipe = func(ctx context.Context, _ factor.Wipe) error { <-ctx.Done(); return ctx.Err() }
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		err := k.guard.Forfeit(ctx, alice)
		k.is(err, factor.ErrWipePending)
		k.is(err, context.DeadlineExceeded)
		if d := time.Since(began); d != 30*time.Second {
			t.Fatalf("ended after %v", d)
		}
	})
}

func TestWipeRunsOutsideEveryTurn(t *testing.T) {
	var k *kit
	k = newKit(t, func(o *factor.Options) {
		o.Wipe = func(ctx context.Context, _ factor.Wipe) error {
			k.is(k.v.VerifyPIN(ctx, alice, wrongPIN), factor.ErrMismatch)
			return nil
		}
	})
	k.setPIN()
	k.is(k.strike(4), factor.ErrWiped)
}

func TestAPanicInWipeIsAFault(t *testing.T) {
	k := newKit(t, func(o *factor.Options) {
		o.Wipe = func(context.Context, factor.Wipe) error { panic(errBusy) }
	})
	err := k.guard.Forfeit(t.Context(), alice)
	k.is(err, factor.ErrWipePending)
	k.is(err, errBusy)
}

// The wipe is marked in the store before the host's Wipe is called.
func TestAWipeThatIsNotStoredIsNotAskedFor(t *testing.T) {
	for _, c := range []struct {
		name  string
		swaps []func(context.Context, func() error) error
		err   error
		asked int
	}{
		{"never written", []func(context.Context, func() error) error{swapFailed, swapFailed, swapFailed}, errDown, 0},
		{"written but unheard", []func(context.Context, func() error) error{swapUnheard}, factor.ErrWiped, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKit(t)
				k.setPIN()
				k.is(k.strike(3), factor.ErrMismatch)
				k.swapping(c.swaps...)
				k.is(k.strike(1), c.err)
				if len(k.wipes) != c.asked {
					t.Fatalf("asked %d times", len(k.wipes))
				}
			})
		})
	}
}

func TestAWipeThatCannotBeNotedStaysPending(t *testing.T) {
	k := newKit(t)
	k.swapping(func(_ context.Context, do func() error) error {
		k.tap.mu.Lock()
		k.onLoad = func(context.Context) error { return errDown }
		k.tap.mu.Unlock()
		return do()
	})
	err := k.guard.Forfeit(t.Context(), alice)
	k.is(err, factor.ErrWipePending)
	k.is(err, errDown)
	k.onLoad = nil
	k.ok(k.guard.Forfeit(t.Context(), alice))
	if len(k.wipes) != 2 || k.wipes[0] != k.wipes[1] {
		t.Fatalf("%+v", k.wipes)
	}
}

// A right PIN beside a code that was judged wrong is a right proof; a fault
// beside it is a strike and the fault.
func TestAFaultBesideAWrongCodeIsAStrike(t *testing.T) {
	k := newKit(t)
	k.setPIN()
	k.enroll()
	hangUp := func(given factor.Credentials) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		k.onLoad = func(context.Context) error { cancel(); return nil }
		defer func() { k.onLoad = nil }()
		return k.guard.Prove(ctx, alice, given)
	}
	given := factor.Credentials{OTP: "000000", PIN: rightPIN}
	for range 3 {
		k.is(hangUp(given), context.Canceled)
	}
	k.is(hangUp(factor.Credentials{PIN: rightPIN}), context.Canceled)
	if s := k.status().Strikes; s != 3 {
		t.Fatalf("%d strikes, want 3", s)
	}
	err := hangUp(given)
	k.is(err, context.Canceled)
	k.is(err, factor.ErrWiped)
	if len(k.wipes) != 1 {
		t.Fatal("the wipe was not asked for")
	}
}

func TestOnlyABindingAfterAWipeEndsTheStrikes(t *testing.T) {
	k := newKit(t)
	k.setPIN()
	k.is(k.strike(2), factor.ErrMismatch)
	k.setPIN()
	k.enroll()
	if s := k.status().Strikes; s != 2 {
		t.Fatalf("a binding left %d strikes of 2", s)
	}
	k.ok(k.guard.Forfeit(t.Context(), alice))
	k.enroll()
	if s := k.status(); s.Strikes != 0 || s.Wipe != nil {
		t.Fatalf("%+v", s)
	}
}

func TestWithoutAWipeFunctionAPendingWipeBlocks(t *testing.T) {
	store := memstore.New()
	k := newKitOn(t, &tap{Store: store})
	k.wipe = errBusy
	k.is(k.guard.Forfeit(t.Context(), alice), factor.ErrWipePending)
	v, err := factor.NewVerifier(store, keyring(t), nil)
	k.ok(err)
	k.is(factor.NewAdmin(v).SetPIN(t.Context(), alice, rightPIN), factor.ErrWipePending)
	if _, err := factor.NewAdmin(v).Sweep(t.Context()); err == nil {
		t.Fatal("Sweep says nothing of it")
	}
}
