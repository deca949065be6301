package factor_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// waiting calls Wait in a goroutine.
func (k *kit) waiting(ctx context.Context, timeout time.Duration) <-chan waited {
	done := make(chan waited, 1)
	go func() {
		began := time.Now()
		set, err := k.pins.Wait(ctx, alice, timeout)
		done <- waited{set, err, time.Since(began)}
	}()
	return done
}

type waited struct {
	set   bool
	err   error
	after time.Duration
}

func TestWaitReturnsAtOnceWhereAPINIsSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		k.setPIN()
		if w := <-k.waiting(t.Context(), time.Minute); !w.set || w.err != nil || w.after != 0 {
			t.Fatalf("%+v", w)
		}
	})
}

func TestAPINSetInTheSameProcessWakesItsWaitersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		crowd := []<-chan waited{k.waiting(t.Context(), time.Minute), k.waiting(t.Context(), time.Minute)}
		time.Sleep(1234 * time.Millisecond)
		k.setPIN()
		for _, c := range crowd {
			if w := <-c; !w.set || w.err != nil || w.after != 1234*time.Millisecond {
				t.Fatalf("%+v", w)
			}
		}
	})
}

func TestAPINSetInAnotherProcessIsSeenWithinOnePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		c := k.waiting(t.Context(), time.Minute)
		time.Sleep(1234 * time.Millisecond)
		k.other().setPIN()
		if w := <-c; !w.set || w.err != nil || w.after > 1734*time.Millisecond {
			t.Fatalf("%+v", w)
		}
	})
}

func TestWaitReturnsFalseAtTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		if w := <-k.waiting(t.Context(), 5*time.Second); w.set || w.err != nil || w.after != 5*time.Second {
			t.Fatalf("%+v", w)
		}
		synctest.Wait()
		if n := factor.Watched(k.v); n != 0 {
			t.Fatalf("%d watches are left behind", n)
		}
	})
}

func TestAllWaitersForOneUserShareOnePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		for range 100 {
			defer func(c <-chan waited) { <-c }(k.waiting(t.Context(), 10*time.Second))
		}
		time.Sleep(9 * time.Second)
		// Every 500 ms, and the jitter takes at most a quarter off.
		if n := k.loads.Load(); n < 18 || n > 25 {
			t.Fatalf("%d loads in 9 s", n)
		}
	})
}

func TestAWaiterThatLeavesDisturbsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		ctx, cancel := context.WithCancel(t.Context())
		gone, stays := k.waiting(ctx, time.Minute), k.waiting(t.Context(), time.Minute)
		time.Sleep(time.Second)
		cancel()
		if w := <-gone; w.set || w.err != context.Canceled {
			t.Fatalf("%+v", w)
		}
		k.setPIN()
		if w := <-stays; !w.set || w.after != time.Second {
			t.Fatalf("%+v", w)
		}
	})
}

func TestWaitReturnsTheStoresError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		c := k.waiting(t.Context(), time.Minute)
		time.Sleep(time.Second)
		k.tap.mu.Lock()
		k.onLoad = func(context.Context) error { return errDown }
		k.tap.mu.Unlock()
		if w := <-c; w.set || w.err != errDown {
			t.Fatalf("%+v", w)
		}
	})
}

func TestATimeoutOutsideOneToSixtySecondsIsMalformed(t *testing.T) {
	k := newKit(t)
	for _, d := range []time.Duration{-1, 0, time.Second - 1, time.Minute + 1} {
		_, err := k.pins.Wait(t.Context(), alice, d)
		k.is(err, factor.ErrMalformed)
	}
}

// slowStore is a store without Versions whose loads go through a function.
type slowStore struct {
	factor.Store
	load  func(ctx context.Context, user string) error // before the load
	loads atomic.Int64
}

func newSlowStore(load func(ctx context.Context, user string) error) *slowStore {
	return &slowStore{Store: memstore.New(), load: load}
}

func (s *slowStore) Load(ctx context.Context, user string) (factor.Record, error) {
	s.loads.Add(1)
	if err := s.load(ctx, user); err != nil {
		return factor.Record{}, err
	}
	return s.Store.Load(ctx, user)
}

