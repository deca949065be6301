package poll_test

import (
	"context"
	"errors"
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

// A source is the subject of the questions: what a look at each key finds, and how.
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

// lasts returns after d, or when the context ends.
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
