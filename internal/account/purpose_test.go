package account_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

// A seal depends on the kind, the code and each part, so that no other purpose,
// code or kind has the same. Without parts it is zero.
func TestSealsAreOfTheKindTheCodeAndEachPart(t *testing.T) {
	seen := map[account.Seal]string{}
	for _, k := range account.IssuedKinds {
		for _, digits := range []string{"000000", "0000000", "000001"} {
			for _, parts := range append(slices.Clone(purposes[1:]), []string{""}, []string{"", ""}, []string{strings.Repeat("x", 255)}, []string{strings.Repeat("x", 256)}) {
				code := (&account.Account{}).Issue(k, purposeOf(parts), digits, rules, accounttest.Noon)
				name := fmt.Sprintf("%s %s for %q", k, digits, parts)
				if want := accounttest.Seal(k, digits, parts...); code.Seal != want {
					t.Errorf("%s: %x is kept, want %x", name, code.Seal, want)
				}
				if other, twice := seen[code.Seal]; twice {
					t.Errorf("%s and %s are the same", name, other)
				}
				seen[code.Seal] = name
			}
			if none := (&account.Account{}).Issue(k, noPurpose, digits, rules, accounttest.Noon); none.Seal != (account.Seal{}) {
				t.Errorf("of no purpose %x is kept", none.Seal)
			}
		}
	}
	if noPurpose.IsSet() || account.NewPurpose(nil).IsSet() || !account.NewPurpose([]string{"pay"}).IsSet() {
		t.Error("none is a purpose, or one is none")
	}
	// The bytes are stored, so another release must make the same.
	const want = "e9f41547232efe8cc1355676113077b1"
	if got := fmt.Sprintf("%x", accounttest.Seal(account.KindAccount, "012345", "pay", "A 1", "2")); got != want {
		t.Errorf("of a payment %s is kept, want %s", got, want)
	}
}

// Two different purposes never look alike, whatever their parts hold.
func TestNoTwoPurposesLookAlike(t *testing.T) {
	part := rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "ab", "ba", " ", "\x00", "\x00\x00\x00\x00\x00\x00\x00\x01", "0", "00"}), rapid.StringN(1, 4, 255))
	parts := rapid.SliceOfN(part, 1, 5)
	rapid.Check(t, func(t *rapid.T) {
		one, other := parts.Draw(t, "one"), parts.Draw(t, "other")
		if rapid.Bool().Draw(t, "cut elsewhere") { // the same text in other parts
			text := strings.Join(one, "")
			cut := rapid.IntRange(0, len(text)).Draw(t, "cut")
			other = slices.DeleteFunc([]string{text[:cut], text[cut:]}, func(s string) bool { return s == "" })
		}
		a := &account.Account{}
		a.Issue(account.KindAccount, purposeOf(one), "000001", rules, accounttest.Noon)
		want := account.Wrong
		if slices.Equal(one, other) {
			want = account.Right
		}
		if got := verdictFor(a, account.KindAccount, purposeOf(other), "000001", rules, accounttest.Noon); got != want {
			t.Fatalf("a code for %q is given for %q: verdict %d, want %d", one, other, got, want)
		}
	})
}

// A code is right for its purpose alone. For any other, including none, it is wrong
// and charged, live or stale, and unchanged for its own.
func TestCodesAreRightForTheirPurposeOnly(t *testing.T) {
	for i, own := range purposes {
		for j, other := range purposes {
			if i == j {
				continue
			}
			a := &account.Account{}
			a.Issue(account.KindAccount, purposeOf(own), "000001", rules, accounttest.Noon)
			for _, want := range []account.Verdict{account.Right, account.Stale} { // then it is used
				*a.Budget(account.KindAccount) = account.Budget{}
				found := a.JudgeCode("000001", purposeOf(other), []account.Kind{account.KindAccount}, rules, accounttest.Noon, nil)
				if len(found) != 1 || found[0].Verdict != account.Wrong || !found[0].Charged || a.Budget(account.KindAccount).Wrong != 1 {
					t.Errorf("a code for %q is given for %q: %+v", own, other, found)
				}
				if got := verdictFor(a, account.KindAccount, purposeOf(own), "000001", rules, accounttest.Noon); got != want {
					t.Errorf("and then for %q: verdict %d, want %d", own, got, want)
				}
			}
		}
	}
}

