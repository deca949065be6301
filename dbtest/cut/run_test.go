package cut

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// idle is a further cut: the connection ends while it is idle, before this call of
// the store, so that the statement meets a dead one.
const idle Point = -1

func pointName(p Point) string {
	if p == idle {
		return "idle"
	}
	return p.String()
}

// A trial is an operation with everything it is run with again and again.
type trial struct {
	*line
	mode  mode
	op    *operation
	state *state
	clean *run
	steps []*look // what was stored at the start and after each swap
}

// A run is one run of an operation.
type run struct {
	answer answer
	calls  int // of the store
	swaps  int // among these
	found  int // among these: those that confirm a lost swap that was found stored
	trace  Trace
	wiped  []uuid.UUID
	after  *look
}

// open reports whether the caller does not know the outcome.
func (r *run) open() bool {
	return errors.Is(r.answer.err, errStore) || errors.Is(r.answer.err, factor.ErrConflict)
}

// text is the answer without what the store's error says.
func (r *run) text() string {
	if r.open() {
		return "open: " + r.answer.err.Error()
	}
	return r.answer.text
}

// newTrial runs an operation once undisturbed.
func newTrial(l *line, m mode, o *operation) (*trial, error) {
	s, err := build(o.from)
	if err != nil {
		return nil, err
	}
	t := &trial{line: l, mode: m, op: o, state: s}
	var lookErr error
	look := func() {
		found, err := l.look(s, o, nil)
		t.steps, lookErr = append(t.steps, found), errors.Join(lookErr, err)
	}
	if err := l.reset(s); err != nil {
		return nil, err
	}
	look()
	if t.clean, err = t.run(Cut{}, look); err != nil || lookErr != nil {
		return nil, errors.Join(err, lookErr)
	}
	switch last := t.steps[len(t.steps)-1]; {
	case t.clean.open():
		return nil, fmt.Errorf("with nothing in its way it is answered with %v", t.clean.answer.err)
	case t.clean.after.version != last.version:
		return nil, errors.New("it wrote what it did not write")
	case len(t.clean.trace.Requests) == 0:
		return nil, errors.New("it sends no statement")
	}
	return t, nil
}

// run runs the operation with a cut, from the state that it starts in.
func (t *trial) run(c Cut, stored func()) (*run, error) {
	if err := t.reset(t.state); err != nil {
		return nil, err
	}
	if t.mode.prepares {
		t.reconnect()
	}
	w := &watched{Store: t.store, stored: stored, lost: make(map[int64]bool)}
	if c.Point == idle {
		// So that there is a connection, and pgx has looked at it, as it does at
		// the first use and after each idle second.
		for range 2 {
			if _, err := t.store.Load(context.Background(), user); err != nil {
				return nil, err
			}
		}
		w.before = func(call int) {
			if call == c.At {
				t.proxy.Drop(c.Reset)
			}
		}
		t.proxy.Begin(Cut{})
	} else {
		t.proxy.Begin(c)
	}
	h := &host{now: now, wipeFails: t.op.fails}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r := &run{answer: t.op.run(&caller{newViews(w, h), ctx, t.state.held})}
	var err error
	if r.trace, err = t.proxy.End(); err != nil {
		return nil, err
	}
	r.calls, r.swaps, r.found, r.wiped = w.calls, w.swaps, w.found, h.wiped
	if err := t.settle(r.trace.Reset); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, errors.New("it hangs")
	}
	r.after, err = t.look(t.state, t.op, r.answer.made)
	return r, err
}

// cuts returns all the cuts of the operation. If not all are wanted, the ends
// notice in alternating ways, and reads, which change nothing, are cut less.
func (t *trial) cuts(all bool) (cuts []Cut) {
	turn := len(t.op.name)
	add := func(c Cut) {
		for _, reset := range []bool{false, true} {
			if all || reset == (turn%2 == 0) {
				c.Reset = reset
				cuts = append(cuts, c)
			}
		}
		turn++
	}
	for i, r := range t.clean.trace.Requests {
		if !writes(r) && !all {
			add(Cut{At: i + 1, Point: Before})
			add(Cut{At: i + 1, Point: Answered})
			add(Cut{At: i + 1, Point: Answered, ForGood: true})
			continue
		}
		for _, p := range []Point{Before, Unanswered, Answered} {
			add(Cut{At: i + 1, Point: p})
			add(Cut{At: i + 1, Point: p, ForGood: true})
			if writes(r) {
				add(Cut{At: i + 1, Point: p, Twice: true})
			}
		}
		if writes(r) {
			add(Cut{At: i + 1, Point: LateFirst})
			add(Cut{At: i + 1, Point: LateLast})
			add(Cut{At: i + 1, Point: LateLast, ForGood: true})
		}
	}
	for call := range t.clean.calls {
		add(Cut{At: call + 1, Point: idle})
	}
	return cuts
}

// judge returns the errors of a run that was cut.
func (t *trial) judge(c Cut, r *run) (wrong []string) {
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if r.open() && !c.ForGood && !c.Twice && c.Point != idle && replaces(t.clean.trace.Requests[c.At-1]) {
		bad("the outcome of a swap that can be told by its version was not found out")
	}
	if r.open() {
		if !slices.ContainsFunc(t.steps, func(s *look) bool { return s.text == r.after.text }) {
			bad("it is neither wholly there nor wholly not there:\n  stored %s", r.after.text)
		}
	} else {
		if r.answer.text != t.clean.answer.text {
			bad("it is answered %q, and %q with nothing in its way", r.answer.text, t.clean.answer.text)
		}
		if r.after.text != t.clean.after.text {
			bad("it is answered, and not stored as without the cut:\n  stored %s\n  want   %s", r.after.text, t.clean.after.text)
		}
	}
	for name, works := range r.after.works {
		if works && r.answer.err == nil && !t.clean.after.works[name] {
			bad("%s was accepted, and works again", name)
		}
	}
	if w := r.after.wipe; w != nil && !t.state.wiped && !slices.Contains(r.wiped, w.ID) && r.after.finished != w.ID {
		bad("the wipe was neither done nor will be")
	}
	if e := r.answer.err; errors.Is(e, factor.ErrWiped) && !t.state.wiped && len(r.wiped) == 0 {
		bad("it is answered that the data is gone, and nobody asked the host")
	}
	if what := resent(r.trace.Requests); what != "" {
		bad("%s", what)
	}
	return wrong
}

// A resolution is how the caller got over a cut.
type resolution int

const (
	unnoticed   resolution = iota // no statement went another way
	readAgain                     // a read was made again
	ownFound                      // the version of the lost swap was found stored, and confirmed
	swapped                       // the swap was made again
	errorEffect                   // the caller has an error, and it is stored
	errorNone                     // the caller has an error, and it is not stored
	resolutions
)

func (r resolution) String() string {
	return [...]string{"unnoticed", "read again", "own found", "swapped again", "error, stored", "error, not stored"}[r]
}

// resolution returns how the run got over its cut.
func (t *trial) resolution(c Cut, r *run) resolution {
	sent, clean := r.trace.Requests, t.clean.trace.Requests
	if r.open() {
		before := t.steps[0]
		if c.Point != idle {
			before = t.steps[min(countWrites(clean[:c.At-1]), len(t.steps)-1)]
		}
		if before.text == r.after.text && (before != t.steps[0] || before.version == r.after.version) {
			return errorNone
		}
		return errorEffect
	}
	switch {
	case r.found > 0:
		return ownFound
	case r.swaps > t.clean.swaps:
		return swapped
	case len(sent) > len(clean) || r.calls > t.clean.calls:
		return readAgain
	}
	return unnoticed
}
