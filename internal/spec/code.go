package spec

import "time"

// Issued codes are look-up secrets that live for minutes, NIST SP 800-63B-4 §3.1.3.2.
// Of each kind only the newest is live. It is accepted once, and not from the instant
// on at which it ends.

// issue makes a new code the live one: an account code for a proof, or a code that
// the host mails. Within Interval of the last one it refuses, before it judges the
// proof. It never sets a count back. The code that was live is stale.
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
	if !t.resent(kind) {
		codes.retire()
		codes.Live = Issued{t.call.Draws, t.now.add(t.o.ttl(kind))}
	}
	ends := codes.Live.Ends
	codes.Hold = 0
	if interval > 0 {
		codes.Hold = t.now.add(interval)
	}
	t.event(Event{Action: issued, Kind: kind, Until: ends})
	return Answer{Kind: kind, Until: ends}
}

// resent reports whether the code that is live is to be sent again: with Resend, while
// half its life is left.
func (t *turn) resent(k Kind) bool {
	left := time.Duration(t.codes(k).Live.Ends-t.now) * time.Millisecond
	return t.o.OTP.Resend && t.live(k) && left >= t.o.ttl(k)/2
}

// live reports whether the user has a code of the kind to use.
func (t *turn) live(k Kind) bool { return inForce(t.codes(k).Live.Ends, t.o.ttl(k), t.now) }

// judgeIssued judges the code as an issued one. One that was right once and is accepted
// no longer is stale: it was used, replaced or voided, or it has expired.
func (t *turn) judgeIssued(k Kind) match {
	codes, given := *t.codes(k), t.call.Code
	if codes.Live.Ends <= t.now {
		codes.retire()
	}
	for _, c := range codes.Stale {
		if t.recalled(k, c) && given.Is(c.Code) {
			return match{verdict: stale}
		}
	}
	if t.live(k) && given.Is(codes.Live.Code) {
		return match{verdict: right, kind: k, spend: t.codes(k).retire}
	}
	return match{}
}

// recalled reports whether a code that is not accepted is still known as stale: until
// staleKept after its end, unless its end is further off than a code can live.
func (t *turn) recalled(k Kind, c Issued) bool { return c.recalled(t.o, k, t.now) }

func (c Issued) recalled(o *Options, k Kind, now Time) bool {
	return c.Ends.add(staleKept) > now && c.Ends <= now.add(o.ttl(k)+clockSlack)
}

// retire takes the live code out of use, if there is one. It becomes the last of the
// stale ones, of which the oldest is forgotten when there are too many.
func (c *Codes) retire() {
	if c.Live == (Issued{}) {
		return
	}
	n := 0
	for n < StaleKept && c.Stale[n] != (Issued{}) {
		n++
	}
	if n == StaleKept {
		copy(c.Stale[:], c.Stale[1:])
		n--
	}
	c.Stale[n], c.Live = c.Live, Issued{}
}

// tidy retires a live code that has ended, and drops what is over.
func (c *Codes) tidy(now Time) {
	if c.Live.Ends <= now {
		c.retire()
	}
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

// voidCodes is for when the user has another address: codes on their way to the old one
// are stale, and an authenticator that waits is dropped, because whoever began it may be
// why the address changed. Interval stays.
func (t *turn) voidCodes() {
	t.removes = !t.Stored
	voids := t.waiting()
	for _, k := range IssuedKinds {
		voids = voids || t.live(k)
	}
	t.voidLive()
	if voids {
		t.event(Event{Action: codesVoided})
	}
}

// voidLive makes every live code stale, and drops an authenticator that waits.
func (t *turn) voidLive() {
	for _, k := range IssuedKinds {
		t.codes(k).retire()
	}
	t.Waiting = Waiting{}
}

// passwordChanged is for when the user has another password. What was guessed at the old
// one tells nothing of it.
func (t *turn) passwordChanged() {
	if t.Budgets[KindPassword] != (Budget{}) {
		t.Budgets[KindPassword] = Budget{}
		t.event(Event{Action: unlocked, Kind: KindPassword})
	}
	t.voidCodes()
	t.removes = false // a call that the old password pays for right now must lose its swap
}
