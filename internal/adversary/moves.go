package adversary

import (
	"slices"
	"time"

	"github.com/knowhave/factor/internal/spec"
)

// Moves add to acts what somebody can try in a world, given what they know. They
// use nothing else of it: nobody sees the record.
type Moves func(w *World, who Who, acts *[]Act)

// The devices. The secret of a row of the old system has the last name of a key.
const (
	userDevice spec.Name = 1 + iota
	thiefDevice

	oldKey spec.Name = firstWipe - 1
)

// A given is a credential.
type given struct {
	pin      string
	password bool
	otp      bool
	code     code
}

func (g given) into(c *spec.Call) {
	c.PIN = g.pin
	if g.password {
		c.Password, c.Host.Password = "right", spec.Yes
	}
	if g.otp {
		c.OTP, c.Code = "000000", g.code
		if g.code.paper {
			c.OTP = paper
		}
	}
}

// paper is a text in the form of a recovery code. The code tells what it is.
const paper = "0000-0000-0000-0000"

// knows returns what somebody tries to use. The user avoids what they know to be
// over or used, and slips only where a guess says so.
func knows(w *World, who Who) Facts {
	if who != User {
		return w.Knows[who]
	}
	theirs := inForce(&w.State) | Mailbox | Password | Session
	if waits := w.State.Waiting.Secret.Key; waits != 0 {
		theirs |= named(waits)
	}
	return w.Knows[User] & theirs
}

// held returns what somebody can give: what they know, with the code of each secret
// in this time step.
func held(w *World, who Who) (all []given) {
	knows := knows(w, who)
	for i, digits := range pins {
		if knows.Has(1 << i) {
			all = append(all, given{pin: digits})
		}
	}
	if knows.Has(Password) {
		all = append(all, given{password: true})
	}
	for n := spec.Name(firstCode); n < firstKey; n++ {
		if knows.Has(named(n)) {
			all = append(all, given{otp: true, code: code{issued: n}})
		}
	}
	return slices.Concat(all, listed(w, who), keyCodes(w, who, 0))
}

// listed returns codes of the lists that somebody knows: two of each stand for all
// ten. The user skips used ones.
func listed(w *World, who Who) (all []given) {
	for n := spec.Name(firstSet); n < firstSet+sets; n++ {
		for i := range 2 {
			if knows(w, who).Has(named(n)) && !(who == User && crossedOut(&w.State, n, i)) {
				all = append(all, given{otp: true, code: code{set: n, n: i, paper: true}})
			}
		}
	}
	return all
}

// crossedOut reports whether a recovery code was used.
func crossedOut(s *spec.State, set spec.Name, n int) bool {
	return set != 0 && s.Recovery.Set == set && s.Recovery.Used&(1<<n) != 0
}

// keyCodes returns the codes of the secrets that somebody knows, ahead steps from
// now.
func keyCodes(w *World, who Who, ahead int64) (all []given) {
	now := spec.Secret{Period: 30}.Step(w.Now) + ahead
	for n := spec.Name(firstKey); n < firstWipe; n++ {
		if knows(w, who).Has(named(n)) && !(who == User && used(&w.State, n, now)) {
			all = append(all, given{otp: true, code: code{key: n, step: now}})
		}
	}
	return all
}

// used reports whether the code of a secret's step was accepted already.
func used(s *spec.State, key spec.Name, step int64) bool {
	if key == 0 {
		return false
	}
	for i := range s.Devices {
		if d := &s.Devices[i].Secret; d.Key == key && step <= d.Last {
			return true
		}
	}
	return s.Authenticator.Key == key && step <= s.Authenticator.Last
}

// proving returns a call for each credential that somebody can give as a proof.
func proving(c spec.Call) Moves {
	return func(w *World, who Who, acts *[]Act) {
		if !canDraw(w, c.Op) {
			return
		}
		for _, g := range held(w, who) {
			if takes(c.Op, g) {
				call := c
				g.into(&call)
				*acts = append(*acts, Act{Who: who, Call: call})
			}
		}
	}
}

// takes reports whether a credential is well-formed for an operation.
func takes(op spec.Op, g given) bool {
	switch op.Row().Proof {
	case spec.OneCode:
		return g.otp
	case spec.OnePIN:
		return g.pin != ""
	case spec.OnePassword:
		return g.password
	case spec.KnownProof:
		return !g.otp
	case spec.ResetProof:
		return !g.password && g.code.issued == 0 // a mailed code is only a guess here
	}
	return true
}

// canDraw reports whether a name is left for what the operation draws.
func canDraw(w *World, op spec.Op) bool {
	switch op {
	case spec.Issue, spec.IssueUnproven:
		return w.Codes < most
	case spec.Enroll, spec.Begin:
		return w.Keys < most-1 // the last is oldKey
	case spec.GenerateRecovery:
		return w.Sets < sets
	}
	return true
}

// plain returns a call without a proof.
func plain(c spec.Call) Moves {
	return func(w *World, who Who, acts *[]Act) {
		if canDraw(w, c.Op) {
			*acts = append(*acts, Act{Who: who, Call: c})
		}
	}
}

// deed returns an act that is no plain call.
func deed(d Deed) Moves {
	return func(_ *World, who Who, acts *[]Act) { *acts = append(*acts, Act{Who: who, Deed: d}) }
}

// wait lets time pass.
func wait(times ...time.Duration) Moves {
	return func(_ *World, _ Who, acts *[]Act) {
		for _, d := range times {
			*acts = append(*acts, Act{Who: Service, Deed: Waits, For: d})
		}
	}
}

// mail requests a code that the host mails. Anybody can.
func mail(k spec.Kind) Moves { return plain(spec.Call{Op: spec.IssueUnproven, Kind: k}) }

