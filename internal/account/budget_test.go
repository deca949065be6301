package account_test

import (
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

// naiveDelay is Delay × 2^(wrong−Tries), at most MaxDelay, in numbers that cannot overflow.
func naiveDelay(l account.Limit, wrong int) time.Duration {
	d := new(big.Int).Lsh(big.NewInt(int64(l.Delay)), uint(wrong-l.Tries))
	if most := big.NewInt(int64(l.MaxDelay)); d.Cmp(most) > 0 {
		d = most
	}
	return time.Duration(d.Int64())
}

// From the Tries-th wrong answer in a row on, each locks the kind for twice as
// long, and the Final-th until it is unlocked; the history has the effects of right
// answers and the clock.
func TestBudgetLocksAsTheHistoryOfWrongAnswersSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, b, now := accounttest.Limit().Draw(t, "limit"), account.Budget{}, accounttest.Noon
		var wrong []time.Time // since the last right one
		for range rapid.IntRange(1, 60).Draw(t, "answers") {
			jump := time.Duration(rapid.Int64Range(-int64(l.MaxDelay/time.Millisecond), 2*int64(l.MaxDelay/time.Millisecond)).Draw(t, "jump"))
			now = now.Add(rapid.SampledFrom([]time.Duration{0, 1, l.Delay / time.Millisecond, jump}).Draw(t, "wait") * time.Millisecond)

			locked, end := false, time.Time{}
			if n := len(wrong); n >= l.Tries {
				end = wrong[n-1].Add(naiveDelay(l, n))
				locked = now.Before(end) && end.Sub(now) <= l.MaxDelay+time.Minute
				if end.Sub(now) > l.MaxDelay {
					end = now.Add(l.MaxDelay)
				}
			}
			if len(wrong) >= l.Final {
				locked, end = true, time.Time{}
			}
			if b.Locked(l, now) != locked || b.Final(l) != (len(wrong) >= l.Final) || !b.End(l, now).Equal(end) {
				t.Fatalf("after %d wrong ones at %v: locked %v, final %v, end %v; want locked %v, end %v",
					len(wrong), now, b.Locked(l, now), b.Final(l), b.End(l, now), locked, end)
			}
			left := max(1, l.Tries-len(wrong))
			if locked {
				left = 0
			}
			if got := b.Remaining(l, now); got != left {
				t.Fatalf("after %d wrong ones: %d remain, want %d", len(wrong), got, left)
			}
			if locked {
				continue // not judged
			}
			if rapid.IntRange(0, 9).Draw(t, "right") == 0 {
				b, wrong = account.Budget{}, nil
				continue
			}
			b, wrong = b.Charge(l, now), append(wrong, now)
		}
	})
}

// However the guesses are timed, at most Tries are judged before a lock, and at
// most Final ever.
func TestBudgetJudgesNoMoreThanFinal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, b, now := accounttest.Limit().Draw(t, "limit"), account.Budget{}, accounttest.Noon
		judged := 0
		for range 3 * account.MaxFailures {
			if b.Locked(l, now) {
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(l.MaxDelay)).Draw(t, "wait")))
				continue
			}
			b = b.Charge(l, now)
			judged++
			if judged >= l.Tries && !b.Locked(l, now) {
				t.Fatalf("not locked right after %d wrong ones of %d", judged, l.Tries)
			}
		}
		if judged > l.Final {
			t.Fatalf("%d judged, want at most %d", judged, l.Final)
		}
	})
}

func TestBudgetLockEnds(t *testing.T) {
	l := account.Limit{Tries: 3, Delay: time.Minute, MaxDelay: time.Hour, Final: 10}
	for _, c := range []struct {
		name   string
		b      account.Budget
		locked bool
		left   int
	}{
		{"nothing counted", account.Budget{}, false, 3},
		{"one counted", account.Budget{Wrong: 1}, false, 2},
		{"a millisecond to go", account.Budget{3, accounttest.Noon.Add(time.Millisecond)}, true, 0},
		{"at its end", account.Budget{3, accounttest.Noon}, false, 1},
		{"long over", account.Budget{9, accounttest.Noon.Add(-time.Hour)}, false, 1},
		{"as long as a lock can last", account.Budget{3, accounttest.Noon.Add(time.Hour)}, true, 0},
		{"set by a clock a minute ahead", account.Budget{3, accounttest.Noon.Add(time.Hour + time.Minute)}, true, 0},
		{"longer, so by a clock that ran ahead", account.Budget{3, accounttest.Noon.Add(time.Hour + time.Minute + time.Millisecond)}, false, 1},
		{"final", account.Budget{10, accounttest.Noon.Add(-time.Hour)}, true, 0},
		{"final by a clock that ran ahead", account.Budget{10, accounttest.Noon.Add(9999 * time.Hour)}, true, 0},
		{"beyond final, since Final was lowered", account.Budget{50, time.Time{}}, true, 0},
	} {
		if got := c.b.Locked(l, accounttest.Noon); got != c.locked {
			t.Errorf("%s: locked %v", c.name, got)
		}
		if got := c.b.Remaining(l, accounttest.Noon); got != c.left {
			t.Errorf("%s: %d remain, want %d", c.name, got, c.left)
		}
	}
}

// A lock that is void keeps its count: the next wrong answer locks again.
func TestBudgetKeepsTheCountOfAVoidLock(t *testing.T) {
	l := account.Limit{Tries: 3, Delay: time.Minute, MaxDelay: time.Hour, Final: 10}
	ahead := accounttest.Noon.Add(10000 * time.Hour)
	b := account.Budget{}.Charge(l, ahead).Charge(l, ahead).Charge(l, ahead)
	if !b.Locked(l, ahead) || b.Locked(l, accounttest.Noon) {
		t.Fatal("a lock set by a clock that ran ahead binds elsewhere than there")
	}
	b = b.Charge(l, accounttest.Noon)
	if want := (account.Budget{4, accounttest.Noon.Add(2 * time.Minute)}); b != want || !b.Locked(l, accounttest.Noon) {
		t.Fatalf("the fourth wrong answer made %v, want %v", b, want)
	}
	// A void end does not stay if Tries was raised meanwhile: it would come into
	// force later.
	if b := (account.Budget{3, ahead}).Charge(account.Limit{Tries: 5, Delay: time.Minute, MaxDelay: time.Hour, Final: 10}, accounttest.Noon); b != (account.Budget{Wrong: 4}) {
		t.Fatalf("the fourth of five made %v", b)
	}
}
