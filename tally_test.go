package factor

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account/accounttest"
)

// A mismatch speaks of the kind judged last, and of the least that is left of
// those charged, else of those judged; a lock of the one that ends first.
func TestTallySaysWhatTheCallerMayKnow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all tally
		var last Kind
		var charged, judged []int
		var untils []time.Time
		for range rapid.IntRange(1, 6).Draw(t, "kinds") {
			k := rapid.SampledFrom(kinds[:]).Draw(t, "kind")
			if rapid.Bool().Draw(t, "locked") {
				until := rapid.OneOf(rapid.Just(time.Time{}), accounttest.Around(accounttest.Noon)).Draw(t, "until")
				all.skip(&LockedError{k, until})
				untils = append(untils, until)
				continue
			}
			left := rapid.IntRange(0, 5).Draw(t, "left")
			is := rapid.Bool().Draw(t, "charged")
			all.add(k, left, is)
			last, judged = k, append(judged, left)
			if is {
				charged = append(charged, left)
			}
		}
		err := all.err()
		if len(judged) == 0 {
			var locked *LockedError
			finite := slices.DeleteFunc(slices.Clone(untils), time.Time.IsZero)
			want := time.Time{}
			if len(finite) > 0 {
				want = slices.MinFunc(finite, time.Time.Compare)
			}
			if !errors.As(err, &locked) || !errors.Is(err, ErrLocked) || !locked.Until.Equal(want) {
				t.Fatalf("%v, want locked until %v of %v", err, want, untils)
			}
			return
		}
		speaks := charged
		if len(charged) == 0 {
			speaks = judged
		}
		var mismatch *MismatchError
		if !errors.As(err, &mismatch) || !errors.Is(err, ErrMismatch) || *mismatch != (MismatchError{last, slices.Min(speaks)}) {
			t.Fatalf("%v, want %s with %d left", err, last, slices.Min(speaks))
		}
	})
}