// takes waits for d, unless the context ends first.
func takes(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// elsewhere sets a user's PIN in another process.
func elsewhere(t *testing.T, store factor.Store, user string) {
	t.Helper()
	if err := factor.NewAdmin(verifierOn(t, store)).SetPIN(t.Context(), user, rightPIN); err != nil {
		t.Fatal(err)
	}
}

// polling returns PINs with this poll interval.
func polling(t *testing.T, store factor.Store, interval time.Duration) *factor.PINs {
	t.Helper()
	v, err := cheapVerifier(store, keyring(t), &factor.Options{PIN: factor.PINOptions{Poll: interval}})
	if err != nil {
		t.Fatal(err)
	}
	return factor.NewPINs(v)
}

// waits calls Wait in a goroutine, and returns once everything stands still.
func waits(ctx context.Context, pins *factor.PINs, user string, timeout time.Duration) <-chan waited {
	done := make(chan waited, 1)
	go func() {
		began := time.Now()
		set, err := pins.Wait(ctx, user, timeout)
		done <- waited{set, err, time.Since(began)}
	}()
	synctest.Wait()
	return done
}

// waitAll makes many users wait at once.
func waitAll(t *testing.T, pins *factor.PINs, users int, timeout time.Duration) []waited {
	all := make([]waited, users)
	var running sync.WaitGroup
	for n := range all {
		running.Go(func() {
			began := time.Now()
			set, err := pins.Wait(t.Context(), fmt.Sprintf("user %d", n), timeout)
			all[n] = waited{set, err, time.Since(began)}
		})
	}
	running.Wait()
	return all
}

// A store that takes 20 ms for a load is healthy. It is no fault if ten thousand
// wait and a round takes longer than any load may.
func TestManyMayWaitOnAStoreThatIsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSlowStore(func(ctx context.Context, _ string) error { return takes(ctx, 20*time.Millisecond) })
		failed := 0
		for _, w := range waitAll(t, polling(t, store, 500*time.Millisecond), 10_000, 20*time.Second) {
			if w.set || w.err != nil || w.after != 20*time.Second {
				failed++
			}
		}
		if failed != 0 {
			t.Fatalf("%d of 10,000 got no false at the timeout", failed)
		}
	})
}

// A long round reaches everybody, and nobody waits for more than that one and the
// next.
func TestARoundThatTakesLongComesToEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const users, load = 4800, 20 * time.Millisecond
		const round = users / 16 * load // 16 at once: 6 s
		store := newSlowStore(func(ctx context.Context, _ string) error { return takes(ctx, load) })
		go func() {
			time.Sleep(time.Second)
			for n := range users {
				elsewhere(t, store.Store, fmt.Sprintf("user %d", n))
			}
		}()
		for n, w := range waitAll(t, polling(t, store, 500*time.Millisecond), users, time.Minute) {
			if !w.set || w.err != nil || w.after > 2*round+time.Second {
				t.Fatalf("user %d: %+v", n, w)
			}
		}
	})
}

func TestTheTimeoutOfOneWaiterEndsNoOtherWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSlowStore(func(ctx context.Context, _ string) error { return takes(ctx, 3*time.Second) })
		elsewhere(t, store.Store, alice)
		pins := polling(t, store, time.Minute)
		first := waits(t.Context(), pins, alice, time.Second)
		second := waits(t.Context(), pins, alice, 30*time.Second)
		if w := <-first; w.set || !errors.Is(w.err, context.DeadlineExceeded) || w.after != time.Second {
			t.Errorf("the first: %+v", w)
		}
		if w := <-second; !w.set || w.err != nil || w.after != 3*time.Second {
			t.Errorf("the second: %+v", w)
		}
		if n := store.loads.Load(); n != 1 {
			t.Errorf("%d loads for two who wait", n)
		}
	})
}

// A caller who hangs up leaves the look at the record to the others: they need not
// wait for the next poll.
func TestTheHangUpOfOneWaiterEndsNoOtherWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSlowStore(func(ctx context.Context, _ string) error { return takes(ctx, 3*time.Second) })
		elsewhere(t, store.Store, alice)
		pins := polling(t, store, time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		first := waits(ctx, pins, alice, 30*time.Second)
		second := waits(t.Context(), pins, alice, 30*time.Second)
		time.Sleep(time.Second)
		cancel()
		if w := <-first; w.set || w.err != context.Canceled || w.after != time.Second {
			t.Errorf("the first: %+v", w)
		}
		if w := <-second; !w.set || w.err != nil || w.after != 3*time.Second {
			t.Errorf("the second: %+v", w)
		}
	})
}

// When all have gone nobody needs the record, and the load ends.
func TestALoadEndsWithTheLastWaiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Bool
		store := newSlowStore(func(ctx context.Context, _ string) error {
			<-ctx.Done()
			ended.Store(true)
			return ctx.Err()
		})
		pins := polling(t, store, time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		first := waits(ctx, pins, alice, time.Minute)
		second := waits(ctx, pins, alice, time.Minute)
		cancel()
		<-first
		<-second
		synctest.Wait()
		if !ended.Load() {
			t.Fatal("the load goes on for nobody")
		}
	})
}

// A caller who comes as the last one leaves gets a new look, whatever becomes of
// the old one.
func TestACallerAfterTheLastOneLooksAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan error)
		var calls atomic.Int64
		store := newSlowStore(func(context.Context, string) error {
			if calls.Add(1) == 1 {
				return <-answer // it does not look at its context
			}
			return nil
		})
		pins := polling(t, store, time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		first := waits(ctx, pins, alice, time.Minute)
		cancel()
		<-first
		second := waits(t.Context(), pins, alice, 30*time.Second)
		answer <- errDown
		if w := <-second; w.set || w.err != nil || w.after != 30*time.Second {
			t.Fatalf("%+v", w)
		}
	})
}

// A caller who has gone before the call gets the context's error, and costs no
// load.
func TestACallerGoneBeforeWaitCostsNoLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSlowStore(func(context.Context, string) error { return nil })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if w := <-waits(ctx, polling(t, store, time.Minute), alice, time.Second); w.set || w.err != context.Canceled {
			t.Fatalf("%+v", w)
		}
		if n := store.loads.Load(); n != 0 {
			t.Fatalf("%d loads", n)
		}
	})
}
