package adversary

import (
	"slices"

	"github.com/knowhave/factor/internal/spec"
)

// Purposed: a mailed code is right only for its purpose.
var Purposed = Promise{
	Name: "a code is accepted for another purpose than it was mailed for",
	Broken: func(s *Step) bool {
		_, k, ok := acceptedCode(s)
		return ok && k.Row().Issued && !s.purposed()
	},
}

// Confirmed: on a view, only a credential with the purpose confirms an act, unless
// the host names its kind.
var Confirmed = Promise{
	Name: "an act on a view is confirmed by what has no purpose, and was not asked for",
	Broken: func(s *Step) bool {
		_, k, ok := acceptedCode(s)
		c := &s.Act.Call
		return ok && c.Op == spec.VerifyOTP && c.OnView && c.Kinds == nil && !k.Row().Issued
	},
}

// Elsewhere: for any other purpose a mailed code is a guess, and charged as one.
var Elsewhere = Promise{
	Name: "a code that is given for another purpose is not counted as a guess",
	Broken: func(s *Step) bool {
		given, c := codeOf(&s.Act.Call), &s.Act.Call
		if given.issued == 0 || s.purposed() || c.Op != spec.VerifyOTP || len(c.Kinds) != 1 {
			return false
		}
		k := c.Kinds[0]
		return s.Out.Answer.Err == spec.Mismatch && s.After.State.Budgets[k].Wrong == s.Before.State.Budgets[k].Wrong
	},
}

// OneChance is an assumption of the guess table: a guess can be right for one
// mailed code of a kind, however many are live.
var OneChance = Promise{
	Name: "a guess could be right for two live codes of a kind",
	Broken: func(s *Step) bool {
		if s.Act.Deed > CallsUnheard || s.Act.Call.OTP == "" || s.Out.Answer.Err == spec.OK {
			return false
		}
		return slices.ContainsFunc(spec.IssuedKinds, func(k spec.Kind) bool { return s.chances(k) > 1 })
	},
}

// chances returns for how many codes of a kind a guess could be right by luck.
func (s *Step) chances(k spec.Kind) (n int) {
	for _, live := range s.Before.State.Codes(k).Live {
		if live.Code == 0 {
			continue
		}
		lucky, w := *s.Act, *s.Before
		lucky.Call.Code = code{luck: named(live.Code)}
		out, _ := s.Adversary.act(&w, &lucky)
		if got, ok := accepted(&Step{Out: out}); ok && got == k {
			n++
		}
	}
	return n
}

// Newest: the newest unused code for a purpose is refused to an honest user with
// several tabs. It is for searches in which no code ends.
var Newest = Promise{
	Name: "the user's newest code for a purpose is refused",
	Note: Once.Note,
	Broken: func(s *Step) bool {
		given, c := codeOf(&s.Act.Call).issued, &s.Act.Call
		if s.Act.Who != User || given == 0 || c.Op != spec.VerifyOTP || !s.purposed() || s.Before.Past.Spent.Has(named(given)) {
			return false
		}
		for newer := given + 1; newer < firstCode+s.Before.Codes; newer++ {
			if s.Before.Mailed[newer-firstCode] == s.Before.Mailed[given-firstCode] {
				return false
			}
		}
		return s.Out.Answer.Err != spec.OK
	},
}

// GuessesFor is the guess table for the account codes of one purpose. A right code
// for another purpose is no reason to start over.
func GuessesFor(purpose uint8) Promise {
	all := Guesses(spec.KindAccount)
	return Promise{
		Counts: true,
		Name:   "more guesses at the account codes of one purpose are judged than the guess table says",
		Note: func(p *Past, s *Step) {
			if s.Act.Deed == Waits || purposeOf(&s.Act.Call) == purpose || byHost(s) {
				all.Note(p, s)
			}
		},
		Broken: all.Broken,
	}
}
