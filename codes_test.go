package factor

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
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
func byHistory(history []*issuedCode, digits string, ttl time.Duration, now time.Time) verdict {
	if n := len(history); n > 0 {
		newest := history[n-1]
		over := newest.forgotten || newest.spent || !now.Before(newest.expiresAt)
		if !over && newest.expiresAt.Sub(now) <= ttl+time.Minute && newest.digits == digits {
			return verdictRight
		}
	}
	known := 0
	for _, c := range slices.Backward(history) {
		if !c.spent || c.forgotten {
			continue
		}
		if known++; known <= 8 && c.digits == digits && now.Before(c.expiresAt) {
			return verdictSpent
		}
	}
	return verdictWrong
}

func TestCodesAreJudgedAsTheirHistorySays(t *testing.T) {
	digits := rapid.SampledFrom([]string{"000000", "000001", "0000000", "111111", "222222", "99999999"})
	rapid.Check(t, func(t *rapid.T) {
		ttl := rapid.SampledFrom([]time.Duration{time.Second, 5 * time.Minute, maxCodeTTL}).Draw(t, "ttl")
		var c codes
		var history []*issuedCode
		now := noon
		for range rapid.IntRange(1, 60).Draw(t, "acts") {
			ms := rapid.OneOf(rapid.Just[int64](0), rapid.Int64Range(0, 2000), rapid.Int64Range(-900_000, 900_000), rapid.Just(ttl.Milliseconds())).Draw(t, "clock")
			now = now.Add(time.Duration(ms) * time.Millisecond)
			if rapid.IntRange(0, 2).Draw(t, "issue") == 0 {
				made := issuedCode{digits: digits.Draw(t, "code"), expiresAt: now.Add(ttl)}
				c.issue(code{made.digits, made.expiresAt}, 0, now)
				history = append(history, &made)
			} else {
				given := digits.Draw(t, "given")
				want := byHistory(history, given, ttl, now)
				if got := c.spend(given, ttl, now); got != want {
					t.Fatalf("%s at %v: verdict %d, want %d", given, now, got, want)
				}
				if want == verdictRight {
					history[len(history)-1].spent = true
				}
			}
			if rapid.Bool().Draw(t, "tidy") {
				c.tidy(now)
				for _, h := range history {
					h.forgotten = h.forgotten || !now.Before(h.expiresAt)
				}
			}
			if len(c.spent) > 8 {
				t.Fatalf("%d spent codes are kept", len(c.spent))
			}
		}
	})
}

// Tidying is not seen by those who give codes, as long as the clock does not run
// backwards.
func TestCodesTidiedAreJudgedTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genCodes(genAround(noon)).Draw(t, "codes")
		given := rapid.SampledFrom(append([]string{"000000"}, allDigits(&c)...)).Draw(t, "given")
		now := genAround(noon).Draw(t, "now")
		later := now.Add(time.Duration(rapid.Int64Range(0, 1<<20).Draw(t, "later")) * time.Millisecond)
		tidied := codes{spent: slices.Clone(c.spent), hold: c.hold}
		if c.live != nil {
			live := *c.live
			tidied.live = &live
		}
		tidied.tidy(now)
		if tidied.live != nil && !tidied.live.expiresAt.After(now) || !tidied.hold.IsZero() && !tidied.hold.After(now) ||
			slices.ContainsFunc(tidied.spent, func(s code) bool { return !s.expiresAt.After(now) }) {
			t.Fatalf("kept over its end: %+v", tidied)
		}
		if waits(tidied.hold, time.Hour, later) != waits(c.hold, time.Hour, later) || tidied.liveNow(time.Hour, later) != c.liveNow(time.Hour, later) {
			t.Fatal("tidying changed the hold or the live code")
		}
		if was, is := c.spend(given, time.Hour, later), tidied.spend(given, time.Hour, later); was != is {
			t.Fatalf("verdict %d, tidied %d", was, is)
		}
	})
}

func allDigits(c *codes) (all []string) {
	if c.live != nil {
		all = append(all, c.live.digits)
	}
	for _, s := range c.spent {
		all = append(all, s.digits)
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
		codes := codes{live: &code{"012345", noon.Add(c.left)}}
		if got := codes.liveNow(ttl, noon); got != c.live {
			t.Errorf("%s: live %v", c.name, got)
		}
		want := verdictWrong
		if c.live {
			want = verdictRight
		}
		if got := codes.spend("012345", ttl, noon); got != want || (codes.live == nil) != c.live {
			t.Errorf("%s: verdict %d, still live %v", c.name, got, codes.live != nil)
		}
	}
}

