package linear

import (
	"fmt"
	"math"

	"github.com/knowhave/factor/internal/spec"
)

// State is what a single caller would have to remember about the user.
type State = spec.State

// A Part tells which part of its call a step is. Only calls that run a wipe or tell
// notices have several.
type Part uint8

const (
	// decides is the call's decision, or all of it. With a wipe pending, that is to
	// run it first.
	decides Part = iota
	// noted records that a wipe is done, and putOff that Sweep leaves it for later.
	noted
	putOff
	// tookOut removes or postpones told notices.
	tookOut
)

var partNames = [...]string{"decides, and asks for", "notes as done", "puts off"}

// A Step is a part of a call that is one change or one look. It took effect at some
// time from Begin to End; an open one did so after Begin or never.
type Step struct {
	*Call
	Part       Part
	Begin, End int64
	Open       bool
	answer     spec.Answer
	wipe       spec.Name // that it saw, or marked, if any
	given      spec.Call // the specification's call
	history    *History
}

// Never is the end of an open step: after all others.
const Never = math.MaxInt64

// String describes the step and its call in a line.
func (p *Step) String() string {
	if p.Part == decides && len(p.asks) == 0 {
		return p.Call.String()
	}
	if p.Part == tookOut {
		return fmt.Sprintf("%s; of it, from %d on: takes out notices", p.Call, p.Begin)
	}
	return fmt.Sprintf("%s; of it, from %d on: %s wipe %d", p.Call, p.Begin, partNames[p.Part], p.answer.Wipe)
}

// Apply returns the state after the step, and whether a single caller could have
// got its answer.
func Apply(s State, p *Step) (State, bool) {
	o := &p.history.options
	switch p.Part {
	case noted:
		s, _ = o.WipeDone(s, p.Now, p.answer.Wipe, 0)
		return s, true
	case putOff:
		return o.PutOff(s, p.Now, p.answer.Wipe), true
	case tookOut:
		return o.Told(s, p.Now, nil), true
	}
	// A wipe has no name until somebody has seen its ID.
	if s.Wipe.Stage != spec.NotWiped && s.Wipe.ID == 0 {
		s.Wipe.ID = p.wipe
	}
	p.given.Listed = p.Open || p.answer != spec.Answer{} // or it would have done nothing
	next, out := o.Next(s, p.Now, &p.given)
	return next, p.Open || p.explainedBy(s, next, out.Answer)
}

// explainedBy reports whether the call got the answer that it had to get.
func (p *Step) explainedBy(before, after State, want spec.Answer) bool {
	o := &p.history.options
	switch {
	case p.Op == spec.Sweep && before.Stored && !after.Stored && p.answer == (spec.Answer{}):
		// A removal leaves no version by which its caller could tell that it was
		// done although it returned ErrConflict: it loads again and finds nothing
		// to remove.
		return true
	case p.counts(before, want):
		return true
	case p.answer != want:
		return false
	case p.Op == spec.Status:
		return p.view == o.View(before, p.Now)
	case p.Op == spec.Devices:
		return p.view.Devices == o.View(before, p.Now).Devices
	case p.Op == spec.Holds:
		return p.holds == o.View(before, p.Now).Holding()
	}
	return true
}
