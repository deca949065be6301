package account_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

// issuedCode is what a bystander notes about one issued code.
type issuedCode struct {
	digits    string
	expiresAt time.Time
	spent     bool
	forgotten bool // was seen to be over
}

// right, spent and wrong by what a bystander saw: only the newest code can be
// right, until it was; of those that were, the newest 8 are known until they end.
func byHistory(history []*issuedCode, digits string, ttl time.Duration, now time.Time) account.Verdict {
	if n := len(history); n > 0 {
		newest := history[n-1]
		over := newest.forgotten || newest.spent || !now.Before(newest.expiresAt)
		if !over && newest.expiresAt.Sub(now) <= ttl+time.Minute && newest.digits == digits {
			return account.Right
		}
	}
	known := 0
	for _, c := range slices.Backward(history) {
		if !c.spent || c.forgotten {
			continue
		}
		if known++; known <= 8 && c.digits == digits && now.Before(c.expiresAt) {
			return account.Spent
		}
	}
	return account.Wrong
}

func TestCodesAreJudgedAsTheirHistorySays(t *testing.T) {
	digits := rapid.SampledFrom([]string{"000000", "000001", "0000000", "111111", "222222", "99999999"})
	rapid.Check(t, func(t *rapid.T) {
		ttl := rapid.SampledFrom([]time.Duration{time.Second, 5 * time.Minute, account.MaxCodeTTL}).Draw(t, "ttl")
		var c account.Codes
		var history []*issuedCode
		now := accounttest.Noon
		for range rapid.IntRange(1, 60).Draw(t, "acts") {
			ms := rapid.OneOf(rapid.Just[int64](0), rapid.Int64Range(0, 2000), rapid.Int64Range(-900_000, 900_000), rapid.Just(ttl.Milliseconds())).Draw(t, "clock")
			now = now.Add(time.Duration(ms) * time.Millisecond)
			if rapid.IntRange(0, 2).Draw(t, "issue") == 0 {
				made := issuedCode{digits: digits.Draw(t, "code"), expiresAt: now.Add(ttl)}
				c.Issue(account.Code{made.digits, made.expiresAt}, 0, now)
				history = append(history, &made)
			} else {
				given := digits.Draw(t, "given")
				want := byHistory(history, given, ttl, now)
				if got := c.Spend(given, ttl, now); got != want {
					t.Fatalf("%s at %v: verdict %d, want %d", given, now, got, want)
				}
				if want == account.Right {
					history[len(history)-1].spent = true
				}
			}
			if rapid.Bool().Draw(t, "tidy") {
				c.Tidy(now)
				for _, h := range history {
					h.forgotten = h.forgotten || !now.Before(h.expiresAt)
				}
			}
			if len(c.Spent) > 8 {
				t.Fatalf("%d spent codes are kept", len(c.Spent))
			}
		}
	})
}

// Tidying is not seen by those who give codes, as long as the clock does not run
// backwards.
func TestCodesTidiedAreJudgedTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := accounttest.Codes(accounttest.Around(accounttest.Noon)).Draw(t, "codes")
		given := rapid.SampledFrom(append([]string{"000000"}, allDigits(&c)...)).Draw(t, "given")
		now := accounttest.Around(accounttest.Noon).Draw(t, "now")
		later := now.Add(time.Duration(rapid.Int64Range(0, 1<<20).Draw(t, "later")) * time.Millisecond)
		tidied := account.Codes{Spent: slices.Clone(c.Spent), NotBefore: c.NotBefore}
		if c.Live != nil {
			live := *c.Live
			tidied.Live = &live
		}
		tidied.Tidy(now)
		if tidied.Live != nil && !tidied.Live.ExpiresAt.After(now) || !tidied.NotBefore.IsZero() && !tidied.NotBefore.After(now) ||
			slices.ContainsFunc(tidied.Spent, func(s account.Code) bool { return !s.ExpiresAt.After(now) }) {
			t.Fatalf("kept over its end: %+v", tidied)
		}
		if tidied.Held(time.Hour, later) != c.Held(time.Hour, later) || tidied.LiveAt(time.Hour, later) != c.LiveAt(time.Hour, later) {
			t.Fatal("tidying changed the hold or the live code")
		}
		if was, is := c.Spend(given, time.Hour, later), tidied.Spend(given, time.Hour, later); was != is {
			t.Fatalf("verdict %d, tidied %d", was, is)
		}
	})
}

func allDigits(c *account.Codes) (all []string) {
	if c.Live != nil {
		all = append(all, c.Live.Digits)
	}
	for _, s := range c.Spent {
		all = append(all, s.Digits)
	}
	return all
}

