package spec

import (
	"slices"
	"testing"
	"time"
)

// told makes Notify succeed.
func told(c Call) Call { c.Host.Notify = Yes; return c }

var sweep = Call{Op: Sweep, Listed: true}

// waiting returns the actions of the waiting notices.
func (sc *scene) waiting() (all []Action) {
	for _, n := range sc.s.Notices.All() {
		all = append(all, n.Action)
	}
	return all
}

func (sc *scene) wantWaiting(want ...Action) {
	sc.Helper()
	if got := sc.waiting(); !slices.Equal(got, want) || sc.o.View(sc.s, sc.now).Notices != len(want) {
		sc.Fatalf("%q wait, want %q\nleft %s", got, want, sc.s)
	}
}

// wantTold checks the calls of Notify.
func (sc *scene) wantTold(want ...Action) {
	sc.Helper()
	var got []Action
	for _, n := range sc.out.Tells {
		got = append(got, n.Action)
	}
	if !slices.Equal(got, want) {
		sc.Fatalf("told %q, want %q\nleft %s", got, want, sc.s)
	}
}

func notifying(o *Options) { o.Notify = true }

// The write of each act that the user should hear of keeps its notice, with its own
// name; the end of the call tells it.
func TestWhatTheUserHearsOf(t *testing.T) {
	admin := func(op Op) func(*scene) { return func(sc *scene) { sc.do(Call{Op: op, Device: 1}) } }
	enrolled1 := func(sc *scene) Name { return sc.ok(enrol(1)) }
	begun := func(sc *scene) Name { return sc.ok(byPassword(Call{Op: Begin})) }
	for name, c := range map[string]struct {
		before func(*scene) Name
		do     func(*scene)
		want   []Action
	}{
		"a PIN":           {do: func(sc *scene) { sc.ok(setPIN) }, want: []Action{pinSet}},
		"a removed PIN":   {func(sc *scene) Name { return sc.ok(setPIN) }, admin(AdminRemovePIN), []Action{pinRemoved}},
		"a device":        {do: func(sc *scene) { sc.ok(enrol(1)) }, want: []Action{enrolled}},
		"a revoked one":   {enrolled1, admin(AdminRevoke), []Action{revoked}},
		"one that waits":  {do: func(sc *scene) { begun(sc) }},
		"an unfinished":   {begun, admin(AdminRemoveAuthenticator), []Action{authenticatorRemoved}},
		"recovery codes":  {do: func(sc *scene) { sc.ok(byPassword(Call{Op: GenerateRecovery})) }, want: []Action{recoveryGenerated}},
		"a code by mail":  {do: func(sc *scene) { sc.ok(mail) }},
		"forfeited":       {do: func(sc *scene) { sc.ok(Call{Op: Forfeit}) }, want: []Action{wipeMarked, wipeDone}},
		"imported":        {do: func(sc *scene) { sc.ok(Call{Op: Import, Held: Holdings{PIN: HeldElsewhere{Digits: "8299", Mark: 1}}}) }},
		"the last chance": {func(sc *scene) Name { return sc.ok(setPIN) }, struck(3), []Action{resetLastChance}},
		"struck out":      {func(sc *scene) Name { sc.ok(setPIN); struck(3)(sc); return 0 }, struck(1), []Action{wipeMarked, wipeDone}},
		"a final lock": {func(sc *scene) Name { sc.ok(setPIN); sc.s.Budgets[KindPIN].Wrong = 9; return 0 },
			func(sc *scene) { sc.do(Call{Op: VerifyPIN, PIN: otherPIN}) }, []Action{lockedOut}},
		"a code of the set": {func(sc *scene) Name { return sc.ok(byPassword(Call{Op: GenerateRecovery})) },
			func(sc *scene) { sc.ok(Call{Op: VerifyOTP, Kinds: []Kind{KindRecovery}}, recovery(sc.drawn, 3)) }, []Action{verified}},
		"a mailed code": {func(sc *scene) Name { return sc.ok(mail) },
			func(sc *scene) { sc.ok(Call{Op: VerifyOTP}, sc.drawn) }, nil},
	} {
		for _, notify := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				sc := newScene(t, func(o *Options) { o.Notify = notify })
				if c.before != nil {
					c.before(sc)
				}
				sc.s.Notices = Notices{}
				c.do(sc)
				want := c.want
				if !notify {
					want = nil
				}
				sc.wantWaiting(want...)
				sc.wantTold(want...)
				for i, n := range sc.out.Kept {
					if n.ID != sc.drawn*100+Name(i) || n.At != sc.now {
						t.Errorf("kept %+v", n)
					}
				}
			})
		}
	}
}

