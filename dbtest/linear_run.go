package dbtest

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/linear"
)

// A linearStore is a store that histories are made on.
type linearStore struct {
	name string
	// open returns the store, which all histories share, or a new one for each.
	open func(t *testing.T) func(linear.Pace) factor.Store
	// free lets the clients run as they like. Otherwise the seed decides.
	free bool
	// workers is how many histories are made at a time. Default one for each CPU.
	workers int
	// brief halves the calls of a history.
	brief bool
	// pins is the percentage of histories with PINs, each of which takes a few
	// hundred milliseconds.
	pins float64
}

// A finding is what checking histories came to.
type finding struct {
	histories, calls, faults, open int
	took                           time.Duration
	bad                            []*linear.History // those that fit no order
	undecided                      []uint64          // seeds
}

// String says how much was checked, and how fast.
func (f finding) String() string {
	n := max(1, f.histories)
	return fmt.Sprintf("%d histories in %.1f s, %.0f a second: %d violations, %d undecided; a history has %.1f calls, of which %.1f end in a fault and %.2f stay open",
		f.histories, f.took.Seconds(), float64(f.histories)/f.took.Seconds(), len(f.bad), len(f.undecided),
		float64(f.calls)/float64(n), float64(f.faults)/float64(n), float64(f.open)/float64(n))
}

// judge fails the test that checked histories unless each fits an order.
func (f finding) judge(t *testing.T) {
	t.Helper()
	t.Log(f)
	if len(f.bad) > 0 {
		t.Error(describe(f.bad[0]))
	}
	if len(f.undecided) > 0 {
		t.Errorf("no decision in %s on seeds %v", undecidedAfter, f.undecided)
	}
}

// check makes histories with seeds from first on and looks for an order for each,
// until enough of them have none.
func (s linearStore) check(t *testing.T, first uint64, histories, enough int) finding {
	t.Helper()
	o := s.options(t)
	var (
		found finding
		start = time.Now()
		mu    sync.Mutex
		next  = first
		all   sync.WaitGroup
	)
	draw := func() (seed uint64, more bool) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1, next-1 < first+uint64(histories) && len(found.bad) < enough
	}
	note := func(h *linear.History, result porcupine.CheckResult) {
		mu.Lock()
		defer mu.Unlock()
		found.histories++
		found.calls += h.Calls()
		found.faults += h.Faults()
		found.open += h.Open()
		switch {
		case h.Strange != nil || result == porcupine.Illegal:
			found.bad = append(found.bad, h)
		case result == porcupine.Unknown:
			found.undecided = append(found.undecided, h.Seed)
		}
	}
	workers := s.workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	for range workers {
		all.Go(func() {
			for {
				seed, more := draw()
				if !more {
					return
				}
				h := s.history(t, seed, o)
				note(h, fits(h.Steps))
			}
		})
	}
	all.Wait()
	found.took = time.Since(start)
	return found
}

func (s linearStore) options(t *testing.T) linear.Options {
	return linear.Options{Store: s.open(t), PINs: s.pins, Brief: s.brief, Odds: linear.Misbehaving}
}

func (s linearStore) history(t *testing.T, seed uint64, o linear.Options) *linear.History {
	if s.free {
		return linear.Free(seed, o)
	}
	return linear.Scheduled(t, seed, o)
}
