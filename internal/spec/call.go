package spec

import (
	"fmt"
	"time"
)

// A Name stands for one thing that has no value in the specification: a code or a
// secret that was drawn, a device, a wipe. Equal names are the same thing, and 0
// is none.
type Name uint64

// A Time is an instant in whole milliseconds, on the clock of the rules. 0 is no
// instant: never, or not known.
type Time int64

// yearOne is the zero time.Time in Unix milliseconds.
const yearOne = -62135596800000

// At returns the Time of a time.Time, 0 for the zero one.
func At(t time.Time) Time { return Time(t.UnixMilli() - yearOne) }

// Time returns the time.Time of a Time, in UTC.
func (t Time) Time() time.Time { return time.UnixMilli(int64(t) + yearOne).UTC() }

func (t Time) String() string {
	if t == 0 {
		return "never"
	}
	return t.Time().Format("2006-01-02T15:04:05.000Z")
}

func (t Time) add(d time.Duration) Time { return t + Time(d/time.Millisecond) }

// upTo returns the first instant from t on that is a whole number of units.
func (t Time) upTo(unit time.Duration) Time {
	n := Time(unit / time.Millisecond)
	return (t + n - 1) / n * n
}

// A Code knows what the text of a one-time code is a code of.
type Code interface {
	// Is reports whether it is the issued code of that name.
	Is(issued Name) bool
	// Fits reports whether it is a secret's code of a time step.
	Fits(secret Secret, step int64) bool
	// Recovers reports whether it is a recovery code: the n-th, from 0 on, of the set of
	// that name.
	Recovers(set Name, n int) bool
}

// A Call is one call of an operation by somebody, with what is random or the
// host's to say. Only the fields that the operation takes are looked at.
type Call struct {
	Op   Op
	User string
	// OnView: the call is one on a view, which is made with Verifier.For(Purpose...).
	OnView  bool
	Purpose []string
	// OTP, Password and PIN are what is given as proof, or alone; empty: not given.
	OTP, Password, PIN string
	// Code is what OTP is a code of.
	Code Code
	// NewPIN is the PIN to set.
	NewPIN string
	// Kinds are those asked for by VerifyOTP and Unlock. nil means the defaults; an
	// empty list that is not nil is malformed.
	Kinds []Kind
	// Kind is the one to issue a code of.
	Kind Kind
	// Device is the one to enrol or revoke.
	Device Name
	// Timeout is that of Wait.
	Timeout time.Duration
	// Held is what to import.
	Held Holdings
	// Listed: Sweep listed the user when something else was due, and looks only now.
	Listed bool

	// Draws names the code, the secret, the set of recovery codes or the wipe that the
	// call makes, if it makes one.
	Draws Name
	// Notice names the first notice that the call keeps. Further ones have the names
	// that follow.
	Notice Name
	// Failed is how many calls of Notify in a row had failed when a Sweep came to the user.
	Failed int
	// Host is what the host's functions say if they are asked.
	Host Host
	// Checked: the call is known to be well-formed, and Untold: nobody asks for its
	// events. Both only save time.
	Checked, Untold bool
}

// A proof is what a call gives of what its operation takes.
type proof struct{ otp, password, pin string }

func (p proof) given() bool { return p != proof{} }

func (c *Call) proof() proof {
	switch c.Op.Row().Proof {
	case OneCode:
		return proof{otp: c.OTP}
	case OnePIN:
		return proof{pin: c.PIN}
	case OnePassword:
		return proof{password: c.Password}
	case AnyProof, OptionalProof:
		return proof{c.OTP, c.Password, c.PIN}
	case KnownProof:
		return proof{password: c.Password, pin: c.PIN}
	case ResetProof:
		return proof{otp: c.OTP, pin: c.PIN}
	}
	return proof{}
}

// A Says is what a function of the host's returns.
type Says uint8

const (
	No Says = iota
	Yes
	// Fails: an error that is none of the library's, or a panic.
	Fails
)

