package torture

import (
	"math"
	"slices"
)

// A span is when something happened: after the line start of the journal was
// written and before the line end was. Overlapping spans may have taken effect in
// either order.
type span struct{ start, end int }

const (
	// never is the end of what was cut off.
	never = math.MaxInt
	// afterLife is the status's place among the lines of a life.
	afterLife = never - 1
)

// base is the span before a life, and over that of the audit after it.
var (
	base = span{-1, -1}
	over = span{never, never}
)

// An event is something that a call did or, if sure is false, may have done, at one
// instant within the span.
type event struct {
	span
	sure  bool
	firm  bool   // for a call that was cut off: sure if the call had that outcome
	value string // what a register was set to
	by    *call  // nil for the marking of a wipe
}

// did is the effect of an accepted call, or a possible one of an open call.
func did(c *call, value string) event {
	return event{span: c.span, sure: !c.open(), firm: true, value: value, by: c}
}

// A counter is a count whose value at the start of a life is known.
type counter struct {
	base    int
	charges []event // each adds one
	clears  []event // each sets it back to zero
}

// atMost is the highest possible count when the line before is written. A charge is
// gone only if a sure clearing began after it had ended.
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

// atLeast is the lowest possible count after the life: a charge counts for certain
// if every possible clearing had ended before it began.
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

// A register holds one value after another. One or more possibilities are known for
// its value at the start of a life.
type register struct {
	base   []string
	writes []event
}

// overwritten reports whether something was set for certain between two lines.
func (r *register) overwritten(after, before int) bool {
	return slices.ContainsFunc(r.writes, func(e event) bool { return e.sure && e.start > after && e.end < before })
}

// could reports whether the value may have been this one at some time in a span.
func (r *register) could(value string, in span) bool {
	if slices.Contains(r.base, value) && !r.overwritten(base.end, in.start) {
		return true
	}
	return slices.ContainsFunc(r.writes, func(e event) bool {
		return e.value == value && e.start < in.end && !r.overwritten(e.end, in.start)
	})
}

// surely reports whether the value was this one during a whole call, except for the
// call's own effect.
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

// last returns every possible value after the life.
func (r *register) last() []string {
	return slices.DeleteFunc(r.values(), func(v string) bool { return !r.could(v, over) })
}

// lastThatIs is last if it is known whether the register has a value.
func (r *register) lastThatIs(set bool) []string {
	return slices.DeleteFunc(r.last(), func(v string) bool { return (v != "") != set })
}

// values returns every possible value at any time.
func (r *register) values() []string {
	values := slices.Clone(r.base)
	for _, e := range r.writes {
		values = append(values, e.value)
	}
	slices.Sort(values)
	return slices.Compact(values)
}
