package spec

import (
	"slices"
	"time"
)

const (
	// MaxDevices is how many devices a State can hold: the library's default for
	// the most that a user may have.
	MaxDevices = 10
	// LiveKept is how many codes of a kind can be live at once, each for a purpose of its
	// own.
	LiveKept = 4
	// RecoveryCodes is how many there are in a set.
	RecoveryCodes = 10
	// StaleKept is how many codes of a kind that were right once are remembered, so
	// that one that comes again is not charged as a guess.
	StaleKept = 8
	// NamesKept is how many Names are remembered one by one.
	NamesKept = 32
)

// A State is all that is remembered about one user. States are values, equal if
// ==; the zero State is that of a user without a record. Lists in it begin with
// what there is and end with zero values.
type State struct {
	// Stored: there is a record. Emptied is when an empty one was last written, 0
	// for one that is not empty. DueAt is when Sweep first looks at it, 0 for never.
	Stored  bool
	Emptied Time
	DueAt   Time

	PIN           HeldPIN
	Devices       [MaxDevices]Device // in the order of first enrolment
	Authenticator Secret             // in force
	Confirmed     Time               // when it was put in force, 0: that is not known
	Waiting       Waiting
	Login         Codes
	Account       Codes
	Recovery      Recovery
	Budgets       [KindCount]Budget
	Guard         Guard
	Wipe          Wipe
	Notices       Notices
	// Protected is until when the guard does not say that nothing is enrolled, because
	// something was removed or replaced.
	Protected Time
	// Imported are the holdings that were taken over, and Vacated the places that are
	// not filled by an import any more.
	Imported Marks
	Vacated  Places
}

// A HeldPIN is the PIN of a user. No digits: none is set.
type HeldPIN struct {
	Digits string
	SetAt  Time
}

// A Secret is what time-based codes are computed from. Each keeps the algorithm,
// the digits and the period that it was made with. No key: there is none.
type Secret struct {
	Key       Name
	Last      int64 // step of the last accepted code, NoStep before the first
	Period    int32 // in seconds
	Digits    uint8
	Algorithm Algorithm
}

// NoStep is before the first step that a code can be of.
const NoStep = -1

// An Algorithm is the hash of RFC 6238.
type Algorithm uint8

// Algorithms are their names.
var Algorithms = [...]string{"SHA1", "SHA256", "SHA512"}

func (a Algorithm) String() string { return Algorithms[a] }

// AlgorithmNamed returns the algorithm of that name.
func AlgorithmNamed(name string) Algorithm { return Algorithm(slices.Index(Algorithms[:], name)) }

// A Device is an enrolled device. No ID: there is none.
type Device struct {
	ID               Name
	Secret           Secret
	EnrolledAt, Used Time // Used: 0 never
}

// A Waiting is an authenticator that waits for its first code.
type Waiting struct {
	Secret   Secret
	Wrong    int
	Ends     Time
	Replaced Begun // that waited when it was begun
}

// A Begun is an authenticator that would have waited until an instant.
type Begun struct {
	Secret Secret
	Ends   Time
}

// An Issued is a code that was issued.
type Issued struct {
	Code Name
	For  Purpose // it is right for this one alone
	Ends Time    // the first instant at which it is not accepted
}

// Codes are the issued codes of one kind.
type Codes struct {
	Live  [LiveKept]Issued  // at most one for each purpose, in the order in which they were issued
	Stale [StaleKept]Issued // that were right once, in the order in which they ceased to be
	Hold  Time              // none is issued before
}

// A Recovery is a set of recovery codes. No Set: there is none.
type Recovery struct {
	Set  Name
	Used uint16 // a bit for each that was used
}

// A Budget counts the wrong answers in a row of one kind.
type Budget struct {
	Wrong int
	Until Time // end of the lock that the last one set, 0 if it set none
}

// A Guard is what the reset guard remembers.
type Guard struct {
	Strikes int
	Hold    Time   // no proof is judged before
	Last    Repeat // the last wrong proof, only with ForgiveRepeats
}

// A Repeat tells a wrong proof from another. With a code it holds the time step of
// each secret: in another step the same code is another guess. A PIN that was not looked
// at is not in it.
type Repeat struct{ OTP, PIN, Steps string }

