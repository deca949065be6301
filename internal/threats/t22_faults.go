package threats

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor"
)

// faultsOf returns what can go wrong at a call of this name.
func faultsOf(name string) []fault {
	switch name {
	case "Store.CompareAndSwap":
		return []fault{fails, panics, hangs, cancels, failsAfter, panicsAfter, hangsAfter, conflictAfter, overtaken, late}
	case "Sealer.Encrypt", "Sealer.Decrypt":
		return []fault{fails, panics, cancels}
	case "Observe":
		return []fault{panics, hangs, cancels}
	case "Now":
		return []fault{panics, cancels}
	}
	return []fault{fails, panics, hangs, cancels}
}

// Threat22ErrorPath makes each use of every method, and at each call that it makes
// to the store, the sealer or the host, each fault in turn, once and for good:
// nothing is accepted without its swap, no answered guess is uncounted, no guess
// is hidden by a fault behind it, no wipe is lost, nothing right is eaten.
func Threat22ErrorPath(t *testing.T, env Env) {
	checkUsed(t, newWorld(t, env, nil).process)
	runs := 0
	for _, u := range uses {
		if !env.Cheap && u.repeats() {
			continue
		}
		t.Run(u.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { runs += faultEachCall(t, env, u) })
		})
	}
	t.Run("hidden guesses", func(t *testing.T) { hideGuesses(t, env) })
	t.Logf("%d runs", runs)
}

// A trial is one use with one fault.
type trial struct {
	u       use
	w       *world
	p       *person
	on      *process
	what    string
	at      string   // the call that goes wrong
	earlier []string // the calls before it
	fault   fault
	forGood bool
	before  factor.Status
	record  factor.Record
}

// faultEachCall runs inside a synctest bubble, where hanging takes no time.
func faultEachCall(t *testing.T, env Env, u use) int {
	w := newWorld(t, env, everyProof)
	p := w.person()
	u.prepare(p)
	start, now := w.record(p.id), w.clock.Now()
	before := w.status(p.id)
	s := newScript(nil)
	s.foreign = func() { must(t, w.Admin.Reseal(ctx, p.id)) }
	on := w.start(s)
	if err := u.run(ctx, on, p); (err == nil) != u.right {
		t.Fatalf("answered %v without a fault, want accepted: %v", err, u.right)
	}
	calls := s.calls()
	runs := 0
	for n, name := range calls {
		for _, f := range faultsOf(name) {
			for _, forGood := range []bool{false, true} {
				runs++
				if env.skips(runs, 31) {
					continue
				}
				w.restore(p.id, start)
				w.clock.Set(now)
				plan := at(n+1, f)
				if forGood {
					plan = everyFrom(n+1, name, f)
				}
				s.reset(plan)
				tr := trial{
					u: u, w: w, p: p, on: on, at: name, earlier: calls[:n], fault: f, forGood: forGood, before: before, record: start,
					what: fmt.Sprintf("fault %d at call %d, %s, for good: %v", f, n+1, name, forGood),
				}
				tr.run(t)
			}
		}
	}
	return runs
}

func (tr trial) run(t *testing.T) {
	t.Helper()
	w, p, u := tr.w, tr.p, tr.u
	asked := len(w.host.wipes(p.id))
	c, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tr.on.script.cancel = cancel
	err := u.run(c, tr.on, p)
	landed := w.record(p.id)
	tr.on.script.reset(nil) // The trouble is over; what is late stays lost.
	after := w.status(p.id)
	if err == nil && !u.right {
		t.Fatalf("%s: accepted", tr.what)
	}
	if err == nil && !u.reads && landed.Version == tr.record.Version {
		t.Fatalf("%s: accepted without a swap", tr.what)
	}
	if err != nil {
		hidden(t, tr.what, err.Error(), p.secrets())
	}
	tr.checkCounts(t, err, after)
	tr.checkWipes(t, err, after, w.host.wipes(p.id)[asked:])
	if err != nil && u.right && !u.reads && landed.Version == tr.record.Version {
		if err := u.run(ctx, tr.on, p); err != nil {
			t.Fatalf("%s: what was right is refused when tried again: %v", tr.what, err)
		}
	}
}

