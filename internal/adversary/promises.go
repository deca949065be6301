package adversary

import (
	"slices"

	"github.com/knowhave/factor/internal/spec"
)

// A Promise is a goal that no sequence of moves may reach.
type Promise struct {
	// Name says what must not happen, as a sentence.
	Name string
	// Note remembers what Broken has to know of the steps before, nil if nothing.
	Note func(p *Past, s *Step)
	// Broken reports whether a step reaches the goal. Note has seen the step.
	Broken func(s *Step) bool
	// Counts: it shares what it remembers with the others that count. A search takes
	// only one of them.
	Counts bool
}

// Past is what the promises remember. What a promise that is not searched for would
// remember stays zero, so that it does not keep apart what is the same.
type Past struct {
	// Once: the issued codes that were accepted, and for each secret the step after
	// the last accepted one.
	Spent Facts
	Steps [most]int64
	// and for each list of recovery codes a bit for each that was accepted.
	Listed [sets]uint16
	// Gone: what was in force, and by the user's will or for a wipe is no more.
	Gone Facts
	// Wiped: how many wrong proofs there were in a row.
	WrongProofs int
	// Refused: what an import was refused for.
	Refused Facts
	// Guesses and GuardGuesses: how many were judged since when. TriedIn and Tried are the issued codes
	// that were tried in a time step: the same code in the same step is no other guess.
	Judged  int
	Since   spec.Time
	TriedIn int64
	Tried   Facts
	Guessed bool // the guess at the PIN
	// WipeKept: a wipe is marked, and the host has not carried it out.
	Marked bool
	// LockedOut and Intervals: Last is when the last wrong answer was counted, or the last code was issued, and
	// Typos how many wrong answers there were since a right one or a binding.
	Last  spec.Time
	Typos int
	// Unguarded: something was bound that protects the user's data.
	Guarded bool
	// NoticeHeard: how many Sweeps passed over the oldest notice, and when the last of
	// them did.
	Passed   int
	PassedAt spec.Time
	// BegunAgain: the secret that the one that waits has replaced.
	Begun spec.Name
}

// accepted is the kind of the credential that a step accepted.
func accepted(s *Step) (k spec.Kind, ok bool) {
	for _, e := range s.Out.Events {
		switch e.Action {
		case "verified", "reset-proven":
			return e.Kind, true
		case "authenticator-confirmed":
			return spec.KindTOTP, true
		}
	}
	return spec.NoKind, false
}

// acceptedFact is the fact whose knowledge was accepted, Nothing for a password.
func acceptedFact(s *Step) Facts {
	k, ok := accepted(s)
	given := codeOf(&s.Act.Call)
	switch {
	case !ok:
		return Nothing
	case k == spec.KindPIN:
		return pinFact(s.Act.Call.PIN)
	case k.Row().Issued:
		return named(given.issued)
	case k == spec.KindRecovery:
		return named(given.set)
	case k.Row().Code:
		return named(given.key)
	}
	return Nothing
}

// clears reports whether a step sets the count of a kind back: by a right answer, or by an
// act of the host's. The guard counts apart.
func clears(k spec.Kind, s *Step) bool {
	right, ok := accepted(s)
	return ok && right == k && s.Act.Call.Op != spec.Prove || byHost(s)
}

// byHost reports whether the host set everything back.
func byHost(s *Step) bool {
	unlocks := s.Act.Deed == Calls && s.Act.Call.Op == spec.Unlock && s.Out.Answer.Err == spec.OK
	return unlocks || erased(s)
}

// erased reports whether the host erased all that was kept.
func erased(s *Step) bool {
	op := s.Act.Call.Op
	return s.Act.Deed == Calls && s.Out.Answer.Err == spec.OK && (op == spec.Forget || op == spec.Discard)
}

func happened(s *Step, a spec.Action) bool {
	return slices.ContainsFunc(s.Out.Events, func(e spec.Event) bool { return e.Action == a })
}
