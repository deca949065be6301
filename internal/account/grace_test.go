package account_test

import (
	"testing"
	"time"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

func TestGraceHasBothItsEnds(t *testing.T) {
	const grace = 5 * time.Minute
	for _, c := range []struct {
		name       string
		registered time.Time
		inside     bool
	}{
		{"now", accounttest.Noon, true},
		{"exactly the grace ago", accounttest.Noon.Add(-grace), true},
		{"a millisecond more", accounttest.Noon.Add(-grace - time.Millisecond), false},
		{"exactly a minute ahead", accounttest.Noon.Add(time.Minute), true},
		{"a millisecond more ahead", accounttest.Noon.Add(time.Minute + time.Millisecond), false},
		{"now in another time zone", accounttest.Noon.In(time.FixedZone("", 12*3600)), true},
		{"never", time.Time{}, false},
		{"never, in another time zone", time.Time{}.In(time.FixedZone("", 3600)), false},
		{"ages ago", time.Date(-9999, 1, 1, 0, 0, 0, 0, time.UTC), false},
		{"ages ahead", time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), false},
		{"beyond what a Duration holds", time.Unix(1<<60, 0), false},
		{"as far back", time.Unix(-1<<60, 0), false},
	} {
		if got := account.InGrace(c.registered, grace, accounttest.Noon); got != c.inside {
			t.Errorf("%s: inside %v", c.name, got)
		}
	}
	if account.InGrace(time.Time{}, 100*365*24*time.Hour, time.Time{}) {
		t.Error("the zero time is inside")
	}
}
