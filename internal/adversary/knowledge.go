package adversary

import "github.com/knowhave/factor/internal/spec"

// A Who is one of those who act.
type Who uint8

const (
	// User is honest.
	User Who = iota
	// Thief is against the user.
	Thief
	// Service is the host: its own acts, and what happens to it.
	Service
)

// Facts are a set of things that somebody knows or can read.
type Facts uint64

// The named facts. PINs come first: each is the bit of its index in pins.
const (
	// UserPIN is the user's own. Whoever sets NewPIN or ThiefPIN knows it from then
	// on. OldPIN is the user's PIN in the old system.
	UserPIN Facts = 1 << iota
	NewPIN
	ThiefPIN
	OldPIN
	// Mailbox: its reader learns every mailed code.
	Mailbox
	Password
	// Session: its holder can enrol a device in the window after the registration.
	Session

	// Nothing is what an outsider knows, beside the user's name.
	Nothing Facts = 0
)

// pins are the digits of the PINs. guess is a PIN that nobody has.
var pins = [...]string{"8299", "7315", "4071", "2580"}

const guess = "1369"

// Codes, secrets and lists of recovery codes are known by the specification's
// names. They are few, so that Facts can hold them.
const (
	most      = 8 // of each sort
	sets      = 3 // as many lists of recovery codes
	firstCode = 1
	firstKey  = firstCode + most
	firstWipe = firstKey + most
	firstSet  = firstWipe + most // of recovery codes
)

// named returns the fact of knowing an issued code, a secret or a list of recovery
// codes.
func named(n spec.Name) Facts { return 1 << (16 + n) }

// pinFact returns the fact of knowing a PIN, or Nothing for one that is not in
// pins.
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

// A code is the text of a one-time code: an issued one, a secret's for a time step,
// or one of a list of recovery codes. The zero code is a guess that is right for
// nothing. By luck, any may be right for something else too.
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

// codeOf returns the code that a call gives, or the zero code for a guess or none.
func codeOf(c *spec.Call) code {
	given, _ := c.Code.(code)
	return given
}

// fact returns the fact that a code shows, or Nothing for a guess.
func (c code) fact() Facts {
	if n := max(c.issued, c.key, c.set); n != 0 {
		return named(n)
	}
	return Nothing
}

// inForce returns what a state accepts: its PIN, its secrets and its live codes.
func inForce(s *spec.State) (f Facts) {
	for k := range spec.KindCount {
		f |= inForceAs(s, k)
	}
	return f
}

// inForceAs returns what a state accepts as a kind.
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

// liveCodes returns the issued codes that a state accepts.
func liveCodes(s *spec.State) (f Facts) {
	for _, k := range spec.IssuedKinds {
		f |= inForceAs(s, k)
	}
	return f
}