// struck gives the guard that many wrong proofs.
func struck(times int) func(*scene) {
	return func(sc *scene) {
		for range times {
			sc.do(Call{Op: Prove, PIN: otherPIN})
		}
	}
}

// A told notice does not wait, and one that fails holds back none.
func TestToldByTheCallOnce(t *testing.T) {
	sc := newScene(t, notifying)
	sc.ok(told(setPIN))
	sc.wantTold(pinSet)
	if sc.s.Notices != (Notices{}) || sc.s.Due() != 0 {
		t.Fatalf("left %s", sc.s)
	}
	half := told(Call{Op: Forfeit})
	half.Host.Deaf = wipeMarked
	sc.ok(half)
	sc.wantTold(wipeMarked, wipeDone)
	sc.wantWaiting(wipeMarked)
	sc.after(30 * time.Second).ok(told(setPIN)) // its own only
	sc.wantTold(pinSet)
	sc.wantWaiting(wipeMarked)
	if retry := noon.add(time.Minute); sc.s.Notices.Retry != retry || sc.s.Due() != retry {
		t.Fatalf("left %s", sc.s)
	}
}

// A wipe that fails is told as marked, and a binding that finishes it tells that
// first.
func TestToldAfterTheWipe(t *testing.T) {
	sc := newScene(t, notifying)
	fails := told(Call{Op: Forfeit})
	fails.Host.Wipe = Fails
	sc.do(fails)
	sc.wantTold(wipeMarked)
	sc.ok(told(setPIN))
	sc.wantTold(wipeDone, pinSet)
	sc.wantWaiting()
	// Forget also drops the notices of the wipe that it finishes.
	sc.do(fails)
	sc.ok(told(Call{Op: Forget}))
	sc.wantTold()
	sc.wantWaiting()
	if sc.s.Emptied == 0 {
		t.Fatalf("left %s", sc.s)
	}
}

// Sweep waits a minute from the last kept notice, then twice as long after each
// failure, up to an hour. A new notice starts over, and postpones nothing.
func TestSweepTriesLessAndLessOften(t *testing.T) {
	sc := newScene(t, notifying)
	sc.ok(setPIN)
	sc.after(time.Minute - 1e6).ok(sweep)
	sc.wantTold()
	sc.after(1e6)
	for _, wait := range []time.Duration{2, 4, 8, 16, 32, 60, 60} {
		sc.ok(sweep)
		sc.wantTold(pinSet)
		if !sc.out.Untold || sc.out.Answer.Count != 0 || sc.s.Notices.Retry != sc.now.add(wait*time.Minute) || sc.s.Due() != sc.s.Notices.Retry {
			t.Fatalf("%+v, left %s", sc.out, sc.s)
		}
		sc.after(wait*time.Minute - 1e6).ok(sweep)
		sc.wantTold()
		sc.after(1e6)
	}
	sc.ok(enrol(1))
	sc.after(time.Minute).want(Answer{Count: 1}, told(sweep))
	sc.wantTold(pinSet, enrolled)
	if sc.s.Notices != (Notices{}) || sc.out.Untold {
		t.Fatalf("%+v, left %s", sc.out, sc.s)
	}
	sc.ok(enrol(2))
	sc.after(59 * time.Second).ok(setPIN)
	sc.after(time.Second).ok(told(sweep))
	sc.wantTold(enrolled, pinSet)
	sc.ok(enrol(2))
	sc.s.Notices.Retry = sc.now.add(time.Hour + clockSlack + 1e6) // by a clock that ran ahead
	sc.ok(told(sweep))
	sc.wantTold(enrolled)
}

// One that fails holds back none, and all the rest of the user's wait.
func TestSweepTellsTheOldestFirst(t *testing.T) {
	sc := newScene(t, notifying)
	sc.ok(setPIN)
	sc.ok(enrol(1))
	sc.ok(byPassword(Call{Op: GenerateRecovery}))
	some := told(sweep)
	some.Host.Deaf = enrolled
	sc.after(time.Minute).want(Answer{Count: 1}, some)
	sc.wantTold(pinSet, enrolled, recoveryGenerated)
	sc.wantWaiting(enrolled)
	if !sc.out.Untold || sc.s.Notices.Tries != 1 {
		t.Fatalf("%+v, left %s", sc.out, sc.s)
	}
}

