package account_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

// aged returns when something was bound that is this old at noon.
func aged(age time.Duration) time.Time { return accounttest.Noon.Add(-age) }

// resetAt restates the guard's order: a wipe, then something old enough, then
// something too new, then a removal; the interval only delays what would be judged.
func resetAt(a *account.Account, r *account.Rules, now time.Time) (account.ResetState, time.Time) {
	if a.Guard.Wipe != nil {
		return account.ResetWiped, time.Time{}
	}
	var bound []time.Time
	if a.PIN != nil {
		bound = append(bound, a.PIN.SetAt)
	}
	for _, d := range a.Devices {
		bound = append(bound, d.EnrolledAt)
	}
	if r.Guard.Authenticator && a.Authenticator != nil {
		bound = append(bound, a.Authenticator.ConfirmedAt)
	}
	isOld := func(at time.Time) bool { return now.Sub(at) >= r.Guard.MinAge || at.Sub(now) > time.Minute }
	inForce := func(end time.Time, longest time.Duration) bool {
		return longest > 0 && end.After(now) && end.Sub(now) <= longest+time.Minute
	}
	capped := func(end time.Time, longest time.Duration) time.Time {
		if end.Sub(now) > longest {
			return now.Add(longest)
		}
		return end
	}
	g := a.Guard
	switch {
	case r.Guard.MinAge == 0 && len(bound) > 0, slices.ContainsFunc(bound, isOld):
		if inForce(g.NotBefore, r.Guard.Interval) {
			return account.ResetHeld, capped(g.NotBefore, r.Guard.Interval)
		}
		return account.ResetJudged, time.Time{}
	case len(bound) > 0:
		return account.ResetTooSoon, capped(slices.MinFunc(bound, time.Time.Compare).Add(r.Guard.MinAge), r.Guard.MinAge)
	case inForce(g.HoldUntil, r.Guard.MinAge):
		return account.ResetTooSoon, capped(g.HoldUntil, r.Guard.MinAge)
	}
	return account.ResetNotEnrolled, time.Time{}
}

func TestResetIsJudgedInTheOrderOfTheGuard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		near := rapid.Map(rapid.OneOf(
			rapid.SampledFrom([]int64{0, 1, -1, 60_000, 60_001, 3_600_000, -3_600_000, -3_599_999, 3_660_000, 3_660_001}), rapid.Int64Range(-9_000_000, 9_000_000),
		), func(ms int64) time.Time { return accounttest.Noon.Add(time.Duration(ms) * time.Millisecond) })
		a := accounttest.Any(near).Draw(t, "account")
		a.Devices = a.Devices[:min(len(a.Devices), 3)]
		r := &account.Rules{Guard: account.GuardRules{
			MinAge:        rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(t, "min age"),
			Interval:      rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(t, "interval"),
			Authenticator: rapid.Bool().Draw(t, "authenticator proves"),
		}}
		wantState, wantUntil := resetAt(a, r, accounttest.Noon)
		state, until := a.ResetAt(r, accounttest.Noon)
		if state != wantState || !until.Equal(wantUntil) {
			t.Fatalf("state %d until %v, want %d until %v", state, until, wantState, wantUntil)
		}
		if latest := accounttest.Noon.Add(time.Hour); until.After(latest) {
			t.Fatalf("until %v, later than can be", until)
		}
	})
}