// A Host is what the host's functions say.
type Host struct {
	Password   Says // CheckPassword: Yes for the right one
	Denies     Says // PIN.Deny, of NewPIN
	Registered Time // RegisteredAt
	Unknown    bool // RegisteredAt fails
	Wipe       Says // Yes: it is done
	Notify     Says // Yes: the user was told
	// Deaf is an action whose notices fail whatever Notify is.
	Deaf Action
}

// An Err is the class of an answer.
type Err uint8

// OK is nil. Those up to WipePending are the library's sentinels.
const (
	OK Err = iota
	Malformed
	NoCredential
	WeakPIN
	Mismatch
	Locked
	NotEnrolled
	AlreadyEnrolled
	UnknownDevice
	DeviceLimit
	Wiped
	WipePending
	// HostFault is the error of a function of the host's. Nothing is accepted.
	HostFault
	// AsksWipe is no answer: the call goes on once the wipe is tried.
	AsksWipe
	// Unsealed and NewerFormat: the record does not open, see Options.Unopened. The
	// library's error for the second matches that for the first too.
	Unsealed
	NewerFormat

	// ErrCount is how many there are.
	ErrCount
)

var errNames = [ErrCount]string{
	"ok", "malformed", "no credential", "weak PIN", "mismatch", "locked", "not enrolled", "already enrolled",
	"unknown device", "device limit", "wiped", "wipe pending", "fault of the host", "asks for the wipe",
	"unsealed", "newer format",
}

func (e Err) String() string { return errNames[e] }

// An Answer is what a call returns, but for what is drawn at random and what a look
// shows (see View). Answers are compared by ==.
type Answer struct {
	Err Err
	// Kind is that of the match, of the issued code, or of the error.
	Kind   Kind
	Device Name // of the match, or that is already enrolled
	Left   int  // MismatchError.Remaining
	Until  Time // LockedError.Until, or the issued code's end
	// Stale is MismatchError.Stale: the code was right once, and nothing that the call
	// gave was judged wrong. TooSoon is LockedError.TooSoon: no wrong answer led to it.
	Stale, TooSoon bool
	Set            bool // of IsSet and Wait
	Count          int  // Sweep: 1 if it changed the user
	Wipe           Name // of AsksWipe
}

func (a Answer) String() string {
	s := a.Err.String()
	if a.Kind != NoKind {
		s += " " + a.Kind.String()
	}
	if a.Err == Mismatch {
		s += fmt.Sprintf(", %d left", a.Left)
	}
	if a.Stale {
		s += ", stale"
	}
	if a.TooSoon {
		s += ", too soon"
	}
	if a.Until != 0 {
		s += " until " + a.Until.String()
	}
	if a.Device != 0 {
		s += fmt.Sprintf(" of device %d", a.Device)
	}
	if a.Set {
		s += " set"
	}
	if a.Count != 0 {
		s += fmt.Sprintf(" %d", a.Count)
	}
	if a.Wipe != 0 {
		s += fmt.Sprintf(" wipe %d", a.Wipe)
	}
	return s
}

// An Action is what an event is about, as the library spells it.
type Action string

// An Event is what the host is told once it is stored.
type Event struct {
	Action Action
	Kind   Kind
	Device Name
	Left   int
	Until  Time
}

// A Touch is what a call does at the store while nobody gets in between.
type Touch uint8

const (
	// Nothing: what is refused for its form costs no call of the store.
	Nothing Touch = iota
	// Load: one load. Nothing is accepted on it, unless a look is all there is.
	Load
	// Swap: one load and one swap.
	Swap
)

// An Outcome is what a step comes to beside the state.
type Outcome struct {
	Answer Answer
	Events []Event
	Touch  Touch
	// Kept are the notices that were kept, and Tells those that Notify was called with, in
	// this order.
	Kept, Tells []Notice
	// Failed is how many calls of Notify in a row have failed at the end.
	Failed int
	// Untold: a Sweep says of the user that a notice could not be told. Dropped is how
	// many it says went because too many waited.
	Untold  bool
	Dropped int
	// AskedPassword and AskedRegistered: the host's function was called.
	AskedPassword, AskedRegistered bool
}
