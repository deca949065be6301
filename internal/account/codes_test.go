package account_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

// purposes are all different, however similar they look.
var purposes = [][]string{
	nil, {"pay"}, {"pay", "A 1", "2"}, {"pay", "A", "1 2"}, {"pay", "A 1 2"}, {"pay A 1 2"}, {"a", "b"}, {"ab"}, {"b", "a"}, {"a", "b", "a"}, {"000000"},
}

func purposeOf(parts []string) account.Purpose { return account.NewPurpose(parts) }

// A namedCode is a code with the parts of its purpose.
type namedCode struct {
	account.Code
	purpose []string
}

func (c namedCode) isFor(purpose []string) bool { return slices.Equal(c.purpose, purpose) }

// codeHistory records the codes of a kind independently of the rules.
type codeHistory struct {
	live  []namedCode // one for each purpose and four at most, oldest first
	stale []namedCode // the last eight that were live, oldest first
	ttl   time.Duration
}

// passes records that live or stale codes are over.
func (h *codeHistory) passes(now time.Time) {
	h.end(func(c namedCode) bool { return !now.Before(c.ExpiresAt) })
	h.stale = slices.DeleteFunc(h.stale, func(s namedCode) bool { return now.Sub(s.ExpiresAt) >= 10*time.Minute })
}

// end records that some codes are no longer live.
func (h *codeHistory) end(which func(namedCode) bool) {
	var live []namedCode
	for _, c := range h.live {
		if which(c) {
			h.stale = append(h.stale, c)
		} else {
			live = append(live, c)
		}
	}
	h.live = live
	for len(h.stale) > 8 {
		h.stale = h.stale[1:]
	}
}

// canLast reports whether a code ends within its lifetime.
func (h *codeHistory) canLast(c namedCode, now time.Time) bool {
	return c.ExpiresAt.Sub(now) <= h.ttl+time.Minute
}

// issue predicts the issued code, and records it.
func (h *codeHistory) issue(purpose []string, digits string, resend bool, now time.Time) account.Code {
	h.end(func(c namedCode) bool { return !h.canLast(c, now) })
	for _, c := range h.live {
		if resend && c.isFor(purpose) && 2*c.ExpiresAt.Sub(now) >= h.ttl {
			return c.Code
		}
	}
	h.end(func(c namedCode) bool { return c.isFor(purpose) })
	if len(h.live) == 4 {
		oldest := h.live[0]
		h.end(func(c namedCode) bool { return c.isFor(oldest.purpose) })
	}
	issued := namedCode{account.Code{Digits: digits, ExpiresAt: now.Add(h.ttl)}, purpose}
	h.live = append(h.live, issued)
	return issued.Code
}

// verdict: the newest code for a purpose is right if in force; the eight that ended
// last are stale for their own purpose until ten minutes after they expired;
// everything else is wrong.
func (h *codeHistory) verdict(digits string, purpose []string, now time.Time) account.Verdict {
	for _, c := range h.stale {
		if c.Digits == digits && c.isFor(purpose) && now.Sub(c.ExpiresAt) < 10*time.Minute && h.canLast(c, now) {
			return account.Stale
		}
	}
	for _, c := range h.live {
		if c.Digits == digits && c.isFor(purpose) && h.canLast(c, now) {
			return account.Right
		}
	}
	return account.Wrong
}

// verdictFor judges a code that is given for a purpose against one kind.
func verdictFor(a *account.Account, k account.Kind, p account.Purpose, code string, r *account.Rules, now time.Time) account.Verdict {
	*a.Budget(k) = account.Budget{}
	found := a.JudgeCode(code, p, []account.Kind{k}, r, now, nil)
	return found[0].Verdict
}

// verdictOf judges a code that is given for none.
func verdictOf(a *account.Account, k account.Kind, code string, r *account.Rules, now time.Time) account.Verdict {
	return verdictFor(a, k, noPurpose, code, r, now)
}

