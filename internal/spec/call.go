package spec

import (
	"fmt"
	"time"
)

// A Name stands for one thing that has no value in the specification: a drawn code
// or secret, a device, a wipe. Equal names are the same thing, and 0 is none.
type Name uint64

// A Time is a time in whole milliseconds, on the clock of the rules. 0 means never
// or unknown.
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

// upTo returns the first time from t on that is a whole number of units.
func (t Time) upTo(unit time.Duration) Time {
	n := Time(unit / time.Millisecond)
	return (t + n - 1) / n * n
}

// A Code knows what the text of a one-time code is right for.
type Code interface {
	// Is reports whether it is the issued code of that name.
	Is(issued Name) bool
	// Fits reports whether it is a secret's code for a time step.
	Fits(secret Secret, step int64) bool
	// Recovers reports whether it is the n-th recovery code, from 0, of the set of
	// that name.
	Recovers(set Name, n int) bool
}

// A Call is one call of an operation, with the random values and the host's
// answers. A rule reads only the fields that its operation takes.
type Call struct {
	Op   Op
	User string
	// OnView: the call is on a view made with Verifier.For(Purpose...).
	OnView  bool
	Purpose []string
	// OTP, Password and PIN are the proof or the argument; empty means not given.
	OTP, Password, PIN string
	// Code tells what OTP is right for.
	Code Code
	// NewPIN is the PIN to set.
	NewPIN string
	// Kinds are the arguments of VerifyOTP and Unlock. nil means the defaults; an
	// empty list that is not nil is malformed.
	Kinds []Kind
	// Kind is the kind of code to issue.
	Kind Kind
	// Device is the device to enrol or revoke.
	Device Name
	// Timeout is the argument of Wait.
	Timeout time.Duration
	// Held holds what to import.
	Held Holdings
	// Listed: Sweep listed the user when something else was due, and looks only
	// now.
	Listed bool

	// Draws names the code, secret, set of recovery codes or wipe that the call
	// makes, if any.
	Draws Name
	// Notice names the first notice that the call keeps. Further ones get the next
	// names.
	Notice Name
	// Failed is the number of calls of Notify that had failed in a row when a Sweep
	// came to the user.
	Failed int
	// Host holds the answers of the host's functions.
	Host Host
	// Checked: the call is known to be well-formed. Untold: nobody needs its
	// events. Both only save time.
	Checked, Untold bool
}

// A proof is the part of a call's credentials that its operation takes.
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

// A Says is the answer of a host function.
type Says uint8

const (
	No Says = iota
	Yes
	// Fails: an error that is none of the library's, or a panic.
	Fails
)

// A Host holds the answers of the host's functions.
type Host struct {
	Password   Says // CheckPassword: Yes for the right one
	Denies     Says // PIN.Deny, of NewPIN
	Registered Time // RegisteredAt
	Unknown    bool // RegisteredAt fails
	Wipe       Says // Yes: it is done
	Notify     Says // Yes: the user was told
	// Deaf is an action whose notices fail, whatever Notify says.
	Deaf Action
}

// An Err is the class of an answer.
type Err uint8

// OK is nil. The classes up to WipePending are the library's sentinels.
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
	// HostFault is the error of a host function. Nothing is accepted.
	HostFault
	// AsksWipe is no answer: the call goes on after a try of the wipe.
	AsksWipe
	// Unsealed and NewerFormat: the record does not open, see Options.Unopened. The
	// library's error for the second matches the first too.
	Unsealed
	NewerFormat

	// ErrCount is the number of classes.
	ErrCount
)

var errNames = [ErrCount]string{
	"ok", "malformed", "no credential", "weak PIN", "mismatch", "locked", "not enrolled", "already enrolled",
	"unknown device", "device limit", "wiped", "wipe pending", "fault of the host", "asks for the wipe",
	"unsealed", "newer format",
}

func (e Err) String() string { return errNames[e] }

// An Answer is what a call returns, without random values and views (see View).
// Answers are compared with ==.
type Answer struct {
	Err Err
	// Kind is the kind of the match, the issued code or the error.
	Kind   Kind
	Device Name // of the match, or already enrolled
	Left   int  // MismatchError.Remaining
	Until  Time // LockedError.Until, or the issued code's end
	// Stale is MismatchError.Stale: the code was right once, and the call gave
	// nothing wrong. TooSoon is LockedError.TooSoon: no wrong answer led to it.
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

// An Action is the kind of an event, as the library spells it.
type Action string

// An Event is what Observe receives after the swap.
type Event struct {
	Action Action
	Kind   Kind
	Device Name
	Left   int
	Until  Time
}

// A Touch tells what a call without competitors does to the store.
type Touch uint8

const (
	// Nothing: a refusal for the form costs no call of the store.
	Nothing Touch = iota
	// Load: one load. Nothing is accepted on it, unless the call only reads.
	Load
	// Swap: one load and one swap.
	Swap
)

// An Outcome is the result of a step beside the state.
type Outcome struct {
	Answer Answer
	Events []Event
	Touch  Touch
	// Kept are the notices that the step kept, and Tells those passed to Notify, in
	// order.
	Kept, Tells []Notice
	// Failed is the number of calls of Notify that have failed in a row at the end.
	Failed int
	// Untold: a Sweep reports that it could not tell the user a notice. Dropped is
	// the number of notices that it reports as dropped.
	Untold  bool
	Dropped int
	// AskedPassword and AskedRegistered: the step called the host's function.
	AskedPassword, AskedRegistered bool
}
