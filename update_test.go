package factor_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor"
)

var errDown = errors.New("the store is down")

// Outcomes of one swap.
func swapLost(_ context.Context, _ func() error) error     { return factor.ErrConflict }
func swapFailed(_ context.Context, _ func() error) error   { return errDown }
func swapUnheard(_ context.Context, do func() error) error { _ = do(); return errDown }

// A driver that sends a statement twice reports that the second one conflicts.
func swapSentTwice(_ context.Context, do func() error) error { _ = do(); return do() }

// swapAfter runs others between a call's load and its swap.
func swapAfter(others func()) func(context.Context, func() error) error {
	return func(_ context.Context, do func() error) error { others(); return do() }
}

// other returns the same user's engine in another process.
func (k *kit) other() *kit {
	k.Helper()
	return newKitOn(k.T, &tap{Store: k.Store}, func(o *factor.Options) { o.Now = k.Now })
}

func TestALostSwapIsJudgedAgain(t *testing.T) {
	k := newKit(t)
	code := k.issue(factor.KindAccount)
	k.swapping(swapAfter(func() { k.ok(second(k.other().v.VerifyOTP(t.Context(), alice, code))) }))
	k.is(verifyOTP(k, code), factor.ErrMismatch)
	if n := k.wrong(factor.KindAccount); n != 0 {
		t.Fatalf("a code that was used meanwhile was charged %d times", n)
	}
}

func TestSlowWorkIsDoneOnceInACall(t *testing.T) {
	k := newKit(t)
	k.setPIN()
	k.hashes.Store(0)
	k.swapping(swapLost, swapAfter(func() { k.other().issue(factor.KindAccount) }), swapFailed)
	_, err := k.v.VerifyAny(t.Context(), alice, factor.Credentials{Password: "x", PIN: rightPIN})
	k.ok(err)
	if k.checks != 1 || k.hashes.Load() != 1 {
		t.Fatalf("asked for the password %d times and hashed %d times", k.checks, k.hashes.Load())
	}
	if n := k.wrong(factor.KindPassword); n != 1 {
		t.Fatalf("one wrong password was charged %d times", n)
	}
}

func TestAPINSetMeanwhileIsHashedItself(t *testing.T) {
	k := newKit(t)
	k.setPIN()
	k.swapping(swapAfter(func() { k.ok(k.other().admin.SetPIN(t.Context(), alice, "4711")) }))
	k.is(k.v.VerifyPIN(t.Context(), alice, rightPIN), factor.ErrMismatch)
	if n := k.wrong(factor.KindPIN); n != 1 {
		t.Fatalf("the old PIN was charged %d times", n)
	}
}

func TestALockThatCameMeanwhileHidesTheAnswer(t *testing.T) {
	k := newKit(t)
	k.setPIN()
	k.swapping(swapAfter(func() {
		other := k.other()
		for range 3 {
			k.is(other.v.VerifyPIN(t.Context(), alice, wrongPIN), factor.ErrMismatch)
		}
	}))
	k.is(k.v.VerifyPIN(t.Context(), alice, rightPIN), factor.ErrLocked)
}

// How the library resolves a swap with an unknown outcome.
func TestUnknownOutcomes(t *testing.T) {
	meanwhile := func(k *kit) func(context.Context, func() error) error {
		return func(_ context.Context, do func() error) error {
			_ = do()
			k.other().issue(factor.KindLogin)
			return errDown
		}
	}
	var late func() error
	lands := func(_ context.Context, do func() error) error { late = do; return errDown }
	landed := func(_ context.Context, do func() error) error { _ = late(); return do() }
	for _, c := range []struct {
		name    string
		swaps   func(k *kit) []func(context.Context, func() error) error
		err     error
		strikes int
	}{
		{"written but unheard: the answer stands", ways(swapUnheard), factor.ErrMismatch, 1},
		{"not written: tried again", ways(swapFailed), factor.ErrMismatch, 1},
		{"conflict with oneself: the answer stands", ways(swapSentTwice), factor.ErrMismatch, 1},
		{"lands late, before the next try", ways(lands, landed), factor.ErrMismatch, 1},
		{"three times in the dark: the store's error", ways(swapFailed, swapFailed, swapFailed), errDown, 0},
		{"twice in the dark, then heard", ways(swapFailed, swapFailed), factor.ErrMismatch, 1},
		{"another's version on top: the store's error, one strike", func(k *kit) []func(context.Context, func() error) error {
			return []func(context.Context, func() error) error{meanwhile(k)}
		}, errDown, 1},
		{"in the dark, then lost to another: the store's error", func(k *kit) []func(context.Context, func() error) error {
			return []func(context.Context, func() error) error{swapFailed, swapAfter(func() { k.other().issue(factor.KindLogin) })}
		}, errDown, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // waits between tries cost nothing
				k := newKit(t)
				k.setPIN()
				k.swapping(c.swaps(k)...)
				k.is(k.guard.Prove(t.Context(), alice, factor.Credentials{PIN: wrongPIN}), c.err)
				if s := k.status().Strikes; s != c.strikes {
					t.Fatalf("%d strikes for one proof, want %d", s, c.strikes)
				}
			})
		})
	}
}

