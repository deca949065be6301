package poll_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor/internal/poll"
)

// A long round does not delay the next: the interval counts from where the last one
// began.
func TestTheIntervalCountsFromTheBeginningOfARound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		s.onLook = func(ctx context.Context, _ string) error { return lasts(ctx, interval/4) }
		p := s.poll()
		var all []<-chan outcome
		for n := range 32 { // for which there are 16 slots
			all = append(all, waits(t.Context(), p, fmt.Sprint(n), 20*time.Second))
		}
		for n, c := range all {
			want(t, c, outcome{after: 20 * time.Second})
			if n := s.looked(fmt.Sprint(n)); n < 19 {
				t.Fatalf("%d looks in 20 intervals", n)
			}
		}
	})
}

// While a look at a key is running no other begins, and its result counts.
func TestAKeyIsLookedAtOnceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		s.onLook = func(ctx context.Context, _ string) error { return lasts(ctx, timeout-1) }
		p := s.poll()
		c := waits(t.Context(), p, "a", time.Minute)
		time.Sleep(4 * time.Second)
		if n := s.looked("a"); n != 1 {
			t.Fatalf("%d looks at once", n)
		}
		s.set("a", poll.Seen{Done: true})
		want(t, c, outcome{done: true, after: timeout - 1})
	})
}

func TestNoMoreKeysAreLookedAtAtOnceThanThereAreSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, on := range map[string]func(*source) *poll.Poll{"Look": (*source).poll, "Versions": (*source).versioned} {
			s := newSource()
			p := on(s)
			var all []<-chan outcome
			for n := range 300 {
				all = append(all, waits(t.Context(), p, fmt.Sprint(n), 10*time.Second))
			}
			s.mu.Lock()
			s.most = 0
			s.onLook = func(ctx context.Context, _ string) error { return lasts(ctx, time.Second/10) }
			for n := range 300 {
				s.seen[fmt.Sprint(n)] = poll.Seen{Version: 7}
			}
			s.mu.Unlock()
			for _, c := range all {
				if got := <-c; got.err != nil {
					t.Fatalf("%s: %+v", name, got)
				}
			}
			if s.most != 16 {
				t.Errorf("%s: %d looks at once, want 16", name, s.most)
			}
			for n := range 300 {
				if s.looked(fmt.Sprint(n)) < 2 {
					t.Fatalf("%s: key %d was looked at no more", name, n)
				}
			}
		}
	})
}

func TestAKeyIsLookedAtAgainOnceItsVersionIsAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		p := s.versioned()
		c := waits(t.Context(), p, "a", time.Minute)
		time.Sleep(10 * interval)
		if n := s.looked("a"); n != 1 {
			t.Fatalf("%d looks at what did not change", n)
		}
		s.set("a", poll.Seen{Version: 7})
		time.Sleep(10 * interval)
		if n := s.looked("a"); n != 2 {
			t.Fatalf("%d looks at what changed once", n)
		}
		s.set("a", poll.Seen{Version: 8, Done: true})
		if got := <-c; !got.done || got.after > 21*interval {
			t.Fatalf("%+v", got)
		}
	})
}

func TestACallOfVersionsIsAboutAThousandKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		p := s.versioned()
		var all []<-chan outcome
		for n := range 1001 {
			all = append(all, waits(t.Context(), p, fmt.Sprint(n), time.Minute))
		}
		time.Sleep(interval)
		synctest.Wait()
		s.mu.Lock()
		var asked []int
		keys := make(map[string]bool)
		for _, call := range s.asked {
			asked = append(asked, len(call))
			for _, key := range call {
				keys[key] = true
			}
		}
		s.mu.Unlock()
		slices.Sort(asked)
		if !slices.Equal(asked, []int{1, 1000}) || len(keys) != 1001 {
			t.Errorf("calls about %v keys, %d different", asked, len(keys))
		}
		for n := range 1001 {
			p.Wake(fmt.Sprint(n))
		}
		for _, c := range all {
			<-c
		}
	})
}

