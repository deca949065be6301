package account_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

func sameAccount(t interface{ Fatalf(string, ...any) }, got, want *account.Account) {
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("the account is\n%+v, want\n%+v", got, want)
	}
}

// ends lists when each thing that an account holds ends, counts aside.
func ends(a *account.Account) (all []time.Time) {
	if a.Pending != nil {
		all = append(all, a.Pending.ExpiresAt)
	}
	for _, k := range account.IssuedKinds {
		c := a.Codes(k)
		all = append(all, c.NotBefore)
		for _, s := range c.Spent {
			all = append(all, s.ExpiresAt)
		}
		if c.Live != nil {
			all = append(all, c.Live.ExpiresAt)
		}
	}
	all = append(all, a.Guard.NotBefore)
	return slices.DeleteFunc(all, time.Time.IsZero)
}

// What has ended is gone after tidying, and what has not is still there; counts,
// strikes, bindings and wipes stay in any case, but a wipe does not wait for a
// clock that ran ahead.
func TestTidyDropsWhatHasEndedAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Around(accounttest.Noon)).Draw(t, "account")
		want := accounttest.Clone(t, a)
		now := accounttest.Around(accounttest.Noon).Draw(t, "now")
		a.Tidy(now)

		over := func(at time.Time) bool { return !now.Before(at) }
		if want.Pending != nil && over(want.Pending.ExpiresAt) {
			want.Pending = nil
		}
		for _, k := range account.IssuedKinds {
			c := want.Codes(k)
			if c.Live != nil && over(c.Live.ExpiresAt) {
				c.Live = nil
			}
			var kept []account.Code
			for _, s := range c.Spent {
				if !over(s.ExpiresAt) {
					kept = append(kept, s)
				}
			}
			c.Spent = kept
			a.Codes(k).Spent = accounttest.OrNil(a.Codes(k).Spent)
			if over(c.NotBefore) {
				c.NotBefore = time.Time{}
			}
		}
		if over(want.Guard.NotBefore) {
			want.Guard.NotBefore = time.Time{}
		}
		if w := want.Guard.Wipe; w != nil && !w.Done && w.RetryAt.Sub(now) > time.Hour {
			w.RetryAt = now // no wait for a wipe is longer: void
		}
		want.Emptied = time.Time{}
		if reflect.DeepEqual(want, &account.Account{}) {
			want.Emptied = now
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
		a := &account.Account{Guard: account.Guard{Wipe: &account.Wipe{Done: c.done, RetryAt: accounttest.Noon.Add(c.putOff)}}}
		if a.Tidy(accounttest.Noon); !a.Guard.Wipe.RetryAt.Equal(accounttest.Noon.Add(c.want)) {
			t.Errorf("put off for %v, done %v: now %v", c.putOff, c.done, a.Guard.Wipe.RetryAt.Sub(accounttest.Noon))
		}
	}
}

// After tidying, a user is due when the next thing ends, and that is later than
// now, unless a wipe wants to be done; without anything that ends, never.
func TestDueIsWhenTheNextThingEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Around(accounttest.Noon)).Draw(t, "account")
		now := accounttest.Around(accounttest.Noon).Draw(t, "now")
		a.Tidy(now)
		all := ends(a)
		if a.Empty() {
			all = append(all, now.Add(24*time.Hour))
		}
		if w := a.Guard.Wipe; w != nil && !w.Done {
			all = append(all, w.RetryAt)
		} else if slices.ContainsFunc(all, func(at time.Time) bool { return !at.After(now) }) {
			t.Fatal("something that has ended is still there")
		}
		want := time.Time{}
		if len(all) > 0 {
			want = slices.MinFunc(all, time.Time.Compare)
		}
		if got := a.Due(); !got.Equal(want) {
			t.Fatalf("due %v, want %v", got, want)
		}
	})
	end := account.Code{ExpiresAt: accounttest.Noon}
	for name, a := range map[string]*account.Account{
		"pending": {Pending: &account.Pending{ExpiresAt: accounttest.Noon}}, "wipe": {Guard: account.Guard{Wipe: &account.Wipe{RetryAt: accounttest.Noon}}}, "guard": {Guard: account.Guard{NotBefore: accounttest.Noon}},
		"login code": {LoginCodes: account.Codes{Live: &end}}, "account code": {AccountCodes: account.Codes{Live: &end}}, "emptied": {Emptied: accounttest.Noon.Add(-24 * time.Hour)},
		"spent": {LoginCodes: account.Codes{Spent: []account.Code{{ExpiresAt: accounttest.Noon.Add(time.Hour)}, end}}}, "hold": {AccountCodes: account.Codes{NotBefore: accounttest.Noon}},
	} {
		if got := a.Due(); !got.Equal(accounttest.Noon) {
			t.Errorf("%s ends at noon, due %v", name, got)
		}
	}
	if got := (&account.Account{PIN: &account.PIN{SetAt: accounttest.Noon}, Budgets: [len(account.Kinds)]account.Budget{{1, accounttest.Noon}}, Guard: account.Guard{Strikes: 1, Wipe: &account.Wipe{Done: true, RetryAt: accounttest.Noon}}}).Due(); !got.IsZero() {
		t.Errorf("nothing ends, due %v", got)
	}
}

// Only an account that holds nothing at all is empty.
func TestEmptyMeansThatNothingIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Instant()).Draw(t, "account")
		blank := accounttest.Clone(t, a)
		blank.Emptied = time.Time{}
		for i := range blank.Budgets {
			if blank.Budgets[i].Wrong == 0 {
				a.Budgets[i].Until, blank.Budgets[i].Until = time.Time{}, time.Time{}
			}
		}
		if got, want := a.Empty(), reflect.DeepEqual(blank, &account.Account{}); got != want {
			t.Fatalf("empty %v, want %v", got, want)
		}
	})
	for name, a := range map[string]*account.Account{
		"pin": {PIN: &account.PIN{}}, "device": {Devices: make([]account.Device, 1)}, "authenticator": {Authenticator: &account.TOTP{}}, "pending": {Pending: &account.Pending{}},
		"login": {LoginCodes: account.Codes{Live: &account.Code{}}}, "spent": {AccountCodes: account.Codes{Spent: make([]account.Code, 1)}}, "hold": {AccountCodes: account.Codes{NotBefore: accounttest.Noon}},
		"count": {Budgets: [len(account.Kinds)]account.Budget{len(account.Kinds) - 1: {Wrong: 1}}}, "strike": {Guard: account.Guard{Strikes: 1}}, "reset hold": {Guard: account.Guard{NotBefore: accounttest.Noon}},
		"last": {Guard: account.Guard{LastWrong: []byte{0}}}, "wipe": {Guard: account.Guard{Wipe: &account.Wipe{Done: true}}},
	} {
		if a.Empty() {
			t.Errorf("an account with a %s is empty", name)
		}
	}
}
