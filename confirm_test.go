package factor_test

import (
	"context"
	"testing"

	"github.com/knowhave/factor"
)

// A store may show what it does not keep yet, so a swap of unknown outcome that
// is found to have landed is swapped once more, and that swap is what the answer
// waits for.
func TestWhatIsFoundByReadingIsSwappedOnceMore(t *testing.T) {
	k := newKit(t)
	code := k.issue(factor.KindAccount)
	before := k.swaps.Load()
	n := 0
	var versions []int64
	k.onSwap = func(_ context.Context, next factor.Record, do func() error) error {
		n++
		versions = append(versions, next.Version)
		if err := do(); n > 1 || err != nil {
			return err
		}
		return errDown
	}
	k.ok(verifyOTP(k, code))
	if got := k.swaps.Load() - before; got != 2 || versions[0] == versions[1] {
		t.Fatalf("%d swaps, to the versions %v; want two, to different ones", got, versions)
	}
}

func TestWhatCannotBeSwappedOnceMoreIsNotAccepted(t *testing.T) {
	for name, second := range map[string]error{"unknown": errDown, "conflict": factor.ErrConflict} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			code := k.issue(factor.KindAccount)
			n := 0
			k.onSwap = func(_ context.Context, _ factor.Record, do func() error) error {
				if n++; n == 1 {
					if err := do(); err != nil {
						return err
					}
					return errDown
				}
				return second
			}
			if err := verifyOTP(k, code); err != errDown {
				t.Fatalf("= %v; want the store's error", err)
			}
			k.onSwap = nil
			k.is(verifyOTP(k, code), factor.ErrMismatch) // it is spent all the same
		})
	}
}
