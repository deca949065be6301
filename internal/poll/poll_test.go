package poll_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor/internal/poll"
)

func TestWhatIsThereIsSeenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		s.set("a", poll.Seen{Done: true})
		p := s.poll()
		want(t, waits(t.Context(), p, "a", time.Minute), outcome{done: true})
		synctest.Wait()
		if n := p.Keys(); n != 0 {
			t.Fatalf("%d keys are waited for by nobody", n)
		}
	})
}

func TestWaitIsFalseAtTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want(t, waits(t.Context(), newSource().poll(), "a", time.Minute), outcome{after: time.Minute})
	})
}

func TestAllWaitersForAKeyShareTheLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		p := s.poll()
		var all []<-chan outcome
		for range 50 {
			all = append(all, waits(t.Context(), p, "a", 10*time.Second))
		}
		if n := p.Keys(); n != 1 {
			t.Fatalf("%d keys are waited for", n)
		}
		for _, c := range all {
			want(t, c, outcome{after: 10 * time.Second})
		}
		// One at once, and one each interval, less up to a quarter.
		if n := s.looked("a"); n < 10 || n > 14 {
			t.Fatalf("%d looks in 10 s", n)
		}
	})
}

func TestWakeReachesAllWaitersForTheKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newSource().poll()
		p.Wake("a") // for whom nobody waits
		one, another := waits(t.Context(), p, "a", time.Minute), waits(t.Context(), p, "a", time.Minute)
		other := waits(t.Context(), p, "b", 2*time.Second)
		time.Sleep(time.Second / 2)
		p.Wake("a")
		want(t, one, outcome{done: true, after: time.Second / 2})
		want(t, another, outcome{done: true, after: time.Second / 2})
		want(t, other, outcome{after: 2 * time.Second})
	})
}

func TestNothingIsAskedWhenNobodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		p := s.poll()
		want(t, waits(t.Context(), p, "a", 2*time.Second), outcome{after: 2 * time.Second})
		before := s.looked("a")
		time.Sleep(time.Minute)
		if n := s.looked("a") - before; n != 0 {
			t.Fatalf("%d looks for nobody", n)
		}
		s.set("a", poll.Seen{Done: true})
		want(t, waits(t.Context(), p, "a", time.Minute), outcome{done: true})
	})
}

// Any number of callers that come and go at once leave nothing behind.
func TestCallersThatComeAndGoLeaveNothing(t *testing.T) {
	s := newSource()
	p := poll.New(poll.Options{Look: s.look, Interval: time.Millisecond, Timeout: timeout})
	var running sync.WaitGroup
	for n := range 8 {
		running.Go(func() {
			for i := range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				key := fmt.Sprint(i % 2)
				switch (n + i) % 3 {
				case 0:
					cancel()
				case 1:
					go cancel()
				default:
					go p.Wake(key)
				}
				_, err := p.Wait(ctx, key, time.Millisecond)
				if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	running.Wait()
	if n := p.Keys(); n != 0 {
		t.Fatalf("%d keys are waited for by nobody", n)
	}
}

func TestAHangUpEndsTheCallersOwnWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		s.onLook = func(ctx context.Context, _ string) error { return lasts(ctx, 2*time.Second) }
		p := s.poll()
		ctx, hangUp := context.WithCancel(t.Context())
		first, second := waits(ctx, p, "a", time.Minute), waits(t.Context(), p, "a", time.Minute)
		third := waits(ctx, p, "a", time.Minute)
		time.Sleep(time.Second)
		s.set("a", poll.Seen{Done: true})
		hangUp()
		want(t, first, outcome{err: context.Canceled, after: time.Second})
		want(t, third, outcome{err: context.Canceled, after: time.Second})
		want(t, second, outcome{done: true, after: 2 * time.Second})
		want(t, waits(ctx, p, "a", time.Minute), outcome{err: context.Canceled})
		if n := s.looked("a"); n != 1 {
			t.Fatalf("%d looks, want 1", n)
		}
	})
}

func TestATimeoutEndsTheCallersOwnWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		s.set("a", poll.Seen{Done: true})
		s.onLook = func(ctx context.Context, _ string) error { return lasts(ctx, 2*time.Second) }
		p := s.poll()
		first, second := waits(t.Context(), p, "a", time.Second), waits(t.Context(), p, "a", time.Minute)
		want(t, first, outcome{err: context.DeadlineExceeded, after: time.Second}) // no look was answered
		want(t, second, outcome{done: true, after: 2 * time.Second})
	})
}

// When the last caller leaves, the first look ends, and the next caller has another.
func TestTheFirstLookEndsWithTheLastCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		ended := make(chan struct{}, 1)
		s.onLook = func(ctx context.Context, _ string) error {
			<-ctx.Done()
			ended <- struct{}{}
			return ctx.Err()
		}
		p := s.poll()
		ctx, hangUp := context.WithCancel(t.Context())
		first := waits(ctx, p, "a", time.Minute)
		hangUp()
		<-first
		synctest.Wait()
		select {
		case <-ended:
		default:
			t.Fatal("the look goes on, for no caller")
		}
		s.mu.Lock()
		s.onLook = nil
		s.mu.Unlock()
		want(t, waits(t.Context(), p, "a", 2*time.Second), outcome{after: 2 * time.Second})
	})
}

func TestTheFirstLookHasTheValuesOfTheFirstCaller(t *testing.T) {
	type name struct{}
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		var names []any
		s.onLook = func(ctx context.Context, _ string) error {
			names = append(names, ctx.Value(name{}))
			return nil
		}
		p := s.poll()
		first := waits(context.WithValue(t.Context(), name{}, "hers"), p, "a", interval)
		<-first
		if len(names) != 2 || names[0] != "hers" || names[1] != nil {
			t.Fatalf("looks with %v, want hers and then none", names)
		}
	})
}
