package adversary

import (
	"time"

	"github.com/knowhave/factor/internal/spec"
)

// Guesses is threats 02, 05, 06, 24, 29, 37 and 38: more guesses of a kind are
// judged in a span of time than the guess table allows, or in a row than Final.
func Guesses(k spec.Kind) Promise {
	return Promise{
		Counts: true,
		Name:   "more guesses at " + k.String() + " are judged than the guess table says",
		Note: func(p *Past, s *Step) {
			if clears(k, s) || boundAfresh(k, s) {
				p.Judged, p.Since, p.Tried, p.TriedIn = 0, 0, 0, 0
				return
			}
			if s.Act.Call.Op != spec.Prove && judgedGuess(k, s) && (!k.Row().Code || isNew(p, s)) {
				if p.Judged == 0 {
					p.Since = s.Before.Now
				}
				p.Judged++
			}
		},
		Broken: func(s *Step) bool {
			p := s.After.Past
			// Clocks that are apart add that much time, once.
			span := time.Duration(s.After.Now-p.Since)*time.Millisecond + s.Adversary.Apart
			return p.Judged > tableOf(s.Adversary.limit(k)).within(span)
		},
	}
}

// judgedGuess reports whether a step judged a guess at a kind, whatever else the
// credential is right for: by luck, it would have been accepted.
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
	case k == spec.KindRecovery:
		given, ok := luckyPaper(&s.Before.State, codeOf(c))
		if !ok {
			return false
		}
		lucky.Call.Code = given
	case k.Row().Digits && c.OTP != "":
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

// luckyPaper returns a guess at a recovery code that is right by luck: an unused
// one. A code that is known to be of the list is no guess.
func luckyPaper(s *spec.State, given code) (code, bool) {
	if !given.paper || s.Recovery.Left() == 0 || given.set == s.Recovery.Set {
		return code{}, false
	}
	for given.set, given.n = s.Recovery.Set, 0; crossedOut(s, given.set, given.n); {
		given.n++
	}
	return given, true
}

// isNew reports whether a guess at a code tells anything. The same text again does
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

// boundAfresh reports whether a step bound a credential of a kind, with no older
// one left that earlier guesses tell about.
func boundAfresh(k spec.Kind, s *Step) bool {
	before, now := &s.Before.State, &s.After.State
	switch k {
	case spec.KindPIN:
		return now.PIN != before.PIN && now.PIN.Digits != ""
	case spec.KindTOTP:
		return now.Authenticator.Key != before.Authenticator.Key && now.Authenticator.Key != 0
	case spec.KindRecovery:
		return now.Recovery.Set != before.Recovery.Set && now.Recovery.Set != 0
	case spec.KindDeviceTOTP:
		if now.Devices[0].ID == 0 {
			return false
		}
		return now.Devices != before.Devices && inForceAs(before, k)&inForceAs(now, k) == Nothing
	}
	return false
}

// Intervals: a code is issued within Interval of the last one.
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

// LockedOut is threat 35 and part of 13: the user's right credential is refused for
// a lock older than a lock can last, or for wrong answers from before it was bound.
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

// A table is a row of the guess table: the earliest time of each guess in a row,
// after the first.
type table []time.Duration

// tableOf computes the table as SECURITY.md describes it, and shares no line with
// the rules.
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

// within returns how many guesses fit into a span of time.
func (t table) within(span time.Duration) int {
	n := 0
	for n < len(t) && t[n] <= span {
		n++
	}
	return n
}
