package threats

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/knowhave/factor"
)

// Threat20ClockJump lets the clock of the host walk at random, ten years ahead and
// back, with restarts on the way: no code and no step is accepted twice, and no
// lock ends later from now than MaxDelay.
func Threat20ClockJump(t *testing.T, env Env) {
	w := newWorld(t, env, func(o *factor.Options) {
		sameLimit(o, factor.Limit{Tries: 3, Delay: time.Minute, MaxDelay: 4 * time.Minute, Final: 8})
		o.Device.Grace = 10 * time.Minute
		o.PIN.Limit = factor.Limit{} // A PIN hash at each guess would take long.
	})
	rapid.Check(t, func(rt *rapid.T) {
		w.clock.Set(newClock().Now())
		p := w.pinless()
		(&walk{rt: rt, w: w, p: p, last: map[factor.Kind]int64{}, live: map[factor.Kind]factor.OTP{}, unused: p.paper}).run()
	})
	t.Run("codes end on time", func(t *testing.T) { useAtTheEnd(t, env) })
	t.Run("no lock outlives a jump", func(t *testing.T) { lockBeforeJump(t, env) })
}

// A walk is one history, with all that was accepted in it.
type walk struct {
	rt   *rapid.T
	w    *world
	p    *person
	last map[factor.Kind]int64
	live map[factor.Kind]factor.OTP
	old  []factor.OTP
	// Of the recovery codes, the unused ones of the present set and all others.
	unused, gone []string
}

func (k *walk) run() {
	for range rapid.IntRange(5, 40).Draw(k.rt, "length") {
		switch rapid.IntRange(0, 8).Draw(k.rt, "act") {
		case 0:
			k.jump()
		case 1:
			k.w.clock.Turn(time.Duration(rapid.IntRange(0, 90).Draw(k.rt, "seconds")) * time.Second)
		case 2:
			k.issue()
		case 3:
			k.offerCode()
		case 4:
			k.offerStep()
		case 5:
			k.guess()
		case 6:
			k.w.process = k.w.start(nil)
		case 7:
			k.offerRecovery()
		case 8:
			k.generate()
		}
		k.checkLocks()
	}
}

// jump moves the clock by up to ten years either way.
func (k *walk) jump() {
	unit := rapid.SampledFrom([]time.Duration{time.Second, time.Minute, time.Hour, 24 * time.Hour, 365 * 24 * time.Hour}).Draw(k.rt, "unit")
	to := k.w.clock.Now().Add(time.Duration(rapid.IntRange(-10, 10).Draw(k.rt, "units")) * unit)
	if to.Year() > 2000 && to.Year() < 2100 {
		k.w.clock.Set(to)
	}
}

func (k *walk) issue() {
	kind := rapid.SampledFrom(mailedKinds).Draw(k.rt, "kind")
	o := k.p.issue(kind)
	k.live[kind] = o
	k.old = append(k.old, o)
	lifetime := o.ExpiresAt.Sub(k.w.clock.Now())
	if lifetime <= 0 || lifetime > 10*time.Minute {
		k.rt.Fatalf("a code lives for %s", lifetime)
	}
}

// offerCode offers any code that was ever issued.
func (k *walk) offerCode() {
	if len(k.old) == 0 {
		return
	}
	o := rapid.SampledFrom(k.old).Draw(k.rt, "code")
	_, err := k.w.V.VerifyOTP(ctx, k.p.id, o.Code, o.Kind)
	k.checkLocked(err)
	if err != nil {
		return
	}
	now := k.w.clock.Now()
	live, ok := k.live[o.Kind]
	if !ok || live.Code != o.Code {
		k.rt.Fatalf("a code that is used or replaced was accepted")
	}
	if !now.Before(live.ExpiresAt) || live.ExpiresAt.Sub(now) > 11*time.Minute {
		k.rt.Fatalf("a code that ends in %s was accepted", live.ExpiresAt.Sub(now))
	}
	delete(k.live, o.Kind)
}

// offerRecovery offers any recovery code that was ever made.
func (k *walk) offerRecovery() {
	code := rapid.SampledFrom(append(slices.Clone(k.unused), k.gone...)).Draw(k.rt, "code")
	_, err := k.w.V.VerifyOTP(ctx, k.p.id, code, factor.KindRecovery)
	k.checkLocked(err)
	i := slices.Index(k.unused, code)
	if accepted := err == nil; accepted && i < 0 || !accepted && i >= 0 && !errors.Is(err, factor.ErrLocked) {
		k.rt.Fatalf("a recovery code that is unused: %v was answered %v", i >= 0, err)
	}
	if err == nil {
		k.unused, k.gone = slices.Delete(k.unused, i, i+1), append(k.gone, code)
	}
}

// generate has other recovery codes made.
func (k *walk) generate() {
	set, err := k.w.Recovery.Generate(ctx, k.p.id, factor.Credentials{Password: k.p.password})
	k.checkLocked(err)
	if err != nil {
		return
	}
	k.gone, k.unused = append(k.gone, k.unused...), nil
	for _, o := range set {
		k.unused = append(k.unused, o.Code)
	}
}

