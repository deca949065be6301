package adversary

import (
	"slices"

	"github.com/knowhave/factor/internal/spec"
)

// The purposes that there are, by number. Two of them read the same without their parts.
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

// handles are those purposes. To hold them keeps each the same one for all of a search, so
// that equal worlds stay equal.
var handles = func() (all []spec.Purpose) {
	for _, parts := range purposes {
		all = append(all, spec.PurposeOf(parts...))
	}
	return all
}()

// purposeOf is the number of the purpose of a call.
func purposeOf(c *spec.Call) uint8 {
	if !c.OnView {
		return noPurpose
	}
	return uint8(slices.Index(handles, spec.PurposeOf(c.Purpose...)))
}

// Mailed is what a code was mailed for.
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

// purposed reports whether a mailed code is given for the purpose that it was mailed for.
func (s *Step) purposed() bool {
	issued := codeOf(&s.Act.Call).issued
	return s.Before.Mailed[issued-firstCode].Purpose == purposeOf(&s.Act.Call)
}
