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
	Name: "the guard says that nothing is enrolled or all is wiped, where something is guarded",
	Note: func(p *Past, s *Step) {
		switch {
		case s.protects(s.After):
			p.Guarded = true
		case s.After.State.Wipe.Stage != spec.NotWiped, erased(s),
			s.protects(s.Before) && s.Act.Call.Op.Row().Host:
			p.Guarded = false
		}
	},
	Broken: func(s *Step) bool {
		if s.Act.Call.Op != spec.Prove {
			return false
		}
		if s.Out.Answer.Err == spec.Wiped {
			return s.After.State.Wipe.Stage != spec.Done
		}
		if s.Out.Answer.Err != spec.NotEnrolled {
			return false
		}
		young := s.Adversary.Rules.Options.Reset.MinAge > 0 && soon(s)
		return s.protects(s.Before) || s.Before.Past.Guarded && young
	},
}

// Provable: an honest user's right proof that is old enough is refused, whatever
// else was bound or removed.
var Provable = Promise{
	Name: "a right proof of the user's own, which is old enough, is not accepted",
	Broken: func(s *Step) bool {
		if s.Act.Who != User || s.Act.Call.Op != spec.Prove || !s.proves() || s.Before.State.Wipe.Stage != spec.NotWiped || s.Before.Sealed {
			return false
		}
		old := after(s.givenSince(), s.Adversary.Rules.Options.Reset.MinAge) <= after(s.Before.Now, s.Act.Clock)
		return old && s.Out.Answer.Err != spec.OK
	},
}

// givenSince returns when the user bound what a step gives.
func (s *Step) givenSince() spec.Time {
	given, w := codeOf(&s.Act.Call), &s.Before.State
	for _, d := range w.Devices {
		if given.key != 0 && d.Secret.Key == given.key {
			return d.EnrolledAt
		}
	}
	if given.key != 0 {
		return w.Confirmed
	}
	return w.PIN.SetAt
}

// RightStrike: an honest user's right proof counts against them.
var RightStrike = Promise{
	Name: "a right proof of the user's own is a strike",
	Broken: func(s *Step) bool {
		if s.Act.Who != User || s.Act.Call.Op != spec.Prove || !s.proves() {
			return false
		}
		return struck(s)
	},
}

// proves reports whether the one thing that a step gives is right at the guard, at
// any age.
func (s *Step) proves() bool {
	return rightNow(s, spec.KindPIN, spec.KindDeviceTOTP) ||
		s.Adversary.Rules.Options.Reset.Authenticator && rightNow(s, spec.KindTOTP)
}

// struck reports whether a step counted a strike.
func struck(s *Step) bool {
	return s.After.State.Guard.Strikes > s.Before.State.Guard.Strikes || happened(s, "wipe-marked")
}

// rightNow reports whether the one thing that a step gives is right as one of some
// kinds, by the judging clock, and unused.
func rightNow(s *Step, kinds ...spec.Kind) bool {
	given, pin := codeOf(&s.Act.Call), s.Act.Call.PIN
	f := given.fact() | pinFact(pin)
	if f == Nothing || pin != "" && s.Act.Call.OTP != "" {
		return false
	}
	for _, k := range kinds {
		if inForceAs(&s.Before.State, k).Has(f) {
			off := given.step - (spec.Secret{Period: 30}).Step(after(s.Before.Now, s.Act.Clock))
			return given.key == 0 || -1 <= off && off <= 1 && !used(&s.Before.State, given.key, given.step)
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

// wrongProof reports whether a step gave the guard something wrong that counted as
// such.
func wrongProof(s *Step) bool {
	return s.Act.Call.Op == spec.Prove && struck(s) && !s.proves()
}

// GuardGuesses is the guard's row of the table.
var GuardGuesses = Promise{
	Counts: true,
	Name:   "more guesses are judged at the guard than the guess table says",
	Note: func(p *Past, s *Step) {
		switch {
		case happened(s, "reset-proven"), byHost(s), s.Before.State.Wipe.Stage != spec.NotWiped && s.After.State.Wipe.Stage == spec.NotWiped:
			p.Judged = 0
		case boundAfresh(spec.KindPIN, s):
			p.Guessed = false
		case s.Act.Call.Op == spec.Prove && s.guesses(p):
			p.Judged++
		}
	},
	Broken: func(s *Step) bool { return s.After.Past.Judged > s.Adversary.Rules.Options.Reset.Strikes+1 },
}

// guesses reports whether a new guess at anything that proves a reset was judged.
func (s *Step) guesses(p *Past) bool {
	atCode := judgedGuess(spec.KindDeviceTOTP, s) || judgedGuess(spec.KindTOTP, s)
	return judgedGuess(spec.KindPIN, s) && !p.guessed(s) || atCode && isNew(p, s)
}

// guessed records a guess at the PIN, and reports whether it was made before. There
// is only one, and with ForgiveRepeats it tells nothing until another PIN is bound.
func (p *Past) guessed(s *Step) bool {
	again := p.Guessed
	p.Guessed = s.Adversary.Rules.Options.Reset.ForgiveRepeats
	return again
}

// GuardIntervals: a proof is judged within Interval of a wrong one.
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

// WipeKept is threat 30 and promise 4: a marked wipe is called until it is done,
// and until then nothing is bound and no proof accepted.
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
		now, before := &s.After.State, &s.Before.State
		bound := now.PIN.Digits != "" || now.Devices[0].ID != 0 ||
			s.Adversary.Rules.Options.Reset.Authenticator && now.Authenticator.Key != 0 && now.Authenticator.Key != before.Authenticator.Key
		lost := now.Wipe.Stage != spec.Pending || bound
		return s.After.Past.Marked && (lost || happened(s, "reset-proven") || s.Out.Answer.Err == spec.Wiped)
	},
}

// protects reports whether the user holds something that can prove a reset.
func (s *Step) protects(w *World) bool {
	return w.State.PIN.Digits != "" || w.State.Devices[0].ID != 0 ||
		s.Adversary.Rules.Options.Reset.Authenticator && w.State.Authenticator.Key != 0
}

// soon reports whether a step is within the minimum age since the thief began, on
// every clock, or there is no minimum age.
func soon(s *Step) bool {
	age := s.Adversary.Rules.Options.Reset.MinAge
	return age == 0 || after(s.Before.Now, s.Adversary.Apart) < after(start, age)
}