// A Sweep finishes the wipe first. It tells that at once, and the rest when its
// time has come.
func TestSweepTellsWhatItDid(t *testing.T) {
	sc := newScene(t, notifying)
	sc.do(Call{Op: Forfeit, Host: Host{Wipe: Fails}})
	sc.after(30*time.Second).want(Answer{Count: 1}, told(sweep))
	sc.wantTold(wipeDone)
	sc.wantWaiting(wipeMarked)
	sc.after(time.Minute).want(Answer{Count: 1}, told(sweep))
	sc.wantTold(wipeMarked)
	sc.wantWaiting()
}

// After ten failures in a row a Sweep stops calling the host. It postpones nothing
// for a user whom it did not reach.
func TestSweepLosesPatience(t *testing.T) {
	sc := newScene(t, notifying)
	for range 12 {
		sc.ok(setPIN)
	}
	sc.after(time.Minute).ok(sweep)
	if len(sc.out.Tells) != 10 || sc.out.Failed != 10 || sc.s.Notices.Tries != 1 {
		t.Fatalf("%+v, left %s", sc.out, sc.s)
	}
	before := sc.after(2 * time.Minute).s
	late := sweep
	late.Failed = 10
	sc.ok(late)
	sc.wantTold()
	if sc.s != before || sc.out.Untold {
		t.Fatalf("%+v, left %s", sc.out, sc.s)
	}
	late.Failed = 9
	sc.ok(told(late))
	if len(sc.out.Tells) != 12 || sc.out.Failed != 0 {
		t.Fatalf("%+v, left %s", sc.out, sc.s)
	}
}

// A repeated event drops only its own notices, and a Sweep reports once how many,
// even after the others were told.
func TestTooManyNotices(t *testing.T) {
	sc := newScene(t, notifying)
	sc.ok(setPIN)
	for range NoticesKept {
		sc.ok(enrol(1))
		sc.ok(byPassword(Call{Op: Revoke, Device: 1}))
	}
	all := sc.waiting()
	if len(all) != NoticesKept || all[0] != pinSet || sc.s.Notices.Dropped != 1+NoticesKept {
		t.Fatalf("%q wait, left %s", all, sc.s)
	}
	sc.s.Notices.remove(sc.s.Notices.All())
	if sc.s.Notices.Dropped == 0 {
		t.Fatalf("left %s", sc.s)
	}
	sc.after(time.Minute).ok(sweep)
	if sc.out.Dropped != 1+NoticesKept || sc.out.Untold || sc.s.Notices != (Notices{}) {
		t.Fatalf("%+v, left %s", sc.out, sc.s)
	}
	sc.ok(sweep)
	if sc.out.Dropped != 0 {
		t.Fatalf("%+v", sc.out)
	}
	var each Notices
	for i := range NoticesKept + 1 {
		each.add(Notice{ID: Name(i + 1), Action: lockedOut, Kind: Kind(i)})
	}
	if list := each.All(); len(list) != NoticesKept || list[0].ID != 2 || each.Dropped != 1 {
		t.Errorf("left %+v", list)
	}
}

// A process without Notify keeps waiting notices, and its Sweep says so.
func TestWithoutNotify(t *testing.T) {
	sc := newScene(t, notifying)
	sc.ok(setPIN)
	kept := sc.s.Notices
	sc.o.Notify = false
	sc.after(time.Minute).ok(enrol(1))
	sc.ok(told(sweep))
	sc.wantTold()
	if !sc.out.Untold || sc.s.Notices != kept || sc.s.Due() != kept.Retry {
		t.Fatalf("%+v, left %s", sc.out, sc.s)
	}
	sc.ok(Call{Op: Forget})
	if sc.wantWaiting(); sc.s.Emptied == 0 {
		t.Fatalf("left %s", sc.s)
	}
}

// Waiting notices keep a record, and told ones leave none.
func TestNoticesKeepARecord(t *testing.T) {
	sc := newScene(t, notifying)
	sc.ok(setPIN)
	sc.ok(Call{Op: AdminRemovePIN})
	sc.s.Vacated = Places{} // which keeps it too
	sc.ok(Call{Op: Reseal})
	if sc.s.Emptied != 0 {
		t.Fatalf("left %s", sc.s)
	}
	sc.after(time.Minute).ok(told(sweep))
	if sc.s.Emptied != sc.now {
		t.Fatalf("left %s", sc.s)
	}
	s, _ := sc.o.Unopened(sc.s, sc.now, Unsealed, &Call{Op: Discard, User: "ann"})
	if s.Notices != (Notices{}) {
		t.Fatalf("left %s", s)
	}
}
