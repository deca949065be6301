package adversary

import "github.com/knowhave/factor/internal/spec"

// Who is one of those who act.
type Who uint8

const (
	// User is honest and goes about their day.
	User Who = iota
	// Thief is against the user.
	Thief
	// Service is the host: what it does for itself, and what happens to it.
	Service
)

// Facts are what somebody knows or can read: a set.
type Facts uint64

// The facts that have a name. PINs come first: each is the bit of its place in pins.
const (
	// UserPIN is the one that the user has chosen. Whoever sets NewPIN or ThiefPIN knows
	// it from then on. OldPIN is the one that the user had in the system that they were
	// moved from.
	UserPIN Facts = 1 << iota
	NewPIN
	ThiefPIN
	OldPIN
	// Mailbox: who can read it learns every code that is mailed.
	Mailbox
	Password
	// Session: who has it can enrol a device in the window after the registration.
	Session

	// Nothing is what an outsider knows, beside the user's name.
	Nothing Facts = 0
)

// pins are the digits of the PINs. guess is one that nobody has.
var pins = [...]string{"8299", "7315", "4071", "2580"}

const guess = "1369"

// Codes, secrets and lists of recovery codes are known by the name that the specification
// draws for them. There are few, so that what can be known fits into Facts.
const (
	most      = 8 // of each sort
	sets      = 3 // as many lists of recovery codes
	firstCode = 1
	firstKey  = firstCode + most
	firstWipe = firstKey + most
	firstSet  = firstWipe + most // of recovery codes
)

// named is the fact of knowing an issued code, a secret or a list of recovery codes.
func named(n spec.Name) Facts { return 1 << (16 + n) }

// pinFact is the fact of knowing a PIN; Nothing for what is none of pins.
func pinFact(digits string) Facts {
	for i, p := range pins {
		if p == digits {
			return 1 << i
		}
	}
	return Nothing
}

// Has reports whether all of some facts are known.
func (f Facts) Has(some Facts) bool { return f&some == some }

// A code is the text of a one-time code: an issued one, the one of a secret's time step,
// or one of a list of recovery codes. The zero code is a guess that is right for nothing.
// By luck, any of them may be right for something else too.
type code struct {
	issued, key spec.Name
	step        int64
	set         spec.Name // of recovery codes
	n           int       // the n-th of the set
	paper       bool      // the text has the form of a recovery code
	luck        Facts
}

// Is implements spec.Code.
func (c code) Is(issued spec.Name) bool {
	return issued != 0 && (c.issued == issued || c.luck.Has(named(issued)))
}

// Fits implements spec.Code.
func (c code) Fits(s spec.Secret, step int64) bool {
	return s.Key != 0 && (c.key == s.Key && c.step == step || c.luck.Has(named(s.Key)))
}

// Recovers implements spec.Code.
func (c code) Recovers(set spec.Name, n int) bool {
	return set != 0 && c.set == set && c.n == n
}

// codeOf returns the code that a call gives, the zero one for a guess or none.
func codeOf(c *spec.Call) code {
	given, _ := c.Code.(code)
	return given
}

// fact is the fact that a code shows, Nothing for a guess.
func (c code) fact() Facts {
	if n := max(c.issued, c.key, c.set); n != 0 {
		return named(n)
	}
	return Nothing
}

// inForce is what a state accepts: its PIN, its secrets and its live codes.
func inForce(s *spec.State) (f Facts) {
	for k := range spec.KindCount {
		f |= inForceAs(s, k)
	}
	return f
}

// inForceAs is what a state accepts as a kind.
func inForceAs(s *spec.State, k spec.Kind) (f Facts) {
	add := func(n spec.Name) {
		if n != 0 {
			f |= named(n)
		}
	}
	switch k {
	case spec.KindPIN:
		return pinFact(s.PIN.Digits)
	case spec.KindLogin, spec.KindAccount:
		for _, c := range s.Codes(k).Live {
			add(c.Code)
		}
	case spec.KindTOTP:
		add(s.Authenticator.Key)
	case spec.KindRecovery:
		add(s.Recovery.Set)
	case spec.KindDeviceTOTP:
		for i := 0; i < len(s.Devices) && s.Devices[i].ID != 0; i++ {
			add(s.Devices[i].Secret.Key)
		}
	}
	return f
}

// liveCodes are the issued codes that a state accepts.
func liveCodes(s *spec.State) (f Facts) {
	for _, k := range spec.IssuedKinds {
		f |= inForceAs(s, k)
	}
	return f
}
