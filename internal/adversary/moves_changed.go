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

// careless has somebody try all that they know, also what is used or replaced. The user
// leaves that alone otherwise.
func careless(moves ...Moves) Moves {
	return func(w *World, who Who, acts *[]Act) {
		from, other := len(*acts), *w
		other.Knows[Thief] = w.Knows[who]
		for _, m := range moves {
			m(&other, Thief, acts)
		}
		for i := from; i < len(*acts); i++ {
			(*acts)[i].Who = who
		}
	}
}

// lagging has each call served by a replica that no longer follows.
func lagging(moves ...Moves) Moves {
	return func(w *World, who Who, acts *[]Act) {
		from := len(*acts)
		for _, m := range moves {
			m(w, who, acts)
		}
		for i := from; i < len(*acts); i++ {
			(*acts)[i].Lags = true
		}
	}
}

// opened is what the host does only while records open.
func opened(m Moves) Moves {
	return func(w *World, who Who, acts *[]Act) {
		if !w.Sealed {
			m(w, who, acts)
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
