package torture

import (
	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// An outcome is the fate of a call that was cut off.
type outcome int

const (
	lost     outcome = iota // nothing was stored
	refused                 // the wrong one was counted
	accepted                // all of it was done
	outcomes
)

// torn reports whether a status that fits each facet alone fits no outcome of the
// calls that were cut off: one of them was stored in part.
func (h *history) torn(st sight) bool {
	var open []*call
	for _, c := range h.calls {
		if c.open() {
			open = append(open, c)
		}
	}
	ways := 1
	for range open {
		ways *= int(outcomes)
	}
	for way := range ways {
		became := make(map[*call]outcome)
		for _, c := range open {
			became[c] = outcome(way % int(outcomes))
			way /= int(outcomes)
		}
		if len(h.resolved(became).differences(st)) == 0 {
			return false
		}
	}
	return true
}

// resolved returns the facets for given outcomes of the open calls.
func (h *history) resolved(became map[*call]outcome) facets {
	written := func(r *register) *register { return &register{base: r.base, writes: doneBy(r.writes, became)} }
	f := facets{
		budgets: make(map[factor.Kind]*counter),
		// A reset proof that was accepted is no strike, whatever was wrong beside it.
		strikes: &counter{h.strikes.base, chargedBy(h.strikes.charges, became, true, false), doneBy(h.strikes.clears, became)},
		pin:     written(h.pin),
		live:    make(map[factor.Kind]*register),
		devices: make(map[uuid.UUID]*register),
		wipe:    written(h.wipe),
		codes:   h.codes,
	}
	for k, c := range h.budgets {
		f.budgets[k] = &counter{c.base, chargedBy(c.charges, became, !h.lockable(k), true), doneBy(c.clears, became)}
	}
	for k, r := range h.live {
		f.live[k] = written(r)
	}
	for id, r := range h.devices {
		f.devices[id] = written(r)
	}
	return f
}

// doneBy returns the remaining clearings and settings: those of accepted open
// calls.
func doneBy(events []event, became map[*call]outcome) []event {
	var kept []event
	for _, e := range events {
		if e.by != nil && e.by.open() {
			if became[e.by] != accepted {
				continue
			}
			e.sure, e.end = e.firm, afterLife
		}
		kept = append(kept, e)
	}
	return kept
}

// chargedBy returns the remaining charges: a refused open call made all of its own;
// an accepted one, if beside is set, those that were certainly wrong. They are
// certain only if nothing can have been locked.
func chargedBy(charges []event, became map[*call]outcome, unlocked, beside bool) []event {
	var kept []event
	for _, e := range charges {
		if e.by.open() {
			if became[e.by] == lost || (became[e.by] == accepted && !(beside && e.firm)) {
				continue
			}
			e.sure, e.end = e.firm && unlocked, afterLife
		}
		kept = append(kept, e)
	}
	return kept
}