// offerStep offers a code of the device or the authenticator, near now or of the
// last step that was accepted.
func (k *walk) offerStep() {
	kind, g := factor.KindDeviceTOTP, k.p.phone
	if rapid.Bool().Draw(k.rt, "authenticator") {
		kind, g = factor.KindTOTP, k.p.app
	}
	now := g.step(k.w.clock.Now())
	step := now + rapid.Int64Range(-2, 2).Draw(k.rt, "step")
	if rapid.Bool().Draw(k.rt, "again") {
		step = max(1, k.last[kind])
	}
	code := g.code(step)
	_, err := k.w.V.VerifyOTP(ctx, k.p.id, code, kind)
	k.checkLocked(err)
	if err != nil {
		return
	}
	steps := g.matches(code, now-1, now+1)
	if len(steps) == 0 {
		k.rt.Fatalf("step %d was accepted at %d", step, now)
	}
	if newest := steps[len(steps)-1]; newest <= k.last[kind] {
		k.rt.Fatalf("step %d was accepted after %d", newest, k.last[kind])
	}
	k.last[kind] = steps[len(steps)-1]
}

func (k *walk) guess() {
	kind := rapid.SampledFrom(append([]factor.Kind{factor.KindPassword}, otpKinds...)).Draw(k.rt, "guessed")
	j := verifyOTP
	if kind == factor.KindPassword {
		j = verifyPassword
	}
	before := k.w.wrong(k.p.id, kind)
	err := j.call(ctx, k.w.process, k.p, kind, k.p.wrong(kind))
	k.checkLocked(err)
	if after := k.w.wrong(k.p.id, kind); errors.Is(err, factor.ErrMismatch) && after != before+1 || errors.Is(err, factor.ErrLocked) && after != before {
		k.rt.Fatalf("answered %v, and the count went from %d to %d", err, before, after)
	}
	if before >= 8 && !errors.Is(err, factor.ErrLocked) {
		k.rt.Fatalf("a final lock was reopened: %v", err)
	}
	if before >= 8 && rapid.Bool().Draw(k.rt, "unlock") {
		must(k.w.t, k.w.Admin.Unlock(ctx, k.p.id, kind))
	}
}

func (k *walk) checkLocked(err error) {
	if l, ok := errors.AsType[*factor.LockedError](err); ok && !l.Until.IsZero() {
		k.checkUntil(l.Until)
	}
}

func (k *walk) checkUntil(until time.Time) {
	if left := until.Sub(k.w.clock.Now()); left <= 0 || left > 4*time.Minute {
		k.rt.Fatalf("a lock ends in %s, want at most MaxDelay, 4m", left)
	}
}

func (k *walk) checkLocks() {
	for _, b := range k.w.status(k.p.id).Budgets {
		if b.Locked && b.Until.IsZero() != (b.Wrong >= 8) {
			k.rt.Fatalf("%+v, want locked for good from Final on, and only then", b)
		}
		if b.Locked && !b.Until.IsZero() {
			k.checkUntil(b.Until)
		}
	}
}

// lockBeforeJump locks and waits with the clock ten years ahead, and puts it
// back: everything that would end in ten years is void, and the count is not.
func lockBeforeJump(t *testing.T, env Env) {
	w := newWorld(t, env, func(o *factor.Options) {
		o.OTP.Interval = time.Minute
		o.Reset.Interval = time.Minute
	})
	p := w.person()
	now := w.clock.Now()
	w.clock.Set(now.AddDate(10, 0, 0))
	p.begin()
	for range 5 {
		mustBe(t, w.V.VerifyPassword(ctx, p.id, "wrong"), factor.ErrMismatch)
	}
	mustBe(t, w.V.VerifyPassword(ctx, p.id, p.password), factor.ErrLocked)
	code := p.issue(factor.KindAccount).Code
	_, err := w.Codes.IssueUnproven(ctx, p.id, factor.KindAccount)
	mustBe(t, err, factor.ErrLocked)
	pending := p.pending.code(p.pending.step(now))
	mustBe(t, w.Guard.Prove(ctx, p.id, p.wrong(factor.KindPIN)), factor.ErrMismatch)
	mustBe(t, w.Guard.Prove(ctx, p.id, p.right(factor.KindPIN)), factor.ErrLocked)

	w.clock.Set(now)
	_, err = w.V.VerifyOTP(ctx, p.id, code, factor.KindAccount)
	mustBe(t, err, factor.ErrMismatch)
	mustBe(t, w.Auth.Confirm(ctx, p.id, pending), factor.ErrNotEnrolled)
	p.issue(factor.KindAccount)
	if s := w.status(p.id); budget(s, factor.KindPassword).Wrong != 5 || s.Strikes != 1 {
		t.Fatalf("the jump changed the counts: %+v", s)
	}
	must(t, w.V.VerifyPassword(ctx, p.id, p.password))
	must(t, w.Guard.Prove(ctx, p.id, p.right(factor.KindPIN)))
}

// useAtTheEnd uses codes in the last millisecond of their lives and in the one
// after it.
func useAtTheEnd(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	for _, kind := range mailedKinds {
		for _, before := range []time.Duration{time.Millisecond, 0} {
			p := w.person()
			o := p.issue(kind)
			w.clock.Set(o.ExpiresAt.Add(-before))
			if _, err := w.V.VerifyOTP(ctx, p.id, o.Code, kind); (err == nil) != (before > 0) {
				t.Fatalf("%s before its end a %s code was answered %v", before, kind, err)
			}
		}
	}
	p := w.person()
	p.begin()
	w.clock.Turn(15 * time.Minute)
	mustBe(t, w.Auth.Confirm(ctx, p.id, p.pending.code(p.pending.step(w.clock.Now()))), factor.ErrNotEnrolled)
}
