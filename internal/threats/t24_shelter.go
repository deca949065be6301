package threats

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// Threat24RefundingSweep sweeps between all guesses, and long after them: the kind
// still locks for good at Final, and strikes stay.
func Threat24RefundingSweep(t *testing.T, env Env) {
	for i, kind := range allKinds {
		for j, pause := range []time.Duration{time.Minute, 25 * time.Hour, 400 * 24 * time.Hour} {
			if env.skips(i+j, 3) {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", kind, pause), func(t *testing.T) {
				w := newWorld(t, env, func(o *factor.Options) {
					onlyKind(kind)(o)
					sameLimit(o, factor.Limit{Tries: 3, Delay: time.Second, MaxDelay: time.Minute, Final: 10})
				})
				for _, p := range []*person{w.stranger(), w.person()} {
					sweepWhileGuessing(t, w, p, kind, pause)
				}
			})
		}
	}
	t.Run("default limits", func(t *testing.T) {
		w := newWorld(t, env, nil)
		p := w.stranger()
		if judged := guessUntilLocked(t, w, p, factor.KindPassword, time.Hour, 150); judged != 100 {
			t.Fatalf("%d passwords judged, want 100: NIST SP 800-63B-4, 3.2.2", judged)
		}
		if env.Cheap {
			if judged := guessUntilLocked(t, w, p, factor.KindPIN, time.Hour, 30); judged != 10 {
				t.Fatalf("%d PINs judged, want 10", judged)
			}
		}
	})
	t.Run("nothing but recovery codes", func(t *testing.T) { sweepPaper(t, env) })
	t.Run("strikes", func(t *testing.T) {
		w := newWorld(t, env, nil)
		p := w.person()
		for n := 1; n <= 3; n++ {
			mustBe(t, w.Guard.Prove(ctx, p.id, p.wrong(factor.KindPIN)), factor.ErrMismatch)
			p.issue(factor.KindAccount)
			w.clock.Turn(25 * time.Hour)
			_, err := w.Admin.Sweep(ctx)
			must(t, err)
			if s := w.status(p.id).Strikes; s != n {
				t.Fatalf("%d strikes after %d wrong proofs and a sweep", s, n)
			}
		}
		mustBe(t, w.Guard.Prove(ctx, p.id, p.wrong(factor.KindPIN)), factor.ErrWiped)
	})
}

// sweepPaper sweeps users who hold nothing but recovery codes, unused, some used and all
// used: what is unused stays, and what is used stays used.
func sweepPaper(t *testing.T, env Env) {
	for _, used := range []int{0, 3, 10} {
		w := newWorld(t, env, nil)
		p := w.stranger()
		p.generate()
		set := p.paper
		verify := func(i int) error {
			_, err := w.V.VerifyOTP(ctx, p.id, set[i], factor.KindRecovery)
			return err
		}
		for i := range used {
			must(t, verify(i))
		}
		for range 3 {
			w.clock.Turn(25 * time.Hour)
			_, err := w.Admin.Sweep(ctx)
			must(t, err)
			for i := range used {
				mustBeStale(t, verify(i))
			}
			if n := w.status(p.id).RecoveryCodes; n != 10-used {
				t.Fatalf("%d codes left after a sweep, want %d", n, 10-used)
			}
		}
	}
}

// guessUntilLocked guesses and sweeps in turns and returns how many guesses were
// judged.
func guessUntilLocked(t *testing.T, w *world, p *person, kind factor.Kind, pause time.Duration, guesses int) int {
	t.Helper()
	judged := 0
	for range guesses {
		switch err := verifyAny.call(ctx, w.process, p, kind, p.wrong(kind)); {
		case errors.Is(err, factor.ErrMismatch):
			judged++
		case !errors.Is(err, factor.ErrLocked):
			t.Fatal(err)
		}
		p.issue(factor.KindLogin) // So that the user is due.
		w.clock.Turn(pause)
		if _, err := w.Admin.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if n := w.wrong(p.id, kind); n != judged {
			t.Fatalf("%d counted after %d guesses and a sweep", n, judged)
		}
	}
	return judged
}

