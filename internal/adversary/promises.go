package adversary

import (
	"slices"
	"time"

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
	// Gone: what was in force, and by the user's will or for a wipe is no more.
	Gone Facts
	// Wiped: how many wrong proofs there were in a row.
	WrongProofs int
	// Guesses and GuardGuesses: how many were judged since when. TriedIn and Tried are the issued codes
	// that were tried in a time step: the same code in the same step is no other guess.
	Judged  int
	Since   spec.Time
	TriedIn int64
	Tried   Facts
	// WipeKept: a wipe is marked, and the host has not carried it out.
	Marked bool
	// LockedOut and Intervals: Last is when the last wrong answer was counted, or the last code was issued, and
	// Typos how many wrong answers there were since a right one or a binding.
	Last  spec.Time
	Typos int
	// Unguarded: something was bound that protects the user's data.
	Guarded bool
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
	return s.Act.Deed == Calls && (s.Act.Call.Op == spec.Unlock || s.Act.Call.Op == spec.Forget)
}

func happened(s *Step, a spec.Action) bool {
	return slices.ContainsFunc(s.Out.Events, func(e spec.Event) bool { return e.Action == a })
}

// protects reports whether a state holds what can prove a reset.
func protects(s *spec.State) bool { return s.PIN.Digits != "" || s.Devices[0].ID != 0 }

// soon reports whether a step is before the minimum age is over since the thief began.
// Without one there is nothing that ends.
func soon(s *Step) bool {
	age := s.Adversary.Rules.Options.Reset.MinAge
	return age == 0 || s.Before.Now < after(start, age)
}

// Unproven is threat 09 and half of 28: the thief proves a reset.
var Unproven = Promise{
	Name: "a thief proves a reset with neither the PIN nor a device of the user's",
	Broken: func(s *Step) bool {
		return s.Act.Who == Thief && happened(s, "reset-proven") && soon(s)
	},
}

// Unguarded is the other half of 28: the reset goes on as if there were nothing to
// protect. Only the host and a wipe may end the protection.
var Unguarded = Promise{
	Name: "the guard says that nothing is enrolled, where something was guarded",
	Note: func(p *Past, s *Step) {
		switch {
		case protects(&s.After.State):
			p.Guarded = true
		case s.After.State.Wipe.Stage != spec.NotWiped, s.Act.Call.Op == spec.Forget,
			protects(&s.Before.State) && s.Act.Call.Op.Row().Host:
			p.Guarded = false
		}
	},
	Broken: func(s *Step) bool {
		if s.Act.Call.Op != spec.Prove || s.Out.Answer.Err != spec.NotEnrolled {
			return false
		}
		young := s.Adversary.Rules.Options.Reset.MinAge > 0 && soon(s)
		return protects(&s.Before.State) || s.Before.Past.Guarded && young
	},
}

// RightStrike is what an honest user must not suffer: a proof of their own that is
// right counts against them.
var RightStrike = Promise{
	Name: "a right proof of the user's own is a strike",
	Broken: func(s *Step) bool {
		if s.Act.Who != User || s.Act.Call.Op != spec.Prove || !rightNow(s, spec.KindPIN, spec.KindDeviceTOTP) {
			return false
		}
		return s.After.State.Guard.Strikes > s.Before.State.Guard.Strikes || happened(s, "wipe-marked")
	},
}

// rightNow reports whether the one thing that a step gives is right as one of some kinds,
// and not used.
func rightNow(s *Step, kinds ...spec.Kind) bool {
	given, pin := codeOf(&s.Act.Call), s.Act.Call.PIN
	f := given.fact() | pinFact(pin)
	if f == Nothing || pin != "" && s.Act.Call.OTP != "" {
		return false
	}
	for _, k := range kinds {
		if inForceAs(&s.Before.State, k).Has(f) {
			return given.key == 0 || !used(&s.Before.State, given.key, given.step)
		}
	}
	return false
}