// One code is live for each purpose, and four of a kind. A fifth pushes out the
// oldest, which becomes stale for its purpose and wrong for all others; another for
// a purpose with a live one pushes nothing out, and is the newest.
func TestTheFifthPurposePushesTheOldestOut(t *testing.T) {
	digits := func(i int) string { return fmt.Sprintf("%06d", i) }
	purpose := func(i int) account.Purpose { return purposeOf([]string{"purpose", digits(i)}) }
	verdicts := func(a *account.Account, n int) (all []account.Verdict) {
		for i := range n {
			all = append(all, verdictFor(accounttest.Clone(t, a), account.KindLogin, purpose(i), digits(i), rules, accounttest.Noon))
		}
		return all
	}
	const right, stale = account.Right, account.Stale
	a := &account.Account{}
	for i := range 4 {
		a.Issue(account.KindLogin, purpose(i), digits(i), rules, accounttest.Noon)
		a.Issue(account.KindAccount, purpose(i), digits(9), rules, accounttest.Noon) // the other kind's are counted apart
	}
	if got := verdicts(a, 4); !slices.Equal(got, []account.Verdict{right, right, right, right}) {
		t.Fatalf("of four: %v", got)
	}
	a.Issue(account.KindLogin, purpose(0), digits(10), rules, accounttest.Noon)
	if got := verdicts(a, 4); !slices.Equal(got, []account.Verdict{stale, right, right, right}) {
		t.Fatalf("one replaced: %v", got)
	}
	a.Issue(account.KindLogin, purpose(4), digits(4), rules, accounttest.Noon)
	if got := verdicts(a, 5); !slices.Equal(got, []account.Verdict{stale, stale, right, right, right}) {
		t.Fatalf("one pushed out: %v", got)
	}
	if got := verdictFor(a, account.KindLogin, purpose(0), digits(10), rules, accounttest.Noon); got != right {
		t.Fatalf("the newest for the first purpose: verdict %d", got)
	}
}

// An expired code makes room, tidied or not, and pushes none out.
func TestExpiredCodesMakeRoomForAnotherPurpose(t *testing.T) {
	for _, tidied := range []bool{false, true} {
		a, r := &account.Account{}, *rules
		purpose := func(i int) account.Purpose { return purposeOf([]string{fmt.Sprint(i)}) }
		a.Issue(account.KindLogin, purpose(0), "000000", &r, accounttest.Noon)
		now := accounttest.Noon.Add(r.LoginTTL - time.Millisecond)
		for i := 1; i < 4; i++ {
			a.Issue(account.KindLogin, purpose(i), "000001", &r, now)
		}
		now = accounttest.Noon.Add(r.LoginTTL)
		if tidied {
			a.Tidy(now)
		}
		a.Issue(account.KindLogin, purpose(4), "000001", &r, now)
		for i := range 5 {
			want, code := account.Right, "000001"
			if i == 0 {
				want, code = account.Stale, "000000"
			}
			if got := verdictFor(a, account.KindLogin, purpose(i), code, &r, now); got != want {
				t.Errorf("tidied %v, purpose %d: verdict %d, want %d", tidied, i, got, want)
			}
		}
	}
}

// A code that a clock which ran ahead issued is void. The next code of the kind,
// for any purpose, removes it: it pushes no live one out, and does not become right
// later.
func TestVoidCodesMakeRoomAndDoNotComeBack(t *testing.T) {
	purpose := func(i int) account.Purpose { return purposeOf([]string{fmt.Sprint(i)}) }
	for _, ahead := range []time.Duration{rules.LoginTTL - time.Minute, 24 * time.Hour} {
		a := &account.Account{}
		for i := range 3 {
			a.Issue(account.KindLogin, purpose(i), "000001", rules, accounttest.Noon)
		}
		a.Issue(account.KindLogin, purpose(3), "000000", rules, accounttest.Noon.Add(ahead))
		left := len(a.Codes(account.KindLogin).Live) - 1 // of the first three: to that clock they may have expired
		a.Issue(account.KindLogin, purpose(4), "000001", rules, accounttest.Noon)
		if got := len(a.Codes(account.KindLogin).Live); got != left+1 {
			t.Errorf("%v ahead: %d codes are live, want %d", ahead, got, left+1)
		}
		for i := range left {
			if got := verdictFor(a, account.KindLogin, purpose(i), "000001", rules, accounttest.Noon); got != account.Right {
				t.Errorf("%v ahead: live code %d: verdict %d", ahead, i, got)
			}
		}
		if got := verdictFor(a, account.KindLogin, purpose(3), "000000", rules, accounttest.Noon.Add(ahead)); got != account.Stale {
			t.Errorf("%v ahead: verdict %d when its time has come", ahead, got)
		}
	}
}

