package spec

// Issued codes: uniform digits, one live code of a kind, the newest. A code is
// accepted once, until the instant at which it ends.

// issue issues a code: an account code for a proof, or one that the host mails.
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

// live reports whether a code of the kind waits to be used. One that ends later
// than its life and a minute from now is void.
func (t *turn) live(k Kind) bool {
	return inForce(t.codes(k).Live.Ends, t.o.ttl(k)+clockSlack, t.now)
}

// spendIssued judges the code as an issued one. The last SpentKept that were used
// are known until they would have ended.
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

// spend makes the live code the last of the spent ones; of too many the oldest is
// forgotten.
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