// Wiped is threat 13: an honest user loses their data. The user may mistype up to three
// times in a row.
var Wiped = Promise{
	Name: "the user's data is wiped, though nobody gave it up and no four proofs in a row were wrong",
	Note: func(p *Past, s *Step) {
		switch {
		case happened(s, "reset-proven"), happened(s, "wipe-marked"), byHost(s):
			p.WrongProofs = 0
		case wrongProof(s):
			p.WrongProofs++
		}
	},
	Broken: func(s *Step) bool {
		earned := wrongProof(s) && s.Before.Past.WrongProofs >= s.Adversary.Rules.Options.Reset.Strikes
		return happened(s, "wipe-marked") && s.Act.Call.Op != spec.Forfeit && !earned
	},
}

// wrongProof reports whether a step gives the guard something that is wrong.
func wrongProof(s *Step) bool {
	judged := happened(s, "reset-refused") || happened(s, "wipe-marked")
	return s.Act.Call.Op == spec.Prove && judged && !rightNow(s, spec.KindPIN, spec.KindDeviceTOTP)
}

// Once is threats 01, 03, 18 and 20: a code is accepted twice, or a step of a secret
// that is not after the last.
var Once = Promise{
	Name: "a code or a time step is accepted twice, or a step after a later one",
	Note: func(p *Past, s *Step) {
		switch given, k, ok := acceptedCode(s); {
		case !ok:
		case k.Row().Issued:
			p.Spent |= named(given.issued)
		default:
			p.Steps[given.key-firstKey] = given.step + 1
		}
	},
	Broken: func(s *Step) bool {
		switch given, k, ok := acceptedCode(s); {
		case !ok:
			return false
		case k.Row().Issued:
			return s.Before.Past.Spent.Has(named(given.issued))
		default:
			return given.step < s.Before.Past.Steps[given.key-firstKey]
		}
	},
}

func acceptedCode(s *Step) (given code, k spec.Kind, ok bool) {
	k, ok = accepted(s)
	return codeOf(&s.Act.Call), k, ok && k.Row().Code
}

// Gone is threats 18 and 32: what the user revoked, removed or replaced, or what a wipe
// or a move ended, is accepted. Who binds the same again by a proof may use it; an
// import is no such act.
var Gone = Promise{
	Name: "what was revoked, replaced or given up is accepted",
	Note: func(p *Past, s *Step) {
		before, now := inForce(&s.Before.State), inForce(&s.After.State)
		p.Gone |= before &^ now
		c := &s.Act.Call
		switch done := s.Act.Deed == Calls && s.Out.Answer.Err == spec.OK; {
		case done && (c.Op == spec.SetPIN || c.Op == spec.AdminSetPIN):
			p.Gone = (p.Gone | OldPIN) &^ pinFact(c.NewPIN) // it is instead of the one in the old system
		case done && c.Op == spec.Enroll && c.Device == userDevice:
			p.Gone |= named(oldKey)
		case c.Op == spec.Forget:
			p.Gone = Nothing // the host starts over
		}
		if s.Act.Deed == MovesOn {
			p.Gone |= liveCodes(&s.Before.State)
			if waits := s.Before.State.Waiting.Secret.Key; waits != 0 {
				p.Gone |= named(waits)
			}
		}
	},
	Broken: func(s *Step) bool {
		f := acceptedFact(s)
		return f != Nothing && s.Before.Past.Gone.Has(f)
	},
}

// WipeKept is threat 30 and promise 4: a marked wipe is asked for until it is done, and
// until then nothing is bound and no proof accepted.
var WipeKept = Promise{
	Name: "a marked wipe is lost, or something is bound or proven before it is done",
	Note: func(p *Past, s *Step) {
		if s.After.State.Wipe.Stage == spec.Pending {
			p.Marked = true
		}
		if happened(s, "wipe-done") {
			p.Marked = false
		}
	},
	Broken: func(s *Step) bool {
		lost := s.After.State.Wipe.Stage != spec.Pending || protects(&s.After.State)
		return s.After.Past.Marked && (lost || happened(s, "reset-proven") || s.Out.Answer.Err == spec.Wiped)
	},
}

