package factor_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
	"pgregory.net/rapid"
)

// queued makes a call hold alice's lock in its swap, calls the others one after the
// other, and then lets all go on. It returns their errors in order of arrival. The
// next swap, which they share, goes through shared.
func queued(k *kit, shared func(do func() error) error, calls ...func() error) []error {
	enter := make(chan struct{})
	k.swapping(
		func(_ context.Context, do func() error) error { <-enter; return do() },
		func(_ context.Context, do func() error) error { return shared(do) },
	)
	first := make(chan error, 1)
	go func() { first <- k.admin.Unlock(context.Background(), alice, factor.KindPassword) }()
	synctest.Wait()
	errs := make([]error, len(calls))
	done := make(chan struct{})
	for i, call := range calls {
		go func() {
			defer func() { done <- struct{}{} }() // even after runtime.Goexit
			errs[i] = call()
		}()
		synctest.Wait()
	}
	close(enter)
	k.ok(<-first)
	for range calls {
		<-done
	}
	return errs
}

// areJudged checks that the first calls were judged wrong and the rest were locked.
func (k *kit) areJudged(errs []error, first int) {
	k.Helper()
	for i, err := range errs {
		want := factor.ErrLocked
		if i < first {
			want = factor.ErrMismatch
		}
		k.is(err, want)
	}
}

// calmly is an undisturbed swap.
func calmly(do func() error) error { return do() }

// counting returns the loads and swaps of do.
func counting(k *kit, do func()) (loads, swaps int64) {
	loads, swaps = k.loads.Load(), k.swaps.Load()
	do()
	return k.loads.Load() - loads, k.swaps.Load() - swaps
}

func TestCallsThatWaitShareALoadAndASwap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		guesses := make([]func() error, 100)
		for i := range guesses {
			guesses[i] = func() error { return second(k.v.VerifyOTP(t.Context(), alice, "000000", factor.KindAccount)) }
		}
		var errs []error
		loads, swaps := counting(k, func() { errs = queued(k, calmly, guesses...) })
		if loads != 2 || swaps != 2 { // one of each is the first call's
			t.Errorf("%d loads and %d swaps, want 2 and 2", loads, swaps)
		}
		k.areJudged(errs, 5)
	})
}

func TestSharedCallsAreAnsweredInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		code := k.issue(factor.KindAccount)
		guess := func() error { return second(k.v.VerifyOTP(t.Context(), alice, other(code), factor.KindAccount)) }
		right := func() error { return second(k.v.VerifyOTP(t.Context(), alice, code, factor.KindAccount)) }
		errs := queued(k, calmly, guess, right, right, guess)
		k.is(errs[0], factor.ErrMismatch)
		k.ok(errs[1])
		k.is(errs[2], factor.ErrMismatch)
		k.is(errs[3], factor.ErrMismatch)
		if n := k.wrong(factor.KindAccount); n != 1 { // the right one cleared the first, and a spent one is free
			t.Fatalf("%d charged, want 1", n)
		}
	})
}

// other returns a code that is not this one.
func other(code string) string {
	if code == "123456" {
		return "654321"
	}
	return "123456"
}

