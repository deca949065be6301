package commit

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// slowly is a call that does slow work once before it adds a letter.
func slowly(ctx context.Context, l *Loop, s *SlowLocks, letter string, work func()) *addition {
	a := &addition{Call: Call{Loop: l, Ctx: ctx, Key: "key", How: How{Slow: s}}}
	a.apply = func(st State) (State, bool) {
		if a.tries == 1 {
			a.Unlocked(work)
		}
		return State{Plain: append(append([]byte(nil), st.Plain...), letter...)}, true
	}
	a.Run(a)
	return a
}

func TestAFastCallDoesNotWaitForSlowWork(t *testing.T) {
	m, s := &memory{}, &SlowLocks{}
	l := New(m, errConflict)
	got := slowly(t.Context(), l, s, "s", func() {
		if n := l.Keys(); n != 0 {
			t.Errorf("%d locks are held during the work", n)
		}
		if fast := run(t.Context(), l, How{}, "f"); fast.Err != nil {
			t.Error(fast.Err)
		}
	})
	if got.Err != nil || m.text("key") != "fs" || l.Keys() != 0 || s.Keys() != 0 {
		t.Errorf("%v, stored %q, %d and %d locks are left", got.Err, m.text("key"), l.Keys(), s.Keys())
	}
}

// Slow calls queue, and the next one need not load what the one before has passed
// on.
func TestSlowCallsQueueAndLeaveTheRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, s := &memory{}, &SlowLocks{}
		l := New(m, errConflict)
		enter, done := make(chan struct{}), make(chan *addition)
		working := 0
		for _, letter := range []string{"a", "b", "c"} {
			go func() {
				done <- slowly(t.Context(), l, s, letter, func() {
					if working++; working != 1 {
						t.Errorf("%d are at work at once", working)
					}
					<-enter
					working--
				})
			}()
			synctest.Wait()
		}
		close(enter)
		for range 3 {
			if got := <-done; got.Err != nil {
				t.Error(got.Err)
			}
		}
		if m.text("key") != "abc" || m.loads != 1 || m.swaps != 3 || s.Keys() != 0 {
			t.Errorf("stored %q after %d loads and %d swaps", m.text("key"), m.loads, m.swaps)
		}
	})
}

// A failed swap passes nothing on.
func TestWhatIsNotKnownIsNotLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, s := &memory{onSwap: []func(context.Context, func() error) error{lost}}, &SlowLocks{}
		l := New(m, errConflict)
		enter, done := make(chan struct{}), make(chan *addition)
		for _, letter := range []string{"a", "b"} {
			go func() { done <- slowly(t.Context(), l, s, letter, func() { <-enter }) }()
			synctest.Wait()
		}
		close(enter)
		<-done
		<-done
		if m.text("key") != "ab" || m.loads != 2 || m.swaps != 3 { // the first looks what became of its swap
			t.Errorf("stored %q after %d loads and %d swaps", m.text("key"), m.loads, m.swaps)
		}
	})
}

func TestPatienceBoundsTheWaitForASlowLock(t *testing.T) {
	for _, patience := range []time.Duration{0, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			m, s := &memory{}, &SlowLocks{Patience: patience}
			l := New(m, errConflict)
			enter, first := make(chan struct{}), make(chan *addition, 1)
			go func() { first <- slowly(t.Context(), l, s, "a", func() { <-enter }) }()
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			began := time.Now()
			got := slowly(ctx, l, s, "b", func() {})
			took := time.Since(began)
			if patience == 0 && (got.Err != context.DeadlineExceeded || took != time.Hour) {
				t.Errorf("without patience: %v after %v", got.Err, took)
			}
			if patience != 0 && (got.Err != nil || took != patience || m.text("key") != "b") {
				t.Errorf("with patience: %v after %v", got.Err, took)
			}
			close(enter)
			if got := <-first; got.Err != nil || s.Keys() != 0 {
				t.Errorf("%v, and %d locks are left", got.Err, s.Keys())
			}
		})
	}
}

// A call that does not get the lock back after slow work goes on without it, with
// the whole time of a commit left.
func TestALockThatDoesNotComeAgainIsDoneWithout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, s := &memory{}, &SlowLocks{}
		l := New(m, errConflict)
		enter, held := make(chan struct{}), make(chan struct{})
		began := time.Now()
		got := slowly(t.Context(), l, s, "s", func() {
			m.onSwap = []func(context.Context, func() error) error{
				func(_ context.Context, do func() error) error { <-enter; return do() },
				func(ctx context.Context, do func() error) error {
					if ends, _ := ctx.Deadline(); time.Until(ends) < timeout {
						t.Errorf("the swap has %v", time.Until(ends))
					}
					return do()
				},
			}
			go func() { run(t.Context(), l, How{}, "f"); close(held) }()
			synctest.Wait() // it has the lock, and keeps it
		})
		if took := time.Since(began); got.Err != nil || m.text("key") != "s" || took < timeout {
			t.Errorf("%v after %v, stored %q", got.Err, took, m.text("key"))
		}
		close(enter)
		<-held
	})
}
