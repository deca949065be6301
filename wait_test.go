package factor_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor"
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

func TestAWaiterWhoLeavesDisturbsNobody(t *testing.T) {
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
