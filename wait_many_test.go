package factor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// lister is a store with Versions that counts.
type lister struct {
	*memstore.Store
	asked, loads atomic.Int64
	most         atomic.Int64
	versions     func(context.Context, []string) ([]int64, error)
}

func (l *lister) Load(ctx context.Context, user string) (factor.Record, error) {
	l.loads.Add(1)
	return l.Store.Load(ctx, user)
}

func (l *lister) Versions(ctx context.Context, users []string) ([]int64, error) {
	l.asked.Add(1)
	l.most.Store(max(l.most.Load(), int64(len(users))))
	return l.versions(ctx, users)
}

// A crowd is many users who wait for their PINs on a lister.
type crowd struct {
	v     *factor.Verifier
	store *lister
	done  chan waited
}

func newCrowd(t *testing.T, users int, timeout time.Duration, versions ...func(context.Context, []string) ([]int64, error)) *crowd {
	c := &crowd{store: &lister{Store: memstore.New()}, done: make(chan waited, users)}
	c.store.versions = append(versions, c.store.Store.Versions)[0]
	c.v = verifierOn(t, c.store)
	pins := factor.NewPINs(c.v)
	for n := range users {
		go func() {
			began := time.Now()
			set, err := pins.Wait(t.Context(), fmt.Sprintf("user %d", n), timeout)
			c.done <- waited{set, err, time.Since(began)}
		}()
	}
	synctest.Wait()
	return c
}

func verifierOn(t *testing.T, store factor.Store) *factor.Verifier {
	t.Helper()
	v, err := cheapVerifier(store, keyring(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAPollOfManyCostsOneCallForEachThousand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, 2500, 10*time.Second)
		if n := c.store.loads.Load(); n != 2500 {
			t.Errorf("%d loads at the start, want one for each user", n)
		}
		time.Sleep(10*time.Second + 1)
		synctest.Wait()
		for range 2500 {
			if w := <-c.done; w.set || w.err != nil || w.after != 10*time.Second {
				t.Fatalf("%+v", w)
			}
		}
		// Every 500 ms, and the jitter takes at most a quarter off.
		if n := c.store.asked.Load(); n < 3*19 || n > 3*27 {
			t.Errorf("%d calls of Versions in 10 s", n)
		}
		if n := c.store.loads.Load(); n != 2500 {
			t.Errorf("%d loads though nothing changed", n-2500)
		}
		if n := c.store.most.Load(); n != 1000 {
			t.Errorf("%d users in one call", n)
		}
		if n := factor.Watched(c.v); n != 0 {
			t.Errorf("%d watches are left behind", n)
		}
	})
}

func TestOfManyOnlyTheChangedAreLoaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, 3, time.Minute)
		before := c.store.loads.Load()
		elsewhere := verifierOn(t, c.store.Store)
		set := func(user string) {
			if err := factor.NewAdmin(elsewhere).SetPIN(t.Context(), user, rightPIN); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := factor.NewOTPIssuer(elsewhere).IssueUnproven(t.Context(), "user 1", factor.KindLogin); err != nil {
			t.Fatal(err)
		}
		set("user 2")
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		if w := <-c.done; !w.set || w.err != nil {
			t.Fatalf("%+v", w)
		}
		time.Sleep(5 * time.Second)
		if n := c.store.loads.Load() - before; n != 2 {
			t.Errorf("%d loads for two changed records", n)
		}
		set("user 0")
		set("user 1")
		for range 2 {
			if w := <-c.done; !w.set || w.err != nil {
				t.Fatalf("%+v", w)
			}
		}
	})
}

func TestWaitReturnsWhatIsWrongWithVersions(t *testing.T) {
	for name, c := range map[string]struct {
		versions func(context.Context, []string) ([]int64, error)
		is       func(error) bool
	}{
		"error":    {func(context.Context, []string) ([]int64, error) { return nil, errDown }, func(err error) bool { return err == errDown }},
		"too few":  {func(context.Context, []string) ([]int64, error) { return []int64{0}, nil }, func(err error) bool { return strings.Contains(err.Error(), "1 versions for 2 users") }},
		"panic":    {func(context.Context, []string) ([]int64, error) { panic("down") }, func(err error) bool { return strings.Contains(err.Error(), "Versions") }},
		"deadline": {func(ctx context.Context, _ []string) ([]int64, error) { <-ctx.Done(); return nil, ctx.Err() }, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				crowd := newCrowd(t, 2, time.Minute, c.versions)
				for range 2 {
					if w := <-crowd.done; w.set || w.err == nil || !c.is(w.err) || w.after > 6*time.Second {
						t.Errorf("%+v", w)
					}
				}
			})
		})
	}
}

// A store that does not answer has not said that there is no PIN.
func TestWaitIsNoAnswerIfTheStoreGaveNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		k.onLoad = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		if w := <-k.waiting(t.Context(), 2*time.Second); w.set || !errors.Is(w.err, context.DeadlineExceeded) || w.after != 2*time.Second {
			t.Fatalf("%+v", w)
		}
	})
}

func TestWaitReturnsErrUnsealedForARecordThatDoesNotOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		k.ok(k.tap.CompareAndSwap(t.Context(), alice, 0, factor.Record{Data: []byte("damaged"), Version: 1}))
		if w := <-k.waiting(t.Context(), time.Minute); w.set || !errors.Is(w.err, factor.ErrUnsealed) || w.after != 0 {
			t.Fatalf("%+v", w)
		}
	})
}
