package threats

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// atOnce runs n calls at the same time and returns their answers.
func atOnce(n int, call func(i int) error) []error {
	answers := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			answers[i] = call(i)
		})
	}
	close(start)
	wg.Wait()
	return answers
}

// count returns how many answers match want; a nil want counts the accepted.
func count(answers []error, want error) int {
	n := 0
	for _, err := range answers {
		if (want == nil && err == nil) || (want != nil && errors.Is(err, want)) {
			n++
		}
	}
	return n
}

// Threat01ParallelRedemption redeems one code many times at once, in one process
// and in four, by each method that takes it and by all of them together: it is
// accepted exactly once.
func Threat01ParallelRedemption(t *testing.T, env Env) {
	for _, kind := range otpKinds {
		for _, processes := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s/%d", kind, processes), func(t *testing.T) {
				redeemAtOnce(t, env, kind, processes)
			})
		}
	}
	for _, processes := range []int{1, 4} {
		t.Run(fmt.Sprintf("all recovery codes/%d", processes), func(t *testing.T) { redeemPaper(t, env, processes) })
	}
	t.Run("confirm", func(t *testing.T) {
		w := newWorld(t, env, nil)
		p := w.person()
		p.begin()
		code := p.pending.code(p.pending.step(w.clock.Now()))
		answers := atOnce(64, func(int) error { return w.Auth.Confirm(ctx, p.id, code) })
		if n := count(answers, nil); n != 1 {
			t.Fatalf("%d of 64 confirmed by one code, want 1", n)
		}
		if _, err := w.V.VerifyOTP(ctx, p.id, code, factor.KindTOTP); !errors.Is(err, factor.ErrMismatch) {
			t.Fatalf("the code that confirmed was answered %v, want ErrMismatch", err)
		}
	})
}

// redeemPaper hands the ten recovery codes to 64 callers, each of whom tries all of them,
// beginning with another one: each is accepted once. Then a race for the last code of a
// set with one who has a new set made.
func redeemPaper(t *testing.T, env Env, processes int) {
	w := newWorld(t, env, onlyKind(factor.KindRecovery))
	running := make([]*process, processes)
	for i := range running {
		running[i] = w.start(nil)
	}
	p := w.person()
	set := p.paper
	accepted := make([]atomic.Int64, len(set))
	answers := atOnce(64, func(i int) error {
		for j := range set {
			code := (i + j) % len(set)
			err := verifyOTP.call(ctx, running[i%processes], p, factor.KindRecovery, factor.Credentials{OTP: set[code]})
			if err == nil {
				accepted[code].Add(1)
			} else if !errors.Is(err, factor.ErrMismatch) {
				return err
			}
		}
		return nil
	})
	for i := range accepted {
		if n := accepted[i].Load(); n != 1 {
			t.Fatalf("code %d of 10 was accepted %d times, want once: %v", i, n, answers)
		}
	}
	if s := w.status(p.id); count(answers, nil) != 64 || s.RecoveryCodes != 0 || len(s.Budgets) > 0 {
		t.Fatalf("%d codes left, %+v counted, answers %v", s.RecoveryCodes, s.Budgets, answers)
	}
	p.generate()
	last := p.right(factor.KindRecovery)
	used := verifySlowly(t, p, factor.KindRecovery, last, p.generate)
	mustBe(t, used, factor.ErrMismatch)
	if n := w.status(p.id).RecoveryCodes; n != 10 {
		t.Fatalf("a code of the set before left %d of 10 new ones", n)
	}
}