func TestCodeLivesUntilItsEnd(t *testing.T) {
	const ttl = 5 * time.Minute
	for _, c := range []struct {
		name string
		left time.Duration
		live bool
	}{
		{"new", ttl, true},
		{"a millisecond to go", time.Millisecond, true},
		{"exactly at its end", 0, false},
		{"after its end", -time.Millisecond, false},
		{"a minute longer, for clocks that differ", ttl + time.Minute, true},
		{"longer than that", ttl + time.Minute + time.Millisecond, false},
		{"years longer", 10 * 365 * 24 * time.Hour, false},
	} {
		codes := account.Codes{Live: &account.Code{"012345", accounttest.Noon.Add(c.left)}}
		if got := codes.LiveAt(ttl, accounttest.Noon); got != c.live {
			t.Errorf("%s: live %v", c.name, got)
		}
		want := account.Wrong
		if c.live {
			want = account.Right
		}
		if got := codes.Spend("012345", ttl, accounttest.Noon); got != want || (codes.Live == nil) != c.live {
			t.Errorf("%s: verdict %d, still live %v", c.name, got, codes.Live != nil)
		}
	}
}

// A spent code is known until it ends, and as long as it is one of the newest 8.
func TestCodesRememberTheNewestSpent(t *testing.T) {
	const ttl = 5 * time.Minute
	var c account.Codes
	digits := []string{"000000", "000001", "000002", "000003", "000004", "000005", "000006", "000007", "000008", "000009"}
	for _, d := range digits {
		c.Issue(account.Code{d, accounttest.Noon.Add(ttl)}, 0, accounttest.Noon)
		if c.Spend(d, ttl, accounttest.Noon) != account.Right || c.Live != nil {
			t.Fatal("a live code is not right, or stays live")
		}
		if c.Spend(d, ttl, accounttest.Noon) != account.Spent {
			t.Fatal("a code is not spent by being right")
		}
	}
	for i, d := range digits {
		want := account.Spent
		if i < 2 {
			want = account.Wrong
		}
		if got := c.Spend(d, ttl, accounttest.Noon.Add(ttl-1)); got != want {
			t.Errorf("spent %d codes ago: verdict %d, want %d", len(digits)-i, got, want)
		}
		if got := c.Spend(d, ttl, accounttest.Noon.Add(ttl)); got != account.Wrong {
			t.Errorf("at its end: verdict %d", got)
		}
	}
}

// A new code takes the place of the live one, which is then like any other, and
// starts the Interval anew.
func TestCodesIssueReplacesAndHolds(t *testing.T) {
	var c account.Codes
	c.Issue(account.Code{"000001", accounttest.Noon.Add(time.Minute)}, time.Minute, accounttest.Noon)
	if want := accounttest.Noon.Add(time.Minute); !c.NotBefore.Equal(want) {
		t.Fatalf("no new code before %v, want %v", c.NotBefore, want)
	}
	c.Issue(account.Code{"000002", accounttest.Noon.Add(time.Minute)}, 0, accounttest.Noon)
	if !c.NotBefore.IsZero() {
		t.Fatal("a hold without an Interval")
	}
	if c.Spend("000001", time.Minute, accounttest.Noon) != account.Wrong || c.Spend("000002", time.Minute, accounttest.Noon) != account.Right {
		t.Fatal("the newest code is not the live one")
	}
}

// The codes of each kind are kept, end, and are gone in a wipe.
func TestCodesOfEachKindAreKeptUntilTheyEnd(t *testing.T) {
	end := accounttest.Noon.Add(time.Minute)
	code := account.Code{Digits: "012345", ExpiresAt: end}
	for _, k := range account.IssuedKinds {
		a := &account.Account{}
		*a.Codes(k) = account.Codes{Live: &code, Spent: []account.Code{code}, NotBefore: end}
		if a.Empty() || !a.Due().Equal(end) {
			t.Errorf("with %s codes the account is empty %v, due %s", k, a.Empty(), a.Due())
		}
		if back, err := accounttest.Decode(a.Encode()); err != nil || !reflect.DeepEqual(back, a) {
			t.Errorf("%s codes come back as %+v, %v", k, back, err)
		}
		wiped := accounttest.Clone(t, a)
		wiped.MarkWipe(uuid.UUID{1}, account.ReasonForfeited, accounttest.Noon)
		if c := wiped.Codes(k); c.Live != nil || len(c.Spent) != 1 || c.NotBefore.IsZero() {
			t.Errorf("a wipe leaves the %s codes %+v", k, c)
		}
		if a.Tidy(end); !a.Empty() {
			t.Errorf("%s codes that have ended stay: %+v", k, a.Codes(k))
		}
	}
}
