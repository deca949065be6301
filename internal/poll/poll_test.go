package poll_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor/internal/poll"
)

const (
	interval = time.Second
	timeout  = 5 * time.Second
)

var errDown = errors.New("down")

// A source is what is asked: what a look at each key finds, and how.
type source struct {
	mu       sync.Mutex
	seen     map[string]poll.Seen
	looks    map[string]int
	open     int // looks that are under way
	most     int // of those at once
	asked    [][]string
	onLook   func(ctx context.Context, key string) error
	versions func(ctx context.Context) error
}

func newSource() *source {
	return &source{seen: make(map[string]poll.Seen), looks: make(map[string]int)}
}

func (s *source) look(ctx context.Context, key string) (poll.Seen, error) {
	s.mu.Lock()
	s.looks[key]++
	s.open++
	s.most = max(s.most, s.open)
	on := s.onLook
	s.mu.Unlock()
	var err error
	if on != nil {
		err = on(ctx, key)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	return s.seen[key], err
}

func (s *source) ask(ctx context.Context, keys []string) ([]int64, error) {
	s.mu.Lock()
	s.asked = append(s.asked, slices.Clone(keys))
	versions := make([]int64, len(keys))
	for i, key := range keys {
		versions[i] = s.seen[key].Version
	}
	on := s.versions
	s.mu.Unlock()
	if on == nil {
		return versions, nil
	}
	return versions, on(ctx)
}

func (s *source) set(key string, seen poll.Seen) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[key] = seen
}

func (s *source) looked(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looks[key]
}

func (s *source) poll() *poll.Poll {
	return poll.New(poll.Options{Look: s.look, Interval: interval, Timeout: timeout})
}

func (s *source) versioned() *poll.Poll {
	return poll.New(poll.Options{Look: s.look, Versions: s.ask, Interval: interval, Timeout: timeout})
}

type outcome struct {
	done  bool
	err   error
	after time.Duration
}

// waits calls Wait in a goroutine, and returns once it waits.
func waits(ctx context.Context, p *poll.Poll, key string, timeout time.Duration) <-chan outcome {
	c := make(chan outcome, 1)
	go func() {
		began := time.Now()
		done, err := p.Wait(ctx, key, timeout)
		c <- outcome{done, err, time.Since(began)}
	}()
	synctest.Wait()
	return c
}

// lasts returns after so long, or when the context ends.
func lasts(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func want(t *testing.T, c <-chan outcome, want outcome) {
	t.Helper()
	if got := <-c; got != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

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

func TestAllWhoWaitForAKeyShareTheLooks(t *testing.T) {
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
		// One at once, and one each interval, of which a quarter is taken off at most.
		if n := s.looked("a"); n < 10 || n > 14 {
			t.Fatalf("%d looks in 10 s", n)
		}
	})
}

// A round that takes long begins no later for that: the interval counts from where
// the last one began.
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

func TestWakeTellsAllWhoWaitForTheKey(t *testing.T) {
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

// While a look goes on no other is begun at the same key, and what is found in the
// end counts.
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

// A question that hangs takes no slot for longer than its timeout, and nobody else
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

// Those who have gone need no look any more, though one was due to them.
func TestNobodyIsLookedForWhoHasGone(t *testing.T) {
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

// A run of questions that has ended takes nothing away from the one that begins at
// once after it.
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

// Any number who come and go at the same time leave nothing behind.
func TestNothingIsLeftOfThoseWhoComeAndGo(t *testing.T) {
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

// However many callers come at once, at most 256 keys are looked at for the first
// time at once.
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