func ways(w ...func(context.Context, func() error) error) func(*kit) []func(context.Context, func() error) error {
	return func(*kit) []func(context.Context, func() error) error { return w }
}

func TestAReloadThatFailsEndsTheCall(t *testing.T) {
	for _, c := range []struct {
		name string
		swap func(context.Context, func() error) error
		want error
	}{
		{"after an unknown outcome", swapUnheard, errDown},
		{"after a conflict", swapLost, errGone},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKit(t)
			code := k.issue(factor.KindAccount)
			k.swapping(func(ctx context.Context, do func() error) error {
				k.tap.mu.Lock()
				k.onLoad = func(context.Context) error { return errGone }
				k.tap.mu.Unlock()
				return c.swap(ctx, do)
			})
			k.is(verifyOTP(k, code), c.want)
		})
	}
}

var errGone = errors.New("the connection is gone")

func TestOthersThatAlwaysWinEndInErrConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		began := time.Now()
		k.onSwap = func(context.Context, factor.Record, func() error) error { return factor.ErrConflict }
		k.is(verifyOTP(k, "000000"), factor.ErrConflict)
		if d := time.Since(began); d < 5*time.Second || d > 6*time.Second {
			t.Fatalf("gave up after %v", d)
		}
		if n := k.swaps.Load(); n < 50 || n > 1000 {
			t.Fatalf("%d tries in 5 s", n)
		}
	})
}

func TestAStoreThatHangsIsLeftAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		k.onSwap = func(ctx context.Context, _ factor.Record, _ func() error) error { <-ctx.Done(); return ctx.Err() }
		k.is(verifyOTP(k, "000000"), context.DeadlineExceeded)
	})
}

// A wrong judgement is stored whatever ends the call, and the fault is returned;
// the credential that faulted is not charged.
func TestNothingJudgedWrongLeavesWithoutTheSwap(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	boom := errors.New("boom")
	for _, c := range []struct {
		name  string
		given factor.Credentials
		check func(context.Context) error
		want  error
	}{
		{"an error in the password check", factor.Credentials{OTP: "000000", Password: rightPW}, func(context.Context) error { return boom }, boom},
		{"a panic in the password check", factor.Credentials{OTP: "000000", Password: rightPW}, func(context.Context) error { panic(boom) }, boom},
		{"the caller hangs up in the password check", factor.Credentials{OTP: "000000", Password: rightPW}, func(ctx context.Context) error { cancel(); return ctx.Err() }, context.Canceled},
		{"the caller hangs up before the PIN is hashed", factor.Credentials{Password: "x", PIN: rightPIN}, func(context.Context) error { cancel(); return nil }, context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := newKit(t)
			k.setPIN()
			ctx, cancel = context.WithCancel(t.Context())
			defer cancel()
			k.onCheck = c.check
			k.swapping(swapLost) // and so it is after a lost swap
			_, err := k.v.VerifyAny(ctx, alice, c.given)
			k.is(err, c.want)
			k.onCheck = nil
			want := map[factor.Kind]int{factor.KindDeviceTOTP: 1, factor.KindAccount: 1}
			if c.given.OTP == "" {
				want = map[factor.Kind]int{factor.KindPassword: 1}
			}
			for _, kind := range []factor.Kind{factor.KindDeviceTOTP, factor.KindAccount, factor.KindPassword, factor.KindPIN} {
				if n := k.wrong(kind); n != want[kind] {
					t.Errorf("%s: %d charged, want %d", kind, n, want[kind])
				}
			}
			if k.checks != 1 {
				t.Errorf("the host was asked %d times", k.checks)
			}
		})
	}
}

func TestAFaultWithNothingJudgedWrongWritesNothing(t *testing.T) {
	k := newKit(t)
	k.onCheck = func(context.Context) error { return errDown }
	k.is(k.v.VerifyPassword(t.Context(), alice, rightPW), errDown)
	if n := k.swaps.Load(); n != 0 {
		t.Fatalf("%d swaps", n)
	}
}

func TestTheSwapOutlivesItsCaller(t *testing.T) {
	k := newKit(t)
	code := k.issue(factor.KindAccount)
	ctx, cancel := context.WithCancel(t.Context())
	k.swapping(func(ctx context.Context, do func() error) error {
		cancel()
		if _, ok := ctx.Deadline(); ctx.Err() != nil || !ok {
			t.Errorf("the swap's context ends with the caller's, or never")
		}
		return do()
	})
	k.ok(second(k.v.VerifyOTP(ctx, alice, code)))
}

