package account

import (
	"testing"
	"time"
)

const ms = time.Millisecond

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// Something with an end is in force until then, and void if it would last longer
// than possible, plus a minute for clocks.
func TestActiveUntilItsEndAndNoLongerThanItCanLast(t *testing.T) {
	for _, c := range []struct {
		name    string
		left    time.Duration // from now to its end
		longest time.Duration
		active  bool
	}{
		{"over long ago", -time.Hour, time.Hour, false},
		{"over", -ms, time.Hour, false},
		{"at its end", 0, time.Hour, false},
		{"a millisecond to go", ms, time.Hour, true},
		{"as long as it can last", time.Hour, time.Hour, true},
		{"set by a clock a minute ahead", time.Hour + time.Minute, time.Hour, true},
		{"set by one a millisecond more ahead", time.Hour + time.Minute + ms, time.Hour, false},
		{"ages ahead", 200 * 365 * 24 * time.Hour, time.Hour, false},
		{"what lasts a century", 100 * 365 * 24 * time.Hour, 100 * 365 * 24 * time.Hour, true},
		{"what does not last any more", ms, 0, false},
		{"what does not last any more, within the minute", time.Minute, 0, false},
	} {
		if got := active(noon.Add(c.left), c.longest, noon); got != c.active {
			t.Errorf("%s: active %v", c.name, got)
		}
	}
	if active(time.Time{}, time.Hour, noon) {
		t.Error("what has no end is active")
	}
}

// The reported end is no later than possible by the caller's clock.
func TestReportedEndIsPossible(t *testing.T) {
	for left, want := range map[time.Duration]time.Duration{
		-ms: -ms, 0: 0, ms: ms, time.Hour - ms: time.Hour - ms, time.Hour: time.Hour, time.Hour + ms: time.Hour, time.Hour + time.Minute: time.Hour,
	} {
		if got := reported(noon.Add(left), time.Hour, noon); !got.Equal(noon.Add(want)) {
			t.Errorf("%v to go: %v is told, want %v", left, got.Sub(noon), want)
		}
	}
}

func TestWhatIsBoundIsTooNewUntilItsAge(t *testing.T) {
	for _, c := range []struct {
		name   string
		at     time.Time
		minAge time.Duration
		is     bool
	}{
		{"no MinAge", noon.Add(time.Second), 0, false},
		{"no MinAge, bound now", noon, 0, false},
		{"exactly of age", noon.Add(-time.Hour), time.Hour, false},
		{"a millisecond to go", noon.Add(-time.Hour + ms), time.Hour, true},
		{"bound now", noon, ms, true},
		{"bound by a clock a minute ahead", noon.Add(time.Minute), ms, true},
		{"bound by one a millisecond more ahead", noon.Add(time.Minute + ms), time.Hour, false},
		{"ages ahead", time.UnixMilli(1 << 55), time.Hour, false},
		{"ages ago", time.UnixMilli(-1 << 55), 100 * 365 * 24 * time.Hour, false},
		{"bound at a time that was not kept", time.Time{}, 100 * 365 * 24 * time.Hour, false},
	} {
		if got := tooNew(c.at, c.minAge, noon); got != c.is {
			t.Errorf("%s: too new %v", c.name, got)
		}
	}
}
