package threats

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/knowhave/factor"
)

// Threat03StepReplay replays codes of the same step, of older steps, in turns and
// at the edges of the window: for every skew, the accepted steps of each secret
// strictly increase.
func Threat03StepReplay(t *testing.T, env Env) {
	for skew := -1; skew <= 10; skew++ {
		if env.skips(skew+1, 2) || !env.Cheap && skew > 1 {
			continue
		}
		w := newWorld(t, env, func(o *factor.Options) {
			o.TOTP.Skew = skew
			o.TOTP.Limit = factor.Limit{Tries: 98, Delay: time.Millisecond, MaxDelay: time.Millisecond, Final: 100}
		})
		width := int64(skew)
		if skew == -1 {
			width = 0
		}
		if skew == 0 {
			width = 1 // the default
		}
		t.Run(fmt.Sprintf("skew %d/edges", skew), func(t *testing.T) { replayAtEdges(t, w, width) })
		t.Run(fmt.Sprintf("skew %d/random", skew), func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { replayAtRandom(rt, w, width) })
		})
	}
	t.Run("everywhere", func(t *testing.T) { replayEverywhere(t, env) })
	t.Run("paper", func(t *testing.T) { replayPaper(t, env) })
}

// replayAtEdges walks the window of one device from its oldest step to its
// newest, and tries all that it passed after each.
func replayAtEdges(t *testing.T, w *world, width int64) {
	p := w.person()
	now := p.phone.step(w.clock.Now())
	verify := func(step int64) error {
		_, err := w.V.VerifyOTP(ctx, p.id, p.phone.code(step), factor.KindDeviceTOTP)
		return err
	}
	mustBe(t, verify(now-width-1), factor.ErrMismatch)
	mustBe(t, verify(now+width+1), factor.ErrMismatch)
	if n := w.wrong(p.id, factor.KindDeviceTOTP); n != 2 {
		t.Fatalf("%d charged for two codes outside the window, want 2", n)
	}
	for step := now - width; step <= now+width; step++ {
		must(t, verify(step))
		for old := now - width; old <= step; old++ {
			mustBe(t, verify(old), factor.ErrMismatch) // A-B-A, and B again
		}
	}
	if n := w.wrong(p.id, factor.KindDeviceTOTP); n != 0 {
		t.Fatalf("%d charged for used codes, want 0", n)
	}
	w.clock.Turn(p.phone.period)
	for step := now - width; step <= now+width; step++ {
		mustBe(t, verify(step), factor.ErrMismatch)
	}
	must(t, verify(now+width+1))
}

// replayAtRandom offers the codes of two devices and the authenticator in any
// order while the time goes on, and compares with the rule.
func replayAtRandom(rt *rapid.T, w *world, width int64) {
	p := w.pinless()
	second := uuid.New()
	e, err := w.Devices.Enroll(ctx, p.id, second, factor.Credentials{Password: p.password})
	must(w.t, err)
	type holding struct {
		kind   factor.Kind
		device uuid.UUID
		g      generator
		last   int64
	}
	holdings := []*holding{
		{kind: factor.KindDeviceTOTP, device: p.device, g: p.phone},
		{kind: factor.KindDeviceTOTP, device: second, g: newGenerator(e)},
		{kind: factor.KindTOTP, g: p.app},
	}
	for range rapid.IntRange(1, 12).Draw(rt, "rounds") {
		w.clock.Turn(time.Duration(rapid.IntRange(0, 70).Draw(rt, "seconds")) * time.Second)
		now := p.phone.step(w.clock.Now())
		h := holdings[rapid.IntRange(0, len(holdings)-1).Draw(rt, "holding")]
		code := h.g.code(now + rapid.Int64Range(-width-2, width+2).Draw(rt, "step"))
		var device uuid.UUID
		accepted := false
		for _, other := range holdings { // A code of one secret may by chance be one of another.
			if other.kind != h.kind || accepted {
				continue
			}
			if steps := other.g.matches(code, now-width, now+width); len(steps) > 0 && steps[len(steps)-1] > other.last {
				accepted, device, other.last = true, other.device, steps[len(steps)-1]
			}
		}
		m, err := w.V.VerifyOTP(ctx, p.id, code, h.kind)
		if accepted != (err == nil) || (err == nil && m.Device != device) {
			rt.Fatalf("answered %v of %s, want accepted: %v by %s", err, m.Device, accepted, device)
		}
		if err != nil && !errors.Is(err, factor.ErrMismatch) {
			rt.Fatalf("answered %v, want ErrMismatch", err)
		}
		w.unlock(p.id)
	}
}

