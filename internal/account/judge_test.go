package account_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/totp"
)

var (
	limit = account.Limit{Tries: 3, Delay: time.Minute, MaxDelay: time.Hour, Final: 6}
	rules = &account.Rules{
		Password: limit, PIN: limit, OneTime: limit, TimeBased: limit,
		LoginTTL: 10 * time.Minute, AccountTTL: 5 * time.Minute, TOTP: account.TOTPRules{Digits: 6, Period: 30 * time.Second, Skew: 1},
	}
	step = accounttest.Noon.Unix() / 30
)

// codeKinds are the kinds of codes, issued ones first.
var codeKinds = slices.DeleteFunc(slices.Clone(account.Kinds[:]), func(k account.Kind) bool {
	return k == account.KindPassword || k == account.KindPIN
})

var noPurpose account.Purpose

// usedCode is the used code of the i-th of account.IssuedKinds alone.
func usedCode(i int) string { return fmt.Sprintf("%06d", 10+i) }

// A holder is an account with a record of its codes: each is right for some kinds,
// stale for others, and wrong for the rest.
type holder struct {
	*account.Account
	right, stale map[string][]account.Kind
	device       map[string]uuid.UUID // whose code it is
}

func newHolder(t *rapid.T) holder {
	h := holder{&account.Account{}, map[string][]account.Kind{}, map[string][]account.Kind{}, map[string]uuid.UUID{}}
	add := func(to map[string][]account.Kind, code string, k account.Kind) { to[code] = append(to[code], k) }
	code := func(digits string) account.Code {
		return account.Code{Digits: digits, ExpiresAt: accounttest.Noon.Add(time.Minute)}
	}
	for i, k := range account.IssuedKinds {
		if !rapid.Bool().Draw(t, "has codes") {
			continue
		}
		live := code(rapid.SampledFrom([]string{"000001", "000002", accounttest.CodeAt(&codeKey, step), accounttest.CodeAt(&codeKey, step-1)}).Draw(t, "live"))
		used := code(usedCode(i))
		*h.Codes(k) = account.Codes{Live: []account.Code{live}, Stale: []account.Code{used, code("000005"), code([]string{"000002", "000001"}[i%2])}}
		for _, s := range h.Codes(k).Stale {
			add(h.stale, s.Digits, k)
		}
		if !slices.Contains(h.stale[live.Digits], k) {
			add(h.right, live.Digits, k)
		}
	}
	s := codeKey
	s.LastStep = step - 1
	holds := map[account.Kind]bool{account.KindTOTP: rapid.Bool().Draw(t, "has authenticator"), account.KindDeviceTOTP: rapid.Bool().Draw(t, "has device")}
	if holds[account.KindTOTP] {
		h.Authenticator = &account.Authenticator{TOTP: s}
	}
	if holds[account.KindDeviceTOTP] {
		other := totpOf("another device's key")
		h.Devices = []account.Device{{ID: uuid.UUID{1}, TOTP: s}, {ID: uuid.UUID{2}, TOTP: other}}
		h.device[accounttest.CodeAt(&s, step)] = uuid.UUID{1}
		h.device[accounttest.CodeAt(&other, step)] = uuid.UUID{2}
		add(h.right, accounttest.CodeAt(&other, step), account.KindDeviceTOTP)
	}
	if rapid.Bool().Draw(t, "has recovery codes") {
		shown := h.GenerateRecovery(recoverySeed)
		h.Recovery.Used = 1
		add(h.stale, shown[0], account.KindRecovery)
		add(h.right, shown[9], account.KindRecovery)
	}
	for k, is := range holds {
		if is {
			add(h.right, accounttest.CodeAt(&s, step), k)
			add(h.stale, accounttest.CodeAt(&s, step-1), k)
		}
	}
	for i := range h.Budgets {
		until := rapid.SampledFrom([]time.Time{{}, accounttest.Noon, accounttest.Noon.Add(time.Minute)}).Draw(t, "until")
		h.Budgets[i] = account.Budget{Wrong: rapid.IntRange(0, 6).Draw(t, "wrong"), Until: until}
	}
	return h
}

var codeKey = account.TOTP{Key: totp.Key{Secret: []byte("12345678901234567890"), Digits: 6, Period: 30 * time.Second}, LastStep: account.NoStep}