// A panic in the store or the sealer is an error, and accepts nothing.
func TestAPanicIsAFault(t *testing.T) {
	k := newKit(t)
	code := k.issue(factor.KindAccount)
	k.onLoad = func(context.Context) error { panic("secret 4711") }
	if err := verifyOTP(k, code); err == nil || fmt.Sprint(err) != "factor: panic in Store.Load" {
		t.Fatal(err)
	}
	k.onLoad = func(context.Context) error { var none []int; _ = none[len(alice)]; return nil }
	if err := verifyOTP(k, code); err == nil || fmt.Sprint(err) != "factor: panic in Store.Load: runtime error: index out of range [5] with length 0" {
		t.Fatal(err)
	}
	k.onLoad = nil
	k.swapping(func(_ context.Context, do func() error) error { _ = do(); panic("lost") })
	k.ok(verifyOTP(k, code)) // it landed, and the reload found that out
}

func TestAnObserverThatPanicsHarmsNobody(t *testing.T) {
	k := newKit(t, func(o *factor.Options) { o.Observe = func(context.Context, factor.Event) { panic("x") } })
	k.ok(verifyOTP(k, k.issue(factor.KindAccount)))
}

func TestAnObserverSeesWhatIsStoredAndHoldsNoTurn(t *testing.T) {
	var k *kit
	seen := 0
	k = newKit(t, func(o *factor.Options) {
		o.Observe = func(ctx context.Context, e factor.Event) {
			seen++
			if e.Action == factor.ActionRefused && k.wrong(e.Kind) != 1 {
				t.Errorf("told of a refusal that is not stored")
			}
			if e.Action == factor.ActionRefused && e.Kind == factor.KindPIN {
				k.is(k.v.VerifyPassword(ctx, alice, "x"), factor.ErrMismatch) // would wait for ever inside a turn, and is not observed
			}
		}
	})
	k.is(k.v.VerifyPIN(t.Context(), alice, wrongPIN), factor.ErrMismatch)
	if seen != 1 || k.wrong(factor.KindPassword) != 1 {
		t.Fatalf("%d events, %d wrong passwords counted", seen, k.wrong(factor.KindPassword))
	}
}

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

// A store may show what it does not keep yet. So a swap with an unknown outcome
// that has landed is swapped once more, and only that swap lets the answer out.
func TestASwapFoundByReadingIsConfirmed(t *testing.T) {
	k := newKit(t)
	code := k.issue(factor.KindAccount)
	before := k.swaps.Load()
	n := 0
	var versions []int64
	k.onSwap = func(_ context.Context, next factor.Record, do func() error) error {
		n++
		versions = append(versions, next.Version)
		if err := do(); n > 1 || err != nil {
			return err
		}
		return errDown
	}
	k.ok(verifyOTP(k, code))
	if got := k.swaps.Load() - before; got != 2 || versions[0] == versions[1] {
		t.Fatalf("%d swaps, to the versions %v; want two, to different ones", got, versions)
	}
}

func TestAnUnconfirmedSwapIsNotAccepted(t *testing.T) {
	for name, second := range map[string]error{"unknown": errDown, "conflict": factor.ErrConflict} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			code := k.issue(factor.KindAccount)
			n := 0
			k.onSwap = func(_ context.Context, _ factor.Record, do func() error) error {
				if n++; n == 1 {
					if err := do(); err != nil {
						return err
					}
					return errDown
				}
				return second
			}
			if err := verifyOTP(k, code); err != errDown {
				t.Fatalf("= %v; want the store's error", err)
			}
			k.onSwap = nil
			k.is(verifyOTP(k, code), factor.ErrMismatch) // it is spent all the same
		})
	}
}

// A swap that was lost once is tried again at once.
func TestTheFirstLostSwapIsTriedAgainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		began := time.Now()
		k.swapping(func(context.Context, func() error) error { return factor.ErrConflict })
		k.is(verifyOTP(k, "000000"), factor.ErrMismatch)
		if waited := time.Since(began); waited != 0 || k.swaps.Load() != 2 {
			t.Fatalf("%d swaps and a wait of %v", k.swaps.Load(), waited)
		}
	})
}

// After that the waits grow, so that processes that meet on one user do not fill
// the store with swaps.
func TestTheWaitsBetweenLostSwapsGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		began := time.Now()
		k.onSwap = func(context.Context, factor.Record, func() error) error {
			if k.swaps.Load() >= 30 {
				return errDown
			}
			return factor.ErrConflict
		}
		if err := verifyOTP(k, "000000"); !errors.Is(err, errDown) {
			t.Fatalf("%v after %d swaps", err, k.swaps.Load())
		}
		// Those after the first eight are 50 ms long on average. All 30 together
		// being shorter than this is as good as impossible.
		if waited := time.Since(began); waited < 200*time.Millisecond {
			t.Fatalf("30 lost swaps within %v", waited)
		}
	})
}
