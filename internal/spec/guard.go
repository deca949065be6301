package spec

import (
	"fmt"
	"slices"
	"strings"
)

// young reports whether something bound at since is too young to prove a reset, so
// that a thief with the mailbox cannot bind something and prove with it. A binding
// by a clock that ran ahead is old.
func (t *turn) young(since Time) bool {
	age := t.o.Reset.MinAge
	return age > 0 && t.now < since.add(age) && since <= t.now.add(clockSlack)
}

func (t *turn) youngPIN() bool { return t.PIN.Digits != "" && t.young(t.PIN.SetAt) }

// proofs returns the secrets whose codes prove a reset.
func (t *turn) proofs() []have {
	if t.o.Reset.Authenticator {
		return append(t.devices(), t.authenticator()...)
	}
	return t.devices()
}

// held returns when the user bound each thing that proves a reset once it is old
// enough.
func (t *turn) held() (since []Time) {
	for _, h := range t.proofs() {
		since = append(since, h.since)
	}
	if t.PIN.Digits != "" {
		since = append(since, t.PIN.SetAt)
	}
	return since
}

// tooSoon returns until when MinAge keeps the guard from judging, or 0. The guard
// judges if something is old enough. While the user holds only younger things, it
// waits until the first of them is old enough. While the user holds none, it waits
// until MinAge after the last removal or replacement: otherwise a thief with the
// mailbox could remove the old one and go on.
func (t *turn) tooSoon() Time {
	age, held := t.o.Reset.MinAge, t.held()
	switch {
	case slices.ContainsFunc(held, func(since Time) bool { return !t.young(since) }):
		return 0
	case len(held) > 0:
		return until(slices.Min(held).add(age), age, t.now)
	case inForce(t.Protected, age, t.now):
		return until(t.Protected, age, t.now)
	}
	return 0
}

// removed notes that something that proves a reset was removed or replaced, at any
// age. The host's own acts are no attack. A clock that is behind does not shorten
// the wait.
func (t *turn) removed() {
	age := t.o.Reset.MinAge
	if age == 0 || t.call.Op.Row().Host {
		return
	}
	if until := t.now.add(age); !inForce(t.Protected, age, t.now) || t.Protected < until {
		t.Protected = until
	}
}

// proveReset judges the proof of a password reset. It refuses unjudged, in this
// order: while a wipe is pending, after one, by MinAge, with nothing to prove, and
// by Interval. Wiped and NotEnrolled let the reset go on, so they need more than a
// read.
func (t *turn) proveReset() Answer {
	switch t.Wipe.Stage {
	case Pending: // it may be done by now, and something bound since
		t.writes = true
		return t.asksWipe()
	case Done:
		t.writes = true
		return refuse(Wiped) // nothing is left to protect
	}
	if until := t.tooSoon(); until != 0 {
		t.event(Event{Action: locked, Until: until})
		return Answer{Err: Locked, Until: until, TooSoon: true}
	}
	if len(t.held()) == 0 {
		t.writes = true // store an empty record if there is none: only a write is sure to find one
		return refuse(NotEnrolled)
	}
	if g := &t.o.Reset; inForce(t.Guard.Hold, g.Interval, t.now) {
		until := until(t.Guard.Hold, g.Interval, t.now)
		t.event(Event{Action: locked, Until: until})
		return Answer{Err: Locked, Until: until}
	}
	return t.judgeReset()
}

// judgeReset judges a code, and then a PIN. The guard has its own count: strikes
// lock no kind, and it judges a locked kind. It refuses without a strike a stale
// code, one that is right for something too young, and any PIN while the user's is
// too young. They exempt only themselves: anything wrong beside them is a strike.
func (t *turn) judgeReset() Answer {
	kind, struck, wasStale := KindPIN, false, false
	if t.proof.otp != "" {
		kind = KindDeviceTOTP
		m := t.judgeProof()
		if m.verdict == right {
			m.spend()
			return t.resetProven(m.kind, m.device)
		}
		struck, wasStale = m.verdict == wrong, m.verdict == stale
	}
	if t.proof.pin != "" && !t.youngPIN() {
		if t.proof.pin == t.PIN.Digits {
			return t.resetProven(KindPIN, 0)
		}
		kind, struck = KindPIN, true
	}
	if struck {
		return t.strike(kind)
	}
	a := t.resetRefused(kind)
	a.Stale = wasStale
	return a
}

// judgeProof judges the code against too young things first. A code that is right
// or stale there is judged against nothing else: otherwise a thief's own young
// device would make guesses at the old ones free.
func (t *turn) judgeProof() match {
	var young, old []have
	for _, h := range t.proofs() {
		if t.young(h.since) {
			young = append(young, h)
		} else {
			old = append(old, h)
		}
	}
	switch m := t.judgeSecrets(young); m.verdict {
	case right:
		return match{verdict: tooYoung}
	case stale:
		return m
	}
	return t.judgeSecrets(old)
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
// after the last of Strikes marks the wipe. With ForgiveRepeats, the same wrong
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

// repeat distinguishes proofs.
func (t *turn) repeat() Repeat {
	if !t.o.Reset.ForgiveRepeats {
		return Repeat{}
	}
	same := Repeat{OTP: t.proof.otp}
	if !t.youngPIN() {
		same.PIN = t.proof.pin
	}
	if same.OTP != "" {
		var steps strings.Builder
		for _, h := range t.proofs() {
			fmt.Fprint(&steps, h.secret.Step(t.now), " ")
		}
		same.Steps = steps.String()
	}
	return same
}

// forfeit gives the data up without a proof.
func (t *turn) forfeit() Answer {
	switch t.Wipe.Stage {
	case Pending:
		t.writes = true // it may be done by now, and something bound since
		return t.asksWipe()
	case Done:
		t.writes = true // it lets the reset go on, which no read alone may
		return Answer{}
	}
	return t.mark(Forfeited)
}

// bound tells the guard of a binding that proves a reset. After a wipe the guard
// starts over. Without one the strikes stay: a mailed code, which is enough to bind
// a PIN, must not buy guesses at the guard. The last wrong proof is now a new
// guess.
func (t *turn) bound() {
	t.Guard.Last = Repeat{}
	if t.Wipe.Stage != NotWiped {
		t.Wipe, t.Guard = Wipe{}, Guard{}
	}
}

// boundAuthenticator is bound if an authenticator proves a reset.
func (t *turn) boundAuthenticator() {
	if t.o.Reset.Authenticator {
		t.bound()
	}
}
