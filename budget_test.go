package factor

import (
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// noon is the time at which tables are judged.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// genLimit draws a Limit that Options allow, of few milliseconds or of years.
func genLimit() *rapid.Generator[Limit] {
	return rapid.Custom(func(t *rapid.T) Limit {
		l := Limit{Tries: rapid.IntRange(1, 12).Draw(t, "tries")}
		l.Final = rapid.IntRange(l.Tries+1, min(l.Tries+12, maxFailures)).Draw(t, "final")
		unit := rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, time.Hour, longest / 100}).Draw(t, "unit")
		l.Delay = time.Duration(rapid.IntRange(1, 100).Draw(t, "delay")) * unit
		l.MaxDelay = l.Delay * time.Duration(rapid.Int64Range(1, min(50, int64(longest/l.Delay))).Draw(t, "max"))
		return l
	})
}

// naiveDelay is Delay × 2^(wrong−Tries), at most MaxDelay, in numbers that cannot overflow.
func naiveDelay(l Limit, wrong int) time.Duration {
	d := new(big.Int).Lsh(big.NewInt(int64(l.Delay)), uint(wrong-l.Tries))
	if most := big.NewInt(int64(l.MaxDelay)); d.Cmp(most) > 0 {
		d = most
	}
	return time.Duration(d.Int64())
}

// A kind is locked from the Tries-th wrong answer in a row on, each time for
// twice as long, and from the Final-th until it is unlocked; what a right answer
// or the clock does in between is in the history.
func TestBudgetLocksAsTheHistoryOfWrongAnswersSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, b, now := genLimit().Draw(t, "limit"), budget{}, noon
		var wrong []time.Time // since the last right one
		for range rapid.IntRange(1, 60).Draw(t, "answers") {
			jump := time.Duration(rapid.Int64Range(-int64(l.MaxDelay/time.Millisecond), 2*int64(l.MaxDelay/time.Millisecond)).Draw(t, "jump"))
			now = now.Add(rapid.SampledFrom([]time.Duration{0, 1, l.Delay / time.Millisecond, jump}).Draw(t, "wait") * time.Millisecond)

			locked, end := false, time.Time{}
			if n := len(wrong); n >= l.Tries {
				end = wrong[n-1].Add(naiveDelay(l, n))
				locked = now.Before(end) && end.Sub(now) <= l.MaxDelay
			}
			if len(wrong) >= l.Final {
				locked, end = true, time.Time{}
			}
			if b.locked(l, now) != locked || b.final(l) != (len(wrong) >= l.Final) || !b.end(l).Equal(end) {
				t.Fatalf("after %d wrong ones at %v: locked %v, final %v, end %v; want locked %v, end %v",
					len(wrong), now, b.locked(l, now), b.final(l), b.end(l), locked, end)
			}
			left := max(1, l.Tries-len(wrong))
			if locked {
				left = 0
			}
			if got := b.remaining(l, now); got != left {
				t.Fatalf("after %d wrong ones: %d remain, want %d", len(wrong), got, left)
			}
			if locked {
				continue // not judged
			}
			if rapid.IntRange(0, 9).Draw(t, "right") == 0 {
				b, wrong = budget{}, nil
				continue
			}
			b, wrong = b.charge(l, now), append(wrong, now)
		}
	})
}

// However the guesses are timed, no more than Tries are judged before a lock, and
// no more than Final ever.
func TestBudgetJudgesNoMoreThanFinal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, b, now := genLimit().Draw(t, "limit"), budget{}, noon
		judged := 0
		for range 3 * maxFailures {
			if b.locked(l, now) {
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(l.MaxDelay)).Draw(t, "wait")))
				continue
			}
			b = b.charge(l, now)
			judged++
			if judged >= l.Tries && !b.locked(l, now) {
				t.Fatalf("not locked right after %d wrong ones of %d", judged, l.Tries)
			}
		}
		if judged > l.Final {
			t.Fatalf("%d judged, want at most %d", judged, l.Final)
		}
	})
}