func TestCodesAreJudgedAsTheirHistorySays(t *testing.T) {
	digits := rapid.SampledFrom([]string{"000000", "000001", "0000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777", "888888", "99999999"})
	rapid.Check(t, func(t *rapid.T) {
		ttl := rapid.SampledFrom([]time.Duration{time.Second, 5 * time.Minute, account.MaxCodeTTL}).Draw(t, "ttl")
		k := rapid.SampledFrom(account.IssuedKinds[:]).Draw(t, "kind")
		purpose := rapid.SampledFrom(rapid.Permutation(purposes).Draw(t, "purposes")[:rapid.IntRange(1, 7).Draw(t, "how many")])
		r := &account.Rules{LoginTTL: ttl, AccountTTL: ttl, OneTime: limit, Resend: rapid.Bool().Draw(t, "resend")}
		a, h, now := &account.Account{}, codeHistory{ttl: ttl}, accounttest.Noon
		for range rapid.IntRange(1, 60).Draw(t, "acts") {
			ms := rapid.OneOf(rapid.Just[int64](0), rapid.Int64Range(0, 2000), rapid.Int64Range(-900_000, 900_000), rapid.Just(ttl.Milliseconds())).Draw(t, "clock")
			now = now.Add(time.Duration(ms) * time.Millisecond)
			a.Tidy(now) // as before each write
			h.passes(now)
			switch rapid.SampledFrom([]string{"issue", "issue", "issue", "void", "give", "give", "give"}).Draw(t, "act") {
			case "issue":
				p, code := purpose.Draw(t, "for"), digits.Draw(t, "code")
				want := h.issue(p, code, r.Resend, now)
				got := a.Issue(k, purposeOf(p), code, r, now)
				if got.Digits != want.Digits || !got.ExpiresAt.Equal(want.ExpiresAt) {
					t.Fatalf("issued %v at %v, want %v", got, now, want)
				}
			case "void":
				want := slices.ContainsFunc(h.live, func(c namedCode) bool { return h.canLast(c, now) })
				if got := a.VoidCodes(r, now); got != want {
					t.Fatalf("voided %v, want %v", got, want)
				}
				h.end(func(namedCode) bool { return true })
			default:
				p, given := purpose.Draw(t, "for"), digits.Draw(t, "given")
				want := h.verdict(given, p, now)
				if got := verdictFor(a, k, purposeOf(p), given, r, now); got != want {
					t.Fatalf("%s for %q at %v: verdict %d, want %d", given, p, now, got, want)
				}
				if want == account.Right {
					h.end(func(c namedCode) bool { return c.isFor(p) })
				}
			}
			if c := a.Codes(k); len(c.Stale) > 8 || len(c.Live) != len(h.live) || len(c.Live) > 4 {
				t.Fatalf("%d stale codes and %d live ones are kept, want %d of these", len(c.Stale), len(c.Live), len(h.live))
			}
		}
	})
}

// drawCodes draws login codes for purposes.
func drawCodes(t *rapid.T, purpose *rapid.Generator[[]string]) account.Codes {
	c := accounttest.Codes(accounttest.Around(accounttest.Noon)).Draw(t, "codes")
	for _, codes := range [][]account.Code{c.Live, c.Stale} {
		for i := range codes {
			codes[i].Seal = accounttest.Seal(account.KindLogin, codes[i].Digits, purpose.Draw(t, "issued for")...)
		}
	}
	return c
}

// Tidying is invisible to callers as long as the clock does not run backwards.
func TestCodesTidiedAreJudgedTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		purpose := rapid.SampledFrom(purposes[:4])
		c := drawCodes(t, purpose)
		given := rapid.SampledFrom(append([]string{"000000"}, allDigits(&c)...)).Draw(t, "given")
		p := purposeOf(purpose.Draw(t, "given for"))
		now := accounttest.Around(accounttest.Noon).Draw(t, "now")
		later := now.Add(time.Duration(rapid.Int64Range(0, 1<<20).Draw(t, "later")) * time.Millisecond)
		r := &account.Rules{LoginTTL: time.Hour, AccountTTL: time.Hour, Interval: time.Hour, OneTime: limit}
		over := func(by time.Time) (n int) {
			for _, live := range c.Live {
				if !live.ExpiresAt.After(by) {
					n++
				}
			}
			return n
		}
		if len(c.Stale)+over(later) > 8 && over(later) > over(now) {
			return // they push the oldest out, unless tidying made room
		}
		a := with(func(a *account.Account) { *a.Codes(account.KindLogin) = c })
		tidied := accounttest.Clone(t, a)
		tidied.Tidy(now)
		was, is := a.Codes(account.KindLogin), tidied.Codes(account.KindLogin)
		wasUntil, wasHeld := was.Held(r, later)
		isUntil, isHeld := is.Held(r, later)
		if wasHeld != isHeld || wasHeld && wasUntil != isUntil || was.LiveAt(time.Hour, later) != is.LiveAt(time.Hour, later) {
			t.Fatal("tidying changed the interval or the live code")
		}
		if was, is := verdictFor(a, account.KindLogin, p, given, r, later), verdictFor(tidied, account.KindLogin, p, given, r, later); was != is {
			t.Fatalf("verdict %d, tidied %d", was, is)
		}
	})
}

