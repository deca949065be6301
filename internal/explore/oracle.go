package explore

import (
	"context"
	"slices"
	"strings"

	"github.com/knowhave/factor"
)

// An outcome is the result of a schedule: the operations' answers, and what can be
// seen of the resulting record.
type outcome struct {
	faulty int
	fault  fault
	said   []string
	open   []bool
	made   []*credential // by thread; nil: nothing, or nobody was told
	record factor.Record
	before uint16 // see precedence
	order  uint16 // see precedence
	apart  bool
}

// outcome returns the outcome of the schedule.
func (s *schedule) outcome() *outcome {
	o := &outcome{faulty: s.faulty, fault: s.fault, apart: s.apart}
	o.before, o.order = s.precedence()
	for _, t := range s.threads {
		o.said = append(o.said, t.answer.text)
		o.open = append(o.open, t.open())
		o.made = append(o.made, t.answer.made)
	}
	o.record, _ = s.store.Load(context.Background(), user)
	if s.lab.tells {
		o.record = withoutNotices(o.record)
	}
	return o
}

// precedence tells which threads wrote everything before others first looked: bit
// 4i+j means i before j. order also has those that had ended before others began.
// Both are the same in schedules that differ only in the order of steps that
// commute; order only if the order of all locking steps is the same.
func (s *schedule) precedence() (before, order uint16) {
	for i, t := range s.threads {
		for j, u := range s.threads {
			bit := uint16(1) << (4*i + j)
			if i != j && t.lastWrite >= 0 && (u.firstTouch < 0 || t.lastWrite < u.firstTouch) {
				before |= bit
			}
			if i != j && t.endedAt >= 0 && t.endedAt < u.firstTouch {
				order |= bit
			}
		}
	}
	return before, before | order
}

// required tells which threads must come before others in any explanation of the
// schedule.
func (s *schedule) required() uint16 {
	before, order := s.precedence()
	if !s.mode.together {
		return before
	}
	for i, t := range s.threads {
		for j, u := range s.threads {
			if bit := uint16(1) << (4*i + j); s.locks(t) && s.locks(u) && !t.open() {
				before |= order & bit
			}
		}
	}
	return before
}

// An oracle knows the possible outcomes of some operations from one starting state
// if each update is one indivisible step: the library's outcome must be among them,
// whatever overtakes what. It gets them from the library itself, one update after
// the other, where nothing can go wrong between a load and its swap. That these are
// right is for the model and the rules' own tests to show.
//
// For operations with a single update these are the sequential orders. Between the
// updates of others (a wipe that is marked, called and recorded; a sweep), further
// operations may come.
type oracle struct {
	*lab
	ops   []*operation
	known []*outcome
	// explained holds the outcomes by their visible part, for each view.
	explained map[view]map[string][]*outcome
	ghosts    [4]*oracle
	without   map[uint8]*oracle // where some operations, as bits, never happen
	runs      int
}

// A view is the visible part of an outcome. It leaves out the answer of a thread
// that crashed or got the fault, and a code that it was to return; the thread may
// have done all, nothing, or the first of its updates.
//
// A thread whose context ended gets that answer only if it was kept from something,
// as when it runs alone.
type view struct {
	masked  uint8 // the threads that are not seen, as bits
	faulty  int   // the thread that may have been cut short; -1: none
	cancels bool
}

func newOracle(l *lab, ops []*operation, m mode) *oracle {
	o := &oracle{lab: l, ops: ops, explained: make(map[view]map[string][]*outcome), without: make(map[uint8]*oracle)}
	s := &schedule{lab: l, ops: ops, mode: m}
	walk := tree{all: true}
	for more := true; more; more = walk.next() {
		s.run(walk.choose)
		o.runs++
		out := s.outcome()
		if m.ghost {
			out.said, out.open, out.made = out.said[:len(ops)-1], out.open[:len(ops)-1], out.made[:len(ops)-1]
		}
		o.known = append(o.known, out)
	}
	return o
}

// explain returns an outcome of the oracle that looks the same as seen and has a
// possible order, preferably with each operation in one piece, or nil.
func (o *oracle) explain(seen *outcome, required uint16) *outcome {
	v := view{masked: bits(seen.open), faulty: seen.faulty, cancels: seen.fault.cancel()}
	free := uint16(0)
	if seen.fault.late() || seen.fault == conflicts {
		for i := range o.ops { // its write may come at any time
			free |= 1<<(4*i+seen.faulty) | 1<<(4*seen.faulty+i)
		}
	}
	if seen.fault == stale {
		for i := range o.ops { // it may see what was before the others
			free |= 1 << (4*i + seen.faulty)
		}
	}
	var found *outcome
	for _, known := range o.seenBy(v)[o.key(seen, v.masked)] {
		if required&^free&^known.order == 0 && (found == nil || found.apart) {
			found = known
		}
	}
	return found
}

// seenBy returns the oracle's outcomes in a view.
func (o *oracle) seenBy(v view) map[string][]*outcome {
	if found, ok := o.explained[v]; ok {
		return found
	}
	found := make(map[string][]*outcome)
	for absent := range v.masked + 1 {
		// The outcomes with a fault include the one in which the faulty thread does
		// nothing.
		if absent&^v.masked != 0 || v.faulty >= 0 && absent == 1<<v.faulty {
			continue
		}
		for _, known := range o.whereAbsent(absent).known {
			if v.explains(known) {
				k := o.key(known, v.masked)
				found[k] = append(found[k], known)
			}
		}
	}
	o.explained[v] = found
	return found
}

// explains reports whether an outcome may be the seen one.
func (v view) explains(known *outcome) bool {
	if known.fault == none {
		return v.masked == 0 || !v.cancels
	}
	return known.faulty == v.faulty && bits(known.open)&^v.masked == 0 && (!known.fault.cancel() || v.cancels)
}

// bits returns the indices of true elements as bits.
func bits(all []bool) uint8 {
	var b uint8
	for i, is := range all {
		if is {
			b |= 1 << i
		}
	}
	return b
}

// whereAbsent returns the oracle for the case that some operations never happen:
// those that share a swap with an unknown outcome.
func (o *oracle) whereAbsent(absent uint8) *oracle {
	if absent == 0 {
		return o
	}
	if o.without[absent] == nil {
		o.without[absent] = newOracle(o.lab, o.ops, mode{atomic: true, faults: true, absent: absent})
	}
	return o.without[absent]
}

// key formats the visible part of an outcome.
func (o *oracle) key(out *outcome, masked uint8) string {
	var key strings.Builder
	var made []*credential
	for i, said := range out.said {
		if masked&(1<<i) != 0 {
			said = "?"
		} else if out.made[i] != nil {
			made = append(made, out.made[i])
		}
		key.WriteString(said)
		key.WriteByte('\n')
	}
	key.WriteString(o.prober.look(out.record, made).text)
	return key.String()
}

// withGhost returns the oracle for the case that one operation happens twice,
// the first time without an answer.
func (o *oracle) withGhost(of int) *oracle {
	if o.ghosts[of] == nil {
		o.ghost = of
		o.ghosts[of] = newOracle(o.lab, append(slices.Clone(o.ops), o.ops[of]), mode{atomic: true, ghost: true})
	}
	return o.ghosts[of]
}
