package factor_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor"
)

// A swap that was lost once is tried again at once.
func TestTheFirstLostSwapIsTriedAgainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		began := time.Now()
		k.swapping(func(context.Context, func() error) error { return factor.ErrConflict })
		k.is(verifyOTP(k, "000000"), factor.ErrMismatch)
		if waited := time.Since(began); waited != 0 || k.swaps.Load() != 2 {
			t.Fatalf("%d swaps and a wait of %v", k.swaps.Load(), waited)
		}
	})
}

// After that the waits grow, so that those who meet on one user do not fill the
// store with their swaps.
func TestTheWaitsBetweenLostSwapsGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		began := time.Now()
		k.onSwap = func(context.Context, factor.Record, func() error) error {
			if k.swaps.Load() >= 30 {
				return errDown
			}
			return factor.ErrConflict
		}
		if err := verifyOTP(k, "000000"); !errors.Is(err, errDown) {
			t.Fatalf("%v after %d swaps", err, k.swaps.Load())
		}
		// Those after the first eight are 50 ms long on average. All 30 together
		// being shorter than this is as good as impossible.
		if waited := time.Since(began); waited < 200*time.Millisecond {
			t.Fatalf("30 lost swaps within %v", waited)
		}
	})
}

// What a store must not return is no empty account: a record without data, or
// data without a version.
func TestARecordInPartIsNotAbsent(t *testing.T) {
	for name, rec := range map[string]factor.Record{"no data": {Version: 1}, "no version": {Data: []byte("sealed")}} {
		k := newKit(t)
		k.tap.Store = partial{k.tap.Store, rec}
		if _, err := k.admin.Status(t.Context(), alice); !errors.Is(err, factor.ErrUnsealed) {
			t.Errorf("%s: %v", name, err)
		}
		if err := verifyOTP(k, "000000"); !errors.Is(err, factor.ErrUnsealed) {
			t.Errorf("%s: a code is judged: %v", name, err)
		}
	}
}

// partial is a store that returns one record for everybody.
type partial struct {
	factor.Store
	rec factor.Record
}

func (p partial) Load(context.Context, string) (factor.Record, error) { return p.rec, nil }

// Only the zero Record is none.
func TestARecordWithAnythingInItIsNotZero(t *testing.T) {
	for name, rec := range map[string]factor.Record{
		"data": {Data: []byte{0}}, "version": {Version: 1}, "due": {Due: time.Unix(0, 0)},
		"all but data": {Version: 1, Due: time.Unix(0, 0)}, "all but version": {Data: []byte{0}, Due: time.Unix(0, 0)}, "all but due": {Data: []byte{0}, Version: 1},
	} {
		if rec.IsZero() {
			t.Errorf("a record with %s is zero", name)
		}
	}
	if !(factor.Record{}).IsZero() || !(factor.Record{Data: []byte{}}).IsZero() {
		t.Error("the zero Record is not zero")
	}
}

// A user of any length that is allowed can do everything.
func TestALongUserIsServedLikeAnyOther(t *testing.T) {
	k := newKit(t)
	for _, n := range []int{1, 16, 17, 18, 254, 255} {
		user := strings.Repeat("u", n)
		k.ok(k.v.VerifyPassword(t.Context(), user, rightPW))
		k.is(k.v.VerifyPIN(t.Context(), user, wrongPIN), factor.ErrMismatch)
	}
}

// A QR code that is too small for its modules is refused as such, and only sizes
// out of bounds as out of bounds.
func TestQRSaysWhatIsWrongWithItsSize(t *testing.T) {
	e := newKit(t).begin()
	for pixels, outside := range map[int]bool{-1: true, 0: true, 1: false, 4097: true} {
		_, err := e.QR(pixels)
		if err == nil || strings.Contains(err.Error(), "1 to 4096") != outside {
			t.Errorf("%d pixels: %v", pixels, err)
		}
	}
	if _, err := e.QR(4096); err != nil {
		t.Errorf("4096 pixels: %v", err)
	}
}