// Calls that come together get the answers, and leave the state, that they would
// one after the other.
func TestSharingChangesNoAnswer(t *testing.T) {
	issued := translate.Kinds(spec.IssuedKinds)
	rapid.Check(t, func(rt *rapid.T) {
		type code struct {
			kind    factor.Kind
			purpose string // "": none
		}
		type call struct {
			code
			issue bool
			right bool
		}
		purposes := []string{"", "pay", "address"}
		calls := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) call {
			return call{
				code{rapid.SampledFrom(issued).Draw(t, "kind"), rapid.SampledFrom(purposes).Draw(t, "purpose")},
				rapid.IntRange(0, 5).Draw(t, "what") == 0, rapid.Bool().Draw(t, "right"),
			}
		}), 1, 20).Draw(rt, "calls")
		run := func(k *kit, together bool) []string {
			view := func(purpose string) *factor.Verifier { return k.view(strings.Fields(purpose)...) }
			issue := func(c code) (factor.OTP, error) {
				return factor.NewOTPIssuer(view(c.purpose)).IssueUnproven(k.Context(), alice, c.kind)
			}
			codes := make(map[code]string)
			for _, kind := range issued {
				for _, purpose := range purposes {
					otp, err := issue(code{kind, purpose})
					k.ok(err)
					codes[code{kind, purpose}] = otp.Code
				}
			}
			var all []func() error
			for _, c := range calls {
				all = append(all, func() error {
					if c.issue {
						return second(issue(c.code))
					}
					digits := codes[c.code]
					if !c.right {
						digits = codes[code{c.kind, purposes[(slices.Index(purposes, c.purpose)+1)%len(purposes)]}]
					}
					return second(view(c.purpose).VerifyOTP(k.Context(), alice, digits, c.kind))
				})
			}
			var errs []error
			if together {
				errs = queued(k, calmly, all...)
			} else {
				for _, one := range all {
					errs = append(errs, one())
				}
			}
			said := []string{}
			for _, err := range errs {
				said = append(said, fmt.Sprint(err))
			}
			return append(said, fmt.Sprintf("%+v", k.status()))
		}
		synctest.Test(t, func(t *testing.T) {
			apart, together := run(newKit(t), false), run(newKit(t), true)
			if !slices.Equal(apart, together) {
				rt.Fatalf("together: %q\n   apart: %q", together, apart)
			}
		})
	})
}

func TestASharedSwapThatIsLostIsJudgedAgainForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		code := k.issue(factor.KindAccount)
		right := func() error { return second(k.v.VerifyOTP(t.Context(), alice, code, factor.KindAccount)) }
		rival := newKitOn(t, &tap{Store: k.Store})
		errs := queued(k, func(do func() error) error { // another process is faster
			rival.ok(second(rival.v.VerifyOTP(t.Context(), alice, code, factor.KindAccount)))
			return do()
		}, right, right)
		k.is(errs[0], factor.ErrMismatch)
		k.is(errs[1], factor.ErrMismatch)
	})
}

// An unknown outcome concerns all calls that share the swap.
func TestASharedSwapWithAnUnknownOutcome(t *testing.T) {
	broken := errors.New("connection lost")
	for _, c := range []struct {
		name    string
		swap    func(k *kit, do func() error) error
		accepts bool // the right code
		err     error
	}{
		{"landed", func(_ *kit, do func() error) error { _ = do(); return broken }, true, nil},
		{"not landed", func(*kit, func() error) error { return broken }, true, nil},
		{"overtaken", func(k *kit, do func() error) error {
			rival := newKitOn(k.T, &tap{Store: k.Store})
			rival.is(second(rival.v.VerifyOTP(k.Context(), alice, "000000", factor.KindLogin)), factor.ErrMismatch)
			return broken
		}, false, broken},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKit(t)
				code := k.issue(factor.KindAccount)
				errs := queued(k, func(do func() error) error { return c.swap(k, do) },
					func() error {
						return second(k.v.VerifyOTP(t.Context(), alice, other(code), factor.KindAccount))
					},
					func() error { return second(k.v.VerifyOTP(t.Context(), alice, code, factor.KindAccount)) })
				if c.err != nil {
					k.is(errs[0], c.err)
					k.is(errs[1], c.err)
					return
				}
				k.is(errs[0], factor.ErrMismatch)
				k.ok(errs[1])
				k.is(second(k.v.VerifyOTP(t.Context(), alice, code, factor.KindAccount)), factor.ErrMismatch)
			})
		})
	}
}

