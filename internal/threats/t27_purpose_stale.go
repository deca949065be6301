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

// patient is a limit that no test of these reaches.
var patient = factor.Limit{Tries: 98, Final: 100}

// redeemForPurposes hands codes to 64 callers on views for several purposes: each code is
// accepted once, and by a view for its purpose.
func redeemForPurposes(t *testing.T, env Env, processes int) {
	for _, kind := range mailedKinds {
		w := newWorld(t, env, func(o *factor.Options) { o.OTP.Limit = patient })
		running := []*process{w.start(nil), w.start(nil)}[:processes]
		p := w.person()
		verify := func(i int, purpose []string, code string) error {
			_, err := running[i%processes].on(purpose).V.VerifyOTP(ctx, p.id, code, kind)
			return err
		}
		one := p.issueOnly(kind, forPay)
		others := [][]string{forPay, forMore, nil, {"pay"}}
		answers := atOnce(64, func(i int) error { return verify(i/4, others[i%4], one) })
		mine := 0
		for i, err := range answers {
			if err == nil && i%4 == 0 {
				mine++
			}
		}
		if n := count(answers, nil); n != 1 || mine != 1 || count(answers, factor.ErrMismatch) != 63 {
			t.Fatalf("%d of 64 accepted a code, and %d of the 16 for its purpose, want one: %v", n, mine, answers)
		}
		w.unlock(p.id)
		two := []string{p.issueOnly(kind, forPay), p.issueOnly(kind, forMore)}
		answers = atOnce(64, func(i int) error { return verify(i/2, others[i%2], two[i%2]) })
		for j := range two {
			half := slices.Clone(answers)
			for i := range half {
				if i%2 != j {
					half[i] = factor.ErrMismatch
				}
			}
			if n := count(half, nil); n != 1 {
				t.Fatalf("%d of 32 accepted the code for %q, want 1: %v", n, others[j], half)
			}
		}
		mustCountAll(t, p, nil) // None was a guess.
		issueForPurposes(t, w, p, kind, running)
	}
}

// issueForPurposes has codes for four purposes issued at once: one for each is live then.
func issueForPurposes(t *testing.T, w *world, p *person, kind factor.Kind, running []*process) {
	t.Helper()
	codes := make([]string, 32)
	atOnce(len(codes), func(i int) error {
		o, err := running[i/4%len(running)].on(purposes[i%4]).Codes.IssueUnproven(ctx, p.id, kind)
		codes[i] = o.Code
		return err
	})
	accepted := make([]int, 4)
	for i, code := range codes {
		_, err := w.on(purposes[i%4]).V.VerifyOTP(ctx, p.id, code, kind)
		if err == nil {
			accepted[i%4]++
		} else {
			mustBe(t, err, factor.ErrMismatch)
		}
	}
	if !slices.Equal(accepted, []int{1, 1, 1, 1}) {
		t.Fatalf("%v codes for the four purposes were accepted, want one each", accepted)
	}
}

// raceForPurposes stops a call on one view before its swap, and lets one on another view
// through: both have their effect, and nothing comes back that was used.
func raceForPurposes(t *testing.T, env Env) {
	for _, kind := range mailedKinds {
		w := newWorld(t, env, nil)
		issue := func(purpose []string) func(on *process, p *person) error {
			return func(on *process, p *person) error {
				o, err := on.on(purpose).Codes.IssueUnproven(ctx, p.id, kind)
				p.issued = append(p.issued, o.Code)
				return err
			}
		}
		verify := func(purpose []string, code *string) func(on *process, p *person) error {
			return func(on *process, p *person) error {
				_, err := on.on(purpose).V.VerifyOTP(ctx, p.id, *code, kind)
				return err
			}
		}
		p := w.person()
		var pay, more string
		fresh := func() { pay, more = p.issueOnly(kind, forPay), p.issueOnly(kind, forMore) }
		for name, race := range map[string]struct {
			slow, fast func(on *process, p *person) error
		}{
			"issue while used":       {issue(forMore), verify(forPay, &pay)},
			"use while issued":       {verify(forPay, &pay), issue(forMore)},
			"use while used":         {verify(forPay, &pay), verify(forMore, &more)},
			"issue none while used":  {issue(nil), verify(forPay, &pay)},
			"use while issued a few": {verify(forPay, &pay), func(on *process, p *person) error { return errors.Join(issue(nil)(on, p), issue([]string{"a"})(on, p)) }},
		} {
			fresh()
			must(t, slowly(t, w, func(on *process) error { return race.slow(on, p) }, func() { must(t, race.fast(w.process, p)) }))
			mustBeStale(t, verify(forPay, &pay)(w.process, p))
			if name != "use while used" {
				newest := p.issued[len(p.issued)-1]
				right := 0
				for _, purpose := range [][]string{nil, forMore, {"a"}} {
					if verify(purpose, &newest)(w.process, p) == nil {
						right++
					}
				}
				if right != 1 {
					t.Fatalf("%s: the new code is right for %d purposes", name, right)
				}
			}
			w.unlock(p.id)
		}
		// Pushed out while it is on its way: it was live when the call came, and is not when
		// it is stored.
		fresh()
		err := slowly(t, w, func(on *process) error { return verify(forPay, &pay)(on, p) }, func() {
			for i := range 4 {
				p.issueFor(kind, fmt.Sprint(i))
			}
		})
		mustBeStale(t, err)
	}
}
