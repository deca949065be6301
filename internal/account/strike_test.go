package account_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/totp"
)

// Each wrong proof is a strike, unless it is forgiven as a repetition of the last
// one; the one after the last strike exhausts the guard.
func TestStrikesAreThoseOfTheHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := account.GuardRules{
			Strikes:        rapid.IntRange(1, 4).Draw(t, "strikes"),
			Interval:       rapid.SampledFrom([]time.Duration{0, 40 * time.Second}).Draw(t, "interval"),
			ForgiveRepeats: rapid.Bool().Draw(t, "forgive"),
		}
		a := &account.Account{Devices: []account.Device{{TOTP: account.TOTP{Key: totp.Key{Period: 30 * time.Second}}}}}
		now, strikes, lastSeen := accounttest.Noon, 0, ""
		for range rapid.IntRange(1, 12).Draw(t, "proofs") {
			now = now.Add(rapid.SampledFrom([]time.Duration{0, time.Second, 30 * time.Second}).Draw(t, "wait"))
			otp := rapid.SampledFrom([]string{"", "000000", "000001"}).Draw(t, "otp")
			pin := rapid.SampledFrom([]string{"", "0000", "1111"}).Draw(t, "pin")
			seen := otp + "/" + pin
			if otp != "" {
				seen += fmt.Sprint("/", now.Unix()/30)
			}
			forgiven := r.ForgiveRepeats && seen == lastSeen
			if lastSeen = seen; !forgiven {
				strikes++
			}
			got := a.Strike(otp, pin, r, now)
			if strikes > r.Strikes {
				if got != (account.Strike{Exhausted: true}) {
					t.Fatalf("strike %d of %d: %+v", strikes, r.Strikes, got)
				}
				return
			}
			left := r.Strikes - strikes
			if want := (account.Strike{Left: left, Last: left == 0 && !forgiven}); got != want || a.Guard.Strikes != strikes || a.Guard.Left(r) != left {
				t.Fatalf("strike %d of %d: %+v, want %+v; remembered %+v", strikes, r.Strikes, got, want, a.Guard)
			}
			if (a.Guard.LastWrong != nil) != r.ForgiveRepeats || a.Guard.Empty() {
				t.Fatalf("remembered %+v with %+v", a.Guard, r)
			}
			want := time.Time{}
			if r.Interval > 0 {
				want = now.Add(r.Interval)
			}
			if !a.Guard.NotBefore.Equal(want) {
				t.Fatalf("the next proof is judged from %v on, %v after %v", a.Guard.NotBefore, r.Interval, now)
			}
		}
	})
}

// If Strikes was lowered, nothing is left, and never less than that.
func TestGuardHasNothingLeftOfLoweredStrikes(t *testing.T) {
	g := account.Guard{Strikes: 50}
	if left := g.Left(account.GuardRules{Strikes: 3}); left != 0 {
		t.Errorf("%d left", left)
	}
}

// Without ResetOptions.Authenticator a repeated code ignores the authenticator's
// step; with it, the step of each must be the same.
func TestRepeatsAreOfTheStepsOfWhatProves(t *testing.T) {
	for _, proves := range []bool{false, true} {
		r := account.GuardRules{Strikes: 9, ForgiveRepeats: true, Authenticator: proves}
		every := func(period time.Duration) totp.Key { return totp.Key{Period: period} }
		a := &account.Account{
			Devices:       []account.Device{{TOTP: account.TOTP{Key: every(time.Minute)}}},
			Authenticator: &account.Authenticator{TOTP: account.TOTP{Key: every(30 * time.Second)}},
		}
		a.Strike("000000", "", r, accounttest.Noon)
		a.Strike("000000", "", r, accounttest.Noon.Add(30*time.Second))
		want := 1
		if proves {
			want = 2
		}
		if a.Guard.Strikes != want {
			t.Errorf("with an authenticator that proves %v: %d strikes, want %d", proves, a.Guard.Strikes, want)
		}
	}
}

// After a binding, the last wrong proof may be right: it is another guess.
func TestABindingForgetsTheLastWrongProof(t *testing.T) {
	r := &account.Rules{TOTP: rules.TOTP, Guard: account.GuardRules{Strikes: 9, ForgiveRepeats: true}}
	on := *r
	on.Guard.Authenticator = true
	app := totpOf("app")
	confirm := func(r *account.Rules) func(a *account.Account) {
		return func(a *account.Account) {
			a.Begin(app, accounttest.Noon)
			a.Confirm(accounttest.CodeAt(&app, step), r, accounttest.Noon)
		}
	}
	for _, c := range []struct {
		name    string
		bind    func(a *account.Account)
		strikes int
	}{
		{"nothing", func(*account.Account) {}, 1},
		{"a PIN", func(a *account.Account) { a.SetPIN(account.Hash{}, account.User, r, accounttest.Noon) }, 2},
		{"a PIN by the host", func(a *account.Account) { a.SetPIN(account.Hash{}, account.Host, r, accounttest.Noon) }, 2},
		{"a device", func(a *account.Account) { a.Enroll(uuid.UUID{1}, app, r, accounttest.Noon) }, 2},
		{"an authenticator that proves nothing", confirm(r), 1},
		{"an authenticator that proves", confirm(&on), 2},
		{"an imported PIN", func(a *account.Account) { a.Import(account.Holdings{PIN: holdings().PIN}, r, 2) }, 2},
		{"an imported device", func(a *account.Account) { a.Import(account.Holdings{Devices: holdings().Devices[:1]}, r, 2) }, 2},
		{"an imported authenticator that proves nothing", func(a *account.Account) { a.Import(account.Holdings{Authenticator: holdings().Authenticator}, r, 2) }, 1},
		{"an imported authenticator that proves", func(a *account.Account) { a.Import(account.Holdings{Authenticator: holdings().Authenticator}, &on, 2) }, 2},
	} {
		a := &account.Account{}
		a.Strike("", "2580", r.Guard, accounttest.Noon)
		c.bind(a)
		if got := a.Guard.Strikes; got != 1 {
			t.Errorf("%s: %d strikes after it", c.name, got)
		}
		if a.Strike("", "2580", r.Guard, accounttest.Noon); a.Guard.Strikes != c.strikes {
			t.Errorf("%s: %d strikes, want %d", c.name, a.Guard.Strikes, c.strikes)
		}
	}
}

// A wipe is due at once, after a failure when its time has come, and never once
// done.
func TestWipeIsDueUntilItIsDone(t *testing.T) {
	var none *account.Wipe
	if none.Pending() || none.Due(accounttest.Noon) {
		t.Error("no wipe is pending")
	}
	for _, c := range []struct {
		wait time.Duration
		done bool
		due  bool
	}{{0, false, true}, {-time.Hour, false, true}, {time.Millisecond, false, false}, {time.Hour, false, false}, {time.Hour + time.Minute, false, false}, {time.Hour + time.Minute + time.Millisecond, false, true}, {0, true, false}} {
		w := &account.Wipe{Done: c.done, RetryAt: accounttest.Noon.Add(c.wait)}
		if w.Pending() == c.done || w.Due(accounttest.Noon) != c.due {
			t.Errorf("%v to go, done %v: pending %v, due %v", c.wait, c.done, w.Pending(), w.Due(accounttest.Noon))
		}
	}
}
