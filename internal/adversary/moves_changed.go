package adversary

import (
	"time"

	"github.com/knowhave/factor/internal/spec"
)

// on has each call served by a node of each of some clocks.
func on(clocks []time.Duration, moves ...Moves) Moves {
	return func(w *World, who Who, acts *[]Act) {
		for _, m := range moves {
			from := len(*acts)
			m(w, who, acts)
			for _, a := range (*acts)[from:] {
				for _, ahead := range clocks {
					a.Clock = ahead
					*acts = append(*acts, a)
				}
			}
		}
	}
}

// as makes each call another deed: CallsToWipe, or CallsUnheard.
func as(d Deed, moves ...Moves) Moves {
	return func(w *World, who Who, acts *[]Act) {
		from := len(*acts)
		for _, m := range moves {
			m(w, who, acts)
		}
		for i := from; i < len(*acts); i++ {
			(*acts)[i].Deed = d
		}
	}
}

// unwiped makes each call one whose wipe the host fails to carry out.
func unwiped(moves ...Moves) Moves {
	return func(w *World, who Who, acts *[]Act) {
		from := len(*acts)
		for _, m := range moves {
			m(w, who, acts)
		}
		for i := from; i < len(*acts); i++ {
			(*acts)[i].Call.Host.Wipe = spec.Fails
		}
	}
}

// fresh leaves out what gives a code that is used or replaced.
func fresh(moves ...Moves) Moves {
	return func(w *World, who Who, acts *[]Act) {
		from := len(*acts)
		for _, m := range moves {
			m(w, who, acts)
		}
		kept := (*acts)[:from]
		for _, a := range (*acts)[from:] {
			given := codeOf(&a.Call)
			if inForce(&w.State).Has(given.fact()) && !used(&w.State, given.key, given.step) {
				kept = append(kept, a)
			}
		}
		*acts = kept
	}
}