func sweepWhileGuessing(t *testing.T, w *world, p *person, kind factor.Kind, pause time.Duration) {
	t.Helper()
	if kind == factor.KindRecovery {
		p.right(kind) // Codes that are made later start the count anew.
	}
	if judged := guessUntilLocked(t, w, p, kind, pause, 13); judged != 10 {
		t.Fatalf("%d guesses judged, want 10: Final", judged)
	}
	w.clock.Turn(10 * 365 * 24 * time.Hour)
	if _, err := w.Admin.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if b := budget(w.status(p.id), kind); !b.Locked || !b.Until.IsZero() || b.Wrong != 10 {
		t.Fatalf("ten years later %+v, want locked for good", b)
	}
	mustBe(t, verifyAny.call(ctx, w.process, p, kind, p.right(kind)), factor.ErrLocked)
}

// Threat25ShelteringCode gives a used code beside guesses: it exempts only itself.
// The guesses are charged, lock, and are strikes at the guard.
func Threat25ShelteringCode(t *testing.T, env Env) {
	for _, kind := range otpKinds {
		w := newWorld(t, env, func(o *factor.Options) {
			onlyKind(kind)(o)
			sameLimit(o, three)
		})
		for _, j := range provers {
			if j.name == "OTPIssuer.Issue" {
				continue
			}
			for _, guessed := range []factor.Kind{factor.KindPIN, factor.KindPassword} {
				t.Run(fmt.Sprintf("%s/%s beside %s", j.name, guessed, kind), func(t *testing.T) {
					shelter(t, w, j, kind, guessed)
				})
			}
		}
	}
	t.Run("guard", func(t *testing.T) {
		w := newWorld(t, env, nil)
		p := w.person()
		used := p.used()
		for n := 1; n <= 3; n++ {
			mustBe(t, w.Guard.Prove(ctx, p.id, used), factor.ErrMismatch)
			mustBe(t, w.Guard.Prove(ctx, p.id, both(used, p.wrong(factor.KindPIN))), factor.ErrMismatch)
			if s := w.status(p.id).Strikes; s != n {
				t.Fatalf("%d strikes after %d wrong PINs beside a used code", s, n)
			}
		}
		mustBe(t, w.Guard.Prove(ctx, p.id, both(used, p.wrong(factor.KindPIN))), factor.ErrWiped)
	})
	t.Run("all PINs in one window", func(t *testing.T) {
		w := newWorld(t, env, nil)
		p := w.person()
		used := p.used()
		judged := 0
		for range 200 {
			before := w.wrong(p.id, factor.KindPIN)
			_, err := w.V.VerifyAny(ctx, p.id, both(used, p.wrong(factor.KindPIN)))
			mustBe(t, err, factor.ErrMismatch)
			judged += w.wrong(p.id, factor.KindPIN) - before
		}
		if judged != 3 {
			t.Fatalf("%d PINs judged beside a used code, want 3", judged)
		}
		_, err := w.V.VerifyAny(ctx, p.id, both(used, p.right(factor.KindPIN)))
		mustBe(t, err, factor.ErrMismatch)
	})
}

func shelter(t *testing.T, w *world, j judge, kind, guessed factor.Kind) {
	t.Helper()
	p := w.person()
	used := p.right(kind)
	must(t, verifyOTP.call(ctx, w.process, p, kind, used))
	for n := 1; n <= 3; n++ {
		mustBe(t, j.call(ctx, w.process, p, kind, both(used, p.wrong(guessed))), factor.ErrMismatch)
		if got := w.wrong(p.id, guessed); got != n {
			t.Fatalf("%d wrong charged after %d guesses beside a used code", got, n)
		}
	}
	if err := j.call(ctx, w.process, p, kind, both(used, p.right(guessed))); err == nil {
		t.Fatal("the locked credential was accepted beside a used code")
	}
	if n := w.wrong(p.id, kind); n != 0 {
		t.Fatalf("the used code was charged %d times", n)
	}
	w.unlock(p.id)
	must(t, j.call(ctx, w.process, p, kind, both(used, p.right(guessed))))
}
