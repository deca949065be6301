package bench

import (
	"fmt"
	"slices"
	"time"
)

// A side is one of two things that are compared: it does so many of its
// operations and returns how long they took.
type side func(operations int) time.Duration

// A ratio is the spread of what was measured in several rounds.
type ratio struct {
	Median, Low, High float64 // Low and High are the quartiles
	Rounds            int
}

func (r ratio) String() string {
	return fmt.Sprintf("%.2f (%.2f to %.2f)", r.Median, r.Low, r.High)
}

// spread returns the median and the quartiles.
func spread(values []float64) ratio {
	sorted := slices.Sorted(slices.Values(values))
	at := func(share float64) float64 { return sorted[int(share*float64(len(sorted)-1)+0.5)] }
	return ratio{Median: at(0.5), Low: at(0.25), High: at(0.75), Rounds: len(sorted)}
}

// timeRatio returns how many times as long as the other side one side takes for
// an operation. The sides take turns, and who begins changes from round to
// round.
func timeRatio(rounds, operations int, ours, theirs side) ratio {
	ours(operations / 4)
	theirs(operations / 4)
	values := make([]float64, 0, rounds)
	for round := range rounds {
		var a, b time.Duration
		if round%2 == 0 {
			a, b = ours(operations), theirs(operations)
		} else {
			b, a = theirs(operations), ours(operations)
		}
		values = append(values, float64(a)/float64(b))
	}
	return spread(values)
}

// rateRatio returns how many times as many operations as the other side one side
// does in the same time.
func rateRatio(rounds, operations int, ours, theirs side) ratio {
	return timeRatio(rounds, operations, theirs, ours)
}