// A spent code is known until it ends, and as long as it is one of the newest 8.
func TestCodesRememberTheNewestSpent(t *testing.T) {
	const ttl = 5 * time.Minute
	var c codes
	digits := []string{"000000", "000001", "000002", "000003", "000004", "000005", "000006", "000007", "000008", "000009"}
	for _, d := range digits {
		c.issue(code{d, noon.Add(ttl)}, 0, noon)
		if c.spend(d, ttl, noon) != verdictRight || c.live != nil {
			t.Fatal("a live code is not right, or stays live")
		}
		if c.spend(d, ttl, noon) != verdictSpent {
			t.Fatal("a code is not spent by being right")
		}
	}
	for i, d := range digits {
		want := verdictSpent
		if i < 2 {
			want = verdictWrong
		}
		if got := c.spend(d, ttl, noon.Add(ttl-1)); got != want {
			t.Errorf("spent %d codes ago: verdict %d, want %d", len(digits)-i, got, want)
		}
		if got := c.spend(d, ttl, noon.Add(ttl)); got != verdictWrong {
			t.Errorf("at its end: verdict %d", got)
		}
	}
}

// A new code takes the place of the live one, which is then like any other, and
// starts the Interval anew.
func TestCodesIssueReplacesAndHolds(t *testing.T) {
	var c codes
	c.issue(code{"000001", noon.Add(time.Minute)}, time.Minute, noon)
	if want := noon.Add(time.Minute); !c.hold.Equal(want) {
		t.Fatalf("no new code before %v, want %v", c.hold, want)
	}
	c.issue(code{"000002", noon.Add(time.Minute)}, 0, noon)
	if !c.hold.IsZero() {
		t.Fatal("a hold without an Interval")
	}
	if c.spend("000001", time.Minute, noon) != verdictWrong || c.spend("000002", time.Minute, noon) != verdictRight {
		t.Fatal("the newest code is not the live one")
	}
}

func TestIntervalHoldsBackTheNextCode(t *testing.T) {
	const interval = 30 * time.Second
	for _, c := range []struct {
		name     string
		hold     time.Time
		interval time.Duration
		held     bool
	}{
		{"none before", time.Time{}, interval, false},
		{"just issued", noon.Add(interval), interval, true},
		{"a millisecond to go", noon.Add(time.Millisecond), interval, true},
		{"over", noon, interval, false},
		{"longer than it can last", noon.Add(interval + time.Millisecond), interval, false},
		{"no Interval any more", noon.Add(time.Millisecond), 0, false},
	} {
		for _, kind := range []Kind{KindLogin, KindAccount} {
			a := &account{}
			a.codesOf(kind).hold = c.hold
			try := attemptOn(t, a, Options{OTP: OTPOptions{Interval: c.interval}}, noon)
			err := try.mayIssue(kind)
			if (err != nil) != c.held {
				t.Errorf("%s: %v", c.name, err)
			}
			if c.held && *err.(*LockedError) != (LockedError{kind, c.hold}) {
				t.Errorf("%s: %+v", c.name, err)
			}
			if other := map[Kind]Kind{KindLogin: KindAccount, KindAccount: KindLogin}[kind]; try.mayIssue(other) != nil {
				t.Errorf("%s: holds back %s codes too", c.name, other)
			}
		}
	}
}

// An issued code has its kind's life, and nothing else of the account changes;
// above all no count does.
func TestIssueMakesALiveCodeOfItsKind(t *testing.T) {
	o := Options{OTP: OTPOptions{Digits: 8, AccountTTL: time.Minute, LoginTTL: 2 * time.Minute, Interval: time.Second}}
	rapid.Check(t, func(t *rapid.T) {
		a := genAccount(genAround(noon)).Draw(t, "account")
		before := cloned(t, a)
		kind := rapid.SampledFrom([]Kind{KindLogin, KindAccount}).Draw(t, "kind")
		try := attemptOn(t, a, o, noon)
		otp, err := try.issue(kind)
		ttl := map[Kind]time.Duration{KindLogin: 2 * time.Minute, KindAccount: time.Minute}[kind]
		if err != nil || otp.Kind != kind || !otp.ExpiresAt.Equal(noon.Add(ttl)) || checkDigits("otp", otp.Code, 8, 8) != nil {
			t.Fatalf("%v: %s until %v, %v", kind, otp.Kind, otp.ExpiresAt, err)
		}
		if want := (Event{At: noon, User: "user", Action: ActionIssued, Kind: kind, Until: otp.ExpiresAt}); len(try.events) != 1 || try.events[0] != want {
			t.Fatalf("reported %+v, want %+v", try.events, want)
		}
		before.codesOf(kind).live = &code{otp.Code, otp.ExpiresAt}
		before.codesOf(kind).hold = noon.Add(time.Second)
		sameAccount(t, a, before)
	})
}

func TestRandomCodesKeepTheirLength(t *testing.T) {
	leading := 0
	for range 2000 {
		for digits := 6; digits <= 8; digits++ {
			got, err := randomCode(digits)
			if err != nil || checkDigits("otp", got, digits, digits) != nil {
				t.Fatalf("%d digits: %v", len(got), err)
			}
			if got[0] == '0' {
				leading++
			}
		}
	}
	if leading == 0 {
		t.Fatal("no code of 6000 begins with a zero")
	}
}
