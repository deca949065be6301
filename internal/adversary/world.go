package adversary

import (
	"slices"
	"time"

	"github.com/knowhave/factor/internal/spec"
)

// A World is a place of the search. It is a value, and equal worlds have the same
// future.
type World struct {
	// State is the record of the only user.
	State spec.State
	// Now is the true time. The clock of a node may differ: see Act.Clock.
	Now spec.Time
	// Knows is what the user and the thief know.
	Knows [2]Facts
	// Codes, Keys, Wipes and Sets are the numbers of names drawn.
	Codes, Keys, Wipes, Sets spec.Name
	// Mailed holds what each code was mailed for.
	Mailed [most]Mailed
	// Wiping is the wipe that the host's function is running, 0 for none.
	Wiping spec.Name
	// Sealed: the key service fails, so that no record opens.
	Sealed bool
	// MailDown: Notify fails, slowly. Notices is the number of notices kept, and
	// Crowd the number of other users full of notices.
	MailDown bool
	Notices  spec.Name
	Crowd    int
	// Moved: the user has changed the address and the password.
	Moved bool
	// Lagged is the number of the state at which a replica stopped, 0 for none.
	Lagged int
	// Past is the promises' memory.
	Past Past
}

// start is when the thief begins: at the start of a time step.
var start = spec.At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))

func after(t spec.Time, d time.Duration) spec.Time { return t + spec.Time(d/time.Millisecond) }

// Rules are the specification under some options, or a variant of it. A rule that
// the specification has mended stays in the tests as a variant, so that the search
// can show that it finds the attack.
type Rules struct {
	Options spec.Options
	// Next is one step; nil: the specification's own.
	Next Next
	// Unopened is one step on a record that does not open; nil: the specification's own.
	Unopened Next
	// MailFirst: a Sweep tells each user as it goes, however often that fails.
	MailFirst bool
}

// A Next is one step of a call, as spec.Options.Next.
type Next func(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome)

// An Act is what somebody does. Its zero Deed is a call of an operation.
type Act struct {
	Who  Who
	Deed Deed
	Call spec.Call
	// Clock is how far the clock of the node that serves the call is ahead.
	Clock time.Duration
	// Lags: a stopped replica serves the load. The swap finds the record changed,
	// and the call starts over on the stored one.
	Lags bool
	// Pends: the call leaves a wipe pending, and is part of a life all the same.
	Pends bool
	// For is how long Waits waits.
	For time.Duration
}

// A Deed is a sort of Act.
type Deed uint8

const (
	// Calls: a call of the library, made to its end.
	Calls Deed = iota
	// CallsToWipe: a call that has the host wipe. The wipe has begun when it ends.
	CallsToWipe
	// WipeReturns and WipeFails: the wipe that has begun is over.
	WipeReturns
	WipeFails
	// CallsUnheard: a call made to its end, whose caller has hung up and never
	// hears the answer.
	CallsUnheard
	// Waits: time passes.
	Waits
	// MovesOn: the user changes the address and the password, and ends the sessions.
	MovesOn
	// KeyFails and KeyWorks: the key service is out, and back.
	KeyFails
	KeyWorks
	// ReplicaStops: a replica of the store no longer follows.
	ReplicaStops
	// MailFails and MailWorks: Notify hangs until it fails, and is back.
	MailFails
	MailWorks
	// Crowds: a thousand more accounts become full of notices.
	Crowds
)

// A Step is an act with its outcome.
type Step struct {
	Adversary     *Adversary
	Act           *Act
	Before, After *World
	Out           spec.Outcome
}

// act does something in a world, which becomes the next one. It is not ok if that cannot
// be done now; the world is then of no use.
func (adv *Adversary) act(w *World, a *Act) (out spec.Outcome, ok bool) {
	switch a.Deed {
	case Waits:
		w.Now = after(w.Now, a.For)
		return out, w.Now <= after(start, adv.Horizon)
	case MovesOn:
		ok = !w.Moved
		w.Moved = true
		w.Knows[Thief] &^= Mailbox | Password | Session
		for _, op := range []spec.Op{spec.PasswordChanged, spec.VoidCodes} {
			w.State, _ = adv.next(w.State, w.Now, &spec.Call{Op: op, Checked: true})
		}
		return out, ok
	case KeyFails, KeyWorks:
		ok = w.Sealed == (a.Deed == KeyWorks)
		w.Sealed = a.Deed == KeyFails
		return out, ok
	case ReplicaStops:
		ok = w.Lagged == 0
		w.Lagged = adv.numberOf(w.State)
		return out, ok
	case MailFails, MailWorks:
		ok = w.MailDown == (a.Deed == MailWorks)
		w.MailDown = a.Deed == MailFails
		return out, ok
	case Crowds:
		ok = w.Crowd < 3000
		w.Crowd += 1000
		return out, ok
	case WipeReturns, WipeFails:
		ok = w.Wiping != 0
		if ok && a.Deed == WipeReturns {
			w.State, out = adv.Rules.Options.WipeDone(w.State, w.Now, w.Wiping, 1+w.Notices)
			w.Notices += spec.Name(len(out.Kept))
		}
		w.Wiping = 0
		return out, ok
	}
	return adv.call(w, a)
}

// readReplica makes the call on what the replica stopped at. It is done with that if there
// is no replica, so that nobody is able to, or if the call does not come to its swap.
func (adv *Adversary) readReplica(w *World, now spec.Time, c *spec.Call) (out spec.Outcome, able, done bool) {
	if w.Lagged == 0 {
		return spec.Outcome{}, false, true
	}
	_, out = adv.next(adv.lagged[w.Lagged-1], now, c)
	return out, true, out.Touch < spec.Swap
}