// replayEverywhere uses a code by one method and tries it at all others.
func replayEverywhere(t *testing.T, env Env) {
	for _, kind := range []factor.Kind{factor.KindTOTP, factor.KindDeviceTOTP} {
		w := newWorld(t, env, onlyKind(kind))
		takers := takers(kind)
		if kind == factor.KindDeviceTOTP {
			takers = append(takers, judge{name: "ResetGuard.Prove", call: proveOnly})
		}
		for _, first := range takers {
			p := w.person()
			before := w.record(p.id)
			code := p.right(kind)
			must(t, first.call(ctx, w.process, p, kind, code))
			switch first.name {
			case "PINs.Remove":
				must(t, w.Admin.SetPIN(ctx, p.id, p.pin))
			case "RecoveryCodes.Remove":
				p.generate()
			case "DeviceTOTPEnroller.Revoke", "AuthenticatorEnroller.Remove":
				continue // The secret is gone.
			}
			for _, then := range takers {
				err := then.call(ctx, w.process, p, kind, code)
				mustBe(t, err, factor.ErrMismatch)
			}
			if w.record(p.id).Version == before.Version {
				t.Fatalf("%s accepted without a swap", first.name)
			}
		}
	}
	w := newWorld(t, env, nil)
	p := w.person()
	p.begin()
	step := p.pending.step(w.clock.Now())
	must(t, w.Auth.Confirm(ctx, p.id, p.pending.code(step)))
	for _, old := range []int64{step - 1, step} {
		_, err := w.V.VerifyOTP(ctx, p.id, p.pending.code(old), factor.KindTOTP)
		mustBe(t, err, factor.ErrMismatch)
	}
	if n := w.wrong(p.id, factor.KindTOTP); n != 0 {
		t.Fatalf("the code that confirmed was charged %d times, want 0", n)
	}
	_, err := w.V.VerifyOTP(ctx, p.id, p.pending.code(step+1), factor.KindTOTP)
	must(t, err)
}

// replayPaper uses up a set of recovery codes, the last one first, and tries all of them
// after each: a used one is refused and not charged, whatever happens to the process, and
// works for no other method. The codes of a set that was replaced are wrong like any other.
func replayPaper(t *testing.T, env Env) {
	w := newWorld(t, env, onlyKind(factor.KindRecovery))
	p := w.person()
	set := slices.Clone(p.paper)
	for used := len(set) - 1; used >= 0; used-- {
		must(t, verifyAny.call(ctx, w.start(nil), p, "", factor.Credentials{OTP: set[used]}))
		for _, again := range set[used:] {
			mustBeStale(t, verifyOTP.call(ctx, w.start(nil), p, factor.KindRecovery, factor.Credentials{OTP: again}))
			w.clock.Turn(24 * time.Hour)
		}
		_, err := w.Admin.Sweep(ctx)
		must(t, err)
		if s := w.status(p.id); s.RecoveryCodes != used || len(s.Budgets) > 0 {
			t.Fatalf("%d codes left and %+v counted, want %d and none", s.RecoveryCodes, s.Budgets, used)
		}
	}
	for _, j := range takers(factor.KindRecovery) {
		want := factor.ErrMismatch
		if j.name == "RecoveryCodes.Remove" {
			want = factor.ErrNotEnrolled // None is unused.
		}
		mustBe(t, j.call(ctx, w.process, p, factor.KindRecovery, factor.Credentials{OTP: set[0]}), want)
	}
	p.generate()
	for i, old := range set[:5] {
		err := verifyOTP.call(ctx, w.process, p, factor.KindRecovery, factor.Credentials{OTP: old})
		if m, ok := errors.AsType[*factor.MismatchError](err); !ok || m.Stale || w.wrong(p.id, factor.KindRecovery) != i+1 {
			t.Fatalf("a code of a set that was replaced was answered %v and not charged", err)
		}
	}
	w.unlock(p.id)
	must(t, verifyOTP.call(ctx, w.process, p, factor.KindRecovery, p.right(factor.KindRecovery)))
}
