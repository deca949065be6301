package threats

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor"
)

// A follow-up is what happens around a write that lands late.
type followUp struct {
	name    string
	forgets bool
	do      func(w *world, on *process, p *person) error
}

var followUps = []followUp{
	{"nothing", false, func(*world, *process, *person) error { return nil }},
	{"sweep", false, func(_ *world, on *process, _ *person) error {
		_, err := on.Admin.Sweep(ctx)
		return err
	}},
	{"reseal", false, func(_ *world, on *process, p *person) error { return on.Admin.Reseal(ctx, p.id) }},
	{"forget", true, func(_ *world, on *process, p *person) error { return on.Admin.Forget(ctx, p.id) }},
	{"forget and create anew", true, func(_ *world, on *process, p *person) error {
		return errors.Join(on.Admin.Forget(ctx, p.id), on.Admin.SetPIN(ctx, p.id, "1593"))
	}},
	{"forget, remove and create anew", true, func(w *world, on *process, p *person) error {
		err := on.Admin.Forget(ctx, p.id)
		w.clock.Turn(25 * time.Hour)
		_, swept := on.Admin.Sweep(ctx)
		return errors.Join(err, swept, on.Admin.SetPIN(ctx, p.id, "1593"))
	}},
}

// Threat23LateWrite answers swaps with an error and lets them land later, before
// each of the store calls that follow: one proof never costs two strikes, no
// code works twice and nothing comes back that was forgotten.
func Threat23LateWrite(t *testing.T, env Env) {
	for _, u := range uses {
		if u.reads || u.repeats() {
			continue
		}
		t.Run(u.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { landLate(t, env, u) })
		})
	}
	t.Run("landing twice", func(t *testing.T) { landTwice(t, env) })
}

// firstWrites are the first writes about a user, and the use of what they made.
var firstWrites = map[string]struct {
	write, use func(on *process, p *person) error
}{
	"code": {
		func(on *process, p *person) error {
			o, err := on.Codes.IssueUnproven(ctx, p.id, factor.KindLogin)
			p.codes[factor.KindLogin] = o.Code
			return err
		},
		func(on *process, p *person) error {
			_, err := on.V.VerifyOTP(ctx, p.id, p.codes[factor.KindLogin], factor.KindLogin)
			return err
		},
	},
	"PIN": {
		func(on *process, p *person) error { return on.Admin.SetPIN(ctx, p.id, p.pin) },
		func(on *process, p *person) error { return on.V.VerifyPIN(ctx, p.id, p.pin) },
	},
	"recovery codes": {
		func(on *process, p *person) error {
			set, err := on.Recovery.Generate(ctx, p.id, factor.Credentials{Password: p.password})
			p.print(set)
			p.right(factor.KindRecovery)
			return err
		},
		func(on *process, p *person) error {
			_, err := on.V.VerifyOTP(ctx, p.id, p.codes[factor.KindRecovery], factor.KindRecovery)
			return err
		},
	},
	"code for a purpose": {
		func(on *process, p *person) error {
			o, err := on.on(forPay).Codes.IssueUnproven(ctx, p.id, factor.KindAccount)
			p.codes[factor.KindAccount] = o.Code
			return err
		},
		func(on *process, p *person) error {
			_, err := on.on(forPay).V.VerifyOTP(ctx, p.id, p.codes[factor.KindAccount])
			return err
		},
	},
	"device": {
		func(on *process, p *person) error {
			e, err := on.Devices.Enroll(ctx, p.id, p.device, factor.Credentials{})
			p.phone = newGenerator(e)
			return err
		},
		func(on *process, p *person) error {
			_, err := on.V.VerifyOTP(ctx, p.id, p.right(factor.KindDeviceTOTP).OTP)
			return err
		},
	},
}

// landTwice lets the first write about a user land a second time, after what it
// wrote was used and forgotten.
func landTwice(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	for name, first := range firstWrites {
		for _, rest := range []time.Duration{0, 23 * time.Hour} {
			p := w.stranger()
			s := newScript(nth(1, "Store.CompareAndSwap", twice))
			must(t, first.write(w.start(s), p))
			must(t, first.use(w.process, p))
			must(t, w.Admin.Forget(ctx, p.id))
			w.clock.Turn(rest)
			_, err := w.Admin.Sweep(ctx)
			must(t, err)
			w.clock.Turn(-rest)
			s.land()
			if first.use(w.process, p) == nil {
				t.Fatalf("the %s came back %s after it was forgotten", name, rest)
			}
		}
	}
}