// Guesses is threats 02, 05, 06, 24, 29, 37 and 38: more guesses of a kind are judged
// in a span of time than the guess table says, or in a row than Final.
func Guesses(k spec.Kind) Promise {
	return Promise{
		Counts: true,
		Name:   "more guesses at " + k.String() + " are judged than the guess table says",
		Note: func(p *Past, s *Step) {
			if clears(k, s) || boundAfresh(k, s) {
				p.Judged, p.Since, p.Tried, p.TriedIn = 0, 0, 0, 0
				return
			}
			if s.Act.Call.Op != spec.Prove && judgedGuess(k, s) && isNew(p, s) {
				if p.Judged == 0 {
					p.Since = s.Before.Now
				}
				p.Judged++
			}
		},
		Broken: func(s *Step) bool {
			p := s.After.Past
			// Clocks that are apart are worth that much time, once.
			span := time.Duration(s.After.Now-p.Since)*time.Millisecond + s.Adversary.Apart
			return p.Judged > tableOf(s.Adversary.limit(k)).within(span)
		},
	}
}

// judgedGuess reports whether a step judged a guess at a kind, whatever else the
// credential is good for: had it been right by luck, it would have been accepted.
func judgedGuess(k spec.Kind, s *Step) bool {
	c := &s.Act.Call
	if s.Act.Deed > CallsUnheard || s.Out.Touch == spec.Nothing || s.Out.Answer.Err == spec.OK {
		return false
	}
	lucky := *s.Act
	switch {
	case k == spec.KindPIN && c.PIN != "":
		lucky.Call.PIN = s.Before.State.PIN.Digits
	case k == spec.KindPassword && c.Password != "":
		lucky.Call.Host.Password = spec.Yes
	case k.Row().Code && c.OTP != "":
		given := codeOf(c)
		given.luck = inForceAs(&s.Before.State, k) &^ given.fact()
		lucky.Call.Code = given
	default:
		return false
	}
	w := *s.Before
	out, _ := s.Adversary.act(&w, &lucky)
	got, ok := accepted(&Step{Out: out})
	return ok && got == k
}

// isNew reports whether a guess tells anything. The same text of a code again does so
// only in another time step.
func isNew(p *Past, s *Step) bool {
	text := codeOf(&s.Act.Call).fact()
	if text == Nothing {
		return true
	}
	if in := (spec.Secret{Period: 30}).Step(s.Before.Now); p.TriedIn != in {
		p.TriedIn, p.Tried = in, 0
	}
	again := p.Tried.Has(text)
	p.Tried |= text
	return !again
}

// boundAfresh reports whether a step bound a credential of a kind, with no older one
// left that what was guessed tells of.
func boundAfresh(k spec.Kind, s *Step) bool {
	before, now := &s.Before.State, &s.After.State
	switch k {
	case spec.KindPIN:
		return now.PIN != before.PIN && now.PIN.Digits != ""
	case spec.KindTOTP:
		return now.Authenticator.Key != before.Authenticator.Key && now.Authenticator.Key != 0
	case spec.KindDeviceTOTP:
		if now.Devices[0].ID == 0 {
			return false
		}
		return now.Devices != before.Devices && inForceAs(before, k)&inForceAs(now, k) == Nothing
	}
	return false
}

// GuardGuesses is the guard's row of the table.
var GuardGuesses = Promise{
	Counts: true,
	Name:   "more guesses are judged at the guard than the guess table says",
	Note: func(p *Past, s *Step) {
		switch {
		case happened(s, "reset-proven"), byHost(s), s.Before.State.Wipe.Stage != spec.NotWiped && s.After.State.Wipe.Stage == spec.NotWiped:
			p.Judged = 0
		case s.Act.Call.Op == spec.Prove && (judgedGuess(spec.KindPIN, s) || judgedGuess(spec.KindDeviceTOTP, s)) && isNew(p, s):
			p.Judged++
		}
	},
	Broken: func(s *Step) bool { return s.After.Past.Judged > s.Adversary.Rules.Options.Reset.Strikes+1 },
}

