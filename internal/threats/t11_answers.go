package threats

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// An answer is what a caller can tell calls apart by: the error, the calls that
// the store and the host saw, and the PIN hashes, which take the time.
type answer struct {
	err    string
	detail any
	calls  string
	hashes int64
}

// observe runs a call in a process of its own and returns the answer.
func observe(w *world, env Env, names []string, call func(on *process) error) answer {
	s := newScript(nil)
	on := w.start(s)
	var before int64
	if env.Hashes != nil {
		before = env.Hashes.Load()
	}
	err := call(on)
	a := answer{err: fmt.Sprint(err), calls: s.trace(names...)}
	if env.Hashes != nil {
		a.hashes = env.Hashes.Load() - before
	}
	if m, ok := errors.AsType[*factor.MismatchError](err); ok {
		a.detail = *m
	}
	if l, ok := errors.AsType[*factor.LockedError](err); ok {
		a.detail = *l
	}
	return a
}

var (
	storeCalls  = []string{"Store.Load", "Store.CompareAndSwap", "Store.List"}
	secretCalls = []string{"Store.Load", "Store.CompareAndSwap", "Sealer.Decrypt", "Sealer.Encrypt", "CheckPassword", "Observe"}
)

// Threat11LockedAnswer gives the right and a wrong credential of a locked kind,
// alone and beside others: nothing tells them apart, and the right one is not
// spent.
func Threat11LockedAnswer(t *testing.T, env Env) {
	for i, kind := range allKinds {
		for _, final := range []bool{false, true} {
			if final && env.skips(i, 3) {
				continue
			}
			t.Run(fmt.Sprintf("%s/final %v", kind, final), func(t *testing.T) {
				w := newWorld(t, env, func(o *factor.Options) {
					onlyKind(kind)(o)
					sameLimit(o, factor.Limit{Tries: 2, Delay: time.Second, MaxDelay: time.Second, Final: 3})
				})
				p := w.person()
				for range 2 {
					mustBe(t, verifyAny.call(ctx, w.process, p, kind, p.wrong(kind)), factor.ErrMismatch)
				}
				if final {
					w.clock.Turn(time.Second)
					mustBe(t, verifyAny.call(ctx, w.process, p, kind, p.wrong(kind)), factor.ErrMismatch)
				}
				compareLocked(t, w, env, p, kind)
			})
		}
	}
}

func compareLocked(t *testing.T, w *world, env Env, p *person, kind factor.Kind) {
	t.Helper()
	for _, j := range takers(kind) {
		right, wrong := p.right(kind), p.wrong(kind)
		before := w.record(p.id)
		tell := func(c factor.Credentials) answer {
			return observe(w, env, secretCalls, func(on *process) error { return j.call(ctx, on, p, kind, c) })
		}
		r, wr := tell(right), tell(wrong)
		if !reflect.DeepEqual(r, wr) {
			t.Fatalf("%s while %s is locked: right is answered\n%+v, wrong\n%+v", j.name, kind, r, wr)
		}
		if r.hashes != 0 || r.calls != "Store.Load Sealer.Decrypt Observe" {
			t.Fatalf("%s while %s is locked: %+v, want one Load and no hash", j.name, kind, r)
		}
		if w.record(p.id).Version != before.Version {
			t.Fatalf("%s while %s is locked wrote something", j.name, kind)
		}
		for _, beside := range []factor.Kind{factor.KindPassword, factor.KindPIN} {
			if beside == kind || !slices.Contains(j.takes, beside) {
				continue
			}
			other := p.wrong(beside)
			r := tell(both(right, other))
			w.restore(p.id, before)
			wr := tell(both(wrong, other))
			w.restore(p.id, before)
			if !reflect.DeepEqual(r, wr) {
				t.Fatalf("%s while %s is locked, beside a wrong %s: right is answered\n%+v, wrong\n%+v", j.name, kind, beside, r, wr)
			}
		}
	}
	right := p.right(kind)
	must(t, w.Admin.Unlock(ctx, p.id, kind))
	if err := verifyAny.call(ctx, w.process, p, kind, right); err != nil {
		t.Fatalf("the right %s was spent while locked: %v", kind, err)
	}
}

// Threat12ProbedHoldings guesses at users who hold everything, who hold nothing
// and of whom nothing is stored: errors, counts, store calls and hashes are the
// same, guess by guess, through the lock.
func Threat12ProbedHoldings(t *testing.T, env Env) {
	for _, kind := range allKinds {
		w := newWorld(t, env, func(o *factor.Options) {
			onlyKind(kind)(o)
			sameLimit(o, three)
		})
		for _, j := range takers(kind) {
			if slices.Contains(asHeld, j.name) {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", j.name, kind), func(t *testing.T) {
				compareHoldings(t, env, w, j, kind)
			})
		}
	}
	t.Run("VerifyOTP of every kind", func(t *testing.T) {
		w := newWorld(t, env, func(o *factor.Options) { sameLimit(o, three) })
		every := judge{name: "Verifier.VerifyOTP", call: verifyOTP.call}
		compareHoldings(t, env, w, every, factor.KindDeviceTOTP)
		compareHoldings(t, env, w, verifyAny, factor.KindDeviceTOTP)
	})
}

func compareHoldings(t *testing.T, env Env, w *world, j judge, kind factor.Kind) {
	t.Helper()
	rich, poor, unknown := w.person(), w.person(), w.stranger()
	bare(poor, "")
	for _, k := range mailedKinds {
		rich.issue(k)
	}
	for guess := 1; guess <= 5; guess++ {
		if guess == 5 {
			w.clock.Turn(time.Minute) // The lock has run out: the next one locks again.
		}
		what := fmt.Sprintf("guess %d at %s", guess, j.name)
		c := rich.wrong(kind)
		tell := func(p *person, names []string) answer {
			return observe(w, env, names, func(on *process) error { return j.call(ctx, on, p, kind, c) })
		}
		full, bare, none := tell(rich, secretCalls), tell(poor, secretCalls), tell(unknown, storeCalls)
		mustTellNothing(t, what, full, bare, none)
		mustCountAlike(t, what, rich, poor, unknown)
		isLocked := guess == 4
		want := "Store.Load Store.CompareAndSwap"
		if isLocked {
			want = "Store.Load"
		}
		if none.calls != want {
			t.Fatalf("%s: the store saw %q, want %q", what, none.calls, want)
		}
		if env.Hashes != nil && kind == factor.KindPIN && !isLocked && full.hashes == 0 {
			t.Fatalf("%s cost no hash", what)
		}
	}
}

// mustTellNothing fails if the answers differ of users who hold everything, who
// hold nothing and of whom nothing is stored.
func mustTellNothing(t *testing.T, what string, full, bare, none answer) {
	t.Helper()
	if !reflect.DeepEqual(full, bare) {
		t.Fatalf("%s: who holds everything is answered\n%+v, who holds nothing\n%+v", what, full, bare)
	}
	if none.err != full.err || !reflect.DeepEqual(none.detail, full.detail) || none.hashes != full.hashes {
		t.Fatalf("%s: who holds everything is answered\n%+v, of whom nothing is stored\n%+v", what, full, none)
	}
}

// mustCountAlike fails if the counts of the users differ.
func mustCountAlike(t *testing.T, what string, first *person, others ...*person) {
	t.Helper()
	for _, p := range others {
		a, b := first.w.status(first.id).Budgets, p.w.status(p.id).Budgets
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("%s: counts %+v and %+v", what, a, b)
		}
	}
}
