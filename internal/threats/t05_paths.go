package threats

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// proveOnly is ResetGuard.Prove in the shape of a judge.
func proveOnly(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
	return on.Guard.Prove(ctx, p.id, c)
}

// three is the limit of the tests of each path.
var three = factor.Limit{Tries: 3, Delay: time.Minute, MaxDelay: time.Hour, Final: 9}

// Threat05UnlimitedPath guesses at every exported method that judges a
// credential, with every kind it takes: each locks. A method that is not listed
// fails the test.
func Threat05UnlimitedPath(t *testing.T, env Env) {
	checkListed(t, newWorld(t, env, nil).process)
	for _, kind := range allKinds {
		w := newWorld(t, env, func(o *factor.Options) {
			onlyKind(kind)(o)
			sameLimit(o, three)
		})
		for _, j := range takers(kind) {
			t.Run(fmt.Sprintf("%s/%s", j.name, kind), func(t *testing.T) {
				p := w.person()
				lockBy(t, w, p, j, kind)
				mustBeLocked(t, w, p, j, kind)
				before := w.status(p.id)
				if len(before.Devices) != 1 || !before.PIN || !before.Authenticator || before.RecoveryCodes != 10 {
					t.Fatalf("wrong credentials changed what the user holds: %+v", before)
				}
			})
		}
	}
	t.Run("several at once", func(t *testing.T) { lockSeveralAtOnce(t, env) })
	t.Run("AuthenticatorEnroller.Confirm", func(t *testing.T) { limitConfirm(t, env) })
	t.Run("ResetGuard.Prove", func(t *testing.T) { limitProve(t, env) })
}

// Threat08SecondPath locks a kind by one method and tries the right credential at
// all others.
func Threat08SecondPath(t *testing.T, env Env) {
	checkListed(t, newWorld(t, env, nil).process)
	for _, kind := range allKinds {
		w := newWorld(t, env, func(o *factor.Options) {
			onlyKind(kind)(o)
			sameLimit(o, three)
		})
		for _, first := range takers(kind) {
			if !env.Cheap && first.name != "Verifier.VerifyAny" {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", first.name, kind), func(t *testing.T) {
				p := w.person()
				lockBy(t, w, p, first, kind)
				for _, second := range takers(kind) {
					mustBeLocked(t, w, p, second, kind)
				}
				w.unlock(p.id)
				for range 2 {
					for _, j := range takers(kind)[:2] { // Guesses at different methods add up.
						if w.wrong(p.id, kind) < 3 {
							mustBe(t, j.call(ctx, w.process, p, kind, p.wrong(kind)), factor.ErrMismatch)
						}
					}
				}
				mustBeLocked(t, w, p, first, kind)
			})
		}
	}
}

// lockBy guesses three times at one method.
func lockBy(t *testing.T, w *world, p *person, j judge, kind factor.Kind) {
	t.Helper()
	for left := 2; left >= 0; left-- {
		err := j.call(ctx, w.process, p, kind, p.wrong(kind))
		m, ok := errors.AsType[*factor.MismatchError](err)
		if !ok || m.Kind != kind || m.Remaining != left {
			t.Fatalf("%s answered a wrong %s with %#v, want a MismatchError with %d remaining", j.name, kind, err, left)
		}
	}
}

// mustBeLocked gives the right credential, and fails if it is judged or changes
// anything.
func mustBeLocked(t *testing.T, w *world, p *person, j judge, kind factor.Kind) {
	t.Helper()
	given := p.right(kind)
	before := w.record(p.id)
	err := j.call(ctx, w.process, p, kind, given)
	l, ok := errors.AsType[*factor.LockedError](err)
	if !ok || l.Kind != kind || !l.Until.Equal(w.clock.Now().Add(time.Minute)) {
		t.Fatalf("%s answered the right %s after the lock with %#v, want a LockedError for a minute", j.name, kind, err)
	}
	if w.record(p.id).Version != before.Version {
		t.Fatalf("%s wrote something while %s is locked", j.name, kind)
	}
}

// lockSeveralAtOnce gives three wrong credentials in each call: each is charged
// to its own kind, a locked one does not shelter the rest, and a code is charged
// to every kind it was asked for.
func lockSeveralAtOnce(t *testing.T, env Env) {
	w := newWorld(t, env, func(o *factor.Options) {
		sameLimit(o, three)
		o.ProofKinds = otpKinds
		o.Password.Tries = 2
	})
	for _, j := range judges {
		if len(j.takes) == len(allKinds) {
			lockSeveralBy(t, w, j, factor.KindLogin)
			lockSeveralBy(t, w, j, factor.KindRecovery)
		}
	}
	for _, given := range []factor.Kind{factor.KindLogin, factor.KindRecovery} {
		p := w.person()
		for n := 1; n <= 3; n++ {
			_, err := w.V.VerifyOTP(ctx, p.id, p.wrong(given).OTP, otpKinds...)
			mustBe(t, err, factor.ErrMismatch)
			mustCountAll(t, p, each(likeForm(given), n))
		}
		_, err := w.V.VerifyOTP(ctx, p.id, p.right(given).OTP, otpKinds...)
		mustBe(t, err, factor.ErrLocked) // All that it could be of are.
	}
	p := w.person()
	lockBy(t, w, p, verifyOTP, factor.KindLogin)
	for range 3 {
		_, err := w.V.VerifyOTP(ctx, p.id, p.wrong(factor.KindLogin).OTP, factor.KindLogin, factor.KindAccount)
		mustBe(t, err, factor.ErrMismatch)
	}
	mustBeLocked(t, w, p, verifyOTP, factor.KindAccount)
}

