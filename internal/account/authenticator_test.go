package account_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

// The pending secret has its own count: five wrong codes drop it, whatever the
// budget says. The right one is spent and puts it in force; the kind's count starts
// at zero, and if an authenticator proves a reset, it is a binding like the others.
func TestConfirmTakesFiveWrongCodesOrARightOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Around(accounttest.Noon)).Draw(t, "account")
		key := func(name string) account.TOTP {
			return account.NewTOTP(rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(t, name), account.TOTPRules{Digits: 6, Period: 30 * time.Second})
		}
		s, r := key("key"), drawRules(t)
		a.Pending = &account.Pending{TOTP: s, ExpiresAt: accounttest.Noon.Add(time.Minute)}
		for left := 4; ; left-- {
			want := accounttest.Clone(t, a)
			if rapid.IntRange(0, 3).Draw(t, "right") == 0 {
				off := rapid.Int64Range(-1, 1).Draw(t, "off")
				v, left := a.Confirm(accounttest.CodeAt(&s, step+off), r, accounttest.Noon)
				if r.Guard.Authenticator && want.Authenticator != nil {
					want.Guard = heldGuard(want.Guard, account.User, r)
				}
				if r.Guard.Authenticator {
					want.Guard = boundGuard(want.Guard)
				}
				want.Authenticator, want.Pending = &account.Authenticator{TOTP: s, ConfirmedAt: accounttest.Noon}, nil
				want.Authenticator.LastStep = step + off
				*want.Budget(account.KindTOTP) = account.Budget{}
				if sameAccount(t, a, want); v != account.Right || left != 0 {
					t.Fatal("the right code is refused")
				}
				if _, v := a.Authenticator.Match(accounttest.CodeAt(&s, step+off), accounttest.Noon, 1); v != account.Stale {
					t.Fatal("the code that confirmed it is right again")
				}
				return
			}
			v, got := a.Confirm(accounttest.CodeAt(&s, step+5), r, accounttest.Noon)
			want.Pending.Wrong++
			if left == 0 {
				want.Pending = nil
			}
			sameAccount(t, a, want)
			if v != account.Wrong || got != left {
				t.Fatalf("a wrong code: verdict %d, %d left, want %d", v, got, left)
			}
			if left == 0 {
				return
			}
		}
	})
}

func TestPendingAuthenticatorWaitsAQuarterOfAnHour(t *testing.T) {
	for left, waiting := range map[time.Duration]bool{
		15 * time.Minute: true, time.Millisecond: true, 0: false, -time.Millisecond: false,
		16 * time.Minute: true, 16*time.Minute + time.Millisecond: false, 10000 * time.Hour: false,
	} {
		a := &account.Account{Pending: &account.Pending{ExpiresAt: accounttest.Noon.Add(left)}}
		if got := a.PendingAt(accounttest.Noon) != nil; got != waiting {
			t.Errorf("%v to go: waiting %v", left, got)
		}
	}
	if (&account.Account{}).PendingAt(accounttest.Noon) != nil {
		t.Error("one waits where none was begun")
	}
}

// A second Begin makes a new secret with its own time and count. Only a replaced
// secret that was still pending is remembered.
func TestBeginRemembersTheOneThatItReplaces(t *testing.T) {
	first, second, third := totpOf("first"), totpOf("second"), totpOf("third")
	at := accounttest.Noon.Add
	for _, c := range []struct {
		name   string
		waits  *account.Pending
		now    time.Time
		became *account.Replaced
	}{
		{"none waits", nil, at(0), nil},
		{"one waits", &account.Pending{TOTP: first, ExpiresAt: at(time.Minute), Wrong: 4}, at(0), &account.Replaced{TOTP: first, ExpiresAt: at(time.Minute)}},
		{"one waited", &account.Pending{TOTP: first, ExpiresAt: at(time.Minute)}, at(time.Minute), nil},
		{"one that a clock began that ran ahead", &account.Pending{TOTP: first, ExpiresAt: at(time.Hour)}, at(0), nil},
		{"one waits that replaced another", &account.Pending{TOTP: second, ExpiresAt: at(2 * time.Minute), Replaced: &account.Replaced{TOTP: first, ExpiresAt: at(time.Minute)}},
			at(0), &account.Replaced{TOTP: second, ExpiresAt: at(2 * time.Minute)}},
	} {
		counts := &account.Authenticator{TOTP: totpOf("in force")}
		a := &account.Account{Pending: c.waits, Authenticator: counts}
		got := a.Begin(third, c.now)
		want := &account.Account{Authenticator: counts, Pending: &account.Pending{TOTP: third, ExpiresAt: c.now.Add(15 * time.Minute), Replaced: c.became}}
		if sameAccount(t, a, want); got != a.Pending {
			t.Errorf("%s: another one is returned", c.name)
		}
	}
}

