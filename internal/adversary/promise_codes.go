package adversary

import (
	"slices"

	"github.com/knowhave/factor/internal/spec"
)

// Once is threats 01, 03, 18 and 20: a code is accepted twice, or a step of a secret
// that is not after the last.
var Once = Promise{
	Name: "a code or a time step is accepted twice, or a step after a later one",
	Note: func(p *Past, s *Step) {
		switch given, k, ok := acceptedCode(s); {
		case !ok:
		case k.Row().Issued:
			p.Spent |= named(given.issued)
		case k == spec.KindRecovery:
			p.Listed[given.set-firstSet] |= 1 << given.n
		default:
			p.Steps[given.key-firstKey] = given.step + 1
		}
	},
	Broken: func(s *Step) bool {
		switch given, k, ok := acceptedCode(s); {
		case !ok:
			return false
		case k.Row().Issued:
			return s.Before.Past.Spent.Has(named(given.issued))
		case k == spec.KindRecovery:
			return s.Before.Past.Listed[given.set-firstSet]&(1<<given.n) != 0
		default:
			return given.step < s.Before.Past.Steps[given.key-firstKey]
		}
	},
}

func acceptedCode(s *Step) (given code, k spec.Kind, ok bool) {
	k, ok = accepted(s)
	return codeOf(&s.Act.Call), k, ok && k.Row().Code
}

// Gone is threats 18 and 32: something is accepted that the user revoked, removed
// or replaced, or that a wipe or a move ended. A proof may bind it again; an import
// may not.
var Gone = Promise{
	Name: "what was revoked, replaced or given up is accepted",
	Note: func(p *Past, s *Step) {
		before, now := inForce(&s.Before.State), inForce(&s.After.State)
		p.Gone |= before &^ now
		c := &s.Act.Call
		switch done := s.Act.Deed == Calls && s.Out.Answer.Err == spec.OK; {
		case done && (c.Op == spec.SetPIN || c.Op == spec.AdminSetPIN):
			p.Gone = (p.Gone | OldPIN) &^ pinFact(c.NewPIN) // replaces the one in the old system
		case done && c.Op == spec.Enroll && c.Device == userDevice:
			p.Gone |= named(oldKey)
		case done && (c.Op == spec.RemoveRecovery || c.Op == spec.AdminRemoveRecovery):
			p.Gone |= before & named(s.Before.State.Recovery.Set)
		case erased(s):
			p.Gone = Nothing // the host starts over
		}
		if s.Act.Deed == MovesOn {
			p.Gone |= liveCodes(&s.Before.State)
			if waits := s.Before.State.Waiting.Secret.Key; waits != 0 {
				p.Gone |= named(waits)
			}
		}
	},
	Broken: func(s *Step) bool {
		f := acceptedFact(s)
		return f != Nothing && s.Before.Past.Gone.Has(f)
	},
}

// Refused is part of threat 32: a refused row is imported once the reason for the
// refusal is gone.
var Refused = Promise{
	Name: "an import that was refused is taken later",
	Note: func(p *Past, s *Step) {
		if c := &s.Act.Call; c.Op == spec.Import && s.Out.Answer.Err == spec.AlreadyEnrolled {
			p.Refused |= imports(&c.Held)
		}
	},
	Broken: func(s *Step) bool {
		bound := inForce(&s.After.State) &^ inForce(&s.Before.State)
		return s.Act.Call.Op == spec.Import && bound&s.Before.Past.Refused != Nothing
	},
}

// imports returns what a row would put in force.
func imports(h *spec.Holdings) Facts {
	f := pinFact(h.PIN.Digits)
	if key := h.Authenticator.Secret.Key; key != 0 {
		f |= named(key)
	}
	for _, d := range h.Devices {
		f |= named(d.Secret.Key)
	}
	return f
}

// Charged: a code that was right once is charged as a guess for its purpose while
// it is known: it was used, replaced or voided, has expired, or is of the current
// list of recovery codes. A locked kind is not judged, so a code of it is a guess
// at the others.
var Charged = Promise{
	Name: "a code that was right once is counted as a guess",
	Broken: func(s *Step) bool {
		given := codeOf(&s.Act.Call)
		before, now := &s.Before.State, &s.After.State
		ours := given.issued != 0 && s.purposed() || given.set != 0 && given.set == before.Recovery.Set
		kind := spec.KindAccount
		if given.set != 0 {
			kind = spec.KindRecovery
		}
		if !ours || before.Budgets[kind].Wrong >= s.Adversary.limit(kind).Tries {
			return false
		}
		return slices.ContainsFunc(spec.CodeKinds, func(k spec.Kind) bool { return now.Budgets[k].Wrong > before.Budgets[k].Wrong })
	},
}

// BegunAgain: codes of a replaced pending authenticator count against the one that
// waits.
var BegunAgain = Promise{
	Name: "a code of an authenticator that was begun again is counted against the one that waits",
	Note: func(p *Past, s *Step) {
		if s.Act.Call.Op == spec.Begin && s.Out.Answer.Err == spec.OK {
			p.Begun = s.Before.State.Waiting.Secret.Key
		}
	},
	Broken: func(s *Step) bool {
		given, past := codeOf(&s.Act.Call), s.Before.Past
		return s.Act.Call.Op == spec.Confirm && given.key != 0 && given.key == past.Begun &&
			s.After.State.Waiting.Wrong > s.Before.State.Waiting.Wrong
	},
}

// Retried: a device whose secret was lost on the way cannot be enrolled again.
var Retried = Promise{
	Name: "the window is closed to a device that has never shown a code",
	Broken: func(s *Step) bool {
		c := &s.Act.Call
		return s.Act.Who == User && c.Op == spec.Enroll && c.OTP+c.Password+c.PIN == "" && s.Out.Answer.Err == spec.NoCredential
	},
}

// Confirmable: an authenticator waits for its first code less long than promised.
var Confirmable = Promise{
	Name: "the first code of an authenticator that waits is refused as if none waited",
	Broken: func(s *Step) bool {
		waits := &s.Before.State.Waiting
		theirs := s.Act.Who == User && waits.Secret.Key != 0 && codeOf(&s.Act.Call).key == waits.Secret.Key
		early := after(s.Before.Now, s.Adversary.Apart) < waits.Ends
		return s.Act.Call.Op == spec.Confirm && theirs && early && s.Out.Answer.Err == spec.NotEnrolled
	},
}
