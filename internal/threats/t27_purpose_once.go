package threats

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/knowhave/factor"
)

// patient is a limit that no test of these reaches.
var patient = factor.Limit{Tries: 98, Final: 100}

// redeemForPurposes hands codes to 64 callers on views for several purposes: each code is
// accepted once, and by a view for its purpose.
func redeemForPurposes(t *testing.T, env Env, processes int) {
	for _, kind := range mailedKinds {
		w := newWorld(t, env, func(o *factor.Options) { o.OTP.Limit = patient })
		running := []*process{w.start(nil), w.start(nil)}[:processes]
		p := w.pinless()
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

// mustBeRightOnce tries the newest code for each purpose.
func mustBeRightOnce(t *testing.T, w *world, p *person, kind factor.Kind, name string) {
	t.Helper()
	newest, right := p.issued[len(p.issued)-1], 0
	for _, purpose := range [][]string{nil, forMore, {"a"}} {
		if _, err := w.on(purpose).V.VerifyOTP(ctx, p.id, newest, kind); err == nil {
			right++
		}
	}
	if right != 1 {
		t.Fatalf("%s: the new code is right for %d purposes", name, right)
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
		p := w.pinless()
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
				mustBeRightOnce(t, w, p, kind, name)
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
