package threats

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// A purposeStaling makes a live code stale that was issued for forPay.
type purposeStaling struct {
	name string
	make func(p *person, kind factor.Kind, o factor.OTP)
}

var purposeStalings = []purposeStaling{
	{"used", func(p *person, kind factor.Kind, o factor.OTP) {
		_, err := p.w.on(forPay).V.VerifyOTP(ctx, p.id, o.Code, kind)
		must(p.w.t, err)
	}},
	{"replaced", func(p *person, kind factor.Kind, _ factor.OTP) { p.issueFor(kind, forPay...) }},
	{"pushed out", func(p *person, kind factor.Kind, _ factor.OTP) {
		for i := range 4 {
			p.issueFor(kind, "push", fmt.Sprint(i))
		}
	}},
	{"expired", func(p *person, _ factor.Kind, o factor.OTP) { p.w.clock.Set(o.ExpiresAt) }},
	{"expired ten minutes ago", func(p *person, _ factor.Kind, o factor.OTP) {
		p.w.clock.Set(o.ExpiresAt.Add(10*time.Minute - time.Millisecond))
	}},
	{"void", func(p *person, _ factor.Kind, _ factor.OTP) { must(p.w.t, p.w.Admin.VoidCodes(ctx, p.id)) }},
	{"void on another view", func(p *person, _ factor.Kind, _ factor.OTP) {
		must(p.w.t, p.w.on(forMore).Admin.VoidCodes(ctx, p.id))
	}},
	{"of an old password", func(p *person, _ factor.Kind, _ factor.OTP) {
		must(p.w.t, p.w.Admin.PasswordChanged(ctx, p.id))
	}},
	{"void by a wipe", func(p *person, _ factor.Kind, _ factor.OTP) { must(p.w.t, p.w.Guard.Forfeit(ctx, p.id)) }},
}

// staleOnlyForItself gives a stale code for its own purpose, which is free of charge, and
// for every other, where it is a guess.
func staleOnlyForItself(t *testing.T, env Env, s purposeStaling) {
	for _, kind := range mailedKinds {
		w := newWorld(t, env, func(o *factor.Options) { o.ProofKinds = otpKinds })
		p := w.person()
		o := p.issueFor(kind, forPay...)
		s.make(p, kind, o)
		start := w.record(p.id)
		for _, set := range setsWith(kind) {
			_, err := w.on(forPay).V.VerifyOTP(ctx, p.id, o.Code, set...)
			mustBeStale(t, err)
		}
		mustCountAll(t, p, nil)
		if now := w.clock.Now(); p.phone.near(o.Code, now) || p.app.near(o.Code, now) {
			continue // It is more than a guess, by chance.
		}
		for _, purpose := range slices.Concat(purposes, [][]string{forMore}) {
			w.restore(p.id, start)
			_, err := w.on(purpose).V.VerifyOTP(ctx, p.id, o.Code, kind)
			if m, ok := errors.AsType[*factor.MismatchError](err); !ok || m.Stale {
				t.Fatalf("a %s code that is stale for %q was answered %v for %q", kind, forPay, err, purpose)
			}
			mustCountAll(t, p, map[factor.Kind]int{kind: 1})
		}
		w.restore(p.id, start)
		_, err := w.on(forMore).V.VerifyAny(ctx, p.id, factor.Credentials{OTP: o.Code})
		mustBe(t, err, factor.ErrMismatch)
		mustCountAll(t, p, each(digitKinds, 1))
	}
}

// pushOut has more codes issued than are live at once: the oldest goes, for its purpose it
// is stale, and neither the other kind nor a code that has ended is in the way.
func pushOut(t *testing.T, env Env) {
	for i, kind := range mailedKinds {
		w := newWorld(t, env, nil)
		p := w.person()
		other := mailedKinds[(i+1)%len(mailedKinds)]
		kept := p.issueFor(other, "0").Code
		codes := make([]string, 16)
		issue := func(n int) { codes[n] = p.issueFor(kind, fmt.Sprint(n)).Code }
		verify := func(n int) error {
			_, err := w.on([]string{fmt.Sprint(n)}).V.VerifyOTP(ctx, p.id, codes[n], kind)
			return err
		}
		for n := range 4 {
			issue(n)
		}
		first := codes[0]
		issue(0) // It is the newest now, in the place of its own.
		issue(4)
		mustBeStale(t, verify(1))
		_, err := w.on([]string{"0"}).V.VerifyOTP(ctx, p.id, first, kind)
		mustBeStale(t, err)
		for _, n := range []int{3, 0, 4, 2} {
			must(t, verify(n))
			mustBeStale(t, verify(n))
		}
		_, err = w.on([]string{"0"}).V.VerifyOTP(ctx, p.id, kept, other)
		must(t, err)
		w.clock.Turn(30 * time.Minute)
		for n := range 4 {
			issue(n)
		}
		w.clock.Turn(11 * time.Minute) // They have ended, and hold no place.
		for n := range 12 {
			issue(4 + n)
		}
		for n := 12; n < 16; n++ {
			must(t, verify(n))
		}
		if live := w.status(p.id).Live; len(live) > 0 {
			t.Fatalf("%q is live after all that was live is used", live)
		}
		mustCountAll(t, p, nil)
		// The eight that went last are remembered: four used ones and 8 to 11.
		for n := 8; n < 12; n++ {
			mustBeStale(t, verify(n))
		}
		mustBe(t, verify(7), factor.ErrMismatch)
		mustCountAll(t, p, map[factor.Kind]int{kind: 1})
	}
}
