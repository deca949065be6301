package account_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

// ends lists when each thing in an account ends, except counts and wipes. A code
// counts ten minutes longer, while it is stale.
func ends(a *account.Account) (all []time.Time) {
	if a.Pending != nil {
		all = append(all, a.Pending.ExpiresAt)
		if r := a.Pending.Replaced; r != nil {
			all = append(all, r.ExpiresAt)
		}
	}
	for _, k := range account.IssuedKinds {
		c := a.Codes(k)
		all = append(all, c.NotBefore)
		for _, s := range c.Stale {
			all = append(all, s.ExpiresAt.Add(10*time.Minute))
		}
		for _, live := range c.Live {
			all = append(all, live.ExpiresAt.Add(10*time.Minute))
		}
	}
	all = append(all, a.Guard.NotBefore, a.Guard.HoldUntil)
	return slices.DeleteFunc(all, time.Time.IsZero)
}

// firstFull returns the first full unit from a time on.
func firstFull(unit, at time.Time, step time.Duration) time.Time {
	for !unit.Before(at) {
		unit = unit.Add(-step)
	}
	for unit.Before(at) {
		unit = unit.Add(step)
	}
	return unit
}

func fullHour(at time.Time) time.Time   { return firstFull(accounttest.Noon, at, time.Hour) }
func fullMinute(at time.Time) time.Time { return firstFull(accounttest.Noon, at, time.Minute) }

// After tidying, a user is due at the first full hour at least 25 minutes later if
// anything ends by then, else at the full hour after the first end; an empty account
// at the full hour a day later, and a wipe and notices at the full minute.
func TestDueIsRounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Around(accounttest.Noon)).Draw(t, "account")
		now := accounttest.Around(accounttest.Noon).Draw(t, "now")
		a.Tidy(now)
		soon := fullHour(now.Add(25 * time.Minute))
		var all []time.Time
		for _, at := range ends(a) {
			if at.Before(soon) {
				at = soon
			}
			all = append(all, fullHour(at))
		}
		if a.Empty() {
			all = append(all, fullHour(now.Add(24*time.Hour)))
		}
		if w := a.Guard.Wipe; w != nil && !w.Done {
			all = append(all, fullMinute(w.RetryAt))
		}
		if n := a.Notices; len(n.Waiting) > 0 || n.Dropped > 0 {
			all = append(all, fullMinute(n.RetryAt))
		}
		want := time.Time{}
		if len(all) > 0 {
			want = slices.MinFunc(all, time.Time.Compare)
		}
		if got := a.Due(now); !got.Equal(want) {
			t.Fatalf("written at %v, due %v, want %v", now, got, want)
		}
	})
}

