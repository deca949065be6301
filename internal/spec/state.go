package spec

import "slices"

const (
	// MaxDevices is how many devices a State can hold: the library's default for
	// the most that a user may have.
	MaxDevices = 10
	// SpentKept is how many used codes of a kind are remembered, so that one that
	// comes again is not charged as a guess.
	SpentKept = 8
)

// A State is all that is remembered about one user. States are values, equal if
// ==; the zero State is that of a user without a record. Lists in it begin with
// what there is and end with zero values.
type State struct {
	// Stored: there is a record. Emptied is when an empty one was last written, 0
	// for one that is not empty.
	Stored  bool
	Emptied Time

	PIN           HeldPIN
	Devices       [MaxDevices]Device // in the order of first enrolment
	Authenticator Secret             // in force
	Waiting       Waiting
	Login         Codes
	Account       Codes
	Budgets       [KindCount]Budget
	Guard         Guard
	Wipe          Wipe
	Imported      Marks
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
	Secret Secret
	Wrong  int
	Ends   Time
}

// An Issued is a code that was issued.
type Issued struct {
	Code Name
	Ends Time // the first instant at which it is not accepted
}

// Codes are the issued codes of one kind.
type Codes struct {
	Live  Issued
	Spent [SpentKept]Issued // that were accepted, oldest first
	Hold  Time              // none is issued before
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
// each device: in another step the same code is another guess.
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

// Marks remember which holdings were imported.
type Marks uint64

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
	s.Stored, s.Emptied = false, 0
	return s == State{}
}

// written tidies what is to be stored: it drops what has ended, and notes since when an
// empty record is empty. It keeps every budget, also one whose lock is over: dropping
// it would refund guesses.
func (s *State) written(now Time) {
	over := func(end Time) bool { return end <= now }
	if over(s.Waiting.Ends) {
		s.Waiting = Waiting{}
	}
	for _, k := range IssuedKinds {
		s.codes(k).dropEnded(now)
	}
	if over(s.Guard.Hold) {
		s.Guard.Hold = 0
	}
	if s.Wipe.Stage == Pending && s.Wipe.Retry > now.add(maxWipeBackoff) {
		s.Wipe.Retry = now // put off by a clock that ran ahead
	}
	s.Stored, s.Emptied = true, 0
	if s.Empty() {
		s.Emptied = now
	}
}

// Due is when Sweep first has something to do, 0 for never: something ends, a wipe is
// to be tried, or an empty record has stood long enough.
func (s *State) Due() Time {
	due := Time(0)
	ends := func(at Time) {
		if at != 0 && (due == 0 || at < due) {
			due = at
		}
	}
	ends(s.Waiting.Ends)
	for _, k := range IssuedKinds {
		c := s.codes(k)
		ends(c.Live.Ends)
		ends(c.Hold)
		for _, spent := range c.Spent {
			ends(spent.Ends)
		}
	}
	ends(s.Guard.Hold)
	if s.Wipe.Stage == Pending {
		ends(s.Wipe.Retry)
	}
	if s.Emptied != 0 {
		ends(s.Emptied.add(emptyKept))
	}
	return due
}