func allDigits(c *account.Codes) (all []string) {
	for _, code := range slices.Concat(c.Live, c.Stale) {
		all = append(all, code.Digits)
	}
	return all
}

// A code is right until it expires, and stale for ten minutes more. One that
// expires later than possible, plus a minute for clocks, is neither.
func TestCodeIsRightThenStaleThenWrong(t *testing.T) {
	const ttl, ms = 5 * time.Minute, time.Millisecond
	r := &account.Rules{AccountTTL: ttl, OneTime: limit}
	for _, c := range []struct {
		name string
		left time.Duration
		live account.Verdict // while it is the newest
		used account.Verdict // once it was used
	}{
		{"new", ttl, account.Right, account.Stale},
		{"a millisecond to go", ms, account.Right, account.Stale},
		{"exactly at its end", 0, account.Stale, account.Stale},
		{"after its end", -ms, account.Stale, account.Stale},
		{"not quite ten minutes after", -10*time.Minute + ms, account.Stale, account.Stale},
		{"ten minutes after", -10 * time.Minute, account.Wrong, account.Wrong},
		{"a minute longer, for clocks that differ", ttl + time.Minute, account.Right, account.Stale},
		{"longer than that", ttl + time.Minute + ms, account.Wrong, account.Wrong},
		{"years longer", 10 * 365 * 24 * time.Hour, account.Wrong, account.Wrong},
	} {
		code := account.Code{Digits: "012345", ExpiresAt: accounttest.Noon.Add(c.left)}
		live := with(func(a *account.Account) { a.Codes(account.KindAccount).Live = []account.Code{code} })
		if got := live.Codes(account.KindAccount).LiveAt(ttl, accounttest.Noon); got != (c.live == account.Right) {
			t.Errorf("%s: live %v", c.name, got)
		}
		if got := verdictOf(live, account.KindAccount, "012345", r, accounttest.Noon); got != c.live {
			t.Errorf("%s: verdict %d, want %d", c.name, got, c.live)
		}
		used := with(func(a *account.Account) { a.Codes(account.KindAccount).Stale = []account.Code{code} })
		if got := verdictOf(used, account.KindAccount, "012345", r, accounttest.Noon); got != c.used {
			t.Errorf("%s, used: verdict %d, want %d", c.name, got, c.used)
		}
	}
}

// A code is recognised as stale whatever made it so.
func TestHowCodesBecomeStale(t *testing.T) {
	r := &account.Rules{LoginTTL: 10 * time.Minute, AccountTTL: 5 * time.Minute, OneTime: limit}
	for name, act := range map[string]func(a *account.Account) time.Time{
		"used": func(a *account.Account) time.Time {
			a.JudgeCode("000001", noPurpose, codeKinds[:2], r, accounttest.Noon, nil)
			return accounttest.Noon
		},
		"replaced": func(a *account.Account) time.Time {
			a.Issue(account.KindAccount, noPurpose, "000002", r, accounttest.Noon)
			return accounttest.Noon
		},
		"voided": func(a *account.Account) time.Time { a.VoidCodes(r, accounttest.Noon); return accounttest.Noon },
		"wiped": func(a *account.Account) time.Time {
			a.MarkWipe(uuid.UUID{1}, account.ReasonStrikes, accounttest.Noon)
			return accounttest.Noon
		},
		"expired": func(*account.Account) time.Time { return accounttest.Noon.Add(5 * time.Minute) },
		"expired and tidied": func(a *account.Account) time.Time {
			a.Tidy(accounttest.Noon.Add(5 * time.Minute))
			return accounttest.Noon.Add(5 * time.Minute)
		},
	} {
		a := &account.Account{}
		a.Issue(account.KindAccount, noPurpose, "000001", r, accounttest.Noon)
		now := act(a)
		before := a.Budgets
		found := a.JudgeCode("000001", noPurpose, []account.Kind{account.KindLogin, account.KindAccount}, r, now, nil)
		if len(found) != 2 || found[0].Verdict != account.Stale || found[1].Verdict != account.Stale || a.Budgets != before {
			t.Errorf("%s: %+v, counts %v", name, found, a.Budgets)
		}
	}
}

// The last eight stale codes of each kind are known, whatever made them so; the
// ninth pushes the oldest out.
func TestCodesRememberTheEightThatBecameStaleLast(t *testing.T) {
	for n := 1; n <= 12; n++ {
		a := &account.Account{}
		digits := func(i int) string { return fmt.Sprintf("%06d", i) }
		for i := range n {
			a.Issue(account.KindLogin, noPurpose, digits(i), rules, accounttest.Noon)
			if i%2 == 0 && verdictOf(a, account.KindLogin, digits(i), rules, accounttest.Noon) != account.Right {
				t.Fatal("a live code is not right")
			}
			a.Issue(account.KindAccount, noPurpose, digits(100+i%2), rules, accounttest.Noon)
		}
		a.VoidCodes(rules, accounttest.Noon)
		for i := range n {
			want := account.Stale
			if i < n-8 {
				want = account.Wrong
			}
			if got := verdictOf(a, account.KindLogin, digits(i), rules, accounttest.Noon); got != want {
				t.Errorf("%d of %d: verdict %d, want %d", i, n, got, want)
			}
		}
	}
}

