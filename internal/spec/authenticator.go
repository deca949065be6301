package spec

// waiting reports whether an authenticator waits for its first code, for up to 15
// minutes.
func (t *turn) waiting() bool {
	return t.Waiting.Secret.Key != 0 && inForce(t.Waiting.Ends, waitingLife, t.now)
}

func (t *turn) oneWaits() Err {
	if !t.waiting() {
		return NotEnrolled
	}
	return OK
}

func (t *turn) hasAuthenticator() Err {
	if t.Authenticator.Key == 0 && !t.waiting() {
		return NotEnrolled
	}
	return OK
}

// begin makes a secret that waits for its first code. A confirmed authenticator
// stays in force until then. The secret is new even if one already waits: whoever
// began that one must not know the one that is confirmed. The replaced one is
// remembered until its own end.
func (t *turn) begin() {
	ends, replaced := t.now.add(waitingLife), Begun{}
	if t.waiting() {
		replaced = Begun{t.Waiting.Secret, t.Waiting.Ends}
	}
	t.Waiting = Waiting{Secret: t.newSecret(), Ends: ends, Replaced: replaced}
	t.event(Event{Action: authenticatorBegun, Kind: KindTOTP, Until: ends})
}

// confirm judges the first code of the waiting secret, whatever the budget says:
// the secret has its own count, and 5 wrong codes drop it. A code of the secret it
// replaced is stale: it is refused, right or wrong for this one, and not counted. A
// right code is spent and puts the secret in force.
func (t *turn) confirm() Answer {
	w := &t.Waiting
	if replaced := &w.Replaced; inForce(replaced.Ends, waitingLife, t.now) {
		if _, v := t.judgeStep(&replaced.Secret); v != wrong {
			a := t.notConfirmed()
			a.Stale = true
			return a
		}
	}
	t.writes = true
	step, v := t.judgeStep(&w.Secret)
	if v != right {
		w.Wrong++
		a := t.notConfirmed()
		if a.Left <= 0 {
			t.Waiting = Waiting{}
		}
		return a
	}
	if t.Authenticator.Key != 0 && t.o.Reset.Authenticator {
		t.removed()
	}
	w.Secret.Last = step
	t.Authenticator, t.Confirmed, t.Waiting = w.Secret, t.now, Waiting{}
	t.countAnew(KindTOTP)
	t.boundAuthenticator()
	t.event(Event{Action: authenticatorConfirmed, Kind: KindTOTP})
	return Answer{}
}

func (t *turn) notConfirmed() Answer {
	left := waitingTries - t.Waiting.Wrong
	t.event(Event{Action: refused, Kind: KindTOTP, Left: left})
	return Answer{Err: Mismatch, Kind: KindTOTP, Left: left}
}

// removeAuthenticator removes the confirmed one and the waiting one.
func (t *turn) removeAuthenticator() {
	if t.Authenticator.Key != 0 {
		t.Vacated.Authenticator = true
		t.Vacated.Keys.add(t.Authenticator.Key)
		if t.o.Reset.Authenticator {
			t.removed()
		}
	}
	t.Authenticator, t.Confirmed, t.Waiting = Secret{}, 0, Waiting{}
	t.event(Event{Action: authenticatorRemoved, Kind: KindTOTP})
}
