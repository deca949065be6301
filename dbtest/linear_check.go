package dbtest

import (
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/knowhave/factor/internal/linear"
)

// undecidedAfter is how long the search for an order may take.
const undecidedAfter = time.Minute

var hashSeed = maphash.MakeSeed()

// singleCaller is the sequential model, for porcupine.
var singleCaller = porcupine.Model{
	Init: func() any { return linear.State{} },
	Step: func(state, step, _ any) (bool, any) {
		next, ok := linear.Apply(state.(linear.State), step.(*linear.Step))
		if !ok || next == state.(linear.State) {
			return ok, state // it is large, and needs not be copied
		}
		return true, next
	},
	Equal: func(a, b any) bool { return a.(linear.State) == b.(linear.State) },
	Hash:  func(s any) uint64 { return maphash.Comparable(hashSeed, s.(linear.State)) },
}

// fits looks for an order of the steps in which a single caller would have got
// all the answers.
func fits(steps []*linear.Step) porcupine.CheckResult {
	history := make([]porcupine.Operation, len(steps))
	for i, s := range steps {
		history[i] = porcupine.Operation{ClientId: s.Client, Input: s, Call: s.Begin, Return: s.End}
	}
	return porcupine.CheckOperationsTimeout(singleCaller, history, undecidedAfter)
}

// until returns what was known of the steps at a time: those that had not ended
// are open, and those that had not begun are left out. If all the steps fit an
// order, so do these.
func until(steps []*linear.Step, at int64) []*linear.Step {
	var known []*linear.Step
	for _, s := range steps {
		if s.Begin > at {
			continue
		}
		if s.End > at && !s.Open {
			cut := *s
			cut.Open, cut.End = true, linear.Never
			s = &cut
		}
		known = append(known, s)
	}
	return known
}

// unexplained is when the first step ended whose answer fits no order.
func unexplained(steps []*linear.Step) int64 {
	var ends []int64
	for _, s := range steps {
		if !s.Open {
			ends = append(ends, s.End)
		}
	}
	slices.Sort(ends)
	first := sort.Search(len(ends)-1, func(i int) bool { return fits(until(steps, ends[i])) == porcupine.Illegal })
	return ends[first]
}

// describe prints a history that fits no order, up to the first answer that
// cannot be explained.
func describe(h *linear.History) string {
	var text strings.Builder
	fmt.Fprintf(&text, "no order of the calls explains the answers of %s\n", h)
	last := int64(linear.Never)
	if h.Strange != nil {
		fmt.Fprintf(&text, "%v\n", h.Strange)
	} else {
		last = unexplained(h.Steps)
		fmt.Fprintf(&text, "! marks the first answer that no order explains, ? an open outcome, . a call that was still running\n")
	}
	for _, s := range h.Steps {
		mark := " "
		switch {
		case s.Begin > last:
			continue
		case s.Open:
			mark = "?"
		case s.End == last:
			mark = "!"
		case s.End > last:
			mark = "."
		}
		fmt.Fprintf(&text, "%s %s\n", mark, s)
	}
	return text.String()
}

// missed is the probability that n histories show nothing of a defect that shows in
// a share of them.
func missed(histories int, share float64) float64 {
	return math.Pow(1-share, float64(histories))
}

// boundAt95 is the largest share of histories that a defect can show in and still
// be missed by so many with a probability of 5 %.
func boundAt95(histories int) float64 { return 1 - math.Pow(0.05, 1/float64(histories)) }