func TestDueOfEachThing(t *testing.T) {
	at := func(hour, minute int) time.Time { return time.Date(2026, 11, 20, hour, minute, 0, 0, time.UTC) }
	code := func(end time.Time) []account.Code { return []account.Code{{Digits: "012345", ExpiresAt: end}} }
	const ms = time.Millisecond
	for _, c := range []struct {
		name       string
		written    time.Time
		holds      func(a *account.Account)
		want       time.Time
		holdsUntil time.Time // the sweeper finds nothing before
	}{
		{"an authenticator that waits", at(12, 0), func(a *account.Account) { a.Pending = &account.Pending{ExpiresAt: at(12, 15)} }, at(13, 0), at(12, 15)},
		{"a code", at(12, 0), func(a *account.Account) { a.Codes(account.KindLogin).Live = code(at(12, 5)) }, at(13, 0), at(12, 15)},
		{"codes for several purposes", at(12, 0), func(a *account.Account) {
			a.Codes(account.KindLogin).Live = slices.Concat(code(at(14, 5)), code(at(12, 5)), code(at(13, 5)))
		}, at(13, 0), at(12, 15)},
		{"a stale code", at(12, 0), func(a *account.Account) { a.Codes(account.KindAccount).Stale = code(at(11, 59)) }, at(13, 0), at(12, 9)},
		{"a code at 25 minutes to the hour", at(11, 35), func(a *account.Account) { a.Codes(account.KindLogin).Live = code(at(11, 40)) }, at(12, 0), at(11, 50)},
		{"a code a millisecond later", at(11, 35).Add(ms), func(a *account.Account) { a.Codes(account.KindLogin).Live = code(at(11, 40)) }, at(13, 0), at(11, 50)},
		{"the longest life of a code", at(11, 35), func(a *account.Account) { a.Codes(account.KindLogin).Live = code(at(11, 45)) }, at(12, 0), at(11, 55)},
		{"an interval", at(12, 0), func(a *account.Account) { a.Codes(account.KindLogin).NotBefore = at(12, 1) }, at(13, 0), at(12, 1)},
		{"an interval up to the hour", at(12, 0), func(a *account.Account) { a.Codes(account.KindLogin).NotBefore = at(13, 0) }, at(13, 0), at(13, 0)},
		{"an interval of more than an hour", at(12, 0), func(a *account.Account) { a.Codes(account.KindLogin).NotBefore = at(13, 0).Add(ms) }, at(14, 0), at(13, 0).Add(ms)},
		{"the guard's interval", at(12, 0), func(a *account.Account) { a.Guard.NotBefore = at(15, 30) }, at(16, 0), at(15, 30)},
		{"a hold", at(12, 0), func(a *account.Account) { a.Guard.HoldUntil = at(18, 1) }, at(19, 0), at(18, 1)},
		{"a hold, and a code before", at(12, 0), func(a *account.Account) {
			a.Guard.HoldUntil, a.Codes(account.KindLogin).Live = at(18, 1), code(at(12, 5))
		}, at(13, 0), at(12, 15)},
		{"a marked wipe", at(12, 0), func(a *account.Account) { a.Guard.Wipe = &account.Wipe{RetryAt: at(12, 0)} }, at(12, 0), at(12, 0)},
		{"a wipe that is put off", at(12, 0), func(a *account.Account) { a.Guard.Wipe = &account.Wipe{RetryAt: at(12, 1).Add(ms)} }, at(12, 2), at(12, 1).Add(ms)},
		{"an empty account", at(12, 0), func(a *account.Account) { a.Emptied = at(12, 0) }, at(12, 0).AddDate(0, 0, 1), at(12, 0).AddDate(0, 0, 1)},
		{"an empty account, at no full hour", at(12, 0).Add(ms), func(a *account.Account) { a.Emptied = at(12, 0).Add(ms) }, at(13, 0).AddDate(0, 0, 1), at(12, 0).Add(ms).AddDate(0, 0, 1)},
	} {
		a := with(c.holds)
		if got := a.Due(c.written); !got.Equal(c.want) {
			t.Errorf("%s: due %v, want %v", c.name, got, c.want)
		}
		if got := a.ToSweep(c.holdsUntil.Add(-ms)); got != account.SweepNothing {
			t.Errorf("%s: before its end the sweeper has to do %d", c.name, got)
		}
		if got := a.ToSweep(c.holdsUntil); got == account.SweepNothing {
			t.Errorf("%s: at its end the sweeper has nothing to do", c.name)
		}
	}
	forEver := with(func(a *account.Account) {
		a.Recovery = &account.Recovery{}
		a.PIN, a.Budgets[0] = &account.PIN{SetAt: accounttest.Noon}, account.Budget{Wrong: 1, Until: accounttest.Noon}
		a.Marks, a.Guard = []account.Mark{{1}}, account.Guard{Strikes: 1, LastWrong: []byte{1}, Wipe: &account.Wipe{Done: true, RetryAt: accounttest.Noon}}
	})
	if got := forEver.Due(accounttest.Noon); !got.IsZero() || forEver.ToSweep(accounttest.Noon.Add(99*time.Hour)) != account.SweepNothing {
		t.Errorf("nothing ends, due %v", got)
	}
}

// The store shows Due: an account with a code, one with an authenticator that waits
// and one with what is left of a code are due at the same instant.
func TestDueDoesNotTellWhatEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := accounttest.Around(accounttest.Noon).Draw(t, "now")
		within := func(longest time.Duration) time.Time {
			return now.Add(time.Duration(rapid.Int64Range(1, longest.Milliseconds()).Draw(t, "end")) * time.Millisecond)
		}
		codes := []account.Code{{Digits: "012345", ExpiresAt: within(account.MaxCodeTTL)}}
		soon := fullHour(now.Add(25 * time.Minute))
		for name, holds := range map[string]func(a *account.Account){
			"pending":    func(a *account.Account) { a.Pending = &account.Pending{ExpiresAt: within(15 * time.Minute)} },
			"live":       func(a *account.Account) { a.Codes(account.KindAccount).Live = codes },
			"stale":      func(a *account.Account) { a.Codes(account.KindLogin).Stale = codes },
			"interval":   func(a *account.Account) { a.Codes(account.KindLogin).NotBefore = within(25 * time.Minute) },
			"short hold": func(a *account.Account) { a.Guard.HoldUntil = within(25 * time.Minute) },
		} {
			if got := with(holds).Due(now); !got.Equal(soon) {
				t.Fatalf("%s: due %v, want %v", name, got, soon)
			}
		}
	})
}

