package keylock

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
)

type (
	locks  = Locks[string, string]
	waiter = Waiter[string, string]
	known  = Cached[string]
)

const key = "alice"

func acquire(t *testing.T, l *locks) {
	t.Helper()
	if _, err := l.Acquire(t.Context(), key, ""); err != nil {
		t.Fatal(err)
	}
}

// goneMeanwhile is a context that ends when it is queried, after running a
// function.
type goneMeanwhile struct {
	context.Context
	first func()
}

func (g goneMeanwhile) Done() <-chan struct{} { g.first(); return g.Context.Done() }

// gone returns a context whose caller hangs up right after first.
func gone(t *testing.T, first func()) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return goneMeanwhile{ctx, first}
}

// untilRefused repeats a call that may either succeed or hang up until it has hung
// up.
func untilRefused(t *testing.T, try func() error) {
	t.Helper()
	for range 100 {
		err := try()
		if errors.Is(err, context.Canceled) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the case was not met")
}

func TestTheLockIsAcquiredInTheOrderOfComing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l locks
		acquire(t, &l)
		order := make(chan int)
		for n := range 10 {
			go func() {
				_, _ = l.Acquire(t.Context(), key, "")
				order <- n
				l.Release(key, known{})
			}()
			synctest.Wait()
		}
		l.Release(key, known{})
		for want := range 10 {
			if got := <-order; got != want {
				t.Fatalf("%d came in the place of %d", got, want)
			}
		}
		synctest.Wait()
		if n := l.Keys(); n != 0 {
			t.Fatalf("%d locks are left behind", n)
		}
	})
}

func TestNobodyWaitsForAnotherKey(t *testing.T) {
	var l locks
	acquire(t, &l)
	if w, err := l.Acquire(t.Context(), "bob", ""); w != nil || err != nil {
		t.Fatalf("%v, %v", w, err)
	}
	if n := l.Keys(); n != 2 {
		t.Fatalf("%d locks are held, want 2", n)
	}
}

// A waiter that gives up leaves the lock with its holder.
func TestALockSurvivesAWaiterThatGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in which a waiter who waits for ever is found out
		var l locks
		acquire(t, &l)
		waits := func(ctx context.Context) <-chan error {
			done := make(chan error, 1)
			go func() {
				_, err := l.Acquire(ctx, key, "")
				done <- err
			}()
			synctest.Wait()
			return done
		}
		ctx, goAway := context.WithCancel(t.Context())
		gone := waits(ctx)
		next := waits(t.Context())
		goAway()
		if err := <-gone; err != context.Canceled {
			t.Fatalf("the waiter who gave up got %v", err)
		}
		synctest.Wait()
		select {
		case err := <-next:
			t.Fatalf("a lock that is held was handed over, with %v", err)
		default:
		}
		l.Release(key, known{})
		if err := <-next; err != nil {
			t.Fatal(err)
		}
		l.Release(key, known{})
		if n := l.Keys(); n != 0 {
			t.Fatalf("%d locks are left behind", n)
		}
	})
}

// A waiter that gives up just as it gets the lock passes it on.
func TestALockHandedToAWaiterThatHasGoneGoesOn(t *testing.T) {
	untilRefused(t, func() error {
		var l locks
		acquire(t, &l)
		var next *waiter
		_, err := l.Acquire(gone(t, func() {
			next = l.enter(key, "")
			l.Release(key, known{})
		}), key, "")
		if err == nil {
			l.Release(key, known{})
		}
		<-next.ready
		l.Release(key, known{})
		if n := l.Keys(); n != 0 {
			t.Fatalf("%d locks are left behind", n)
		}
		return err
	})
}

// A value passed to a waiter that gives up goes on to those that came before the
// holder asked for it, and to no later one.
func TestARecordPassedOnReachesNoLaterWaiter(t *testing.T) {
	untilRefused(t, func() error {
		var l locks
		acquire(t, &l)
		var early, late *waiter
		_, err := l.Acquire(gone(t, func() {
			early = l.enter(key, "")
			c := known{"as of now", l.Last()}
			late = l.enter(key, "")
			l.Release(key, c)
		}), key, "")
		if err == nil {
			return nil
		}
		<-early.ready
		if got := early.Cached().Value; got != "as of now" {
			t.Fatalf("what was found out after they came reaches those who wait as %q", got)
		}
		l.Release(key, early.Cached())
		<-late.ready
		if got := late.Cached(); got != (known{}) {
			t.Fatalf("%q, from before they came, reaches those who came later", got.Value)
		}
		return err
	})
}