// A code of the replaced secret is stale until its quarter of an hour is over,
// however often it is shown, and then wrong like any other.
func TestConfirmTellsAUserWhoScannedTheFirstCode(t *testing.T) {
	first, second, third := totpOf("first"), totpOf("second"), totpOf("third")
	at := accounttest.Noon.Add
	a := &account.Account{}
	a.Begin(first, at(-5*time.Minute))
	a.Begin(second, accounttest.Noon)
	code := func(s *account.TOTP, now time.Time) string { return accounttest.CodeAt(s, s.Step(now)) }
	for range 7 {
		for _, now := range []time.Time{at(0), at(10*time.Minute - time.Millisecond)} {
			want := accounttest.Clone(t, a)
			if v, left := a.Confirm(code(&first, now), rules, now); v != account.Stale || left != 5 {
				t.Fatalf("of the first, at %v: verdict %d, %d left", now, v, left)
			}
			sameAccount(t, a, want)
		}
	}
	for now, left := range map[time.Time]int{at(10 * time.Minute): 4} {
		if v, got := a.Confirm(code(&first, now), rules, now); v != account.Wrong || got != left {
			t.Fatalf("of the first, at its end: verdict %d, %d left", v, got)
		}
	}
	if v, left := a.Confirm(code(&third, at(0)), rules, at(0)); v != account.Wrong || left != 3 {
		t.Fatalf("of none: verdict %d, %d left", v, left)
	}
	if v, left := a.Confirm(code(&first, at(0)), rules, at(0)); v != account.Stale || left != 3 {
		t.Fatalf("of the first, after wrong ones: verdict %d, %d left", v, left)
	}
	if v, _ := a.Confirm(code(&second, at(0)), rules, at(0)); v != account.Right || a.Pending != nil {
		t.Fatalf("of the second: verdict %d", v)
	}
}

// A code of both is right for neither: otherwise the holder of the first could
// guess at the second, uncounted.
func TestConfirmTakesNoCodeOfBoth(t *testing.T) {
	s := totpOf("the same")
	a := &account.Account{}
	a.Begin(s, accounttest.Noon)
	a.Begin(s, accounttest.Noon)
	want := accounttest.Clone(t, a)
	if v, left := a.Confirm(accounttest.CodeAt(&s, step), rules, accounttest.Noon); v != account.Stale || left != 5 {
		t.Fatalf("verdict %d, %d left", v, left)
	}
	sameAccount(t, a, want)
}

// The replaced secret is forgotten with the pending one.
func TestWhatDropsAnAuthenticatorThatWaits(t *testing.T) {
	in, s := totpOf("in force"), totpOf("second")
	for _, c := range []struct {
		name  string
		act   func(a *account.Account)
		stays bool // the one that counts
	}{
		{"removing", func(a *account.Account) { a.RemoveAuthenticator(account.User, rules, accounttest.Noon) }, false},
		{"a wipe", func(a *account.Account) { a.MarkWipe(uuid.UUID{1}, account.ReasonForfeited, accounttest.Noon) }, true},
		{"voiding the codes", func(a *account.Account) { a.VoidCodes(rules, accounttest.Noon) }, true},
		{"five wrong codes", func(a *account.Account) {
			for range 5 {
				a.Confirm(accounttest.CodeAt(&s, step+5), rules, accounttest.Noon)
			}
		}, true},
		{"time", func(a *account.Account) { a.Tidy(accounttest.Noon.Add(15 * time.Minute)) }, true},
	} {
		a := &account.Account{Authenticator: &account.Authenticator{TOTP: in}}
		a.Begin(totpOf("first"), accounttest.Noon)
		a.Begin(s, accounttest.Noon)
		c.act(a)
		if a.Pending != nil || (a.Authenticator != nil) != c.stays {
			t.Errorf("%s: there is %+v, in force %+v", c.name, a.Pending, a.Authenticator)
		}
	}
}

func TestRemoveAuthenticatorMarksWhatCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Around(accounttest.Noon)).Draw(t, "account")
		r, by, want := drawRules(t), drawActor(t), accounttest.Clone(t, a)
		a.RemoveAuthenticator(by, r, accounttest.Noon)
		if app := want.Authenticator; app != nil {
			lost(want, placeMark(account.KindTOTP, uuid.Nil), secretMark(app.TOTP))
		}
		if want.Authenticator != nil && r.Guard.Authenticator {
			want.Guard = heldGuard(want.Guard, by, r)
		}
		want.Authenticator, want.Pending = nil, nil
		sameAccount(t, a, want)
	})
}