// redeemAtOnce hands one code to 64 callers, for each method that takes it.
func redeemAtOnce(t *testing.T, env Env, kind factor.Kind, processes int) {
	w := newWorld(t, env, func(o *factor.Options) {
		onlyKind(kind)(o)
		o.Device.Max = 100
	})
	running := make([]*process, processes)
	for i := range running {
		running[i] = w.start(nil)
	}
	takers := takers(kind)
	redeem := func(name string, choose func(i int) judge) {
		p := w.person()
		code := p.right(kind)
		answers := atOnce(64, func(i int) error {
			return choose(i).call(ctx, running[i%processes], p, kind, code)
		})
		if n := count(answers, nil); n != 1 {
			t.Fatalf("%s: %d of 64 accepted, want 1", name, n)
		}
		if _, err := w.V.VerifyOTP(ctx, p.id, code.OTP, kind); err == nil {
			t.Fatalf("%s: the code was accepted again afterwards", name)
		}
		if n := len(w.status(p.id).Devices); name == "DeviceTOTPEnroller.Enroll" && n != 2 {
			t.Fatalf("%d devices after one code enrolled one more, want 2", n)
		}
	}
	for _, j := range takers {
		if j.name == "PINs.Set" && !env.Cheap && (processes > 1 || kind != factor.KindAccount) {
			continue // It hashes the new PIN each time.
		}
		redeem(j.name, func(int) judge { return j })
	}
	if env.Cheap {
		redeem("all methods together", func(i int) judge { return takers[i%len(takers)] })
	}
	if kind == factor.KindDeviceTOTP {
		redeem("ResetGuard.Prove", func(int) judge {
			return judge{call: proveOnly}
		})
	}
}

// Threat02ParallelGuesses lets 100 callers guess at once: exactly Tries are
// judged, whether or not there is a record yet, and a success in parallel
// forgives nothing that was judged after it.
func Threat02ParallelGuesses(t *testing.T, env Env) {
	for _, kind := range allKinds {
		for _, processes := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s/%d", kind, processes), func(t *testing.T) {
				w := newWorld(t, env, func(o *factor.Options) {
					onlyKind(kind)(o)
					sameLimit(o, factor.Limit{Tries: 5})
				})
				guessAtOnce(t, w, w.person(), kind, processes)
				guessAtOnce(t, w, w.stranger(), kind, processes)
			})
		}
		t.Run(fmt.Sprintf("%s/success", kind), func(t *testing.T) {
			// A busy machine takes none of the deadline of the swap that pauses.
			synctest.Test(t, func(t *testing.T) { succeedAmongGuesses(t, env, kind) })
		})
	}
	t.Run("guard", func(t *testing.T) { guessTheGuardAtOnce(t, env) })
}

func guessAtOnce(t *testing.T, w *world, p *person, kind factor.Kind, processes int) {
	t.Helper()
	running := make([]*process, processes)
	for i := range running {
		running[i] = w.start(nil)
	}
	var takers []judge
	for _, j := range judges[:4] { // Those that verify: the others need a holding.
		if slices.Contains(j.takes, kind) {
			takers = append(takers, j)
		}
	}
	guesses := make([]factor.Credentials, 100)
	for i := range guesses {
		guesses[i] = p.wrong(kind)
	}
	answers := atOnce(100, func(i int) error {
		return takers[i%len(takers)].call(ctx, running[i%processes], p, kind, guesses[i])
	})
	if judged, locked := count(answers, factor.ErrMismatch), count(answers, factor.ErrLocked); judged != 5 || locked != 95 {
		t.Fatalf("%d of 100 guesses judged and %d locked out, want 5 and 95: %v", judged, locked, answers)
	}
	remaining := map[int]int{}
	for _, err := range answers {
		if m, ok := errors.AsType[*factor.MismatchError](err); ok {
			remaining[m.Remaining]++
		}
	}
	for left := range 5 {
		if remaining[left] != 1 {
			t.Fatalf("Remaining %d was answered %d times, want each of 4 to 0 once", left, remaining[left])
		}
	}
	if b := budget(w.status(p.id), kind); b.Wrong != 5 || !b.Locked {
		t.Fatalf("stored %+v, want 5 wrong and locked", b)
	}
}