// A code is right once issued, except one that would be stale at once: the caller
// draws another.
func TestIssuedCodesAreRightUnlessTheyWouldBeStale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, purpose := &account.Account{}, rapid.SampledFrom(purposes[:4])
		c := a.Codes(account.KindLogin)
		*c = drawCodes(t, purpose)
		digits := rapid.SampledFrom(append([]string{"000000"}, allDigits(c)...)).Draw(t, "digits")
		p := purposeOf(purpose.Draw(t, "issued for"))
		stale := a.WouldBeStale(account.KindLogin, p, digits, rules, accounttest.Noon)
		a.Issue(account.KindLogin, p, digits, rules, accounttest.Noon)
		if right := verdictFor(a, account.KindLogin, p, digits, rules, accounttest.Noon) == account.Right; !right && !stale {
			t.Fatalf("%s is issued, and not right", digits)
		}
	})
}

// A new code replaces the live one, which becomes stale, and starts the Interval
// anew.
func TestIssueReplacesAndHolds(t *testing.T) {
	a, r := &account.Account{}, *rules
	r.Interval = time.Minute
	a.Issue(account.KindLogin, noPurpose, "000001", &r, accounttest.Noon)
	if want := accounttest.Noon.Add(time.Minute); !a.Codes(account.KindLogin).NotBefore.Equal(want) {
		t.Fatalf("no new code before %v, want %v", a.Codes(account.KindLogin).NotBefore, want)
	}
	r.Interval = 0
	a.Issue(account.KindLogin, noPurpose, "000002", &r, accounttest.Noon)
	if !a.Codes(account.KindLogin).NotBefore.IsZero() {
		t.Fatal("an interval is kept that there is not")
	}
	for digits, want := range map[string]account.Verdict{"000001": account.Stale, "000002": account.Right} {
		if got := verdictOf(a, account.KindLogin, digits, rules, accounttest.Noon); got != want {
			t.Fatalf("%s: verdict %d, want %d", digits, got, want)
		}
	}
}

// The interval ends when it should, even by a clock that is up to a minute behind,
// and the reported end is a possible one.
func TestIntervalHoldsTheNextCode(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name     string
		left     time.Duration
		interval time.Duration
		held     bool
		told     time.Duration
	}{
		{"just issued", time.Hour, time.Hour, true, time.Hour},
		{"a millisecond to go", ms, time.Hour, true, ms},
		{"at its end", 0, time.Hour, false, 0},
		{"issued by a clock a minute ahead", time.Hour + time.Minute, time.Hour, true, time.Hour},
		{"longer than it can last", time.Hour + time.Minute + ms, time.Hour, false, 0},
		{"no interval any more", ms, 0, false, 0},
	} {
		codes := account.Codes{NotBefore: accounttest.Noon.Add(c.left)}
		until, held := codes.Held(&account.Rules{Interval: c.interval}, accounttest.Noon)
		if held != c.held || held && !until.Equal(accounttest.Noon.Add(c.told)) {
			t.Errorf("%s: held %v until %v", c.name, held, until)
		}
	}
}

