package threats

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor"
)

// A pair is a right and a wrong way to make the same call.
type pair struct {
	name         string
	right, wrong func(p *person) factor.Credentials
	call         func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error
}

// pairs differ in the first credential; behind it are wrong ones, at which
// something can be made to fail.
func pairs() []pair {
	var ps []pair
	behind := map[factor.Kind]func(p *person) factor.Credentials{
		factor.KindAccount: func(p *person) factor.Credentials {
			return both(p.wrong(factor.KindPassword), p.wrong(factor.KindPIN))
		},
		factor.KindRecovery: func(p *person) factor.Credentials {
			return both(p.wrong(factor.KindPassword), p.wrong(factor.KindPIN))
		},
		factor.KindPassword: func(p *person) factor.Credentials { return p.wrong(factor.KindPIN) },
		factor.KindPIN:      func(*person) factor.Credentials { return factor.Credentials{} },
	}
	add := func(j judge, first factor.Kind, behind func(p *person) factor.Credentials) {
		ps = append(ps, pair{
			name: fmt.Sprintf("%s/%s", j.name, first), call: j.call,
			right: func(p *person) factor.Credentials { return both(behind(p), p.right(first)) },
			wrong: func(p *person) factor.Credentials { return both(behind(p), p.wrong(first)) },
		})
	}
	for _, j := range provers {
		for first, rest := range behind {
			if slices.Contains(j.takes, first) {
				add(j, first, rest)
			}
		}
	}
	guard := judge{name: "ResetGuard.Prove", call: proveOnly}
	add(guard, factor.KindDeviceTOTP, behind[factor.KindPassword])
	add(guard, factor.KindPIN, behind[factor.KindPIN])
	return ps
}

// hideGuesses makes each call with a right and with a wrong credential under the
// same fault. Where the right one is accepted, the fault told the wrong one
// apart, so that guess must be counted: no fault makes a guess free.
func hideGuesses(t *testing.T, env Env) {
	for i, pr := range pairs() {
		if env.skips(i, 8) {
			continue
		}
		t.Run(pr.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { hideGuess(t, env, pr) })
		})
	}
}

// hideGuess runs inside a synctest bubble, where hanging takes no time.
func hideGuess(t *testing.T, env Env, pr pair) {
	w := newWorld(t, env, everyProof)
	p := w.person()
	right, wrong := pr.right(p), pr.wrong(p)
	start := w.record(p.id)
	s := newScript(nil)
	s.foreign = func() { must(t, w.Admin.Reseal(ctx, p.id)) }
	on := w.start(s)
	run := func(c factor.Credentials, plan func(int, string) fault) error {
		w.restore(p.id, start)
		s.reset(plan)
		c1, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		s.cancel = cancel
		defer s.reset(nil)
		return pr.call(c1, on, p, "", c)
	}
	mustBe(t, pr.call(ctx, on, p, "", wrong), factor.ErrMismatch)
	before := holdCounts(w, p, start)
	seen := map[string]int{}
	for _, name := range s.calls() {
		seen[name]++
		for _, f := range faultsOf(name) {
			for _, forGood := range []bool{false, true} {
				plan := func() func(int, string) fault { return nth(seen[name], name, f) }
				if forGood {
					plan = func() func(int, string) fault { return fromNth(seen[name], name, f) }
				}
				what := fmt.Sprintf("fault %d at %s %d, for good: %v", f, name, seen[name], forGood)
				accepted := run(right, plan())
				err := run(wrong, plan())
				if err == nil {
					t.Fatalf("%s: the wrong credential was accepted", what)
				}
				if after := w.status(p.id); accepted == nil && reflect.DeepEqual(before, counts{after.Budgets, after.Strikes}) {
					t.Fatalf("%s: right is accepted, and wrong answered %v and not counted: a free guess", what, err)
				}
			}
		}
	}
}

// counts are all that a guess can cost.
type counts struct {
	budgets []factor.Budget
	strikes int
}

// holdCounts puts the record back and returns the counts in it.
func holdCounts(w *world, p *person, r factor.Record) counts {
	w.restore(p.id, r)
	s := w.status(p.id)
	return counts{s.Budgets, s.Strikes}
}
