package torture

import (
	"slices"

	"github.com/knowhave/factor"
)

// A given is a presented credential.
type given struct {
	kinds []factor.Kind // judged against and charged to
	right factor.Kind   // may be right for, empty if certainly wrong
}

// given returns the credentials of a call in the order of judging. Only the last
// can be right.
func (c *call) given() []given {
	var all []given
	add := func(right factor.Kind, kinds ...factor.Kind) {
		if !slices.Contains(kinds, right) {
			right = ""
		}
		all = append(all, given{kinds, right})
	}
	if c.Proof.OTP != "" {
		kinds := defaultKinds
		switch {
		case c.Op == opProve:
			kinds = kinds[:1]
		case len(c.Kinds) > 0:
			kinds = c.Kinds
		}
		add(c.Proof.Kind, kinds...)
	}
	switch c.Proof.Password {
	case "":
	case rightPassword:
		add(factor.KindPassword, factor.KindPassword)
	default:
		add("", factor.KindPassword)
	}
	switch c.Proof.PIN {
	case "":
	case wrongPIN:
		add("", factor.KindPIN)
	default:
		add(factor.KindPIN, factor.KindPIN)
	}
	return all
}

// judge derives the certain and possible effects of judging a call's credentials on
// the counts.
func (h *history) judge(c *call) {
	all := c.given()
	if c.Op == opProve {
		h.judgeReset(c, all)
		return
	}
	switch c.Class {
	case classOK:
		for _, g := range all {
			if g.right != "" {
				h.clear(c, g.right)
				return
			}
			h.charge(c, g.kinds, c.Kind)
		}
		if len(all) > 0 {
			h.violated(c, "a wrong credential was accepted")
		}
	case classMismatch:
		for _, g := range all {
			switch {
			case g.right != "":
				h.mayCharge(c, g)
			case len(all) == 1 && len(g.kinds) == 1:
				h.charge(c, g.kinds, g.kinds[0])
			default:
				h.charge(c, g.kinds, c.Kind)
			}
		}
	case classOpen:
		for _, g := range all {
			h.mayCharge(c, g)
			if g.right != "" {
				h.clear(c, g.right)
			}
		}
	}
}

// charge counts a wrong credential: for certain to the kind that the answer names,
// to the others unless they were locked.
func (h *history) charge(c *call, kinds []factor.Kind, judged factor.Kind) {
	for _, k := range kinds {
		e := event{span: c.span, sure: true, by: c}
		if k == judged {
			h.budgets[k].charges = append(h.budgets[k].charges, e)
		} else {
			h.unlessLocked[k] = append(h.unlessLocked[k], e)
		}
	}
}

// mayCharge counts a credential that may have been judged wrong. If it was
// certainly wrong, it was charged if the call was refused.
func (h *history) mayCharge(c *call, g given) {
	for _, k := range g.kinds {
		h.budgets[k].charges = append(h.budgets[k].charges, event{span: c.span, firm: g.right == "", by: c})
	}
}

func (h *history) clear(c *call, k factor.Kind) {
	h.budgets[k].clears = append(h.budgets[k].clears, did(c, ""))
}

// judgeReset is judge for the reset guard's strikes. A used code is no strike.
func (h *history) judgeReset(c *call, all []given) {
	wrong, mayBeRight := false, false
	for _, g := range all {
		mayBeRight = mayBeRight || g.right != ""
		wrong = wrong || g.right == "" || g.right == factor.KindPIN
	}
	strike := event{span: c.span, sure: wrong && !c.open(), firm: wrong, by: c}
	if c.Class == classMismatch || c.open() {
		h.strikes.charges = append(h.strikes.charges, strike)
	}
	if c.Class == classOK || (c.open() && mayBeRight) {
		h.strikes.clears = append(h.strikes.clears, did(c, ""))
	}
	if c.Class == classOK && !mayBeRight {
		h.violated(c, "a wrong reset proof was accepted")
	}
}
