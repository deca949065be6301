package spec

import (
	"slices"
	"time"
)

// Issued codes are look-up secrets that live for minutes (NIST SP 800-63B-4
// §3.1.3.2). Only the newest of each kind and purpose is live, and at most four of
// each kind. A code is accepted once, for its purpose alone, and until it ends.

// issue makes a new code the live one of its purpose: an account code for a proof,
// or a code that the host mails. Within Interval of the kind's last code, for any
// purpose, it refuses before it judges the proof. It never sets a count back. The
// purpose's live code becomes stale, or else the oldest of four. Codes of a clock
// that ran ahead are void, and become stale too.
func (t *turn) issue() Answer {
	kind := KindAccount
	if t.call.Op == IssueUnproven {
		kind = t.call.Kind
	}
	codes, interval := t.codes(kind), t.o.OTP.Interval
	if inForce(codes.Hold, interval, t.now) {
		until := until(codes.Hold, interval, t.now)
		t.event(Event{Action: locked, Kind: kind, Until: until})
		return Answer{Err: Locked, Kind: kind, Until: until, TooSoon: true}
	}
	if t.call.Op == Issue {
		if a := t.verify(nil); a.Err != OK {
			return a
		}
	}
	t.writes = true
	purpose := t.call.purpose()
	codes.retireWhere(func(c Issued) bool { return !t.live(kind, c) })
	if !t.resent(kind) {
		codes.retire(codes.Of(purpose))
		codes.add(Issued{t.call.Draws, purpose, t.now.add(t.o.ttl(kind))})
	}
	ends := codes.Of(purpose).Ends
	codes.Hold = 0
	if interval > 0 {
		codes.Hold = t.now.add(interval)
	}
	t.event(Event{Action: issued, Kind: kind, Until: ends})
	return Answer{Kind: kind, Until: ends}
}

// resent reports whether to send the purpose's live code again: with Resend, while
// half its life is left. It keeps its place among the others.
func (t *turn) resent(k Kind) bool {
	code := t.codes(k).Of(t.call.purpose())
	left := time.Duration(code.Ends-t.now) * time.Millisecond
	return t.o.OTP.Resend && t.live(k, code) && left >= t.o.ttl(k)/2
}

// live reports whether a code of the kind can be used.
func (t *turn) live(k Kind, c Issued) bool { return inForce(c.Ends, t.o.ttl(k), t.now) }

// anyLive reports whether the user has a usable code of the kind, for any purpose.
func (t *turn) anyLive(k Kind) bool {
	return slices.ContainsFunc(t.codes(k).live(), func(c Issued) bool { return t.live(k, c) })
}

// judgeIssued judges the code as an issued one. A code that was right once for the
// purpose and no longer is, is stale: it was used, replaced, pushed out or voided,
// or has expired. For another purpose it is wrong, live or stale.
func (t *turn) judgeIssued(k Kind) match {
	purpose, given := t.call.purpose(), t.call.Code
	for _, c := range t.codes(k).Stale {
		if t.recalled(k, c) && c.For == purpose && given.Is(c.Code) {
			return match{verdict: stale}
		}
	}
	code := t.codes(k).Of(purpose)
	if t.live(k, code) && given.Is(code.Code) {
		return match{verdict: right, kind: k, spend: func() { t.codes(k).retire(code) }}
	}
	return match{}
}

// recalled reports whether a code that is not accepted is still known as stale:
// until staleKept after its end, unless its end is later than possible.
func (t *turn) recalled(k Kind, c Issued) bool {
	return c.Ends.add(staleKept) > t.now && c.Ends <= t.now.add(t.o.ttl(k)+clockSlack)
}

// Of returns the live code of a purpose, or the zero Issued.
func (c Codes) Of(p Purpose) Issued {
	for _, code := range c.live() {
		if code.For == p {
			return code
		}
	}
	return Issued{}
}

func (c *Codes) live() []Issued {
	n := slices.Index(c.Live[:], Issued{})
	if n < 0 {
		n = LiveKept
	}
	return c.Live[:n]
}

// add makes a code the newest live one. It pushes out the oldest if there are too
// many.
func (c *Codes) add(code Issued) {
	if len(c.live()) == LiveKept {
		c.retire(c.Live[0])
	}
	c.Live[len(c.live())] = code
}

// retire takes a live code out of use. It becomes the newest stale one; the oldest
// is forgotten if there are too many.
func (c *Codes) retire(code Issued) {
	at := slices.Index(c.live(), code)
	if at < 0 {
		return
	}
	copy(c.Live[at:], c.Live[at+1:])
	c.Live[LiveKept-1] = Issued{}
	n := slices.Index(c.Stale[:], Issued{})
	if n < 0 {
		n = StaleKept - 1
		copy(c.Stale[:], c.Stale[1:])
	}
	c.Stale[n] = code
}

// retireWhere retires the live codes for which is holds, oldest first.
func (c *Codes) retireWhere(is func(Issued) bool) {
	for _, code := range slices.Clone(c.live()) {
		if is(code) {
			c.retire(code)
		}
	}
}

// expire retires the live codes that have expired.
func (s *State) expire(now Time) {
	for _, k := range IssuedKinds {
		s.codes(k).retireWhere(func(c Issued) bool { return c.Ends <= now })
	}
}

// tidy drops what has expired.
func (c *Codes) tidy(now Time) {
	var kept [StaleKept]Issued
	n := 0
	for _, s := range c.Stale {
		if s != (Issued{}) && s.Ends.add(staleKept) > now {
			kept[n] = s
			n++
		}
	}
	c.Stale = kept
	if c.Hold <= now {
		c.Hold = 0
	}
}

// voidCodes is for a new address: codes on their way to the old one become stale,
// and a waiting authenticator is dropped, because whoever began it may be why the
// address changed. Interval stays.
func (t *turn) voidCodes() {
	t.removes = !t.Stored
	voids := t.waiting()
	for _, k := range IssuedKinds {
		voids = voids || t.anyLive(k)
	}
	t.voidLive()
	if voids {
		t.event(Event{Action: codesVoided})
	}
}

// voidLive makes every live code stale, and drops a waiting authenticator.
func (t *turn) voidLive() {
	for _, k := range IssuedKinds {
		t.codes(k).retireWhere(func(Issued) bool { return true })
	}
	t.Waiting = Waiting{}
}

// passwordChanged is for a new password. Guesses at the old one tell nothing about
// it.
func (t *turn) passwordChanged() {
	if t.Budgets[KindPassword] != (Budget{}) {
		t.Budgets[KindPassword] = Budget{}
		t.event(Event{Action: unlocked, Kind: KindPassword})
	}
	t.voidCodes()
	t.removes = false // a concurrent call with the old password must lose its swap
}
