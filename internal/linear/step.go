package linear

import (
	"fmt"
	"math"

	"github.com/knowhave/factor"
)

// Part is what a step is of its call. All but those that run a wipe have one
// part.
type Part uint8

const (
	// whole is the call's decision, or all of it.
	whole Part = iota
	// found is that a wipe was found pending, which is to be done first.
	found
	// noted is that a wipe is done, and putOff that Sweep leaves it for later.
	noted
	putOff
)

var partNames = [...]string{"decides, and asks for", "finds pending", "notes as done", "puts off"}

// A Step is a part of a call that is one change or one look. It took effect at
// some time from Begin to End; an open one did so after Begin or never.
type Step struct {
	*Call
	Part       Part
	Begin, End int64
	Open       bool
	answer     Answer
	means      []meaning // of the code that was given
	cut        bool      // the caller gave up before the password was checked
	history    *History
}

// Never is the end of an open step: after all others.
const Never = math.MaxInt64

// String is a line about the step and the call it is of.
func (p *Step) String() string {
	if p.Part == whole && len(p.asks) == 0 {
		return p.Call.String()
	}
	return fmt.Sprintf("%s; of it, from %d on: %s wipe %d", p.Call, p.Begin, partNames[p.Part], p.answer.wipe)
}

// meaning is one thing that a code is: that which a call made, or a time step's
// of the secret that a call made.
type meaning struct {
	made uint8
	step int32
}

// Apply returns the state after the step, and whether a single caller could have
// got its answer.
func (s State) Apply(p *Step) (State, bool) {
	sees := p.Part == whole || p.Part == found
	if seen := p.answer.wipe; sees && seen != 0 && s.wipe.stage != notWiped && s.wipe.id == 0 {
		s.wipe.id = seen
	}
	t := turn{State: s, Step: p, h: p.history, limit: p.history.limit, now: p.Now}
	answer := t.take()
	switch {
	case t.erases:
		s = State{}
	case t.writes:
		t.tidy(t.h, t.now)
		s = t.State
	}
	return s, p.Open || answer == p.answer
}

// take judges the step, changes the turn's state, and returns the answer.
func (t *turn) take() Answer {
	switch t.Part {
	case found:
		if t.wipe.stage != wipePending || t.Op == Sweep && t.wipe.retryAt > t.now {
			return Answer{}
		}
		return t.asks()
	case noted:
		if t.wipe.stage == wipePending && t.wipe.id == t.answer.wipe {
			t.wipe.stage, t.writes = wipeDone, true
			t.wipe.tries, t.wipe.retryAt = 0, 0
		}
		return t.answer
	case putOff:
		if t.wipe.stage == wipePending && t.wipe.id == t.answer.wipe {
			t.wipe.retryAt = t.now + min(int32(wipeBackoff)<<min(t.wipe.tries, 6), maxWipeBackoff)
			t.wipe.tries++
			t.writes = true
		}
		return t.answer
	}
	switch t.Op {
	case VerifyOTP:
		return t.judge(t.Kinds)
	case VerifyPassword, VerifyPIN:
		a := t.prove()
		if a.Class == classOK {
			return Answer{}
		}
		return a
	case VerifyAny:
		return t.prove()
	case Issue, IssueUnproven:
		return t.issue()
	case Prove:
		return t.guard()
	case Forfeit:
		return t.forfeit()
	case Status, Devices, IsSet:
		return t.look()
	case Sweep:
		return t.sweep()
	}
	return t.hold()
}

// prove judges the call's proof.
func (t *turn) prove() Answer {
	return t.judge([]factor.Kind{factor.KindDeviceTOTP, factor.KindAccount})
}

// asks is the answer of a part that goes on to ask for the wipe.
func (t *turn) asks() Answer { return Answer{Class: classAsked, wipe: t.wipe.id} }

