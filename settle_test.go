package factor

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

type settleKey struct{}

// What a swap is given has the values of the caller's context, but not its end.
func TestASwapHasAnEndOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d deadlines
		for _, late := range []time.Duration{0, settleGrain - 1, settleGrain, 10 * settleGrain} {
			time.Sleep(late)
			parent, end := context.WithCancel(context.WithValue(t.Context(), settleKey{}, "value"))
			began := time.Now()
			c := &settleContext{d.next(), parent}
			end()
			if v := c.Value(settleKey{}); v != "value" {
				t.Errorf("Value = %v", v)
			}
			if err, cause := c.Err(), context.Cause(c); err != nil || cause != nil {
				t.Errorf("it ended with its parent: %v, %v", err, cause)
			}
			ends, ok := c.Deadline()
			if lasts := ends.Sub(began); !ok || lasts < settleTimeout || lasts > settleTimeout+settleGrain {
				t.Errorf("it lasts %v", lasts)
			}
		}
		c := &settleContext{d.next(), t.Context()}
		time.Sleep(settleTimeout)
		if err := c.Err(); err != nil {
			t.Errorf("Err after %v = %v", settleTimeout, err)
		}
		<-c.Done()
		if err := c.Err(); err != context.DeadlineExceeded {
			t.Errorf("Err at the deadline = %v", err)
		}
	})
}

func TestSwapsShareTheirDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d deadlines
		first := d.next()
		for _, later := range []time.Duration{0, settleGrain - 1} {
			time.Sleep(later)
			if d.next() != first {
				t.Error("a swap within the grain has a deadline of its own")
			}
		}
		time.Sleep(time.Nanosecond)
		if d.next() == first {
			t.Error("a swap after the grain has the deadline of the ones before")
		}
	})
}

// A clock of a test's own, which ends with the test, leaves no deadline behind
// that never comes.
func TestADeadlineIsOfTheClockThatRuns(t *testing.T) {
	var d deadlines
	for range 2 {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(10 * settleGrain) // or the second would begin when the first did
			d.next()
		})
	}
	ends, _ := d.next().Deadline()
	if left := time.Until(ends); left < settleTimeout || left > settleTimeout+settleGrain {
		t.Errorf("a swap has %v", left)
	}
}

func TestWhatIsDerivedFromASettleContextEndsWithIt(t *testing.T) {
	ends, end := context.WithCancel(t.Context())
	c := &settleContext{ends, t.Context()}
	before := runtime.NumGoroutine()
	derived, cancel := context.WithCancel(c)
	defer cancel()
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines were started to follow it", n-before)
	}
	end()
	<-derived.Done()
}