// Intervals is that no code is issued within Interval of the last one.
var Intervals = Promise{
	Counts: true,
	Name:   "two codes of a kind are issued within OTPOptions.Interval",
	Note: func(p *Past, s *Step) {
		if happened(s, "issued") {
			p.Last = s.Before.Now
		}
	},
	Broken: func(s *Step) bool {
		last := s.Before.Past.Last
		return happened(s, "issued") && last != 0 && after(s.Before.Now, s.Adversary.Apart) < after(last, s.Adversary.Rules.Options.OTP.Interval)
	},
}

// GuardIntervals is that no proof is judged within Interval of a wrong one.
var GuardIntervals = Promise{
	Counts: true,
	Name:   "a proof is judged within ResetOptions.Interval of a wrong one",
	Note: func(p *Past, s *Step) {
		if wrongProof(s) {
			p.Last = s.Before.Now
		}
	},
	Broken: func(s *Step) bool {
		last := s.Before.Past.Last
		judged := wrongProof(s) || happened(s, "reset-proven")
		return judged && last != 0 && after(s.Before.Now, s.Adversary.Apart) < after(last, s.Adversary.Rules.Options.Reset.Interval)
	},
}

// Confirmable is that an authenticator waits for its first code as long as it is said to.
var Confirmable = Promise{
	Name: "the first code of an authenticator that waits is refused as if none waited",
	Broken: func(s *Step) bool {
		waits := &s.Before.State.Waiting
		theirs := s.Act.Who == User && waits.Secret.Key != 0 && codeOf(&s.Act.Call).key == waits.Secret.Key
		early := after(s.Before.Now, s.Adversary.Apart) < waits.Ends
		return s.Act.Call.Op == spec.Confirm && theirs && early && s.Out.Answer.Err == spec.NotEnrolled
	},
}

// LockedOut is threat 35 and part of 13: a right credential of the user's is refused
// for a lock that is older than a lock can last, or for wrong answers from before it
// was bound.
func LockedOut(k spec.Kind) Promise {
	return Promise{
		Counts: true,
		Name:   "the user's right " + k.String() + " is locked for longer than said, or for what was guessed before it was bound",
		Note: func(p *Past, s *Step) {
			switch {
			case boundAfresh(k, s), clears(k, s):
				p.Typos, p.Last = 0, 0
			case s.After.State.Budgets[k].Wrong > s.Before.State.Budgets[k].Wrong:
				p.Typos, p.Last = p.Typos+1, s.Before.Now
			}
		},
		Broken: func(s *Step) bool {
			if s.Act.Who != User || !rightNow(s, k) || s.Out.Answer.Err != spec.Locked || s.Out.Answer.Kind != k {
				return false
			}
			l, past := s.Adversary.limit(k), s.Before.Past
			over := s.Before.Now > after(past.Last, l.MaxDelay+s.Adversary.Apart)
			long := s.Out.Answer.Until > after(s.Before.Now, s.Act.Clock+l.MaxDelay)
			return long || past.Typos < l.Tries || past.Typos < l.Final && over
		},
	}
}

// A table is a row of the guess table: when each guess in a row can be judged at the
// earliest, after the first.
type table []time.Duration

// tableOf counts as the text of SECURITY.md says, and shares no line with the rules.
func tableOf(l spec.Limit) table {
	var t table
	at, lock := time.Duration(0), l.Delay
	for n := 1; n <= l.Final; n++ {
		t = append(t, at)
		if n >= l.Tries {
			at += lock
			lock = min(2*lock, l.MaxDelay)
		}
	}
	return t
}

// within is how many guesses there can be in a span of time.
func (t table) within(span time.Duration) int {
	n := 0
	for n < len(t) && t[n] <= span {
		n++
	}
	return n
}
