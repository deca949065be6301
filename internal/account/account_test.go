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

// with returns an account changed by change.
func with(change func(a *account.Account)) *account.Account {
	a := &account.Account{}
	change(a)
	return a
}

// tidiedCodes returns codes after tidying: expired live ones are stale, and the
// newest 8 stale ones stay, each for ten minutes more.
func tidiedCodes(c account.Codes, now time.Time) account.Codes {
	stale, live := slices.Clone(c.Stale), c.Live
	c.Live, c.Stale = nil, nil
	for _, code := range live {
		if now.Before(code.ExpiresAt) {
			c.Live = append(c.Live, code)
		} else {
			stale = append(stale, code)
		}
	}
	stale = stale[max(0, len(stale)-8):]
	for _, s := range stale {
		if now.Before(s.ExpiresAt.Add(10 * time.Minute)) {
			c.Stale = append(c.Stale, s)
		}
	}
	if !now.Before(c.NotBefore) {
		c.NotBefore = time.Time{}
	}
	return c
}

// Tidying drops what has ended and nothing else; counts, strikes, bindings, marks
// and wipes always stay, but a wipe and notices do not wait for a clock that ran
// ahead.
func TestTidyDropsWhatHasEndedAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Around(accounttest.Noon)).Draw(t, "account")
		want := accounttest.Clone(t, a)
		now := accounttest.Around(accounttest.Noon).Draw(t, "now")
		a.Tidy(now)

		over := func(at time.Time) bool { return !now.Before(at) }
		if want.Pending != nil && want.Pending.Replaced != nil && over(want.Pending.Replaced.ExpiresAt) {
			want.Pending.Replaced = nil
		}
		if want.Pending != nil && over(want.Pending.ExpiresAt) {
			want.Pending = nil
		}
		for _, k := range account.IssuedKinds {
			*want.Codes(k) = tidiedCodes(*want.Codes(k), now)
			c := a.Codes(k)
			c.Live, c.Stale = accounttest.OrNil(c.Live), accounttest.OrNil(c.Stale)
		}
		for _, end := range []*time.Time{&want.Guard.NotBefore, &want.Guard.HoldUntil} {
			if over(*end) {
				*end = time.Time{}
			}
		}
		if w := want.Guard.Wipe; w != nil && !w.Done && w.RetryAt.Sub(now) > time.Hour+time.Minute {
			w.RetryAt = now // no wait for a wipe is longer: void
		}
		if n := &want.Notices; n.RetryAt.Sub(now) > time.Hour+time.Minute {
			n.RetryAt = now
		}
		want.Emptied = time.Time{}
		if reflect.DeepEqual(want, &account.Account{PasswordChanges: want.PasswordChanges}) {
			want.Emptied = now
		}
		sameAccount(t, a, want)
	})
}

// A wipe that is done, or put off by no more than an hour and the minute for
// clocks, stays as it is.
func TestTidyMakesAVoidPutOffDueAtOnce(t *testing.T) {
	for _, c := range []struct {
		putOff time.Duration
		done   bool
		want   time.Duration
	}{
		{time.Hour + time.Minute, false, time.Hour + time.Minute}, {time.Hour + time.Minute + time.Millisecond, false, 0},
		{9999 * time.Hour, false, 0}, {9999 * time.Hour, true, 9999 * time.Hour}, {-time.Hour, false, -time.Hour},
	} {
		a := &account.Account{Guard: account.Guard{Wipe: &account.Wipe{Done: c.done, RetryAt: accounttest.Noon.Add(c.putOff)}}}
		if a.Tidy(accounttest.Noon); !a.Guard.Wipe.RetryAt.Equal(accounttest.Noon.Add(c.want)) {
			t.Errorf("put off for %v, done %v: now %v", c.putOff, c.done, a.Guard.Wipe.RetryAt.Sub(accounttest.Noon))
		}
	}
}

// Only an account that holds nothing is empty.
func TestEmptyMeansThatNothingIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Instant()).Draw(t, "account")
		blank := accounttest.Clone(t, a)
		blank.Emptied = time.Time{}
		if got, want := a.Empty(), reflect.DeepEqual(blank, &account.Account{PasswordChanges: a.PasswordChanges}); got != want {
			t.Fatalf("empty %v, want %v", got, want)
		}
	})
	for name, change := range map[string]func(a *account.Account){
		"pin":           func(a *account.Account) { a.PIN = &account.PIN{} },
		"device":        func(a *account.Account) { a.Devices = make([]account.Device, 1) },
		"authenticator": func(a *account.Account) { a.Authenticator = &account.Authenticator{} },
		"pending":       func(a *account.Account) { a.Pending = &account.Pending{} },
		"login code":    func(a *account.Account) { a.Codes(account.KindLogin).Live = make([]account.Code, 1) },
		"stale code":    func(a *account.Account) { a.Codes(account.KindAccount).Stale = make([]account.Code, 1) },
		"interval":      func(a *account.Account) { a.Codes(account.KindAccount).NotBefore = accounttest.Noon },
		"recovery code": func(a *account.Account) { a.Recovery = &account.Recovery{Used: 1<<account.RecoveryCodes - 1} },
		"count":         func(a *account.Account) { a.Budgets[len(account.Kinds)-1].Wrong = 1 },
		"strike":        func(a *account.Account) { a.Guard.Strikes = 1 },
		"guard's wait":  func(a *account.Account) { a.Guard.NotBefore = accounttest.Noon },
		"last proof":    func(a *account.Account) { a.Guard.LastWrong = []byte{0} },
		"hold":          func(a *account.Account) { a.Guard.HoldUntil = accounttest.Noon },
		"wipe":          func(a *account.Account) { a.Guard.Wipe = &account.Wipe{Done: true} },
		"mark":          func(a *account.Account) { a.Marks = make([]account.Mark, 1) },
	} {
		if with(change).Empty() {
			t.Errorf("an account with a %s is empty", name)
		}
	}
}
