package bench

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/knowhave/factor"
)

// clock is read by many goroutines and moved by hand.
type clock struct{ milliseconds atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.milliseconds.Store(start.UnixMilli())
	return c
}

func (c *clock) now() time.Time { return time.UnixMilli(c.milliseconds.Load()).UTC() }

// advance returns the new time.
func (c *clock) advance(d time.Duration) time.Time {
	return time.UnixMilli(c.milliseconds.Add(d.Milliseconds())).UTC()
}

// percentile returns the smallest value that this share of all is not above.
func percentile(all []time.Duration, share float64) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

// crowd does n operations in so many goroutines, each taking the next one that
// is left, and returns how long all of it took and each of them.
func crowd(goroutines, n int, do func(i int)) (took time.Duration, each []time.Duration) {
	each = make([]time.Duration, n)
	var next atomic.Int64
	var running sync.WaitGroup
	began := time.Now()
	for range goroutines {
		running.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				at := time.Now()
				do(i)
				each[i] = time.Since(at)
			}
		})
	}
	running.Wait()
	return time.Since(began), each
}

// crews does operations in so many goroutines, each so many, and tells each
// operation whose it is.
func crews(goroutines, operations int, do func(goroutine int)) (took time.Duration, each []time.Duration) {
	each = make([]time.Duration, goroutines*operations)
	var running sync.WaitGroup
	began := time.Now()
	for g := range goroutines {
		running.Go(func() {
			for i := range operations {
				at := time.Now()
				do(g)
				each[g*operations+i] = time.Since(at)
			}
		})
	}
	running.Wait()
	return time.Since(began), each
}

// loads runs both sides in turns and returns how many times the other's rate one
// side has, and how many times its 99th percentile. Each does as many operations
// as the other; a first round is not counted.
func loads(rounds int, ours, theirs func() (took time.Duration, each []time.Duration)) (rate, tail ratio) {
	var rates, tails []float64
	for round := range rounds + 1 {
		var ourTook, theirTook time.Duration
		var ourEach, theirEach []time.Duration
		if round%2 == 0 {
			ourTook, ourEach = ours()
			theirTook, theirEach = theirs()
		} else {
			theirTook, theirEach = theirs()
			ourTook, ourEach = ours()
		}
		if round > 0 {
			rates = append(rates, theirTook.Seconds()/ourTook.Seconds())
			tails = append(tails, percentile(ourEach, 0.99).Seconds()/percentile(theirEach, 0.99).Seconds())
		}
	}
	return spread(rates), spread(tails)
}

// must stops a measurement that does not work: what it measures would mean
// nothing.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// mustMismatch stops a measurement in which a wrong credential was not judged.
func mustMismatch(err error) {
	if !errors.Is(err, factor.ErrMismatch) {
		panic(err)
	}
}