func TestWhenAResetIsJudged(t *testing.T) {
	const hour, ms = time.Hour, time.Millisecond
	at := accounttest.Noon.Add
	pin := func(age time.Duration) func(*account.Account) {
		return func(a *account.Account) { a.PIN = &account.PIN{SetAt: aged(age)} }
	}
	device := func(age time.Duration) func(*account.Account) {
		return func(a *account.Account) { a.Devices = append(a.Devices, account.Device{EnrolledAt: aged(age)}) }
	}
	app := func(confirmed time.Time) func(*account.Account) {
		return func(a *account.Account) { a.Authenticator = &account.Authenticator{ConfirmedAt: confirmed} }
	}
	held := func(until time.Duration) func(*account.Account) {
		return func(a *account.Account) { a.Guard.HoldUntil = at(until) }
	}
	waits := func(until time.Duration) func(*account.Account) {
		return func(a *account.Account) { a.Guard.NotBefore = at(until) }
	}
	wiped := func(a *account.Account) { a.Guard.Wipe = &account.Wipe{} }
	off := account.GuardRules{MinAge: hour, Interval: time.Minute}
	on := off
	on.Authenticator = true
	for _, c := range []struct {
		name  string
		rules account.GuardRules
		holds []func(*account.Account)
		want  account.ResetState
		until time.Time
	}{
		{"nothing held", off, nil, account.ResetNotEnrolled, time.Time{}},
		{"a PIN exactly of age", off, []func(*account.Account){pin(hour)}, account.ResetJudged, time.Time{}},
		{"a PIN not quite of age", off, []func(*account.Account){pin(hour - ms)}, account.ResetTooSoon, at(ms)},
		{"a PIN set by a clock a minute ahead", off, []func(*account.Account){pin(-time.Minute)}, account.ResetTooSoon, at(hour)},
		{"a PIN set by one further ahead is old", off, []func(*account.Account){pin(-time.Minute - ms)}, account.ResetJudged, time.Time{}},
		{"a young device beside an old one", off, []func(*account.Account){device(0), device(hour)}, account.ResetJudged, time.Time{}},
		{"the first of two that becomes old", off, []func(*account.Account){pin(time.Minute), device(2 * time.Minute)}, account.ResetTooSoon, at(hour - 2*time.Minute)},
		{"an authenticator that proves nothing", off, []func(*account.Account){app(aged(hour))}, account.ResetNotEnrolled, time.Time{}},
		{"an authenticator of age", on, []func(*account.Account){app(aged(hour))}, account.ResetJudged, time.Time{}},
		{"an authenticator of an unknown age", on, []func(*account.Account){app(time.Time{})}, account.ResetJudged, time.Time{}},
		{"an authenticator not of age", on, []func(*account.Account){app(aged(0))}, account.ResetTooSoon, at(hour)},
		{"something removed", off, []func(*account.Account){held(hour)}, account.ResetTooSoon, at(hour)},
		{"something removed, a millisecond to go", off, []func(*account.Account){held(ms)}, account.ResetTooSoon, at(ms)},
		{"something removed MinAge ago", off, []func(*account.Account){held(0)}, account.ResetNotEnrolled, time.Time{}},
		{"something removed by a clock a minute ahead", off, []func(*account.Account){held(hour + time.Minute)}, account.ResetTooSoon, at(hour)},
		{"something removed by one further ahead", off, []func(*account.Account){held(hour + time.Minute + ms)}, account.ResetNotEnrolled, time.Time{}},
		{"something removed, and no MinAge any more", account.GuardRules{}, []func(*account.Account){held(ms)}, account.ResetNotEnrolled, time.Time{}},
		{"something young held, and something removed", off, []func(*account.Account){pin(time.Minute), held(hour)}, account.ResetTooSoon, at(59 * time.Minute)},
		{"something old held, and something removed", off, []func(*account.Account){pin(hour), held(hour)}, account.ResetJudged, time.Time{}},
		{"the interval", off, []func(*account.Account){pin(hour), waits(time.Minute)}, account.ResetHeld, at(time.Minute)},
		{"the interval, a millisecond to go", off, []func(*account.Account){pin(hour), waits(ms)}, account.ResetHeld, at(ms)},
		{"the interval at its end", off, []func(*account.Account){pin(hour), waits(0)}, account.ResetJudged, time.Time{}},
		{"the interval by a clock a minute ahead", off, []func(*account.Account){pin(hour), waits(2 * time.Minute)}, account.ResetHeld, at(time.Minute)},
		{"the interval by one further ahead", off, []func(*account.Account){pin(hour), waits(2*time.Minute + ms)}, account.ResetJudged, time.Time{}},
		{"the interval, and none any more", account.GuardRules{}, []func(*account.Account){pin(0), waits(ms)}, account.ResetJudged, time.Time{}},
		{"MinAge before the interval", off, []func(*account.Account){pin(0), waits(time.Minute)}, account.ResetTooSoon, at(hour)},
		{"nothing held, and the interval", off, []func(*account.Account){waits(time.Minute)}, account.ResetNotEnrolled, time.Time{}},
		{"a wipe before anything else", on, []func(*account.Account){wiped, app(aged(hour)), held(hour), waits(time.Minute)}, account.ResetWiped, time.Time{}},
	} {
		a := &account.Account{}
		for _, add := range c.holds {
			add(a)
		}
		state, until := a.ResetAt(&account.Rules{Guard: c.rules}, accounttest.Noon)
		if state != c.want || !until.Equal(c.until) {
			t.Errorf("%s: state %d until %v, want %d until %v", c.name, state, until, c.want, c.until)
		}
	}
}

// A PIN that is too new is ignored; without a PIN a dummy is judged.
func TestProvingPINIsOneOfAge(t *testing.T) {
	r := &account.Rules{Guard: account.GuardRules{MinAge: time.Hour}}
	for _, c := range []struct {
		name         string
		pin          *account.PIN
		held, judged bool
	}{
		{"none", nil, false, true},
		{"of age", &account.PIN{SetAt: aged(time.Hour)}, true, true},
		{"not quite", &account.PIN{SetAt: aged(time.Hour - time.Millisecond)}, false, false},
		{"set by a clock a minute ahead", &account.PIN{SetAt: aged(-time.Minute)}, false, false},
		{"set by one further ahead", &account.PIN{SetAt: aged(-time.Minute - time.Millisecond)}, true, true},
	} {
		held, judged := (&account.Account{PIN: c.pin}).ProvingPIN(r, accounttest.Noon)
		if judged != c.judged || c.held && held != c.pin || !c.held && held != nil {
			t.Errorf("%s: %v, judged %v", c.name, held, judged)
		}
	}
}

