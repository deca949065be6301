package account_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/totp"
)

// Each wrong proof is a strike, but one that is forgiven because it is the last wrong
// one again; the one after the last strike exhausts the guard.
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
			if a.Guard.Held(r, now) != (r.Interval > 0) || a.Guard.Held(r, now.Add(r.Interval)) {
				t.Fatalf("the next proof is judged from %v on, %v after %v", a.Guard.NotBefore, r.Interval, now)
			}
		}
	})
}

// Strikes that were lowered leave nothing, and never less.
func TestGuardHasNothingLeftOfLoweredStrikes(t *testing.T) {
	g := account.Guard{Strikes: 50}
	if left := g.Left(account.GuardRules{Strikes: 3}); left != 0 {
		t.Errorf("%d left", left)
	}
}

// The guard takes no PIN and no device that is younger than MinAge, and looks past one.
func TestGuardKnowsOnlyWhatIsOfAge(t *testing.T) {
	old, fresh := accounttest.Noon.Add(-time.Hour), accounttest.Noon.Add(-time.Hour+time.Millisecond)
	for _, c := range []struct {
		at  time.Time
		age time.Duration
		is  bool
	}{{old, time.Hour, true}, {fresh, time.Hour, false}, {fresh, 0, true}} {
		a := &account.Account{PIN: &account.PIN{SetAt: c.at}, Devices: []account.Device{{EnrolledAt: c.at}}}
		if got := a.PINOfAge(c.age, accounttest.Noon); (got != nil) != c.is || got != nil && got != a.PIN {
			t.Errorf("%v old, of %v: the PIN %v", accounttest.Noon.Sub(c.at), c.age, got)
		}
		if a.HasDeviceOfAge(c.age, accounttest.Noon) != c.is {
			t.Errorf("%v old, of %v: the device is not %v", accounttest.Noon.Sub(c.at), c.age, c.is)
		}
	}
	if a := (&account.Account{}); a.PINOfAge(0, accounttest.Noon) != nil || a.HasDeviceOfAge(0, accounttest.Noon) {
		t.Error("something is held where nothing is")
	}

	key := func(secret string, at time.Time) account.Device {
		return account.Device{TOTP: account.TOTP{Key: totp.Key{Secret: []byte(secret), Digits: 6, Period: 30 * time.Second}, LastStep: account.NoStep}, EnrolledAt: at}
	}
	for name, at := range map[string][2]time.Time{"before": {fresh, old}, "behind": {old, fresh}} {
		a := &account.Account{Devices: []account.Device{key("one secret", at[0]), key("another secret", at[1])}}
		if !a.HasDeviceOfAge(time.Hour, accounttest.Noon) {
			t.Errorf("a young device %s it hides the old one", name)
		}
		for i, d := range slices.Clone(a.Devices) {
			_, v := a.SpendDevice(accounttest.CodeAt(&d.TOTP, step), rules.TOTP, time.Hour, accounttest.Noon)
			if want := at[i].Equal(old); (v == account.Right) != want {
				t.Errorf("a young device %s it: verdict %d of device %d", name, v, i)
			}
		}
	}
}

// A wipe is due at once, after a failure when its time has come, and never once done.
func TestWipeIsDueUntilItIsDone(t *testing.T) {
	var none *account.Wipe
	if none.Pending() || none.Due(accounttest.Noon) {
		t.Error("no wipe is pending")
	}
	for _, c := range []struct {
		wait time.Duration
		done bool
		due  bool
	}{{0, false, true}, {-time.Hour, false, true}, {time.Millisecond, false, false}, {time.Hour, false, false}, {time.Hour + time.Millisecond, false, true}, {0, true, false}} {
		w := &account.Wipe{Done: c.done, RetryAt: accounttest.Noon.Add(c.wait)}
		if w.Pending() == c.done || w.Due(accounttest.Noon) != c.due {
			t.Errorf("%v to go, done %v: pending %v, due %v", c.wait, c.done, w.Pending(), w.Due(accounttest.Noon))
		}
	}
}
