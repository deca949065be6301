package spec

import (
	"fmt"
	"strings"
	"time"
)

// young reports whether what was bound at an instant has not reached an age.
func (t *turn) young(at Time, minAge time.Duration) bool {
	return minAge > 0 && t.now < at.add(minAge)
}

// holdsOld reports whether the user holds a PIN that is old enough to prove a
// reset, and whether anything is.
func (t *turn) holdsOld() (pin, any bool) {
	minAge := t.o.Reset.MinAge
	pin = t.PIN.Digits != "" && !t.young(t.PIN.SetAt, minAge)
	any = pin
	for _, d := range t.Devices[:t.deviceCount()] {
		any = any || !t.young(d.EnrolledAt, minAge)
	}
	return pin, any
}

// proveReset judges the proof of a password reset: the code of a device, then the
// PIN. Either counts only if it was bound MinAge ago, so that a thief who has the
// mailbox cannot bind one and prove with it. The guard counts strikes of its own: they
// lock no kind, and a locked kind is judged here.
func (t *turn) proveReset() Answer {
	pin, any := t.holdsOld()
	switch {
	case t.Wipe.Stage == Pending:
		return t.asksWipe()
	case t.Wipe.Stage == Done:
		return refuse(Wiped) // the reset may go on: nothing is left to protect
	case !any:
		return refuse(NotEnrolled)
	case inForce(t.Guard.Hold, t.o.Reset.Interval, t.now):
		t.event(Event{Action: locked, Until: t.Guard.Hold})
		return Answer{Err: Locked, Until: t.Guard.Hold}
	}
	kind, struck := KindDeviceTOTP, false
	if t.proof.otp != "" {
		device, v := t.spendDevice(t.o.Reset.MinAge)
		if v == right {
			return t.resetProven(kind, device)
		}
		struck = v == wrong
	}
	if t.proof.pin != "" {
		kind = KindPIN
		if pin && t.proof.pin == t.PIN.Digits {
			return t.resetProven(kind, 0)
		}
		struck = true
	}
	if !struck { // nothing but a spent code
		return t.resetRefused(kind)
	}
	return t.strike(kind)
}

// resetProven accepts the proof: the data is kept, and the strikes start over.
func (t *turn) resetProven(k Kind, device Name) Answer {
	t.Guard, t.writes = Guard{}, true
	t.event(Event{Action: resetProven, Kind: k, Device: device})
	return Answer{}
}

func (t *turn) resetRefused(k Kind) Answer {
	left := max(0, t.o.Reset.Strikes-t.Guard.Strikes)
	e := Event{Action: resetRefused, Kind: k, Left: left}
	if t.writes {
		e.Until = t.Guard.Hold
	}
	t.event(e)
	return Answer{Err: Mismatch, Kind: k, Left: left}
}

// strike counts a wrong proof. One call is one strike, whatever it gave. The strike
// after the last of Strikes marks the wipe. With ForgiveRepeats, giving the same wrong
// proof again is no further strike. For Interval after a strike no proof is judged.
func (t *turn) strike(k Kind) Answer {
	t.writes = true
	o, g, same := &t.o.Reset, &t.Guard, t.repeat()
	forgiven := o.ForgiveRepeats && g.Last == same
	if !forgiven {
		if g.Strikes++; g.Strikes > o.Strikes {
			return t.mark(Strikes)
		}
	}
	g.Last, g.Hold = Repeat{}, 0
	if o.ForgiveRepeats {
		g.Last = same
	}
	if o.Interval > 0 {
		g.Hold = t.now.add(o.Interval)
	}
	a := t.resetRefused(k)
	if a.Left == 0 && !forgiven {
		t.event(Event{Action: resetLastChance, Kind: k})
	}
	return a
}

// repeat tells the proof from others.
func (t *turn) repeat() Repeat {
	if !t.o.Reset.ForgiveRepeats {
		return Repeat{}
	}
	same := Repeat{OTP: t.proof.otp, PIN: t.proof.pin}
	if same.OTP != "" {
		var steps strings.Builder
		for _, d := range t.Devices[:t.deviceCount()] {
			fmt.Fprint(&steps, d.Secret.Step(t.now), " ")
		}
		same.Steps = steps.String()
	}
	return same
}

// forfeit gives the data up without a proof.
func (t *turn) forfeit() Answer {
	switch t.Wipe.Stage {
	case Pending:
		return t.asksWipe()
	case Done:
		t.writes = true // it lets the reset go on, which no read alone may
		return Answer{}
	}
	return t.mark(Forfeited)
}

// bound tells the guard that a PIN or a device was bound. After a wipe the guard
// starts over. Without one nothing changes: a mailed code, which is enough to bind a
// PIN, must not buy guesses at the guard.
func (t *turn) bound() {
	if t.Wipe.Stage != NotWiped {
		t.Wipe, t.Guard = Wipe{}, Guard{}
	}
}
