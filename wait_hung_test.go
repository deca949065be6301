package factor_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor/memstore"
)

// hung returns a function that does not return until the test is over, whatever its
// context.
func hung(t *testing.T) func(context.Context) error {
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	return func(context.Context) error { <-over; return nil }
}

// untilTheEnd returns a function that only its context ends.
func untilTheEnd(*testing.T) func(context.Context) error {
	return func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
}

func goexit(context.Context) error { runtime.Goexit(); return nil }

// A load has its own deadline.
func TestALoadThatHangsFailsItsWaitersOnly(t *testing.T) {
	for name, hangs := range map[string]func(*testing.T) func(context.Context) error{
		"until its context ends": untilTheEnd,
		"whatever its context":   hung,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hang := hangs(t)
				var down atomic.Bool
				store := newSlowStore(func(ctx context.Context, user string) error {
					if user == alice && down.Load() {
						return hang(ctx)
					}
					return nil
				})
				pins := polling(t, store, 500*time.Millisecond)
				hers := waits(t.Context(), pins, alice, time.Minute)
				his := waits(t.Context(), pins, "bob", 10*time.Second)
				down.Store(true)
				time.Sleep(3 * time.Second)
				elsewhere(t, store.Store, "bob")
				if w := <-his; !w.set || w.err != nil || w.after > 3500*time.Millisecond {
					t.Errorf("bob: %+v", w)
				}
				if w := <-hers; w.set || !errors.Is(w.err, context.DeadlineExceeded) || w.after > 6*time.Second {
					t.Errorf("alice: %+v", w)
				}
			})
		})
	}
}

// A store that hangs and ignores its context holds nobody longer than their
// timeout.
func TestWaitEndsAtTheTimeoutWhateverTheStoreDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := hung(t)
		store := newSlowStore(func(ctx context.Context, _ string) error { return hang(ctx) })
		pins := polling(t, store, 500*time.Millisecond)
		if w := <-waits(t.Context(), pins, alice, 2*time.Second); w.set || !errors.Is(w.err, context.DeadlineExceeded) || w.after != 2*time.Second {
			t.Fatalf("%+v", w)
		}
	})
}

// However many loads hang, callers whose loads succeed get their answers.
func TestManyHangingLoadsDelayNobodyForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := hung(t)
		var down atomic.Bool
		store := newSlowStore(func(ctx context.Context, user string) error {
			if user != alice && down.Load() {
				return hang(ctx)
			}
			return nil
		})
		pins := polling(t, store, 500*time.Millisecond)
		var others []<-chan waited
		for n := range 40 {
			others = append(others, waits(t.Context(), pins, fmt.Sprintf("user %d", n), time.Minute))
		}
		hers := waits(t.Context(), pins, alice, time.Minute)
		down.Store(true)
		elsewhere(t, store.Store, alice)
		if w := <-hers; !w.set || w.err != nil {
			t.Errorf("alice: %+v", w)
		}
		for _, c := range others {
			if w := <-c; w.set || !errors.Is(w.err, context.DeadlineExceeded) {
				t.Errorf("%+v", w)
			}
		}
	})
}

// A load that is torn out of the middle fails its own waiters, and the poll goes
// on.
func TestALoadThatDoesNotReturnFailsItsWaitersOnly(t *testing.T) {
	for name, end := range map[string]func(){
		"panic":  func() { panic("down") },
		"Goexit": runtime.Goexit,
	} {
		for _, later := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, in the poll: %v", name, later), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var down atomic.Bool
					store := newSlowStore(func(_ context.Context, user string) error {
						if user == alice && down.Load() {
							end()
						}
						return nil
					})
					pins := polling(t, store, 500*time.Millisecond)
					his := waits(t.Context(), pins, "bob", time.Minute)
					down.Store(!later)
					hers := waits(t.Context(), pins, alice, time.Minute)
					down.Store(true)
					if w := <-hers; w.set || w.err == nil || errors.Is(w.err, context.DeadlineExceeded) || w.after > 500*time.Millisecond {
						t.Errorf("alice: %+v", w)
					}
					elsewhere(t, store.Store, "bob")
					if w := <-his; !w.set || w.err != nil || w.after > time.Second {
						t.Errorf("bob: %+v", w)
					}
				})
			})
		}
	}
}

// A call of Versions that hangs, or does not return, fails only the users it names.
func TestVersionsThatHangFailTheirUsersOnly(t *testing.T) {
	for name, hangs := range map[string]func(*testing.T) func(context.Context) error{
		"until its context ends": untilTheEnd,
		"whatever its context":   hung,
		"Goexit":                 func(*testing.T) func(context.Context) error { return goexit },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hang := hangs(t)
				const users = 2500
				store := &lister{Store: memstore.New()}
				var once sync.Once
				store.versions = func(ctx context.Context, asked []string) ([]int64, error) {
					var err error
					if slices.Contains(asked, "user 7") {
						once.Do(func() { err = hang(ctx) })
					}
					return must(store.Store.Versions(ctx, asked)), errors.Join(err, ctx.Err())
				}
				go func() {
					time.Sleep(2 * time.Second)
					for n := range users {
						elsewhere(t, store.Store, fmt.Sprintf("user %d", n))
					}
				}()
				failed := 0
				for n, w := range waitAll(t, polling(t, store, 500*time.Millisecond), users, time.Minute) {
					switch {
					case w.err != nil:
						failed++
					case !w.set || w.after > 2500*time.Millisecond:
						t.Fatalf("user %d: %+v", n, w)
					}
				}
				if failed == 0 || failed > 1000 {
					t.Errorf("%d waits failed by one call of Versions about 1000", failed)
				}
			})
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestTheErrorOfALoadThatWasTornNamesNoUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSlowStore(func(context.Context, string) error { runtime.Goexit(); return nil })
		w := <-waits(t.Context(), polling(t, store, time.Minute), alice, time.Second)
		if w.err == nil || strings.Contains(w.err.Error(), alice) || !strings.HasPrefix(w.err.Error(), "factor: ") {
			t.Fatalf("%v", w.err)
		}
	})
}
