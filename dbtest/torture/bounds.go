package torture

import (
	"math"
	"slices"
)

// A span is when something happened: after the line start of the journal was
// written and before the line end was. Spans that overlap may have taken effect
// in either order.
type span struct{ start, end int }

const (
	// never is the end of what was cut off.
	never = math.MaxInt
	// afterLife is where the status stands among the lines of a life.
	afterLife = never - 1
)

// base is the span of what was before a life, and over that of the audit after
// it.
var (
	base = span{-1, -1}
	over = span{never, never}
)

// An event is something that a call did, or, where sure is false, may have done,
// at one instant within the span.
type event struct {
	span
	sure  bool
	firm  bool   // of a call that was cut off: it is sure if the call had that outcome
	value string // what a register was set to
	by    *call  // nil for the marking of a wipe
}

// did is what a call did when it was accepted, or may have done if it is open.
func did(c *call, value string) event {
	return event{span: c.span, sure: !c.open(), firm: true, value: value, by: c}
}

// counter is a count of which the value at the start of a life is known.
type counter struct {
	base    int
	charges []event // each adds one
	clears  []event // each sets it back to zero
}

// atMost is the highest that the count can be when the line before is written.
// A charge is gone only where a sure clearing began after it had ended.
func (c *counter) atMost(before int) int {
	last := -1 // the latest start of a sure clearing
	cleared := false
	for _, e := range c.clears {
		if e.sure && e.end < before {
			cleared = true
			last = max(last, e.start)
		}
	}
	n := 0
	if !cleared {
		n = c.base
	}
	for _, e := range c.charges {
		if e.start < before && e.end >= last {
			n++
		}
	}
	return n
}

// atLeast is the lowest that the count can be after the life: a charge counts
// for certain where every clearing that may have been had ended before it began.
func (c *counter) atLeast() int {
	last := -1
	n := c.base
	for _, e := range c.clears {
		last, n = max(last, e.end), 0
	}
	for _, e := range c.charges {
		if e.sure && e.start > last {
			n++
		}
	}
	return n
}

// register is something that is set to one value after another. Of the value at
// the start of a life one or more possibilities are known.
type register struct {
	base   []string
	writes []event
}

// overwritten reports whether something was set for certain after one line and
// before another.
func (r *register) overwritten(after, before int) bool {
	return slices.ContainsFunc(r.writes, func(e event) bool { return e.sure && e.start > after && e.end < before })
}

// could reports whether the value may have been this one at some time in a
// span.
func (r *register) could(value string, in span) bool {
	if slices.Contains(r.base, value) && !r.overwritten(base.end, in.start) {
		return true
	}
	return slices.ContainsFunc(r.writes, func(e event) bool {
		return e.value == value && e.start < in.end && !r.overwritten(e.end, in.start)
	})
}

// surely reports whether the value was this one during the whole of a call, as
// far as others than the call itself are concerned.
func (r *register) surely(value string, during *call) bool {
	set := slices.ContainsFunc(r.writes, func(e event) bool {
		return e.sure && e.value == value && e.end < during.start && r.kept(e.span, value, during)
	})
	return set || (len(r.base) == 1 && r.base[0] == value && r.kept(base, value, during))
}

// kept reports whether what was set in a span stayed until a call ended.
func (r *register) kept(set span, value string, until *call) bool {
	return !slices.ContainsFunc(r.writes, func(e event) bool {
		return e.value != value && e.by != until && e.end >= set.start && e.start <= until.end
	})
}

// holds reports whether there may have been any value at some time in a span.
func (r *register) holds(in span) bool {
	return slices.ContainsFunc(r.values(), func(v string) bool { return v != "" && r.could(v, in) })
}

// last returns every value that there may be after the life.
func (r *register) last() []string {
	return slices.DeleteFunc(r.values(), func(v string) bool { return !r.could(v, over) })
}

// lastThatIs is last for a register of which it is known whether it has a value.
func (r *register) lastThatIs(set bool) []string {
	return slices.DeleteFunc(r.last(), func(v string) bool { return (v != "") != set })
}

// values returns every value that there may have been at any time.
func (r *register) values() []string {
	values := slices.Clone(r.base)
	for _, e := range r.writes {
		values = append(values, e.value)
	}
	slices.Sort(values)
	return slices.Compact(values)
}
