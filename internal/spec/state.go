package spec

import (
	"slices"
	"time"
)

const (
	// MaxDevices is the most devices in a State: the library's default limit.
	MaxDevices = 10
	// LiveKept is the number of live codes of a kind, each for another purpose.
	LiveKept = 4
	// RecoveryCodes is the size of a set.
	RecoveryCodes = 10
	// StaleKept is the number of stale codes of a kind that are remembered, so that
	// one that comes again is not charged as a guess.
	StaleKept = 8
	// NamesKept is the number of Names remembered one by one.
	NamesKept = 32
)

// A State is everything remembered about one user. States are comparable; the zero
// State is that of a user without a record. Lists in it end with zero values.
type State struct {
	// Stored: there is a record. Emptied is when an empty one was last written, 0
	// for one that is not empty. DueAt is when Sweep first looks at it, 0 for
	// never.
	Stored  bool
	Emptied Time
	DueAt   Time

	PIN           HeldPIN
	Devices       [MaxDevices]Device // in the order of first enrolment
	Authenticator Secret             // in force
	Confirmed     Time               // when it was confirmed, 0 if unknown
	Waiting       Waiting
	Login         Codes
	Account       Codes
	Recovery      Recovery
	Budgets       [KindCount]Budget
	Guard         Guard
	Wipe          Wipe
	Notices       Notices
	// Protected is until when the guard does not answer NotEnrolled, because
	// something was removed or replaced.
	Protected Time
	// Imported are the imported holdings, and Vacated the places closed to imports.
	Imported Marks
	Vacated  Places
}

// A HeldPIN is a user's PIN. No digits: none is set.
type HeldPIN struct {
	Digits string
	SetAt  Time
}

// A Secret is a key for time-based codes. Each keeps the algorithm, digits and
// period that it was made with. No key: there is none.
type Secret struct {
	Key       Name
	Last      int64 // step of the last accepted code, NoStep before the first
	Period    int32 // in seconds
	Digits    uint8
	Algorithm Algorithm
}

// NoStep is before every step.
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
	Replaced Begun // which waited before
}

// A Begun is a replaced authenticator that would have waited until a time.
type Begun struct {
	Secret Secret
	Ends   Time
}

// An Issued is a code that was issued.
type Issued struct {
	Code Name
	For  Purpose // right for this purpose alone
	Ends Time    // the first time at which it is refused
}

// Codes are the issued codes of one kind.
type Codes struct {
	Live  [LiveKept]Issued  // at most one for each purpose, oldest first
	Stale [StaleKept]Issued // no longer live, oldest first
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
	Until Time // end of the last lock, 0 for none
}

// A Guard is the state of the reset guard.
type Guard struct {
	Strikes int
	Hold    Time   // no proof is judged before
	Last    Repeat // the last wrong proof, only with ForgiveRepeats
}

// A Repeat distinguishes wrong proofs. With a code it holds the time step of each
// secret: in another step the same code is another guess. It leaves out a PIN that
// was ignored.
type Repeat struct{ OTP, PIN, Steps string }

// A Wipe is a marked wipe, until something is bound anew.
type Wipe struct {
	Stage  Stage
	Reason Reason
	ID     Name
	At     Time
	Tries  int  // failed ones of Sweep
	Retry  Time // Sweep leaves it alone until then
}

// A Stage tells how far a wipe is.
type Stage uint8

const (
	NotWiped Stage = iota
	Pending        // marked, and not done
	Done
)

// A Reason is why a user lost the data.
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

// device returns the index of a device, or -1.
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

// Empty reports whether nothing is remembered.
func (s State) Empty() bool {
	s.Stored, s.Emptied, s.DueAt = false, 0, 0
	return s == State{}
}

// written tidies a state before it is stored: it drops expired state, and notes
// since when an empty record is empty, and when Sweep must look. It keeps every
// budget, even one whose lock is over: dropping it would refund guesses.
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
		s.Wipe.Retry = now // a clock that ran ahead put it off
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

// due is when Sweep first has something to do with a state written now, 0 for
// never. For expiring state it is the first full hour after all of it can have
// ended, so that it does not tell which it is. If something ends later, because of
// Interval, MinAge or a clock that ran ahead, it is a full hour too. An empty
// record goes after a day. Wipes and notices are due at the next full minute.
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

// ends returns the times at which something ends.
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