// A user who is due has something to sweep, and sweeping makes the user due later
// or never. Only pending wipes and notices stay due.
func TestSweepFindsSomethingWhenAUserIsDue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Instant()).Draw(t, "account")
		now := accounttest.Around(accounttest.Noon).Draw(t, "written")
		if w := a.Guard.Wipe; w != nil && w.RetryAt.IsZero() {
			w.RetryAt = now // as where it was marked
		}
		a.Tidy(now)
		for try := range 40 {
			due := a.Due(now)
			if due.IsZero() {
				if todo := a.ToSweep(accounttest.UnixMilli(1 << 55)); todo != account.SweepNothing {
					t.Fatalf("never due, but in ages the sweeper has to do %d", todo)
				}
				return
			}
			at := slices.MaxFunc([]time.Time{due, now}, time.Time.Compare)
			todo := a.ToSweep(at)
			if a.Notices.Due(at) {
				a.Notices.PutOff(at)
				if try > 5 || rapid.Bool().Draw(t, "told") {
					a.Notices = account.Notices{}
				}
			} else if todo == account.SweepNothing || todo != account.SweepWipe && !due.After(now) {
				t.Fatalf("due %v, written %v: the sweeper has to do %d", due, now, todo)
			}
			if due.After(now) {
				now = due
			}
			if todo == account.SweepRemove {
				if !a.Empty() || now.Before(a.Emptied.Add(24*time.Hour)) {
					t.Fatalf("removed at %v: %+v", now, a)
				}
				return
			}
			if todo == account.SweepWipe {
				a.Guard.Wipe.BackOff(now)
				a.Guard.Wipe.Done = try > 5 || rapid.Bool().Draw(t, "done")
			}
			a.Tidy(now)
			if again := a.Due(now); !again.IsZero() && !again.After(now) {
				t.Fatalf("swept at %v, due %v", now, again)
			}
		}
		t.Fatal("swept without an end")
	})
}

// A wipe comes before everything else, and an empty record goes a day after its
// last write, not sooner.
func TestSweepDoesTheMostUrgent(t *testing.T) {
	emptied := accounttest.Noon.Add(-24 * time.Hour)
	over := func(a *account.Account) { a.Guard.NotBefore = accounttest.Noon }
	for _, c := range []struct {
		name string
		a    *account.Account
		want account.Sweep
	}{
		{"nothing", &account.Account{}, account.SweepNothing},
		{"empty for a day", &account.Account{Emptied: emptied}, account.SweepRemove},
		{"empty for a millisecond less", &account.Account{Emptied: emptied.Add(time.Millisecond)}, account.SweepNothing},
		{"emptied, but not empty", &account.Account{Emptied: emptied, PIN: &account.PIN{}}, account.SweepNothing},
		{"something over", with(over), account.SweepEnded},
		{"something over that keeps an account from being empty", with(func(a *account.Account) { over(a); a.Emptied = emptied }), account.SweepEnded},
		{"a wipe, and something over", with(func(a *account.Account) { over(a); a.Guard.Wipe = &account.Wipe{RetryAt: accounttest.Noon} }), account.SweepWipe},
		{"a wipe put off, and something over", with(func(a *account.Account) {
			over(a)
			a.Guard.Wipe = &account.Wipe{RetryAt: accounttest.Noon.Add(time.Minute)}
		}), account.SweepEnded},
		{"a wipe that is done", with(func(a *account.Account) { a.Guard.Wipe = &account.Wipe{Done: true, RetryAt: accounttest.Noon} }), account.SweepNothing},
		{"a wipe put off for longer than can be", with(func(a *account.Account) {
			a.Guard.Wipe = &account.Wipe{RetryAt: accounttest.Noon.Add(time.Hour + time.Minute + time.Millisecond)}
		}), account.SweepWipe},
	} {
		if got := c.a.ToSweep(accounttest.Noon); got != c.want {
			t.Errorf("%s: the sweeper has to do %d, want %d", c.name, got, c.want)
		}
	}
}