// With Resend the code of the same purpose is sent again. The others stay, and the
// interval is the kind's.
func TestACodeIsSentAgainForItsPurpose(t *testing.T) {
	a, r := &account.Account{}, *rules
	r.Resend, r.Interval = true, time.Minute
	first := map[string]account.Code{}
	for i, parts := range purposes[:4] {
		first[fmt.Sprintf("%q", parts)] = a.Issue(account.KindLogin, purposeOf(parts), fmt.Sprintf("%06d", i), &r, accounttest.Noon)
	}
	later := accounttest.Noon.Add(time.Second)
	for _, parts := range purposes[:4] {
		want := first[fmt.Sprintf("%q", parts)]
		if got := a.Issue(account.KindLogin, purposeOf(parts), "999999", &r, later); got != want {
			t.Errorf("for %q %+v is sent again, want %+v", parts, got, want)
		}
		if until, held := a.Codes(account.KindLogin).Held(&r, later); !held || !until.Equal(later.Add(time.Minute)) {
			t.Errorf("for %q the interval is over at %v", parts, until)
		}
	}
	if other := a.Issue(account.KindAccount, noPurpose, "999999", &r, later); other.Digits != "999999" {
		t.Errorf("a code of another kind is sent again: %+v", other)
	}
	if c := a.Codes(account.KindLogin); len(c.Live) != 4 || len(c.Stale) != 0 {
		t.Errorf("%d are live and %d stale", len(c.Live), len(c.Stale))
	}
}

// A purpose changes nothing for credentials that are not issued.
func TestOnlyIssuedCodesHaveAPurpose(t *testing.T) {
	for _, parts := range purposes {
		a := &account.Account{Devices: []account.Device{{TOTP: codeKey}}, Authenticator: &account.Authenticator{TOTP: codeKey}}
		shown := a.GenerateRecovery(recoverySeed)
		for k, code := range map[account.Kind]string{
			account.KindDeviceTOTP: accounttest.CodeAt(&codeKey, step), account.KindTOTP: accounttest.CodeAt(&codeKey, step), account.KindRecovery: shown[3],
		} {
			for _, want := range []account.Verdict{account.Right, account.Stale} {
				if got := verdictFor(a, k, purposeOf(parts), code, rules, accounttest.Noon); got != want {
					t.Errorf("%s for %q: verdict %d, want %d", k, parts, got, want)
				}
			}
		}
	}
}

// Voiding voids the codes of each purpose.
func TestVoidingEndsTheCodesOfAllPurposes(t *testing.T) {
	for name, void := range map[string]func(*account.Account){
		"voided": func(a *account.Account) { a.VoidCodes(rules, accounttest.Noon) },
		"wiped":  func(a *account.Account) { a.MarkWipe([16]byte{1}, account.ReasonStrikes, accounttest.Noon) },
	} {
		a := &account.Account{}
		for _, parts := range purposes[:4] {
			for _, k := range account.IssuedKinds {
				a.Issue(k, purposeOf(parts), "000001", rules, accounttest.Noon)
			}
		}
		void(a)
		for _, parts := range purposes[:4] {
			for _, k := range account.IssuedKinds {
				if got := verdictFor(a, k, purposeOf(parts), "000001", rules, accounttest.Noon); got != account.Stale {
					t.Errorf("%s: the %s code for %q: verdict %d", name, k, parts, got)
				}
			}
		}
	}
}