// expect predicts the judgement of a code in three passes: locked kinds; the
// verdicts of the others; the charges. It changes the counts.
func (h holder) expect(code string, kinds []account.Kind, budgets *[len(account.Kinds)]account.Budget) (want []account.Finding, right bool) {
	of := func(k account.Kind) *account.Budget { return &budgets[slices.Index(account.Kinds[:], k)] }
	open := slices.DeleteFunc(slices.Clone(kinds), func(k account.Kind) bool { return of(k).Locked(limit, accounttest.Noon) })
	is := func(in map[string][]account.Kind) func(account.Kind) bool {
		return func(k account.Kind) bool { return slices.Contains(in[code], k) }
	}
	stale := slices.ContainsFunc(open, is(h.stale))
	first := slices.IndexFunc(open, is(h.right))
	right = first >= 0 && !stale
	for _, k := range kinds {
		if !slices.Contains(open, k) {
			want = append(want, account.Finding{Kind: k, Verdict: account.Locked, Until: of(k).End(limit, accounttest.Noon)})
		}
	}
	if right {
		k := open[first]
		*of(k) = account.Budget{}
		f := account.Finding{Kind: k, Verdict: account.Right}
		if k == account.KindDeviceTOTP {
			f.Device = h.device[code]
		}
		return append(want, f), true
	}
	for _, k := range open {
		f := account.Finding{Kind: k, Verdict: account.Stale}
		if !stale {
			*of(k) = of(k).Charge(limit, accounttest.Noon)
			f.Verdict, f.Charged, f.LockedOut = account.Wrong, true, of(k).Wrong == limit.Final
		}
		if f.Left = of(k).Remaining(limit, accounttest.Noon); f.Left == 0 {
			f.Until = of(k).End(limit, accounttest.Noon)
		}
		want = append(want, f)
	}
	return want, false
}

// A code is judged against each kind that is not locked, and spent for the first
// for which it is right, whose count alone starts at zero. A code that is right for
// none is charged once to each. A code that is stale for any is right for none and
// charged to none; a locked kind ignores it.
func TestJudgeCodeFindsTheFirstKindThatItIsRightFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHolder(t)
		other := totpOf("another device's key")
		codes := []string{
			"000001", "000002", "000005", "999999", accounttest.CodeAt(&codeKey, step), accounttest.CodeAt(&codeKey, step-1),
			accounttest.CodeAt(&codeKey, step+2), accounttest.CodeAt(&other, step),
		}
		for i := range account.IssuedKinds {
			codes = append(codes, usedCode(i))
		}
		recovery := with(func(*account.Account) {}).GenerateRecovery(recoverySeed)
		codes = append(codes, recovery[0], recovery[9], "zzzz-zzzz-zzzz-zzzz")
		code := rapid.SampledFrom(codes).Draw(t, "code")
		kinds := rapid.Permutation(codeKinds).Draw(t, "kinds")[:rapid.IntRange(1, len(codeKinds)).Draw(t, "asked")]
		before, budgets := accounttest.Clone(t, h.Account), h.Budgets
		want, right := h.expect(code, kinds, &budgets)

		got := h.JudgeCode(code, noPurpose, kinds, rules, accounttest.Noon, nil)
		if !slices.Equal(got, want) || h.Budgets != budgets {
			t.Fatalf("%s against %v: %+v, %v; want %+v, %v", code, kinds, got, h.Budgets, want, budgets)
		}
		if !right {
			h.Budgets = before.Budgets
			sameAccount(t, h.Account, before) // nothing but the counts has changed
			return
		}
		spent := got[len(got)-1]
		for _, d := range h.Devices {
			if d.UsedAt.Equal(accounttest.Noon) != (spent.Device == d.ID) {
				t.Fatalf("the device was used at %v, and the finding is %+v", d.UsedAt, got)
			}
		}
		again := h.JudgeCode(code, noPurpose, []account.Kind{spent.Kind}, rules, accounttest.Noon, nil)
		if len(again) != 1 || again[0].Verdict != account.Stale {
			t.Fatalf("%s is not stale once it is spent: %+v", code, again)
		}
	})
}