// A hanging question takes a slot for no longer than its timeout, and nobody else
// waits for it.
func TestAQuestionThatHangsIsGivenUp(t *testing.T) {
	for name, on := range map[string]func(*source) *poll.Poll{"Look": (*source).poll, "Versions": (*source).versioned} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				over := make(chan struct{})
				defer close(over)
				s := newSource()
				p := on(s)
				c := waits(t.Context(), p, "a", time.Minute)
				s.mu.Lock()
				s.onLook = func(context.Context, string) error { <-over; return nil }
				s.versions = func(context.Context) error { <-over; return nil }
				s.mu.Unlock()
				got := <-c
				if got.done || !errors.Is(got.err, context.DeadlineExceeded) || got.after > interval+timeout {
					t.Fatalf("%+v", got)
				}
			})
		})
	}
}

func TestAQuestionThatDoesNotReturnIsAnError(t *testing.T) {
	for name, on := range map[string]func(*source) *poll.Poll{"Look": (*source).poll, "Versions": (*source).versioned} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSource()
				p := on(s)
				c := waits(t.Context(), p, "a", time.Minute)
				s.mu.Lock()
				s.onLook = func(context.Context, string) error { runtime.Goexit(); return nil }
				s.versions = func(context.Context) error { runtime.Goexit(); return nil }
				s.mu.Unlock()
				if got := <-c; got.done || got.err == nil || got.after > interval {
					t.Fatalf("%+v", got)
				}
			})
		})
	}
}

func TestAnErrorEndsTheWaitForThatKeyOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		p := s.poll()
		one, other := waits(t.Context(), p, "a", time.Minute), waits(t.Context(), p, "b", time.Minute)
		s.mu.Lock()
		s.onLook = func(_ context.Context, key string) error {
			if key == "a" {
				return errDown
			}
			return nil
		}
		s.mu.Unlock()
		if got := <-one; got.err != errDown {
			t.Fatalf("%+v", got)
		}
		want(t, other, outcome{after: time.Minute})
	})
}

// Callers who have gone need no look, even if one was due.
func TestNoLookIsMadeForACallerWhoHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		p := s.poll()
		ctx, hangUp := context.WithCancel(t.Context())
		for n := range 100 {
			waits(ctx, p, fmt.Sprint(n), time.Minute)
		}
		stays := waits(t.Context(), p, "a", 20*time.Second)
		s.mu.Lock()
		s.onLook = func(ctx context.Context, _ string) error { return lasts(ctx, time.Second) }
		s.mu.Unlock()
		time.Sleep(interval) // the round has begun, and 16 looks of it
		synctest.Wait()
		hangUp()
		want(t, stays, outcome{after: 20 * time.Second})
		looks := 0
		for n := range 100 {
			looks += s.looked(fmt.Sprint(n))
		}
		if looks > 100+2*16 {
			t.Fatalf("%d looks for those who have gone", looks-100)
		}
	})
}

// A run that has ended takes nothing from the one that begins right after it.
func TestTheNextRunAsksAboutAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		p := s.poll()
		for range 100 {
			ctx, hangUp := context.WithCancel(t.Context())
			c := waits(ctx, p, "a", time.Minute)
			time.Sleep(interval * 7 / 8) // about when a round begins
			hangUp()
			<-c
			c = waits(t.Context(), p, "a", time.Minute)
			s.set("a", poll.Seen{Done: true})
			if got := <-c; !got.done || got.after > interval {
				t.Fatalf("%+v", got)
			}
			s.set("a", poll.Seen{})
		}
	})
}

// However many callers come at once, at most 256 keys get their first look at once.
func TestFirstLooksAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource()
		s.onLook = func(ctx context.Context, _ string) error { return lasts(ctx, interval/2) }
		p := s.poll()
		var all []<-chan outcome
		for n := range 600 {
			all = append(all, waits(t.Context(), p, fmt.Sprint(n), time.Minute))
		}
		time.Sleep(3*interval/2 + 1)
		for n := range 600 {
			if s.looked(fmt.Sprint(n)) == 0 {
				t.Errorf("key %d has not been looked at", n)
			}
			p.Wake(fmt.Sprint(n))
		}
		for _, c := range all {
			if got := <-c; !got.done {
				t.Fatalf("%+v", got)
			}
		}
		if s.most != 256+16 { // those, and what the rounds look at meanwhile
			t.Errorf("%d looks at once", s.most)
		}
	})
}