// Of several tries the one that landed is answered: here the first, which came late
// and made the second fail.
func TestTheAnswersAreThoseOfTheTryThatLanded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		var codes [2]string
		issue := func(i int, kind factor.Kind) func() error {
			return func() error {
				o, err := k.codes.IssueUnproven(t.Context(), alice, kind)
				codes[i] = o.Code
				return err
			}
		}
		first := k.Now()
		errs := queued(k, func(late func() error) error {
			k.swapping(func(_ context.Context, do func() error) error {
				k.ok(late())
				return do()
			})
			k.Turn(time.Minute) // before the second try is judged
			return errors.New("connection lost")
		}, issue(0, factor.KindLogin), issue(1, factor.KindAccount))
		k.ok(errs[0])
		k.ok(errs[1])
		for _, e := range k.events {
			if !e.At.Equal(first) {
				t.Errorf("%s is reported of the try that did not land", e.Action)
			}
		}
		k.ok(second(k.v.VerifyOTP(t.Context(), alice, codes[0], factor.KindLogin)))
		k.ok(second(k.v.VerifyOTP(t.Context(), alice, codes[1], factor.KindAccount)))
	})
}

func TestAFaultInASharedSwapFailsOneCallOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked int
		k := newKit(t, func(o *factor.Options) {
			now := o.Now
			o.Now = func() time.Time {
				if asked--; asked == 0 {
					panic("no time")
				}
				return now()
			}
		})
		code := k.issue(factor.KindAccount)
		guess := func() error { return second(k.v.VerifyOTP(t.Context(), alice, other(code), factor.KindAccount)) }
		right := func() error { return second(k.v.VerifyOTP(t.Context(), alice, code, factor.KindAccount)) }
		asked = 3 // after the first call and the first guess, the right code
		errs := queued(k, calmly, guess, right, guess)
		k.is(errs[0], factor.ErrMismatch)
		if errs[1] == nil || errors.Is(errs[1], factor.ErrMismatch) {
			t.Fatalf("the fault was answered with %v", errs[1])
		}
		k.is(errs[2], factor.ErrMismatch)
		if n := k.wrong(factor.KindAccount); n != 2 {
			t.Fatalf("%d charged, want 2", n)
		}
		k.ok(right())
	})
}

// If the call that loads for others hangs up, only it fails.
func TestAHangUpOfTheLoadingCallFailsItAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		code := k.issue(factor.KindAccount)
		ctx, cancel := context.WithCancel(t.Context())
		k.onLoad = func(asked context.Context) error {
			if asked.Value(loader{}) != nil {
				cancel()
				return asked.Err()
			}
			return nil
		}
		errs := queued(k, calmly,
			func() error {
				return second(k.v.VerifyOTP(context.WithValue(ctx, loader{}, true), alice, other(code), factor.KindAccount))
			},
			func() error { return second(k.v.VerifyOTP(t.Context(), alice, code, factor.KindAccount)) })
		k.is(errs[0], context.Canceled)
		k.ok(errs[1])
	})
}

type loader struct{}

// A call whose caller hangs up while others store its judgement is counted and
// answered.
func TestAHangUpInASharedSwapIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		ctx, cancel := context.WithCancel(t.Context())
		guess := func(ctx context.Context) func() error {
			return func() error { return second(k.v.VerifyOTP(ctx, alice, "000000", factor.KindAccount)) }
		}
		errs := queued(k, func(do func() error) error {
			cancel()
			synctest.Wait() // whoever is still waiting finds out
			return do()
		}, guess(t.Context()), guess(ctx), guess(t.Context()))
		for _, err := range errs {
			k.is(err, factor.ErrMismatch)
		}
		if n := k.wrong(factor.KindAccount); n != 3 {
			t.Fatalf("%d charged, want 3", n)
		}
	})
}

// If the call that stores for others is torn out of the middle, they get an error,
// and nothing is accepted.
func TestCallsWhoseLeaderIsGoneAreNotAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		code := k.issue(factor.KindAccount)
		errs := queued(k, func(func() error) error { runtime.Goexit(); return nil },
			func() error {
				return second(k.v.VerifyOTP(t.Context(), alice, other(code), factor.KindAccount))
			},
			func() error { return second(k.v.VerifyOTP(t.Context(), alice, code, factor.KindAccount)) })
		if errs[1] == nil || errors.Is(errs[1], factor.ErrMismatch) {
			t.Fatalf("the call whose swap nobody made returned %v", errs[1])
		}
		k.ok(second(k.v.VerifyOTP(t.Context(), alice, code, factor.KindAccount)))
	})
}