// checkCounts compares what was counted with what was answered.
func (tr trial) checkCounts(t *testing.T, err error, after factor.Status) {
	t.Helper()
	tr.checkGuesses(t, err, after)
	tr.checkStrikes(t, err, after)
}

// saysWrong reports whether the answer says that the proof was judged wrong.
func saysWrong(err error) bool {
	return errors.Is(err, factor.ErrMismatch) || errors.Is(err, factor.ErrWiped)
}

func (tr trial) checkGuesses(t *testing.T, err error, after factor.Status) {
	t.Helper()
	u := tr.u
	for _, kind := range u.charges {
		n := budget(after, kind).Wrong - budget(tr.before, kind).Wrong
		if n > 1 || n < 0 && !u.right {
			t.Fatalf("%s: one guess at %s counts %d", tr.what, kind, n)
		}
		if saysWrong(err) && n != 1 {
			t.Fatalf("%s: answered %v, and %s was not counted", tr.what, err, kind)
		}
		if n != 1 && tr.hidesGuess(kind) {
			t.Fatalf("%s: answered %v, and the fault hid a guess at %s", tr.what, err, kind)
		}
	}
	if !slices.Contains(u.charges, factor.KindPIN) && budget(after, factor.KindPIN).Wrong > budget(tr.before, factor.KindPIN).Wrong {
		t.Fatalf("%s: the PIN was charged for nothing", tr.what)
	}
}

func (tr trial) checkStrikes(t *testing.T, err error, after factor.Status) {
	t.Helper()
	u := tr.u
	if u.right && u.strikes == 0 && after.Strikes > tr.before.Strikes && after.Wipe == nil {
		t.Fatalf("%s: a strike for nothing", tr.what)
	}
	if u.strikes > 0 {
		if n := after.Strikes - tr.before.Strikes; n > 1 || n < 0 && !u.right || saysWrong(err) && n != 1 {
			t.Fatalf("%s: answered %v, and %d strikes counted", tr.what, err, n)
		}
	}
}

// hidesGuess reports whether the fault comes after a guess of this kind was
// judged, while the record can still be stored: the guess has to count all the
// same.
func (tr trial) hidesGuess(kind factor.Kind) bool {
	otp := slices.Contains(otpKinds, kind)
	switch tr.at {
	case "CheckPassword":
		return otp || kind == factor.KindPassword && tr.fault == cancels // It answered all the same.
	case "Now":
		return otp && slices.Contains(tr.earlier, "CheckPassword")
	case "Observe":
		return true
	case "Store.CompareAndSwap":
		return !tr.forGood && tr.fault != hangs // Nobody can store while the store hangs.
	}
	return false
}

// checkWipes lets a sweep finish what was cut off, and compares the marked wipe
// with those that the host was asked for.
func (tr trial) checkWipes(t *testing.T, err error, after factor.Status, asked []factor.Wipe) {
	t.Helper()
	w := tr.w
	for _, wipe := range asked {
		if !tr.u.wipes {
			t.Fatalf("%s: a wipe was asked for", tr.what)
		}
		if after.Wipe != nil && after.Wipe.ID != wipe.ID {
			t.Fatalf("%s: two wipes for one mark", tr.what)
		}
		if after.Wipe == nil && tr.before.Wipe == nil {
			t.Fatalf("%s: a wipe was asked for and is not marked", tr.what)
		}
	}
	if after.Wipe == nil {
		if errors.Is(err, factor.ErrWiped) {
			t.Fatalf("%s: answered %v, and no wipe is marked", tr.what, err)
		}
		return
	}
	if after.PIN || len(after.Devices) > 0 {
		t.Fatalf("%s: marked, and %+v is left", tr.what, after)
	}
	if errors.Is(err, factor.ErrWiped) && !w.host.isFinished(after.Wipe.ID) {
		t.Fatalf("%s: answered %v, and the host did not finish the wipe", tr.what, err)
	}
	w.clock.Turn(2 * time.Hour)
	if _, err := w.Admin.Sweep(ctx); err != nil {
		t.Fatalf("%s: %v", tr.what, err)
	}
	if !w.host.isFinished(after.Wipe.ID) {
		t.Fatalf("%s: the wipe was lost", tr.what)
	}
	w.host.forget(after.Wipe.ID)
}
