package linear

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// A call that finds the most wipes running is told apart from one whose Wipe failed.
func TestTooManyWipesAreKnownByTheirText(t *testing.T) {
	keys, err := factor.NewKeyring([]byte("a key of thirty-two random bytes"))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		v, err := factor.NewVerifier(memstore.New(), keys, &factor.Options{Wipe: func(context.Context, factor.Wipe) error {
			<-end
			return errors.New("the fault of a host")
		}})
		if err != nil {
			t.Fatal(err)
		}
		guard, err := factor.NewResetGuard(v)
		if err != nil {
			t.Fatal(err)
		}
		failed := make(chan error, maxWipes)
		for range maxWipes {
			go func() { failed <- guard.Forfeit(t.Context(), "alice") }()
			synctest.Wait() // until its Wipe runs
		}
		if err := guard.Forfeit(t.Context(), "alice"); !tooManyWipes(err) {
			t.Errorf("with %d wipes running the error is %v", maxWipes, err)
		}
		close(end)
		for range maxWipes {
			if err := <-failed; !errors.Is(err, factor.ErrWipePending) || tooManyWipes(err) {
				t.Errorf("after a Wipe that failed the error is %v", err)
			}
		}
	})
}
