package keylock

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

const timeout = 5 * time.Second

type valueKey struct{}

// A swap's context has the values of the caller's context, but not its end.
func TestASwapHasAnEndOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d Deadlines
		for _, late := range []time.Duration{0, grain - 1, grain, 10 * grain} {
			time.Sleep(late)
			parent, end := context.WithCancel(context.WithValue(t.Context(), valueKey{}, "value"))
			began := time.Now()
			c := &detached{d.next(timeout), parent}
			end()
			if v := c.Value(valueKey{}); v != "value" {
				t.Errorf("Value = %v", v)
			}
			if err, cause := c.Err(), context.Cause(c); err != nil || cause != nil {
				t.Errorf("it ended with its parent: %v, %v", err, cause)
			}
			ends, ok := c.Deadline()
			if lasts := ends.Sub(began); !ok || lasts < timeout || lasts > timeout+grain {
				t.Errorf("it lasts %v", lasts)
			}
		}
		c := &detached{d.next(timeout), t.Context()}
		time.Sleep(timeout)
		if err := c.Err(); err != nil {
			t.Errorf("Err after %v = %v", timeout, err)
		}
		<-c.Done()
		if err := c.Err(); err != context.DeadlineExceeded {
			t.Errorf("Err at the deadline = %v", err)
		}
	})
}

func TestSwapsShareTheirDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d Deadlines
		first := d.next(timeout)
		for _, later := range []time.Duration{0, grain - 1} {
			time.Sleep(later)
			if d.next(timeout) != first {
				t.Error("a swap within the grain has a deadline of its own")
			}
		}
		time.Sleep(time.Nanosecond)
		if d.next(timeout) == first {
			t.Error("a swap after the grain has the deadline of the ones before")
		}
	})
}

// A test's fake clock, which ends with the test, leaves no deadline that never
// comes.
func TestADeadlineIsOfTheClockThatRuns(t *testing.T) {
	var d Deadlines
	for range 2 {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(10 * grain) // or the second would begin when the first did
			d.next(timeout)
		})
	}
	ends, _ := d.next(timeout).Deadline()
	if left := time.Until(ends); left < timeout || left > timeout+grain {
		t.Errorf("a swap has %v", left)
	}
}

func TestADerivedContextEndsWithItsDetachedParent(t *testing.T) {
	ends, end := context.WithCancel(t.Context())
	c := &detached{ends, t.Context()}
	before := runtime.NumGoroutine()
	derived, cancel := context.WithCancel(c)
	defer cancel()
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines were started to follow it", n-before)
	}
	end()
	<-derived.Done()
}