// landLate runs inside a synctest bubble, where backoff takes no time.
func landLate(t *testing.T, env Env, u use) {
	w := newWorld(t, env, everyProof)
	p := w.person()
	u.prepare(p)
	start, now, before := w.record(p.id), w.clock.Now(), w.status(p.id)
	s := newScript(nil)
	on := w.start(s)
	proofs := proofs(p)
	i := len(u.name)      // Each use has another sample.
	for swap := range 4 { // 0: every swap of the first call.
		for _, wait := range []int{-1, 0, 1, 2, 4} {
			for _, f := range followUps {
				if i++; env.skips(i, 83) {
					continue
				}
				what := fmt.Sprintf("swap %d late, landing after %d calls, then %s", swap, wait, f.name)
				w.restore(p.id, start)
				w.clock.Set(now)
				s.reset(nth(swap, "Store.CompareAndSwap", late))
				s.wait = wait
				if swap == 0 {
					s.reset(everyFrom(1, "Store.CompareAndSwap", late))
				}
				asked := len(w.host.wipes(p.id))
				first := u.run(ctx, on, p)
				if swap == 0 {
					s.recover()
				}
				follow := f.do(w, on, p)
				second := u.run(ctx, on, p)
				s.land()
				third := u.run(ctx, w.process, p)
				checkLate(t, w, p, u, what, proofs, before, []error{first, second, third}, f.forgets && follow == nil)
				if !f.forgets && !strings.HasPrefix(u.name, "PINs") {
					mustBeOne(t, what, w.host.wipes(p.id)[asked:])
				}
			}
		}
	}
}

// mustBeOne fails if the host was asked for two different wipes.
func mustBeOne(t *testing.T, what string, wipes []factor.Wipe) {
	t.Helper()
	for _, wipe := range wipes {
		if wipe.ID != wipes[0].ID || wipe.At != wipes[0].At || wipe.Reason != wipes[0].Reason {
			t.Fatalf("%s: two wipes were asked for, %+v and %+v", what, wipes[0], wipe)
		}
	}
}

// checkLate compares the outcome of three calls of the same use, with a late write
// between them, with the rules.
func checkLate(t *testing.T, w *world, p *person, u use, what string, proofs []string, before factor.Status, answers []error, forgotten bool) {
	t.Helper()
	onlyCode := len(proofs) > 0 && p.given.OTP != "" && p.given.Password == "" && p.given.PIN == ""
	if n := count(answers, nil); (onlyCode && n > 1 || !u.right && n > 0) && !u.wipes {
		t.Fatalf("%s: %d of 3 calls were accepted: %v", what, n, answers)
	}
	mustCountThree(t, u, what, before, w.status(p.id))
	if len(w.host.wipes(p.id)) > 0 && !u.wipes && u.strikes == 0 {
		t.Fatalf("%s: a wipe was asked for", what)
	}
	if forgotten {
		mustStayForgotten(t, w, p, what)
	}
}

// mustCountThree fails if three calls of a use have cost more than three guesses
// or strikes.
func mustCountThree(t *testing.T, u use, what string, before, after factor.Status) {
	t.Helper()
	if u.strikes > 0 && !u.wipes && after.Strikes > before.Strikes+3 {
		t.Fatalf("%s: %d strikes for 3 proofs", what, after.Strikes-before.Strikes)
	}
	if u.strikes > 0 && before.Strikes == 0 && after.Wipe != nil {
		t.Fatalf("%s: wiped by three proofs", what)
	}
	for _, kind := range u.charges {
		if n := budget(after, kind).Wrong - budget(before, kind).Wrong; n > 3 {
			t.Fatalf("%s: 3 guesses at %s count %d", what, kind, n)
		}
	}
}

// mustStayForgotten fails if the PIN, the device or a recovery code that a person held
// came back.
func mustStayForgotten(t *testing.T, w *world, p *person, what string) {
	t.Helper()
	w.unlock(p.id)
	if w.V.VerifyPIN(ctx, p.id, p.pin) == nil {
		t.Fatalf("%s: the old PIN came back", what)
	}
	code := p.phone.code(p.phone.step(w.clock.Now()) + 1)
	if m, err := w.V.VerifyOTP(ctx, p.id, code, factor.KindDeviceTOTP); err == nil && m.Device == p.device {
		t.Fatalf("%s: the old device came back", what)
	}
	for _, d := range w.status(p.id).Devices {
		if d.ID == p.device {
			t.Fatalf("%s: the old device is listed", what)
		}
	}
	for _, old := range p.paper {
		if _, err := w.V.VerifyOTP(ctx, p.id, old, factor.KindRecovery); err == nil {
			t.Fatalf("%s: the old recovery codes came back", what)
		}
		w.unlock(p.id)
	}
}