// guessPIN and guessCode give a credential that is right for nothing.
func guessPIN(op spec.Op) Moves { return plain(spec.Call{Op: op, PIN: guess}) }

func guessCode(op spec.Op, kinds ...spec.Kind) Moves {
	return plain(spec.Call{Op: op, OTP: "000000", Kinds: kinds})
}

// setPIN sets one of pins, with each proof that somebody has.
func setPIN(pin Facts) Moves {
	for i, digits := range pins {
		if pin == 1<<i {
			return proving(spec.Call{Op: spec.SetPIN, NewPIN: digits})
		}
	}
	panic("adversary: no such PIN")
}

// generate replaces the list of recovery codes.
var generate = proving(spec.Call{Op: spec.GenerateRecovery})

// useList gives VerifyOTP a code of each list that somebody knows, and guessList a
// wrong one.
var (
	useList   = paperOnly(proving(spec.Call{Op: spec.VerifyOTP, Kinds: []spec.Kind{spec.KindRecovery}}))
	guessList = plain(spec.Call{Op: spec.VerifyOTP, OTP: paper, Code: code{paper: true}, Kinds: []spec.Kind{spec.KindRecovery}})
)

func enroll(device spec.Name) Moves {
	return proving(spec.Call{Op: spec.Enroll, Device: device})
}

func revoke(device spec.Name) Moves {
	return proving(spec.Call{Op: spec.Revoke, Device: device})
}

// enrollUnproven enrols a device in the window after a registration at the start.
// It takes a session.
func enrollUnproven(device spec.Name) Moves {
	return func(w *World, who Who, acts *[]Act) {
		if w.Knows[who].Has(Session) && canDraw(w, spec.Enroll) {
			c := spec.Call{Op: spec.Enroll, Device: device, Host: spec.Host{Registered: start}}
			*acts = append(*acts, Act{Who: who, Call: c})
		}
	}
}

// use gives a code of each secret that somebody knows to VerifyOTP, for one kind. The
// user gives those of that kind.
func use(k spec.Kind) Moves {
	return func(w *World, who Who, acts *[]Act) {
		for _, g := range keyCodes(w, who, 0) {
			if who == User && !inForceAs(&w.State, k).Has(g.code.fact()) {
				continue
			}
			c := spec.Call{Op: spec.VerifyOTP, Kinds: []spec.Kind{k}}
			g.into(&c)
			*acts = append(*acts, Act{Who: who, Call: c})
		}
	}
}

// confirm gives the code of a known secret to the waiting authenticator.
func confirm(w *World, who Who, acts *[]Act) {
	for _, g := range keyCodes(w, who, 0) {
		c := spec.Call{Op: spec.Confirm}
		g.into(&c)
		*acts = append(*acts, Act{Who: who, Call: c})
	}
}

// ahead gives the codes of the next time step, which a skew of one accepts.
func ahead(op spec.Op) Moves {
	return func(w *World, who Who, acts *[]Act) {
		for _, g := range keyCodes(w, who, 1) {
			c := spec.Call{Op: op}
			g.into(&c)
			*acts = append(*acts, Act{Who: who, Call: c})
		}
	}
}

// prove gives the guard each credential that somebody has. A wipe succeeds.
var prove = proving(spec.Call{Op: spec.Prove, Host: spec.Host{Wipe: spec.Yes}})

// proveBoth gives the guard a code that somebody has with a guess at the PIN.
func proveBoth(w *World, who Who, acts *[]Act) {
	for _, g := range keyCodes(w, who, 0) {
		c := spec.Call{Op: spec.Prove, Host: spec.Host{Wipe: spec.Yes}}
		g.pin = guess
		g.into(&c)
		*acts = append(*acts, Act{Who: who, Call: c})
	}
}

// proveCode gives the guard a guessed code, and proveGuesses one with a guessed PIN.
var (
	proveCode    = plain(spec.Call{Op: spec.Prove, OTP: "000000", Host: spec.Host{Wipe: spec.Yes}})
	proveGuesses = plain(spec.Call{Op: spec.Prove, OTP: "000000", PIN: guess, Host: spec.Host{Wipe: spec.Yes}})
)

// proveGuess gives the guard a guess.
var proveGuess = plain(spec.Call{Op: spec.Prove, PIN: guess, Host: spec.Host{Wipe: spec.Yes}})

// forfeit gives the data up.
var forfeit = plain(spec.Call{Op: spec.Forfeit, Host: spec.Host{Wipe: spec.Yes}})

// importing makes the host import a row of the old system.
func importing(h spec.Holdings) Moves {
	return plain(spec.Call{Op: spec.Import, Held: h, Host: spec.Host{Wipe: spec.Yes}})
}

// oldPIN, oldDevice and oldApp are rows of the old system. oldDeviceNew has the
// same secret under another ID, as after another export.
var (
	oldPIN       = spec.Holdings{PIN: spec.HeldElsewhere{Digits: pins[3], Since: longAgo, Mark: 1}}
	oldDevice    = oldRow(userDevice, 2)
	oldDeviceNew = oldRow(thiefDevice, 4)
	oldApp       = spec.Holdings{Authenticator: spec.HeldElsewhere{Secret: oldSecret, Since: longAgo, Mark: 8}}
)

var longAgo = after(start, -1000*time.Hour)

var oldSecret = spec.Secret{Key: oldKey, Last: spec.NoStep, Period: 30, Digits: 6}

func oldRow(id spec.Name, mark spec.Marks) spec.Holdings {
	return spec.Holdings{Devices: []spec.HeldElsewhere{{ID: id, Secret: oldSecret, Since: longAgo, Mark: mark}}}
}