// A waiter that came after a holder asked for a value does not get it, even if it
// is next after one that has given up.
func TestNoWaiterGetsAnOlderRecordThanItself(t *testing.T) {
	l, crowd := crowded(t, 1, noJob)
	c := known{"as of then", l.Last()}
	late := l.enter(key, "")
	l.withdraw(key, crowd[0])
	l.Release(key, c)
	if got := late.Cached(); got != (known{}) {
		t.Fatalf("%q, from before they came, reaches those who came later", got.Value)
	}
}

// Once its job is running a waiter stays until the job is done, whatever its
// context does. It has no lock to release then.
func TestAWaiterWithARunningJobStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, crowd := crowded(t, 1, eachJob)
		ctx, hangUp := context.WithCancel(t.Context())
		done := make(chan *waiter, 1)
		go func() {
			w, err := l.Acquire(ctx, key, "a job")
			if err != nil {
				t.Error(err)
			}
			done <- w
		}()
		synctest.Wait()
		l.Release(key, known{})
		batch := l.Batch(key, crowd[0], 10)
		if len(batch) != 1 {
			t.Fatalf("a batch of %d, want 1", len(batch))
		}
		hangUp()
		synctest.Wait()
		select {
		case <-done:
			t.Fatal("the waiter left, though its job is under way")
		default:
		}
		batch[0].Complete()
		if w := <-done; !w.Done() || w != batch[0] {
			t.Fatal("the waiter whose job is done is not told")
		}
		if n := l.Keys(); n != 1 {
			t.Fatalf("%d locks are held, want the holder's", n)
		}
		l.Release(key, known{})
	})
}

func TestAHolderThatDidNotWaitOrHasNoJobServesNobody(t *testing.T) {
	l, crowd := crowded(t, 2, eachJob)
	if b := l.Batch(key, nil, 10); b != nil {
		t.Fatalf("a batch of %d", len(b))
	}
	crowd[0].Job, crowd[0].last = "", crowd[1].number
	if b := l.Batch(key, crowd[0], 10); b != nil {
		t.Fatalf("a batch of %d", len(b))
	}
}

func TestABatchIsNoLargerThanTheHolderWants(t *testing.T) {
	l, crowd := crowded(t, 10, eachJob)
	l.Release(key, known{})
	if got, want := l.Batch(key, crowd[0], 3), crowd[1:4]; !slices.Equal(got, want) {
		t.Fatalf("a batch of %d, or not of those who came first", len(got))
	}
	if got := l.numbers(); !slices.Equal(got, []int64{5, 6, 7, 8, 9, 10}) {
		t.Fatalf("the lock then went to %v", got)
	}
}

// A waiter that came after the lock was passed on is in no batch: the holder's
// value may be older.
func TestNoWaiterJoinsAnOlderBatch(t *testing.T) {
	l, crowd := crowded(t, 2, eachJob)
	l.Release(key, known{})
	l.enter(key, "late")
	if got := l.Batch(key, crowd[0], 10); !slices.Equal(got, crowd[1:2]) {
		t.Fatalf("a batch of %d, want 1", len(got))
	}
}

func TestTheZeroOfAWaiter(t *testing.T) {
	var w *waiter
	if w.Done() || w.Cached() != (known{}) {
		t.Fatal("who did not wait was served")
	}
}

// Acquiring a free lock allocates nothing.
func TestAFreeLockCostsNoMemory(t *testing.T) {
	var l locks
	cost := testing.AllocsPerRun(1000, func() {
		_, _ = l.Acquire(t.Context(), key, "a job")
		l.Release(key, known{})
	})
	if cost != 0 {
		t.Fatalf("%v allocations", cost)
	}
}

func BenchmarkFreeLock(b *testing.B) {
	var l locks
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = l.Acquire(ctx, key, "")
		l.Release(key, known{})
	}
}
