package adversary

import (
	"slices"
	"time"

	"github.com/knowhave/factor/internal/spec"
)

// on makes nodes with each of some clocks serve each call.
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

// as makes each call another deed: CallsToWipe or CallsUnheard.
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

// viewed makes each call on a view for each of some purposes.
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

// purposely drops acts that give a mailed code for another kind or purpose than its
// own.
func purposely(moves ...Moves) Moves {
	return only(func(w *World, a *Act) bool {
		issued := codeOf(&a.Call).issued
		return issued == 0 || w.Mailed[issued-firstCode] == Mailed{a.Call.Kinds[0], purposeOf(&a.Call)}
	}, moves...)
}

// paperOnly drops acts that give no code of a list.
func paperOnly(moves ...Moves) Moves {
	return only(func(_ *World, a *Act) bool { return codeOf(&a.Call).paper }, moves...)
}

// mailedOnly drops acts that give no mailed code.
func mailedOnly(moves ...Moves) Moves {
	return only(func(_ *World, a *Act) bool { return codeOf(&a.Call).issued != 0 }, moves...)
}

// only drops the acts for which is does not hold.
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

// careless lets somebody try all that they know, even used or replaced. The user
// otherwise avoids those.
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

// lagging makes a replica that has stopped following serve each call.
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

// opened limits the host's acts to while records open.
func opened(m Moves) Moves {
	return func(w *World, who Who, acts *[]Act) {
		if !w.Sealed {
			m(w, who, acts)
		}
	}
}

// unwiped makes the host fail each call's wipe.
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

// fresh drops acts that give a used or replaced code.
func fresh(moves ...Moves) Moves {
	return only(func(w *World, a *Act) bool {
		given := codeOf(&a.Call)
		return inForce(&w.State).Has(given.fact()) && !used(&w.State, given.key, given.step) && !crossedOut(&w.State, given.set, given.n)
	}, moves...)
}
