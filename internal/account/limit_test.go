package account

import (
	"math"
	"testing"
	"time"
)

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
