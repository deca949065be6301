package factor

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// decode returns what was encoded.
func decode(data []byte) (*account, error) {
	a := &account{}
	if err := a.decode(data); err != nil {
		return nil, err
	}
	return a, nil
}

// cloned returns an account that shares nothing with a.
func cloned(t interface{ Fatal(...any) }, a *account) *account {
	b, err := decode(a.encode())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sameAccount(t interface{ Fatalf(string, ...any) }, got, want *account) {
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("the account is\n%+v, want\n%+v", got, want)
	}
}

// ends lists when each thing that an account holds ends, counts aside.
func ends(a *account) (all []time.Time) {
	if a.pending != nil {
		all = append(all, a.pending.expiresAt)
	}
	for _, k := range []Kind{KindLogin, KindAccount} {
		c := a.codesOf(k)
		all = append(all, c.hold)
		for _, s := range c.spent {
			all = append(all, s.expiresAt)
		}
		if c.live != nil {
			all = append(all, c.live.expiresAt)
		}
	}
	all = append(all, a.reset.hold)
	return slices.DeleteFunc(all, time.Time.IsZero)
}

// What has ended is gone after tidying, and what has not is still there; counts,
// strikes, bindings and wipes stay in any case, but a wipe does not wait for a
// clock that ran ahead.
func TestTidyDropsWhatHasEndedAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genAccount(genAround(noon)).Draw(t, "account")
		want := cloned(t, a)
		now := genAround(noon).Draw(t, "now")
		a.tidy(now)

		over := func(at time.Time) bool { return !now.Before(at) }
		if want.pending != nil && over(want.pending.expiresAt) {
			want.pending = nil
		}
		for _, k := range []Kind{KindLogin, KindAccount} {
			c := want.codesOf(k)
			if c.live != nil && over(c.live.expiresAt) {
				c.live = nil
			}
			var kept []code
			for _, s := range c.spent {
				if !over(s.expiresAt) {
					kept = append(kept, s)
				}
			}
			c.spent = kept
			a.codesOf(k).spent = orNil(a.codesOf(k).spent)
			if over(c.hold) {
				c.hold = time.Time{}
			}
		}
		if over(want.reset.hold) {
			want.reset.hold = time.Time{}
		}
		if w := want.reset.wipe; w != nil && !w.done && w.retryAt.Sub(now) > time.Hour {
			w.retryAt = now // no wait for a wipe is longer: void
		}
		want.emptied = time.Time{}
		if reflect.DeepEqual(want, &account{}) {
			want.emptied = now
		}
		sameAccount(t, a, want)
	})
}

// A wipe that is done, or put off by no more than an hour, is left as it is.
func TestTidyMakesAVoidPutOffDueAtOnce(t *testing.T) {
	for _, c := range []struct {
		putOff time.Duration
		done   bool
		want   time.Duration
	}{{time.Hour, false, time.Hour}, {time.Hour + 1e6, false, 0}, {9999 * time.Hour, false, 0}, {9999 * time.Hour, true, 9999 * time.Hour}, {-time.Hour, false, -time.Hour}} {
		a := &account{reset: reset{wipe: &wipe{done: c.done, retryAt: noon.Add(c.putOff)}}}
		if a.tidy(noon); !a.reset.wipe.retryAt.Equal(noon.Add(c.want)) {
			t.Errorf("put off for %v, done %v: now %v", c.putOff, c.done, a.reset.wipe.retryAt.Sub(noon))
		}
	}
}

// After tidying, a user is due when the next thing ends, and that is later than
// now, unless a wipe wants to be done; without anything that ends, never.
func TestDueIsWhenTheNextThingEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genAccount(genAround(noon)).Draw(t, "account")
		now := genAround(noon).Draw(t, "now")
		a.tidy(now)
		all := ends(a)
		if a.empty() {
			all = append(all, now.Add(24*time.Hour))
		}
		if w := a.reset.wipe; w != nil && !w.done {
			all = append(all, w.retryAt)
		} else if slices.ContainsFunc(all, func(at time.Time) bool { return !at.After(now) }) {
			t.Fatal("something that has ended is still there")
		}
		want := time.Time{}
		if len(all) > 0 {
			want = slices.MinFunc(all, time.Time.Compare)
		}
		if got := a.due(); !got.Equal(want) {
			t.Fatalf("due %v, want %v", got, want)
		}
	})
	end := code{expiresAt: noon}
	for name, a := range map[string]*account{
		"pending": {pending: &pending{expiresAt: noon}}, "wipe": {reset: reset{wipe: &wipe{retryAt: noon}}}, "guard": {reset: reset{hold: noon}},
		"login code": {loginCodes: codes{live: &end}}, "account code": {accountCodes: codes{live: &end}}, "emptied": {emptied: noon.Add(-24 * time.Hour)},
		"spent": {loginCodes: codes{spent: []code{{expiresAt: noon.Add(time.Hour)}, end}}}, "hold": {accountCodes: codes{hold: noon}},
	} {
		if got := a.due(); !got.Equal(noon) {
			t.Errorf("%s ends at noon, due %v", name, got)
		}
	}
	if got := (&account{pin: &pin{setAt: noon}, budgets: [6]budget{{1, noon}}, reset: reset{strikes: 1, wipe: &wipe{done: true, retryAt: noon}}}).due(); !got.IsZero() {
		t.Errorf("nothing ends, due %v", got)
	}
}

// Only an account that holds nothing at all is empty.
func TestEmptyMeansThatNothingIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genAccount(genInstant()).Draw(t, "account")
		blank := cloned(t, a)
		blank.emptied = time.Time{}
		for i := range blank.budgets {
			if blank.budgets[i].wrong == 0 {
				a.budgets[i].until, blank.budgets[i].until = time.Time{}, time.Time{}
			}
		}
		if got, want := a.empty(), reflect.DeepEqual(blank, &account{}); got != want {
			t.Fatalf("empty %v, want %v", got, want)
		}
	})
	for name, a := range map[string]*account{
		"pin": {pin: &pin{}}, "device": {devices: make([]device, 1)}, "authenticator": {authenticator: &secret{}}, "pending": {pending: &pending{}},
		"login": {loginCodes: codes{live: &code{}}}, "spent": {accountCodes: codes{spent: make([]code, 1)}}, "hold": {accountCodes: codes{hold: noon}},
		"count": {budgets: [6]budget{5: {wrong: 1}}}, "strike": {reset: reset{strikes: 1}}, "reset hold": {reset: reset{hold: noon}},
		"last": {reset: reset{last: []byte{0}}}, "wipe": {reset: reset{wipe: &wipe{done: true}}},
	} {
		if a.empty() {
			t.Errorf("an account with a %s is empty", name)
		}
	}
}
