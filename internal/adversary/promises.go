package adversary

import (
	"slices"

	"github.com/knowhave/factor/internal/spec"
)

// A Promise is a goal that no sequence of moves may reach.
type Promise struct {
	// Name is the goal as a sentence.
	Name string
	// Note records what Broken needs from earlier steps. It may be nil.
	Note func(p *Past, s *Step)
	// Broken reports whether a step reaches the goal. Note has already seen the
	// step.
	Broken func(s *Step) bool
	// Counts: it shares memory with the other promises that count. A search takes
	// only one of them.
	Counts bool
}

// Past is the memory of the promises. The memory of a promise that is not searched
// for stays zero, so that it does not distinguish equal places.
type Past struct {
	// Once: the accepted issued codes, and for each secret the step after the last
	// accepted one.
	Spent Facts
	Steps [most]int64
	// and for each list of recovery codes a bit for each accepted one.
	Listed [sets]uint16
	// Gone: what was in force and no longer is, by the user's will or a wipe.
	Gone Facts
	// Wiped: the number of wrong proofs in a row.
	WrongProofs int
	// Refused: what an import was refused for.
	Refused Facts
	// Guesses and GuardGuesses: how many were judged since when. TriedIn and Tried
	// are the issued codes tried in a time step: the same code in the same step is
	// no other guess.
	Judged  int
	Since   spec.Time
	TriedIn int64
	Tried   Facts
	Guessed bool // the guess at the PIN
	// WipeKept: a wipe is marked and not done.
	Marked bool
	// LockedOut and Intervals: Last is when the last wrong answer was counted, or
	// the last code issued, and Typos the number of wrong answers since a right one
	// or a binding.
	Last  spec.Time
	Typos int
	// Unguarded: something was bound that protects the user's data.
	Guarded bool
	// NoticeHeard: how many Sweeps passed over the oldest notice, and when the last
	// one did.
	Passed   int
	PassedAt spec.Time
	// BegunAgain: the secret that the waiting one replaced.
	Begun spec.Name
}

// accepted returns the kind of the credential that a step accepted.
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

// acceptedFact returns the fact that a step accepted, or Nothing for a password.
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

// clears reports whether a step sets the count of a kind back: by a right answer or
// an act of the host. The guard counts apart.
func clears(k spec.Kind, s *Step) bool {
	right, ok := accepted(s)
	return ok && right == k && s.Act.Call.Op != spec.Prove || byHost(s)
}

// byHost reports whether the host set everything back.
func byHost(s *Step) bool {
	unlocks := s.Act.Deed == Calls && s.Act.Call.Op == spec.Unlock && s.Out.Answer.Err == spec.OK
	return unlocks || erased(s)
}

// erased reports whether the host erased everything.
func erased(s *Step) bool {
	op := s.Act.Call.Op
	return s.Act.Deed == Calls && s.Out.Answer.Err == spec.OK && (op == spec.Forget || op == spec.Discard)
}

func happened(s *Step, a spec.Action) bool {
	return slices.ContainsFunc(s.Out.Events, func(e spec.Event) bool { return e.Action == a })
}