// full is the call with what is drawn and what the host says.
func (a *Act) full(w *World) (c spec.Call, drawn spec.Name) {
	c, drawn = a.Call, drawnBy(w, a.Call.Op)
	c.Draws, c.User, c.Checked = drawn, "ann", !codeOf(&a.Call).paper // which not every call takes
	if c.Code == nil {
		c.Code = code{}
	}
	c.Notice, c.Host.Notify = 1+w.Notices, mailAs(w)
	return c, drawn
}

// call makes a call of the library.
func (adv *Adversary) call(w *World, a *Act) (spec.Outcome, bool) {
	c, drawn := a.full(w)
	due := w.State.Due() != 0 && w.State.Due() <= w.Now
	if c.Op == spec.Sweep && adv.Rules.MailFirst {
		adv.tellCrowd(w, &c, false)
	}
	now := after(w.Now, a.Clock)
	if w.Sealed {
		state, out := adv.unopened(w.State, now, &c)
		w.State = state
		return out, true
	}
	if a.Lags {
		if out, able, done := adv.readReplica(w, now, &c); done {
			return out, able
		}
	}
	state, out := adv.next(w.State, now, &c)
	if state.Wipe.ID == drawn {
		w.Wipes++
	}
	asks := out.Answer.Err == spec.AsksWipe
	switch {
	case a.Deed == CallsToWipe && (!asks || w.Wiping != 0):
		return out, false // there is nothing to begin, or it has begun
	case a.Deed == CallsToWipe:
		w.Wiping = out.Answer.Wipe
	case asks:
		state, out = adv.wipe(state, now, &c, out)
	}
	w.State = adv.tell(w, state, &c, due, &out)
	if out.Answer.Err == spec.OK {
		draw(w, a, drawn)
	}
	return out, true
}

// numberOf returns the number of a state that a replica stopped at. It stands for the
// state in a World, which would be twice as large otherwise.
func (adv *Adversary) numberOf(s spec.State) int {
	if n := slices.Index(adv.lagged, s); n >= 0 {
		return n + 1
	}
	adv.lagged = append(adv.lagged, s)
	return len(adv.lagged)
}

func (adv *Adversary) next(s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	if next := adv.Rules.Next; next != nil {
		return next(&adv.Rules.Options, s, now, c)
	}
	return adv.Rules.Options.Next(s, now, c)
}

// wipe ends a call that asked for the wipe, while nobody else makes one.
func (adv *Adversary) wipe(s spec.State, now spec.Time, c *spec.Call, asked spec.Outcome) (spec.State, spec.Outcome) {
	o := &adv.Rules.Options
	if c.Host.Wipe != spec.Yes {
		if c.Op == spec.Sweep {
			s = o.PutOff(s, now, asked.Answer.Wipe)
		}
		asked.Answer = spec.AfterWipe(c.Op, false)
		return s, asked
	}
	s, done := o.WipeDone(s, now, asked.Answer.Wipe, c.Notice+spec.Name(len(asked.Kept)))
	asked.Events, asked.Kept = append(asked.Events, done.Events...), append(asked.Kept, done.Kept...)
	if !o.Binds(c.Op) {
		asked.Answer = spec.AfterWipe(c.Op, true)
		return s, asked
	}
	again := *c
	again.Notice += spec.Name(len(asked.Kept))
	s, rest := adv.next(s, now, &again)
	rest.Events, rest.Kept = append(asked.Events, rest.Events...), append(asked.Kept, rest.Kept...)
	return s, rest
}

// unopened is a call while no record opens.
func (adv *Adversary) unopened(s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	if unopened := adv.Rules.Unopened; unopened != nil {
		return unopened(&adv.Rules.Options, s, now, c)
	}
	return adv.Rules.Options.Unopened(s, now, spec.Unsealed, c)
}

// drawnBy is the name of what a call would draw.
func drawnBy(w *World, op spec.Op) spec.Name {
	switch op {
	case spec.Issue, spec.IssueUnproven:
		return firstCode + w.Codes
	case spec.Enroll, spec.Begin:
		return firstKey + w.Keys
	case spec.GenerateRecovery:
		return firstSet + w.Sets
	}
	return firstWipe + w.Wipes
}

// draw takes the next name, and tells what was drawn: a mailed code to all who can
// read the mailbox, anything else to whoever called and waits for the answer. Whoever
// sets a PIN knows it.
func draw(w *World, a *Act, drawn spec.Name) {
	switch a.Call.Op {
	case spec.IssueUnproven:
		w.Codes++
		w.Mailed[drawn-firstCode] = mailedFor(&a.Call)
		for who := range w.Knows {
			if w.reads(Who(who), purposeOf(&a.Call)) {
				w.Knows[who] |= named(drawn)
			}
		}
		return
	case spec.Issue:
		w.Codes++
		w.Mailed[drawn-firstCode] = mailedFor(&a.Call)
	case spec.GenerateRecovery:
		w.Sets++
	case spec.Enroll, spec.Begin:
		w.Keys++
	case spec.SetPIN:
		w.Knows[a.Who] |= pinFact(a.Call.NewPIN)
		return
	default:
		return
	}
	if a.Deed != CallsUnheard && a.Who != Service {
		w.Knows[a.Who] |= named(drawn)
	}
}

// reads reports whether somebody reads what is mailed for a purpose. A code that confirms
// an address of the thief's goes there, and all others to the user's.
func (w *World) reads(who Who, purpose uint8) bool {
	if purpose == theirAddress {
		return who == Thief
	}
	return w.Knows[who].Has(Mailbox)
}
