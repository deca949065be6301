package adversary

import (
	"github.com/knowhave/factor/internal/spec"
)

// Unproven is threat 09 and half of 28: the thief proves a reset.
var Unproven = Promise{
	Name: "a thief proves a reset with neither the PIN nor a device of the user's",
	Broken: func(s *Step) bool {
		return s.Act.Who == Thief && happened(s, "reset-proven") && soon(s)
	},
}

// Unguarded is the other half of 28: the reset goes on as if there were nothing to
// protect. Only the host and a wipe may end the protection.
var Unguarded = Promise{
	Name: "the guard says that nothing is enrolled, where something was guarded",
	Note: func(p *Past, s *Step) {
		switch {
		case protects(&s.After.State):
			p.Guarded = true
		case s.After.State.Wipe.Stage != spec.NotWiped, s.Act.Call.Op == spec.Forget,
			protects(&s.Before.State) && s.Act.Call.Op.Row().Host:
			p.Guarded = false
		}
	},
	Broken: func(s *Step) bool {
		if s.Act.Call.Op != spec.Prove || s.Out.Answer.Err != spec.NotEnrolled {
			return false
		}
		young := s.Adversary.Rules.Options.Reset.MinAge > 0 && soon(s)
		return protects(&s.Before.State) || s.Before.Past.Guarded && young
	},
}

// RightStrike is what an honest user must not suffer: a proof of their own that is
// right counts against them.
var RightStrike = Promise{
	Name: "a right proof of the user's own is a strike",
	Broken: func(s *Step) bool {
		if s.Act.Who != User || s.Act.Call.Op != spec.Prove || !rightNow(s, spec.KindPIN, spec.KindDeviceTOTP) {
			return false
		}
		return s.After.State.Guard.Strikes > s.Before.State.Guard.Strikes || happened(s, "wipe-marked")
	},
}

// rightNow reports whether the one thing that a step gives is right as one of some kinds,
// and not used.
func rightNow(s *Step, kinds ...spec.Kind) bool {
	given, pin := codeOf(&s.Act.Call), s.Act.Call.PIN
	f := given.fact() | pinFact(pin)
	if f == Nothing || pin != "" && s.Act.Call.OTP != "" {
		return false
	}
	for _, k := range kinds {
		if inForceAs(&s.Before.State, k).Has(f) {
			return given.key == 0 || !used(&s.Before.State, given.key, given.step)
		}
	}
	return false
}

// Wiped is threat 13: an honest user loses their data. The user may mistype up to three
// times in a row.
var Wiped = Promise{
	Name: "the user's data is wiped, though nobody gave it up and no four proofs in a row were wrong",
	Note: func(p *Past, s *Step) {
		switch {
		case happened(s, "reset-proven"), happened(s, "wipe-marked"), byHost(s):
			p.WrongProofs = 0
		case wrongProof(s):
			p.WrongProofs++
		}
	},
	Broken: func(s *Step) bool {
		earned := wrongProof(s) && s.Before.Past.WrongProofs >= s.Adversary.Rules.Options.Reset.Strikes
		return happened(s, "wipe-marked") && s.Act.Call.Op != spec.Forfeit && !earned
	},
}

// wrongProof reports whether a step gives the guard something that is wrong.
func wrongProof(s *Step) bool {
	judged := happened(s, "reset-refused") || happened(s, "wipe-marked")
	return s.Act.Call.Op == spec.Prove && judged && !rightNow(s, spec.KindPIN, spec.KindDeviceTOTP)
}

// GuardGuesses is the guard's row of the table.
var GuardGuesses = Promise{
	Counts: true,
	Name:   "more guesses are judged at the guard than the guess table says",
	Note: func(p *Past, s *Step) {
		switch {
		case happened(s, "reset-proven"), byHost(s), s.Before.State.Wipe.Stage != spec.NotWiped && s.After.State.Wipe.Stage == spec.NotWiped:
			p.Judged = 0
		case s.Act.Call.Op == spec.Prove && (judgedGuess(spec.KindPIN, s) || judgedGuess(spec.KindDeviceTOTP, s)) && isNew(p, s):
			p.Judged++
		}
	},
	Broken: func(s *Step) bool { return s.After.Past.Judged > s.Adversary.Rules.Options.Reset.Strikes+1 },
}

// GuardIntervals is that no proof is judged within Interval of a wrong one.
var GuardIntervals = Promise{
	Counts: true,
	Name:   "a proof is judged within ResetOptions.Interval of a wrong one",
	Note: func(p *Past, s *Step) {
		if wrongProof(s) {
			p.Last = s.Before.Now
		}
	},
	Broken: func(s *Step) bool {
		last := s.Before.Past.Last
		judged := wrongProof(s) || happened(s, "reset-proven")
		return judged && last != 0 && after(s.Before.Now, s.Adversary.Apart) < after(last, s.Adversary.Rules.Options.Reset.Interval)
	},
}

// WipeKept is threat 30 and promise 4: a marked wipe is asked for until it is done, and
// until then nothing is bound and no proof accepted.
var WipeKept = Promise{
	Name: "a marked wipe is lost, or something is bound or proven before it is done",
	Note: func(p *Past, s *Step) {
		if s.After.State.Wipe.Stage == spec.Pending {
			p.Marked = true
		}
		if happened(s, "wipe-done") {
			p.Marked = false
		}
	},
	Broken: func(s *Step) bool {
		lost := s.After.State.Wipe.Stage != spec.Pending || protects(&s.After.State)
		return s.After.Past.Marked && (lost || happened(s, "reset-proven") || s.Out.Answer.Err == spec.Wiped)
	},
}

// protects reports whether a state holds what can prove a reset.
func protects(s *spec.State) bool { return s.PIN.Digits != "" || s.Devices[0].ID != 0 }

// soon reports whether a step is before the minimum age is over since the thief began.
// Without one there is nothing that ends.
func soon(s *Step) bool {
	age := s.Adversary.Rules.Options.Reset.MinAge
	return age == 0 || s.Before.Now < after(start, age)
}