// likeForm returns the kinds whose codes have the form of those of a kind.
func likeForm(kind factor.Kind) []factor.Kind {
	if kind == factor.KindRecovery {
		return []factor.Kind{kind}
	}
	return digitKinds
}

// each returns the same count for each of some kinds.
func each(kinds []factor.Kind, n int) map[factor.Kind]int {
	counts := map[factor.Kind]int{}
	for _, k := range kinds {
		counts[k] = n
	}
	return counts
}

// mustCountAll fails unless this is counted, and nothing for the other kinds.
func mustCountAll(t *testing.T, p *person, want map[factor.Kind]int) {
	t.Helper()
	for _, k := range allKinds {
		if n := p.w.wrong(p.id, k); n != want[k] {
			t.Fatalf("%d counted for %s, want %d", n, k, want[k])
		}
	}
}

// lockSeveralBy gives a wrong code, password and PIN to a method three times. A code is
// charged to the kinds of its form.
func lockSeveralBy(t *testing.T, w *world, j judge, code factor.Kind) {
	t.Helper()
	p := w.person()
	for n := 1; n <= 3; n++ {
		given := both(both(p.wrong(code), p.wrong(factor.KindPassword)), p.wrong(factor.KindPIN))
		mustBe(t, j.call(ctx, w.process, p, "", given), factor.ErrMismatch)
		want := each(likeForm(code), n)
		want[factor.KindPassword], want[factor.KindPIN] = min(n, 2), n
		mustCountAll(t, p, want)
	}
	given := both(both(p.right(code), p.right(factor.KindPassword)), p.right(factor.KindPIN))
	mustBe(t, j.call(ctx, w.process, p, "", given), factor.ErrLocked)
}

// limitConfirm guesses at a pending authenticator: five codes, whatever the
// budget of the confirmed one says.
func limitConfirm(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	for _, locked := range []bool{false, true} {
		p := w.person()
		if locked {
			for range 5 {
				_, err := w.V.VerifyOTP(ctx, p.id, p.wrong(factor.KindTOTP).OTP, factor.KindTOTP)
				mustBe(t, err, factor.ErrMismatch)
			}
		}
		p.begin()
		for left := 4; left >= 0; left-- {
			err := w.start(nil).Auth.Confirm(ctx, p.id, p.wrong(factor.KindTOTP).OTP)
			m, ok := errors.AsType[*factor.MismatchError](err)
			if !ok || m.Remaining != left {
				t.Fatalf("Confirm answered %#v, want a MismatchError with %d remaining", err, left)
			}
		}
		code := p.pending.code(p.pending.step(w.clock.Now()))
		mustBe(t, w.Auth.Confirm(ctx, p.id, code), factor.ErrNotEnrolled)
		if !w.status(p.id).Authenticator {
			t.Fatal("the authenticator in force went with the pending one")
		}
	}
}

// limitProve gives wrong proofs to the guard: three are refused, the fourth
// wipes, and the budgets neither add to that nor take from it.
func limitProve(t *testing.T, env Env) {
	w := newWorld(t, env, func(o *factor.Options) { sameLimit(o, three) })
	wrongs := map[string]func(p *person) factor.Credentials{
		"PIN":  func(p *person) factor.Credentials { return p.wrong(factor.KindPIN) },
		"code": func(p *person) factor.Credentials { return p.wrong(factor.KindDeviceTOTP) },
		"both": func(p *person) factor.Credentials {
			return both(p.wrong(factor.KindPIN), p.wrong(factor.KindDeviceTOTP))
		},
	}
	for name, wrong := range wrongs {
		p := w.person()
		lockBy(t, w, p, verifyPIN, factor.KindPIN)
		for left := 2; left >= 0; left-- {
			err := w.start(nil).Guard.Prove(ctx, p.id, wrong(p))
			m, ok := errors.AsType[*factor.MismatchError](err)
			if !ok || m.Remaining != left {
				t.Fatalf("%s: Prove answered %#v, want a MismatchError with %d remaining", name, err, left)
			}
		}
		if w.wrong(p.id, factor.KindDeviceTOTP) != 0 || w.wrong(p.id, factor.KindPIN) != 3 {
			t.Fatalf("%s: strikes were charged to the budgets", name)
		}
		mustBe(t, w.Guard.Prove(ctx, p.id, wrong(p)), factor.ErrWiped)
		for _, kind := range []factor.Kind{factor.KindPIN, factor.KindDeviceTOTP} {
			mustBe(t, w.Guard.Prove(ctx, p.id, p.right(kind)), factor.ErrWiped)
		}
		s := w.status(p.id)
		if s.PIN || len(s.Devices) != 0 || len(s.Live) != 0 || s.Wipe == nil || !w.host.isFinished(s.Wipe.ID) {
			t.Fatalf("%s: the wipe left %+v", name, s)
		}
		if !s.Authenticator || s.RecoveryCodes != 10 {
			t.Fatalf("%s: the wipe took the confirmed authenticator or the recovery codes", name)
		}
	}
}
