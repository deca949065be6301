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
	"github.com/knowhave/factor/internal/spec"
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

// codeKinds are those that a code can be of.
var codeKinds = func() (all []account.Kind) {
	for _, k := range spec.CodeKinds {
		all = append(all, account.Kind(k.String()))
	}
	return all
}()

// usedCode is the code that was used as the i-th of account.IssuedKinds alone.
func usedCode(i int) string { return fmt.Sprintf("%06d", 10+i) }

// A holder is an account and what a bystander knows of it: each code is right for
// some kinds and spent for others, and wrong for the rest.
type holder struct {
	*account.Account
	right, spent map[string][]account.Kind
}

func newHolder(t *rapid.T) holder {
	h := holder{&account.Account{}, map[string][]account.Kind{}, map[string][]account.Kind{}}
	add := func(to map[string][]account.Kind, code string, k account.Kind) { to[code] = append(to[code], k) }
	code := func(digits string) account.Code {
		return account.Code{Digits: digits, ExpiresAt: accounttest.Noon.Add(time.Minute)}
	}
	for i, k := range account.IssuedKinds {
		if !rapid.Bool().Draw(t, "has codes") {
			continue
		}
		live := code(rapid.SampledFrom([]string{"000001", "000002"}).Draw(t, "live"))
		used := code(usedCode(i))
		*h.Codes(k) = account.Codes{Live: &live, Spent: []account.Code{used, code("000005")}}
		add(h.right, live.Digits, k)
		add(h.spent, used.Digits, k)
		add(h.spent, "000005", k)
	}
	s := account.TOTP{Key: totp.Key{Secret: []byte("12345678901234567890"), Digits: 6, Period: 30 * time.Second}, LastStep: step - 1}
	holds := map[account.Kind]bool{account.KindTOTP: rapid.Bool().Draw(t, "has authenticator"), account.KindDeviceTOTP: rapid.Bool().Draw(t, "has device")}
	if holds[account.KindTOTP] {
		own := s
		h.Authenticator = &own
	}
	if holds[account.KindDeviceTOTP] {
		h.Devices = []account.Device{{ID: uuid.UUID{1}, TOTP: s}}
	}
	for k, is := range holds {
		if is {
			add(h.right, accounttest.CodeAt(&s, step), k)
			add(h.spent, accounttest.CodeAt(&s, step-1), k)
		}
	}
	for i := range h.Budgets {
		until := rapid.SampledFrom([]time.Time{{}, accounttest.Noon, accounttest.Noon.Add(time.Minute)}).Draw(t, "until")
		h.Budgets[i] = account.Budget{Wrong: rapid.IntRange(0, 6).Draw(t, "wrong"), Until: until}
	}
	return h
}

// A code is judged against each kind in turn that is not locked, and is spent for the
// first that it is right for, whose count alone starts anew. A code that is right for
// none is charged once to each, unless it is spent.
func TestJudgeCodeFindsTheFirstKindThatItIsRightFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHolder(t)
		s := &account.TOTP{Key: totp.Key{Secret: []byte("12345678901234567890"), Digits: 6}}
		codes := []string{
			"000001", "000002", "000005", "999999", accounttest.CodeAt(s, step), accounttest.CodeAt(s, step-1), accounttest.CodeAt(s, step+2),
		}
		for i := range account.IssuedKinds {
			codes = append(codes, usedCode(i))
		}
		code := rapid.SampledFrom(codes).Draw(t, "code")
		kinds := rapid.Permutation(codeKinds).Draw(t, "kinds")[:rapid.IntRange(1, len(codeKinds)).Draw(t, "asked")]

		before, want := accounttest.Clone(t, h.Account), []account.Finding(nil)
		budgets := h.Budgets
		var judged []account.Kind
		right, spent := false, false
		for _, k := range kinds {
			b := budgets[slices.Index(account.Kinds[:], k)]
			if b.Locked(limit, accounttest.Noon) {
				want = append(want, account.Finding{Kind: k, Verdict: account.Locked, Until: b.End(limit)})
				continue
			}
			if right = slices.Contains(h.right[code], k); right {
				f := account.Finding{Kind: k, Verdict: account.Right}
				if k == account.KindDeviceTOTP {
					f.Device = uuid.UUID{1}
				}
				budgets[slices.Index(account.Kinds[:], k)] = account.Budget{}
				want = append(want, f)
				break
			}
			judged, spent = append(judged, k), spent || slices.Contains(h.spent[code], k)
		}
		for _, k := range judged {
			if right {
				break
			}
			b := &budgets[slices.Index(account.Kinds[:], k)]
			f := account.Finding{Kind: k, Verdict: account.Spent}
			if !spent {
				*b = b.Charge(limit, accounttest.Noon)
				f.Verdict, f.Charged = account.Wrong, true
			}
			if f.Left = b.Remaining(limit, accounttest.Noon); f.Left == 0 {
				f.Until = b.End(limit)
			}
			want = append(want, f)
		}

		got := h.JudgeCode(code, kinds, rules, accounttest.Noon, nil)
		if !slices.Equal(got, want) || h.Budgets != budgets {
			t.Fatalf("%s against %v: %+v, %v; want %+v, %v", code, kinds, got, h.Budgets, want, budgets)
		}
		if !right {
			h.Budgets = before.Budgets
			sameAccount(t, h.Account, before) // nothing but the counts has changed
			return
		}
		again := h.JudgeCode(code, []account.Kind{got[len(got)-1].Kind}, rules, accounttest.Noon, nil)
		if len(again) != 1 || again[0].Verdict == account.Right || again[0].Verdict == account.Locked {
			t.Fatalf("%s is accepted a second time: %+v", code, again)
		}
		for _, d := range h.Devices {
			if d.UsedAt.Equal(accounttest.Noon) != (got[len(got)-1].Device == d.ID) {
				t.Fatalf("the device was used at %v, and the finding is %+v", d.UsedAt, got)
			}
		}
	})
}

// An answer that is checked elsewhere is counted in its own kind, and in no other.
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

// Each kind has its own limit, and each issued code its own life.
func TestRulesOfEachKind(t *testing.T) {
	of := func(tries int) account.Limit { return account.Limit{Tries: tries} }
	r := &account.Rules{Password: of(1), PIN: of(2), OneTime: of(3), TimeBased: of(4), LoginTTL: time.Minute, AccountTTL: time.Second, Interval: time.Hour}
	limits := map[account.Kind]int{
		account.KindPassword: 1, account.KindPIN: 2, account.KindLogin: 3, account.KindAccount: 3, account.KindTOTP: 4, account.KindDeviceTOTP: 4,
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
		code := a.Issue(k, "012345", r, accounttest.Noon)
		want := account.Codes{Live: &code, NotBefore: accounttest.Noon.Add(time.Hour)}
		if code != (account.Code{Digits: "012345", ExpiresAt: accounttest.Noon.Add(ttl)}) || r.TTL(k) != ttl {
			t.Errorf("%s: %+v", k, code)
		}
		if c := a.Codes(k); *c.Live != *want.Live || !c.NotBefore.Equal(want.NotBefore) || !c.Held(time.Hour, accounttest.Noon) || c.Held(time.Minute, accounttest.Noon) {
			t.Errorf("%s: %+v", k, c)
		}
	}
	if (&account.Account{}).Codes(account.KindPIN) != nil {
		t.Error("PINs are issued")
	}
}
