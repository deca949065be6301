package account_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

// A mismatch names the last judged kind, and the least tries left among the charged
// kinds, else among the judged ones; a lock names the one that ends first.
func TestTallySaysWhatTheCallerMayKnow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all account.Tally
		var last account.Kind
		var charged, judged []int
		var untils []time.Time
		for range rapid.IntRange(1, 6).Draw(t, "kinds") {
			k := rapid.SampledFrom(account.Kinds[:]).Draw(t, "kind")
			if rapid.Bool().Draw(t, "locked") {
				until := rapid.OneOf(rapid.Just(time.Time{}), accounttest.Around(accounttest.Noon)).Draw(t, "until")
				all.Add(account.Finding{Kind: k, Verdict: account.Locked, Until: until})
				untils = append(untils, until)
				continue
			}
			left := rapid.IntRange(0, 5).Draw(t, "left")
			is := rapid.Bool().Draw(t, "charged")
			all.Add(account.Finding{Kind: k, Charged: is, Left: left})
			last, judged = k, append(judged, left)
			if is {
				charged = append(charged, left)
			}
		}
		got := all.Answer()
		if len(judged) == 0 {
			finite := slices.DeleteFunc(slices.Clone(untils), time.Time.IsZero)
			want := time.Time{}
			if len(finite) > 0 {
				want = slices.MinFunc(finite, time.Time.Compare)
			}
			if got.Verdict != account.Locked || !got.Until.Equal(want) {
				t.Fatalf("%+v, want locked until %v of %v", got, want, untils)
			}
			return
		}
		speaks := charged
		if len(charged) == 0 {
			speaks = judged
		}
		if got.Verdict == account.Locked || got.Kind != last || got.Left != slices.Min(speaks) {
			t.Fatalf("%+v, want %s with %d left", got, last, slices.Min(speaks))
		}
	})
}

// Of several locks the one that ends first is named, in any order, and one without
// an end only if there is no other.
func TestTallyTellsTheLockThatEndsFirst(t *testing.T) {
	at := func(min int) account.Finding {
		f := account.Finding{Kind: account.Kinds[min], Verdict: account.Locked}
		if min > 0 {
			f.Until = accounttest.Noon.Add(time.Duration(min) * time.Minute)
		}
		return f
	}
	for _, c := range []struct {
		met  []int
		told int
	}{{[]int{0}, 0}, {[]int{2, 1}, 1}, {[]int{1, 2}, 1}, {[]int{0, 2}, 2}, {[]int{2, 0}, 2}, {[]int{3, 0, 1, 2}, 1}} {
		var all account.Tally
		for _, min := range c.met {
			all.Add(at(min))
		}
		if all.Answer() != at(c.told) {
			t.Errorf("of %v: told %+v", c.met, all.Answer())
		}
	}
}