func TestBudgetDelayDoublesUpToItsMaximum(t *testing.T) {
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	defaults := Limit{Tries: 3, Delay: time.Minute, MaxDelay: time.Hour, Final: 10}
	huge := Limit{Tries: 1, Delay: math.MaxInt64/2 + 1, MaxDelay: math.MaxInt64, Final: 100}
	odd := Limit{Tries: 1, Delay: 5, MaxDelay: 11, Final: 100}
	for _, c := range []struct {
		name  string
		limit Limit
		wrong int
		want  time.Duration
	}{
		{"at Tries", defaults, 3, minutes(1)},
		{"one more", defaults, 4, minutes(2)},
		{"two more", defaults, 5, minutes(4)},
		{"below the maximum", defaults, 8, minutes(32)},
		{"64 would be more than 60", defaults, 9, minutes(60)},
		{"far beyond", defaults, 100, minutes(60)},
		{"twice would overflow", huge, 2, math.MaxInt64},
		{"many times would overflow", huge, 100, math.MaxInt64},
		{"twice is allowed", odd, 2, 10},
		{"four times is not", odd, 3, 11},
		{"no room to double", Limit{Tries: 1, Delay: 7, MaxDelay: 7, Final: 100}, 50, 7},
		{"exactly twice", Limit{Tries: 1, Delay: 7, MaxDelay: 14, Final: 100}, 50, 14},
	} {
		if got := c.limit.delay(c.wrong); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestBudgetLockEnds(t *testing.T) {
	l := Limit{Tries: 3, Delay: time.Minute, MaxDelay: time.Hour, Final: 10}
	for _, c := range []struct {
		name   string
		b      budget
		locked bool
		left   int
	}{
		{"nothing counted", budget{}, false, 3},
		{"one counted", budget{wrong: 1}, false, 2},
		{"a millisecond to go", budget{3, noon.Add(time.Millisecond)}, true, 0},
		{"at its end", budget{3, noon}, false, 1},
		{"long over", budget{9, noon.Add(-time.Hour)}, false, 1},
		{"as long as a lock can last", budget{3, noon.Add(time.Hour)}, true, 0},
		{"longer, so by a clock that ran ahead", budget{3, noon.Add(time.Hour + time.Millisecond)}, false, 1},
		{"final", budget{10, noon.Add(-time.Hour)}, true, 0},
		{"final by a clock that ran ahead", budget{10, noon.Add(9999 * time.Hour)}, true, 0},
		{"beyond final, since Final was lowered", budget{50, time.Time{}}, true, 0},
	} {
		if got := c.b.locked(l, noon); got != c.locked {
			t.Errorf("%s: locked %v", c.name, got)
		}
		if got := c.b.remaining(l, noon); got != c.left {
			t.Errorf("%s: %d remain, want %d", c.name, got, c.left)
		}
	}
}

// A lock that is void keeps its count: the next wrong answer locks again.
func TestBudgetKeepsTheCountOfAVoidLock(t *testing.T) {
	l := Limit{Tries: 3, Delay: time.Minute, MaxDelay: time.Hour, Final: 10}
	ahead := noon.Add(10000 * time.Hour)
	b := budget{}.charge(l, ahead).charge(l, ahead).charge(l, ahead)
	if !b.locked(l, ahead) || b.locked(l, noon) {
		t.Fatal("a lock set by a clock that ran ahead binds elsewhere than there")
	}
	b = b.charge(l, noon)
	if want := (budget{4, noon.Add(2 * time.Minute)}); b != want || !b.locked(l, noon) {
		t.Fatalf("the fourth wrong answer made %v, want %v", b, want)
	}
	// Nor does a void end stay where Tries was raised meanwhile: it would come into force one day.
	if b := (budget{3, ahead}).charge(Limit{Tries: 5, Delay: time.Minute, MaxDelay: time.Hour, Final: 10}, noon); b != (budget{wrong: 4}) {
		t.Fatalf("the fourth of five made %v", b)
	}
}
