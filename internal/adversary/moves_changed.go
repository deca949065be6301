package adversary

import (
	"slices"
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

// viewed has each call made on a view for each of some purposes.
func viewed(some []int, moves ...Moves) Moves {
	return func(w *World, who Who, acts *[]Act) {
		for _, m := range moves {
			from := len(*acts)
			m(w, who, acts)
			plain := slices.Clone((*acts)[from:])
			*acts = (*acts)[:from]
			for _, a := range plain {
				for _, p := range some {
					a.Call.OnView, a.Call.Purpose = p != noPurpose, purposes[p]
					*acts = append(*acts, a)
				}
			}
		}
	}
}

// purposely leaves out mailed codes that are given for another kind or purpose than theirs.
func purposely(moves ...Moves) Moves {
	return only(func(w *World, a *Act) bool {
		issued := codeOf(&a.Call).issued
		return issued == 0 || w.Mailed[issued-firstCode] == Mailed{a.Call.Kinds[0], purposeOf(&a.Call)}
	}, moves...)
}

// paperOnly leaves out what gives no code of a list.
func paperOnly(moves ...Moves) Moves {
	return only(func(_ *World, a *Act) bool { return codeOf(&a.Call).paper }, moves...)
}

// mailedOnly leaves out what gives no mailed code.
func mailedOnly(moves ...Moves) Moves {
	return only(func(_ *World, a *Act) bool { return codeOf(&a.Call).issued != 0 }, moves...)
}

// only leaves out the acts of which something is not true.
func only(is func(*World, *Act) bool, moves ...Moves) Moves {
	return func(w *World, who Who, acts *[]Act) {
		from := len(*acts)
		for _, m := range moves {
			m(w, who, acts)
		}
		kept := (*acts)[:from]
		for _, a := range (*acts)[from:] {
			if is(w, &a) {
				kept = append(kept, a)
			}
		}
		*acts = kept
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
	return only(func(w *World, a *Act) bool {
		given := codeOf(&a.Call)
		return inForce(&w.State).Has(given.fact()) && !used(&w.State, given.key, given.step) && !crossedOut(&w.State, given.set, given.n)
	}, moves...)
}