// A Wipe is a wipe that was marked, until something is bound anew.
type Wipe struct {
	Stage  Stage
	Reason Reason
	ID     Name
	At     Time
	Tries  int  // failed ones of Sweep
	Retry  Time // Sweep leaves it alone until then
}

// A Stage is how far a wipe is.
type Stage uint8

const (
	NotWiped Stage = iota
	Pending        // marked, and not done
	Done
)

// A Reason is why a user's data was given up.
type Reason uint8

const (
	Strikes Reason = 1 + iota
	Forfeited
)

func (r Reason) String() string { return [...]string{"", "strikes", "forfeited"}[r] }

// Codes returns the issued codes of a kind.
func (s State) Codes(k Kind) Codes { return *s.codes(k) }

func (s *State) codes(k Kind) *Codes {
	switch k {
	case KindLogin:
		return &s.Login
	case KindAccount:
		return &s.Account
	}
	panic("spec: no code of kind " + k.String() + " is issued")
}

// device returns the place of a device, or -1.
func (s *State) device(id Name) int {
	return slices.IndexFunc(s.Devices[:s.deviceCount()], func(d Device) bool { return d.ID == id })
}

func (s *State) deviceCount() int {
	n := 0
	for n < MaxDevices && s.Devices[n].ID != 0 {
		n++
	}
	return n
}

// Empty reports whether nothing is kept.
func (s State) Empty() bool {
	s.Stored, s.Emptied, s.DueAt = false, 0, 0
	return s == State{}
}

// written tidies what is to be stored: it drops what has ended, and notes since when an
// empty record is empty, and when Sweep is to look. It keeps every budget, also one whose
// lock is over: dropping it would refund guesses.
func (s *State) written(o *Options, now Time) {
	over := func(end Time) bool { return end <= now }
	if over(s.Waiting.Ends) {
		s.Waiting = Waiting{}
	}
	if over(s.Waiting.Replaced.Ends) {
		s.Waiting.Replaced = Begun{}
	}
	s.expire(now)
	for _, k := range IssuedKinds {
		s.codes(k).tidy(now)
	}
	if over(s.Guard.Hold) {
		s.Guard.Hold = 0
	}
	if over(s.Protected) {
		s.Protected = 0
	}
	if s.Wipe.Stage == Pending && !over(s.Wipe.Retry) && !inForce(s.Wipe.Retry, maxWipeBackoff, now) {
		s.Wipe.Retry = now // put off by a clock that ran ahead
	}
	if retry := &s.Notices.Retry; !over(*retry) && !inForce(*retry, maxNoticeBackoff, now) {
		*retry = now // likewise
	}
	s.Stored, s.Emptied = true, 0
	if s.Empty() {
		s.Emptied = now
	}
	s.DueAt = s.due(now)
}

// due is when Sweep first has something to do with what is written now, 0 for never. Of
// what merely ends it is the first full hour after all that can have ended, so that it
// does not tell one from the other. Where something ends later, because no code is issued
// or no proof judged for so long or by a clock that ran ahead, it is a full hour too. An
// empty record is removed after a day. A wipe is tried, and a notice told, at the next full
// minute.
func (s *State) due(now Time) Time {
	due := Time(0)
	look := func(at Time) {
		if due == 0 || at < due {
			due = at
		}
	}
	soon := now.add(dueAfter).upTo(time.Hour)
	for _, end := range s.ends() {
		look(max(soon, end.upTo(time.Hour)))
	}
	if s.Wipe.Stage == Pending {
		look(s.Wipe.Retry.upTo(time.Minute))
	}
	if s.Notices != (Notices{}) {
		look(s.Notices.Retry.upTo(time.Minute))
	}
	if s.Emptied != 0 {
		look(s.Emptied.add(emptyKept).upTo(time.Hour))
	}
	return due
}

// ends are the instants at which something ends.
func (s *State) ends() []Time {
	all := []Time{s.Waiting.Ends, s.Waiting.Replaced.Ends, s.Guard.Hold, s.Protected}
	for _, k := range IssuedKinds {
		c := s.codes(k)
		for _, code := range append(c.Stale[:], c.Live[:]...) {
			if code != (Issued{}) {
				all = append(all, code.Ends.add(staleKept))
			}
		}
		all = append(all, c.Hold)
	}
	return slices.DeleteFunc(all, func(end Time) bool { return end == 0 })
}

// Due is when Sweep first looks at the record, 0 for never.
func (s State) Due() Time { return s.DueAt }