// VoidCodes voids the codes of all kinds and drops a pending authenticator; the
// interval stays. It reports whether there was anything to void.
func TestVoidCodesSaysWhetherThereWereAny(t *testing.T) {
	const ms = time.Millisecond
	at := accounttest.Noon.Add
	live := func(left time.Duration) []account.Code {
		return []account.Code{{Digits: "000001", ExpiresAt: at(left)}}
	}
	for _, c := range []struct {
		name  string
		holds func(a *account.Account)
		voids bool
	}{
		{"nothing", func(*account.Account) {}, false},
		{"a login code", func(a *account.Account) { a.Codes(account.KindLogin).Live = live(ms) }, true},
		{"an account code", func(a *account.Account) { a.Codes(account.KindAccount).Live = live(ms) }, true},
		{"a code that has expired", func(a *account.Account) { a.Codes(account.KindAccount).Live = live(0) }, false},
		{"a code of a clock that ran ahead", func(a *account.Account) {
			a.Codes(account.KindAccount).Live = live(6*time.Minute + ms)
		}, false},
		{"a stale code", func(a *account.Account) { a.Codes(account.KindAccount).Stale = live(ms) }, false},
		{"an authenticator that waits", func(a *account.Account) { a.Pending = &account.Pending{ExpiresAt: at(ms)} }, true},
		{"one that waited", func(a *account.Account) { a.Pending = &account.Pending{ExpiresAt: at(0)} }, false},
	} {
		a := with(c.holds)
		for _, k := range account.IssuedKinds {
			a.Codes(k).NotBefore = at(time.Minute)
		}
		stale := slices.Concat(a.Issued[0].Stale, a.Issued[1].Stale)
		if got := a.VoidCodes(rules, accounttest.Noon); got != c.voids {
			t.Errorf("%s: voided %v", c.name, got)
		}
		for _, k := range account.IssuedKinds {
			if is := a.Codes(k); is.Live != nil || !is.NotBefore.Equal(at(time.Minute)) || a.Pending != nil {
				t.Errorf("%s: left %+v, %+v", c.name, is, a.Pending)
			}
		}
		if is := slices.Concat(a.Issued[0].Stale, a.Issued[1].Stale); !slices.Equal(is[:len(stale)], stale) {
			t.Errorf("%s: stale are %v", c.name, is)
		}
		if a.VoidCodes(rules, accounttest.Noon) {
			t.Errorf("%s: voided twice", c.name)
		}
	}
}

// The codes of each kind are kept, expire, and go in a wipe.
func TestCodesOfEachKindAreKeptUntilTheyEnd(t *testing.T) {
	end := accounttest.Noon.Add(time.Minute)
	code := account.Code{Digits: "012345", ExpiresAt: end}
	for _, k := range account.IssuedKinds {
		a := &account.Account{}
		*a.Codes(k) = account.Codes{Live: []account.Code{code}, Stale: []account.Code{code}, NotBefore: end}
		if due := a.Due(accounttest.Noon); a.Empty() || !due.Equal(accounttest.Noon.Add(time.Hour)) {
			t.Errorf("with %s codes the account is empty %v, due %s", k, a.Empty(), due)
		}
		if back, err := accounttest.Decode(a.Encode()); err != nil || !reflect.DeepEqual(back, a) {
			t.Errorf("%s codes come back as %+v, %v", k, back, err)
		}
		wiped := accounttest.Clone(t, a)
		wiped.MarkWipe(uuid.UUID{1}, account.ReasonForfeited, accounttest.Noon)
		if c := wiped.Codes(k); c.Live != nil || len(c.Stale) != 2 || c.NotBefore.IsZero() {
			t.Errorf("a wipe leaves the %s codes %+v", k, c)
		}
		if a.Tidy(end.Add(10 * time.Minute)); !a.Empty() {
			t.Errorf("%s codes that have ended stay: %+v", k, a.Codes(k))
		}
	}
}

// With Resend the live code is issued again, with its own end, while at least half
// its life is left; otherwise a new one is, and the old one becomes stale. The
// interval starts anew either way.
func TestIssueSendsTheLiveCodeAgain(t *testing.T) {
	const ttl, ms = 10 * time.Minute, time.Millisecond
	for _, c := range []struct {
		name   string
		left   time.Duration // of the live code
		resend bool
		same   bool
	}{
		{"just issued", ttl, true, true},
		{"half its life is left", ttl / 2, true, true},
		{"less than half", ttl/2 - ms, true, false},
		{"expired", 0, true, false},
		{"of a clock a minute ahead", ttl + time.Minute, true, true},
		{"of a clock that ran ahead", ttl + time.Minute + ms, true, false},
		{"not asked for", ttl, false, false},
	} {
		r := *rules
		r.Resend, r.Interval = c.resend, time.Minute
		a, old := &account.Account{}, account.Code{Digits: "000001", ExpiresAt: accounttest.Noon.Add(c.left)}
		a.Codes(account.KindLogin).Live = []account.Code{old}
		got, want := a.Issue(account.KindLogin, noPurpose, "000002", &r, accounttest.Noon), account.Code{Digits: "000002", ExpiresAt: accounttest.Noon.Add(ttl)}
		if c.same {
			want = old
		}
		codes := a.Codes(account.KindLogin)
		if got != want || !slices.Equal(codes.Live, []account.Code{want}) || !codes.NotBefore.Equal(accounttest.Noon.Add(time.Minute)) || (len(codes.Stale) == 0) != c.same {
			t.Errorf("%s: issued %v, live %v, stale %v, none before %v", c.name, got, codes.Live, codes.Stale, codes.NotBefore)
		}
	}
}