// succeedAmongGuesses stops one caller between its load and its swap, lets
// others through, and resumes it.
func succeedAmongGuesses(t *testing.T, env Env, kind factor.Kind) {
	w := newWorld(t, env, func(o *factor.Options) {
		onlyKind(kind)(o)
		sameLimit(o, factor.Limit{Tries: 5})
	})
	for before := range 5 {
		for during := range 6 - before {
			if !env.skips(before+during, 5) {
				succeedSlowly(t, w, kind, before, during)
			}
		}
	}
	failSlowly(t, w, kind)
}

// succeedSlowly gives a right credential after some guesses, while others are
// judged. It succeeds and forgives them, unless they lock.
func succeedSlowly(t *testing.T, w *world, kind factor.Kind, before, during int) {
	t.Helper()
	p := w.person()
	guess(t, p, kind, before)
	err := verifySlowly(t, p, kind, p.right(kind), func() { guess(t, p, kind, during) })
	if before+during < 5 {
		must(t, err)
		guess(t, p, kind, 1)
		if n := w.wrong(p.id, kind); n != 1 {
			t.Fatalf("%d counted after a success and one failure, want 1", n)
		}
		return
	}
	mustBe(t, err, factor.ErrLocked)
	if n := w.wrong(p.id, kind); n != 5 {
		t.Fatalf("a success that came too late left %d of 5 failures", n)
	}
}

// failSlowly makes the last guess before the lock, and lets a success through
// meanwhile.
func failSlowly(t *testing.T, w *world, kind factor.Kind) {
	t.Helper()
	p := w.person()
	guess(t, p, kind, 4)
	wrong, right := p.wrong(kind), p.right(kind)
	err := verifySlowly(t, p, kind, wrong, func() { must(t, verifyAny.call(ctx, w.process, p, kind, right)) })
	mustBe(t, err, factor.ErrMismatch)
	if n := w.wrong(p.id, kind); n != 1 {
		t.Fatalf("%d counted for a failure that landed after a success, want 1", n)
	}
}

// guess has n wrong credentials judged.
func guess(t *testing.T, p *person, kind factor.Kind, n int) {
	t.Helper()
	for range n {
		mustBe(t, verifyAny.call(ctx, p.w.process, p, kind, p.wrong(kind)), factor.ErrMismatch)
	}
}

// verifySlowly gives a credential in another process, which pauses before its swap
// until meanwhile has returned.
func verifySlowly(t *testing.T, p *person, kind factor.Kind, c factor.Credentials, meanwhile func()) error {
	t.Helper()
	return slowly(t, p.w, func(on *process) error { return verifyAny.call(ctx, on, p, kind, c) }, meanwhile)
}

// slowly makes a call in another process, which pauses before its swap until meanwhile
// has returned.
func slowly(t *testing.T, w *world, call func(on *process) error, meanwhile func()) error {
	t.Helper()
	s := newScript(nth(1, "Store.CompareAndSwap", pauses))
	on, answer := w.start(s), make(chan error, 1)
	go func() { answer <- call(on) }()
	s.awaitPause(t, answer)
	meanwhile()
	close(s.resumed)
	return <-answer
}

func guessTheGuardAtOnce(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	for _, kind := range []factor.Kind{factor.KindPIN, factor.KindDeviceTOTP} {
		p := w.person()
		guesses := make([]factor.Credentials, 40)
		for i := range guesses {
			guesses[i] = p.wrong(kind)
		}
		other := w.start(nil)
		answers := atOnce(40, func(i int) error {
			return []*process{w.process, other}[i%2].Guard.Prove(ctx, p.id, guesses[i])
		})
		// On a busy machine the wipe may still run for those who come early.
		mismatched, wiped := count(answers, factor.ErrMismatch), count(answers, factor.ErrWiped)+count(answers, factor.ErrWipePending)
		if mismatched != 3 || wiped != 37 {
			t.Fatalf("%d of 40 refused and %d told of the wipe, want 3 and 37: %v", mismatched, wiped, answers)
		}
		ids := map[uuid.UUID]bool{}
		for _, wipe := range w.host.wipes(p.id) {
			ids[wipe.ID] = true
		}
		if len(ids) != 1 {
			t.Fatalf("%d wipes for one user, want 1", len(ids))
		}
	}
}