// A key that could prove a reset: the code it shows, what is known of it, and its
// age.
type proofKey struct {
	secret string
	used   bool // its code of now was accepted before
	age    time.Duration
}

func (k proofKey) totp() account.TOTP {
	s := totpOf(k.secret)
	if k.used {
		s.LastStep = step
	}
	return s
}

// A code is judged against too new keys first, and if it is right or stale there,
// against nothing else. Then a code that is stale for one is right for none, and
// one that is right for several is spent for the first, devices before the
// authenticator.
func TestResetCodesAreJudgedYoungestFirst(t *testing.T) {
	drawKey := func(t *rapid.T, name string) proofKey {
		return proofKey{
			secret: rapid.SampledFrom([]string{"one", "two", "three"}).Draw(t, name),
			used:   rapid.Bool().Draw(t, "used"),
			age:    rapid.SampledFrom([]time.Duration{0, time.Hour - time.Millisecond, time.Hour, 2 * time.Hour}).Draw(t, "age"),
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		r := &account.Rules{TOTP: rules.TOTP, Guard: account.GuardRules{
			MinAge: rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(t, "min age"), Authenticator: rapid.Bool().Draw(t, "authenticator proves"),
		}}
		a, keys := &account.Account{}, []proofKey(nil)
		for n := range rapid.IntRange(0, 3).Draw(t, "devices") {
			k := drawKey(t, "device")
			a.Devices, keys = append(a.Devices, account.Device{ID: uuid.UUID{byte(n + 1)}, TOTP: k.totp(), EnrolledAt: aged(k.age)}), append(keys, k)
		}
		if rapid.Bool().Draw(t, "has authenticator") {
			k := drawKey(t, "authenticator")
			if a.Authenticator = (&account.Authenticator{TOTP: k.totp(), ConfirmedAt: aged(k.age)}); r.Guard.Authenticator {
				keys = append(keys, k)
			}
		}
		shown := rapid.SampledFrom([]string{"one", "two", "four"}).Draw(t, "code of")
		s := totpOf(shown)
		code := accounttest.CodeAt(&s, step)

		shows := func(young, used bool) int {
			return slices.IndexFunc(keys, func(k proofKey) bool { return k.secret == shown && (k.age < r.Guard.MinAge) == young && k.used == used })
		}
		want := account.Wrong
		switch first := shows(false, false); {
		case shows(true, true) >= 0:
			want = account.Stale
		case shows(true, false) >= 0:
			want = account.TooNew
		case shows(false, true) >= 0:
			want = account.Stale
		case first >= 0:
			want = account.Right
		}
		before := accounttest.Clone(t, a)
		kind, device, got := a.JudgeResetCode(code, r, accounttest.Noon)
		if got != want {
			t.Fatalf("verdict %d, want %d", got, want)
		}
		wantKind, wantDevice := account.KindDeviceTOTP, uuid.Nil
		if want == account.Right {
			switch first := shows(false, false); {
			case first < len(a.Devices):
				wantDevice = a.Devices[first].ID
				before.Devices[first].LastStep, before.Devices[first].UsedAt = step, accounttest.Noon
			default:
				wantKind = account.KindTOTP
				before.Authenticator.LastStep = step
			}
		}
		if kind != wantKind || device != wantDevice {
			t.Fatalf("of %s %v, want %s %v", kind, device, wantKind, wantDevice)
		}
		sameAccount(t, a, before)
	})
}

// Only the step of a right code is spent: a second proof by it is stale.
func TestResetCodesAreSpent(t *testing.T) {
	r := &account.Rules{TOTP: rules.TOTP, Guard: account.GuardRules{MinAge: time.Hour, Authenticator: true}}
	phone, app := totpOf("phone"), totpOf("app")
	a := &account.Account{Devices: []account.Device{{ID: uuid.UUID{1}, TOTP: phone}}, Authenticator: &account.Authenticator{TOTP: app}}
	for _, s := range []*account.TOTP{&phone, &app} {
		if _, _, v := a.JudgeResetCode(accounttest.CodeAt(s, step), r, accounttest.Noon); v != account.Right {
			t.Fatalf("verdict %d", v)
		}
		if _, _, v := a.JudgeResetCode(accounttest.CodeAt(s, step), r, accounttest.Noon); v != account.Stale {
			t.Fatalf("the second time: verdict %d", v)
		}
	}
}

// A right proof clears everything that wrong ones have caused, except the hold.
func TestProvenStartsTheStrikesAnew(t *testing.T) {
	g := account.Guard{Strikes: 3, NotBefore: accounttest.Noon, LastWrong: []byte{1}, HoldUntil: accounttest.Noon.Add(time.Hour)}
	g.Restart()
	if g.Strikes != 0 || !g.NotBefore.IsZero() || g.LastWrong != nil || g.Wipe != nil || !g.HoldUntil.Equal(accounttest.Noon.Add(time.Hour)) {
		t.Fatalf("remembered %+v", g)
	}
}
