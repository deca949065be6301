package spec

// Issued codes are look-up secrets that live for minutes, NIST SP 800-63B-4 §3.1.3.2.
// Of each kind only the newest is live. It is accepted once, and not from the instant
// on at which it ends.

// issue makes a new code the live one: an account code for a proof, or a code that
// the host mails. Within Interval of the last one it refuses, before it judges the
// proof. It never sets a count back.
func (t *turn) issue() Answer {
	kind := KindAccount
	if t.call.Op == IssueUnproven {
		kind = t.call.Kind
	}
	codes := t.codes(kind)
	if inForce(codes.Hold, t.o.OTP.Interval, t.now) {
		t.event(Event{Action: locked, Kind: kind, Until: codes.Hold})
		return Answer{Err: Locked, Kind: kind, Until: codes.Hold}
	}
	if t.call.Op == Issue {
		if a := t.verify(nil); a.Err != OK {
			return a
		}
	}
	t.writes = true
	ends := t.now.add(t.o.ttl(kind))
	codes.Live, codes.Hold = Issued{t.call.Draws, ends}, 0
	if t.o.OTP.Interval > 0 {
		codes.Hold = t.now.add(t.o.OTP.Interval)
	}
	t.event(Event{Action: issued, Kind: kind, Until: ends})
	return Answer{Kind: kind, Until: ends}
}

// live reports whether the user has a code of the kind to use. A code whose end is
// further off than its life and clockSlack is void.
func (t *turn) live(k Kind) bool {
	return inForce(t.codes(k).Live.Ends, t.o.ttl(k)+clockSlack, t.now)
}

// spendIssued judges the code as an issued one. The SpentKept codes that were used
// last are remembered until they would have ended: one of them is spent, not wrong.
func (t *turn) spendIssued(k Kind) verdict {
	codes := t.codes(k)
	if t.live(k) && t.call.Code.Is(codes.Live.Code) {
		codes.spend()
		return right
	}
	for _, c := range codes.Spent {
		if c.Ends > t.now && t.call.Code.Is(c.Code) {
			return spent
		}
	}
	return wrong
}

// spend takes the live code out of use. It becomes the last of the spent ones, of
// which the oldest is forgotten when there are too many.
func (c *Codes) spend() {
	n := 0
	for n < SpentKept && c.Spent[n] != (Issued{}) {
		n++
	}
	if n == SpentKept {
		copy(c.Spent[:], c.Spent[1:])
		n--
	}
	c.Spent[n], c.Live = c.Live, Issued{}
}

func (c *Codes) dropEnded(now Time) {
	if c.Live.Ends <= now {
		c.Live = Issued{}
	}
	var kept [SpentKept]Issued
	n := 0
	for _, s := range c.Spent {
		if s.Ends > now {
			kept[n] = s
			n++
		}
	}
	c.Spent = kept
	if c.Hold <= now {
		c.Hold = 0
	}
}
