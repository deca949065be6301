package factor

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

type settleKey struct{}

// A settleContext is to be no different from context.WithTimeout of a parent
// without an end, whether it was asked for Done or not.
func TestASettleContextIsAContextWithATimeout(t *testing.T) {
	for name, ask := range map[string]func(context.Context){
		"asked":     func(ctx context.Context) { ctx.Done() },
		"not asked": func(context.Context) {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				parent, end := context.WithCancel(context.WithValue(t.Context(), settleKey{}, "value"))
				began := time.Now()
				c := newSettleContext(parent, time.Second)
				defer c.cancel()
				ask(c)
				end()
				if d, ok := c.Deadline(); !ok || d != began.Add(time.Second) {
					t.Errorf("Deadline = %v, %v", d, ok)
				}
				if v := c.Value(settleKey{}); v != "value" {
					t.Errorf("Value = %v", v)
				}
				if cause := context.Cause(c); cause != nil {
					t.Errorf("it ended with its parent: %v", cause)
				}
				time.Sleep(time.Second - 1)
				if err := c.Err(); err != nil {
					t.Errorf("Err before the deadline = %v", err)
				}
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				if err := c.Err(); err != context.DeadlineExceeded {
					t.Errorf("Err at the deadline = %v", err)
				}
				<-c.Done()
			})
		})
	}
}

func TestWhatIsDerivedFromASettleContextEndsWithIt(t *testing.T) {
	c := newSettleContext(t.Context(), time.Hour)
	before := runtime.NumGoroutine()
	derived, end := context.WithCancel(c)
	defer end()
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines were started to follow it", n-before)
	}
	c.cancel()
	<-derived.Done()
	if err := c.Err(); err != context.Canceled {
		t.Errorf("Err after its end = %v", err)
	}
}