func (t *turn) issue() Answer {
	kind := factor.KindAccount
	if t.Op == IssueUnproven {
		kind = t.kind
	} else if a := t.prove(); a.Class != classOK {
		return a
	}
	k := codeIndex(kind)
	t.codes[k].live = uint8(t.ID)
	t.writes = true
	return Answer{kind: kind, until: t.now + codeTTL[k]}
}

// guard judges the proof of a reset.
func (t *turn) guard() Answer {
	switch {
	case t.wipe.stage == wipePending:
		return t.asks()
	case t.wipe.stage == wipeDone:
		return Answer{Class: classWiped}
	case t.State.pin == 0 && t.devices[0].id == 0:
		return Answer{Class: classNotEnrolled}
	}
	judged, struck := factor.KindDeviceTOTP, false
	if t.OTP != "" {
		switch _, v := t.spend(factor.KindDeviceTOTP); v {
		case right:
			t.strikes, t.writes = 0, true
			return Answer{}
		case wrong:
			struck = true
		}
	}
	if t.Args.pin != 0 {
		if t.Args.pin == int(t.State.pin) {
			t.strikes, t.writes = 0, true
			return Answer{}
		}
		judged, struck = factor.KindPIN, true
	}
	if struck {
		t.strikes++
		t.writes = true
	}
	if t.strikes > strikes {
		return t.mark(1)
	}
	return Answer{Class: classMismatch, kind: judged, left: strikes - int(t.strikes)}
}

func (t *turn) forfeit() Answer {
	switch t.wipe.stage {
	case wipePending:
		return t.asks()
	case wipeDone:
		t.writes = true
		return Answer{}
	}
	return t.mark(2)
}

// mark gives the data up. A confirmed authenticator stays.
func (t *turn) mark(reason uint8) Answer {
	t.State.pin, t.devices, t.pending, t.pendingWrong = 0, [maxDevices]device{}, secret{}, 0
	t.codes[0].live, t.codes[1].live = 0, 0
	t.strikes, t.writes = 0, true
	t.wipe = wipe{stage: wipePending, id: t.answer.wipe, reason: reason, at: t.now, retryAt: t.now}
	return t.asks()
}

// sweep does what is due, all but a wipe.
func (t *turn) sweep() Answer {
	due := t.due(t.h)
	if due == 0 || due > t.now {
		return Answer{}
	}
	if t.wipe.stage == wipePending && t.wipe.retryAt <= t.now {
		return t.asks()
	}
	t.erases, t.writes = t.State.empty(), true
	if t.erases && t.answer.n == 0 {
		// A removal leaves no version by which its caller could tell that it was
		// done although it was answered with ErrConflict: it looks again, and
		// finds nothing to remove.
		return Answer{}
	}
	return Answer{n: 1}
}

// look is what a read shows.
func (t *turn) look() Answer {
	if t.Op == IsSet {
		if t.State.pin != 0 {
			return Answer{n: 1}
		}
		return Answer{}
	}
	var all seen
	for i, d := range t.devices {
		if d.id != 0 {
			all.devices[i] = seenDevice{id: d.id, enrolledAt: t.h.calls[d.made-1].Now, usedAt: d.usedAt}
		}
	}
	if t.Op == Devices {
		return Answer{seen: all}
	}
	all.pin, all.authenticator, all.waiting = t.State.pin != 0, t.authenticator.made != 0, t.waiting()
	for k, c := range t.codes {
		all.live[k] = c.live != 0 && t.h.expiry(k, c.live) > t.now
	}
	for k, b := range t.budgets {
		locked := b.locked(t.limit, t.now)
		all.budgets[k] = seenBudget{wrong: int(b.wrong), locked: locked}
		if locked {
			all.budgets[k].until = b.end(t.limit)
		}
	}
	all.strikes = int(t.strikes)
	if t.wipe.stage == notWiped {
		return Answer{seen: all}
	}
	all.strikes, all.wipeAt, all.reason, all.wipePending = strikes+1, t.wipe.at, reasons[t.wipe.reason], t.wipe.stage == wipePending
	return Answer{wipe: t.wipe.id, seen: all}
}