// Each wrong proof of a reset is stored by itself, so that a crash costs no more
// than the strike of one call.
func TestStrikesAreNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		k.enroll()
		prove := func() error { return k.guard.Prove(t.Context(), alice, factor.Credentials{OTP: "000000"}) }
		var errs []error
		loads, swaps := counting(k, func() { errs = queued(k, calmly, prove, prove) })
		if loads != 3 || swaps != 3 {
			t.Errorf("%d loads and %d swaps, want 3 and 3", loads, swaps)
		}
		k.is(errs[0], factor.ErrMismatch)
		k.is(errs[1], factor.ErrMismatch)
	})
}

// A call that comes while a record is loaded does not share it: it would have
// loaded a newer one.
func TestNoCallSharesAnOlderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		guess := func() error { return second(k.v.VerifyOTP(t.Context(), alice, "000000", factor.KindAccount)) }
		for range 5 {
			k.is(guess(), factor.ErrMismatch)
		}
		late := make(chan error, 1)
		came := false
		k.onLoad = func(ctx context.Context) error {
			if ctx.Value(loader{}) != nil && !came {
				came = true
				// Another process ends the lock; then somebody comes.
				rival := newKitOn(t, &tap{Store: k.Store})
				rival.ok(rival.admin.Unlock(t.Context(), alice, factor.KindAccount))
				go func() { late <- guess() }()
				synctest.Wait()
			}
			return nil
		}
		errs := queued(k, calmly, func() error {
			return second(k.v.VerifyOTP(context.WithValue(t.Context(), loader{}, true), alice, "000000", factor.KindAccount))
		})
		k.is(errs[0], factor.ErrLocked)
		k.is(<-late, factor.ErrMismatch)
		if !came {
			t.Fatal("the case was not met")
		}
	})
}

func TestACrowdSharesInTheOrderOfComing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		const crowd = 1 + 256 + 1 // the holder, its batch, and one too many
		calls := make([]func() error, crowd)
		for i := range calls {
			calls[i] = func() error { return second(k.codes.IssueUnproven(t.Context(), alice, factor.KindLogin)) }
		}
		var errs []error
		_, swaps := counting(k, func() { errs = queued(k, calmly, calls...) })
		for _, err := range errs {
			k.ok(err)
		}
		if swaps != 1+2 {
			t.Fatalf("%d swaps, want 3", swaps)
		}
		if n := factor.LocksHeld(k.v); n != 0 {
			t.Fatalf("%d locks are still held", n)
		}
	})
}

// waitingPasswords makes a call hold alice's slow lock in the host's check while
// the others come, and then lets all go on, one after the other. It returns their
// errors.
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

func TestASlowCallTakesTheRecordOfTheOneBefore(t *testing.T) {
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

func TestAllWaitersAreRefusedByOneRecord(t *testing.T) {
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

// A call that comes after a swap has begun loads again: the stored record may have
// been replaced before it came.
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

// A call does not trust the record it was passed: the swap finds out that it is
// old.
func TestASlowCallIsJudgedAgainIfItsCachedRecordIsOld(t *testing.T) {
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

// The record that a refused call has loaded serves those who already waited.
func TestARefusalPassesOnItsRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		for range 4 {
			k.is(k.v.VerifyPassword(t.Context(), alice, "wrong"), factor.ErrMismatch)
		}
		k.swapping(func(_ context.Context, do func() error) error { _ = do(); return errGone }) // which leaves nothing
		enter := make(chan struct{})
		k.onCheck = func(context.Context) error { <-enter; return nil }
		first, others := make(chan error), make(chan error)
		loads, _ := counting(k, func() {
			go func() { first <- k.v.VerifyPassword(t.Context(), alice, "wrong") }()
			synctest.Wait()
			for range 3 {
				go func() { others <- k.v.VerifyPassword(t.Context(), alice, rightPW) }()
			}
			synctest.Wait()
			close(enter)
			k.is(<-first, factor.ErrMismatch)
			for range 3 {
				k.is(<-others, factor.ErrLocked)
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
