package adversary

import (
	"slices"

	"github.com/knowhave/factor/internal/spec"
)

// The purposes, by number. Two of them read the same when joined.
const (
	noPurpose = iota
	theirAddress
	removal
	payment
	otherPayment
	oneMore
)

var purposes = [...][]string{
	nil, {"new address", "thief"}, {"remove"}, {"pay", "A 1", "2"}, {"pay", "A", "1 2"}, {"one more"},
}

// handles holds these purposes for a whole search, so that equal worlds stay equal.
var handles = func() (all []spec.Purpose) {
	for _, parts := range purposes {
		all = append(all, spec.PurposeOf(parts...))
	}
	return all
}()

// purposeOf returns the number of a call's purpose.
func purposeOf(c *spec.Call) uint8 {
	if !c.OnView {
		return noPurpose
	}
	return uint8(slices.Index(handles, spec.PurposeOf(c.Purpose...)))
}

// A Mailed is what a code was mailed for.
type Mailed struct {
	Kind    spec.Kind
	Purpose uint8
}

func mailedFor(c *spec.Call) Mailed {
	m := Mailed{Kind: c.Kind, Purpose: purposeOf(c)}
	if c.Op == spec.Issue {
		m.Kind = spec.KindAccount
	}
	return m
}

// purposed reports whether a step gives a mailed code for its own purpose.
func (s *Step) purposed() bool {
	issued := codeOf(&s.Act.Call).issued
	return s.Before.Mailed[issued-firstCode].Purpose == purposeOf(&s.Act.Call)
}