// The owner of the mailbox knows stale codes, and gets no free guess at a device
// from them.
func TestStaleCodesBuyNoGuesses(t *testing.T) {
	right := accounttest.CodeAt(&codeKey, step)
	lock := account.Budget{Wrong: 6}
	both := []account.Kind{account.KindAccount, account.KindDeviceTOTP}
	for _, c := range []struct {
		name   string
		change func(a *account.Account)
		kinds  []account.Kind
		want   []account.Verdict
		counts [2]int // of account and device-totp
	}{
		{"right for one and stale for the other", func(*account.Account) {}, both, []account.Verdict{account.Stale, account.Stale}, [2]int{1, 1}},
		{"in the other order", func(*account.Account) {}, []account.Kind{account.KindDeviceTOTP, account.KindAccount}, []account.Verdict{account.Stale, account.Stale}, [2]int{1, 1}},
		{"asked only where it is right", func(*account.Account) {}, both[1:], []account.Verdict{account.Right}, [2]int{1, 0}},
		{"stale for a locked kind", func(a *account.Account) { *a.Budget(account.KindAccount) = lock }, both, []account.Verdict{account.Locked, account.Right}, [2]int{6, 0}},
		{"stale for a locked kind, and wrong", func(a *account.Account) {
			*a.Budget(account.KindAccount), a.Devices[0].Secret = lock, []byte("another")
		}, both, []account.Verdict{account.Locked, account.Wrong}, [2]int{6, 2}},
		{"right for a locked kind", func(a *account.Account) { *a.Budget(account.KindDeviceTOTP) = lock }, both, []account.Verdict{account.Stale, account.Locked}, [2]int{1, 6}},
		{"both locked", func(a *account.Account) {
			*a.Budget(account.KindAccount), *a.Budget(account.KindDeviceTOTP) = lock, lock
		}, both, []account.Verdict{account.Locked, account.Locked}, [2]int{6, 6}},
		{"stale for one device and right for another", func(a *account.Account) {
			a.Devices = append(a.Devices, account.Device{ID: uuid.UUID{2}, TOTP: account.TOTP{Key: codeKey.Key, LastStep: step}})
		}, both[1:], []account.Verdict{account.Stale}, [2]int{1, 1}},
	} {
		a := &account.Account{Devices: []account.Device{{ID: uuid.UUID{1}, TOTP: codeKey}}}
		a.Codes(account.KindAccount).Stale = []account.Code{{Digits: right, ExpiresAt: accounttest.Noon.Add(time.Minute)}}
		a.Budget(account.KindAccount).Wrong, a.Budget(account.KindDeviceTOTP).Wrong = 1, 1
		c.change(a)
		var got []account.Verdict
		for _, f := range a.JudgeCode(right, noPurpose, c.kinds, rules, accounttest.Noon, nil) {
			got = append(got, f.Verdict)
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if counts := [2]int{a.Budget(account.KindAccount).Wrong, a.Budget(account.KindDeviceTOTP).Wrong}; !slices.Equal(got, c.want) || counts != c.counts {
			t.Errorf("%s: verdicts %v, counts %v; want %v, %v", c.name, got, counts, c.want, c.counts)
		}
	}
}

// An answer that is checked elsewhere is counted in its own kind alone.
func TestCountCountsInOneKindOnly(t *testing.T) {
	for i, k := range account.Kinds {
		a := &account.Account{}
		for j := range a.Budgets {
			a.Budgets[j].Wrong = 2
		}
		want := a.Budgets
		want[i] = account.Budget{Wrong: 3, Until: accounttest.Noon.Add(time.Minute)}
		f := a.Count(k, false, rules, accounttest.Noon)
		if f != (account.Finding{Kind: k, Charged: true, Until: accounttest.Noon.Add(time.Minute)}) || a.Budgets != want {
			t.Errorf("a wrong %s: %+v, %v", k, f, a.Budgets)
		}
		if f, locked := a.CheckLock(k, rules, accounttest.Noon); !locked || f != (account.Finding{Kind: k, Verdict: account.Locked, Until: accounttest.Noon.Add(time.Minute)}) {
			t.Errorf("%s after three wrong ones: locked %v, %+v", k, locked, f)
		}
		want[i] = account.Budget{}
		if f := a.Count(k, true, rules, accounttest.Noon); f != (account.Finding{Kind: k, Verdict: account.Right}) || a.Budgets != want {
			t.Errorf("a right %s: %+v, %v", k, f, a.Budgets)
		}
		if f, locked := a.CheckLock(k, rules, accounttest.Noon); locked || f != (account.Finding{}) {
			t.Errorf("%s after a right one: locked %v, %+v", k, locked, f)
		}
	}
}

// Each kind has its own limit, and each issued code its own lifetime.
func TestRulesOfEachKind(t *testing.T) {
	of := func(tries int) account.Limit { return account.Limit{Tries: tries} }
	r := &account.Rules{Password: of(1), PIN: of(2), OneTime: of(3), TimeBased: of(4), LoginTTL: time.Minute, AccountTTL: time.Second, Interval: time.Hour}
	limits := map[account.Kind]int{
		account.KindPassword: 1, account.KindPIN: 2, account.KindLogin: 3, account.KindAccount: 3, account.KindTOTP: 4, account.KindDeviceTOTP: 4,
		account.KindRecovery: 3,
	}
	for _, k := range account.Kinds {
		if want, known := limits[k]; !known || r.Limit(k) != of(want) {
			t.Errorf("%s has the limit %+v", k, r.Limit(k))
		}
	}
	ttls := map[account.Kind]time.Duration{account.KindLogin: time.Minute, account.KindAccount: time.Second}
	for _, k := range account.IssuedKinds {
		ttl, known := ttls[k]
		if !known {
			t.Errorf("nothing says how long %s codes live", k)
		}
		a := &account.Account{}
		code := a.Issue(k, noPurpose, "012345", r, accounttest.Noon)
		want := account.Codes{Live: []account.Code{code}, NotBefore: accounttest.Noon.Add(time.Hour)}
		if code != (account.Code{Digits: "012345", ExpiresAt: accounttest.Noon.Add(ttl)}) || r.TTL(k) != ttl {
			t.Errorf("%s: %+v", k, code)
		}
		if c := a.Codes(k); !slices.Equal(c.Live, want.Live) || !c.NotBefore.Equal(want.NotBefore) {
			t.Errorf("%s: %+v", k, c)
		}
	}
	if (&account.Account{}).Codes(account.KindPIN) != nil {
		t.Error("PINs are issued")
	}
}
