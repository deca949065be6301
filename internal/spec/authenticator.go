package spec

// waiting reports whether an authenticator waits for its first code: for 15 minutes.
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

// begin makes a secret that waits for its first code, in place of one that waits.
// An authenticator that is in force stays so until then.
func (t *turn) begin() {
	ends := t.now.add(waitingLife)
	t.Waiting = Waiting{Secret: t.newSecret(), Ends: ends}
	t.event(Event{Action: authenticatorBegun, Kind: KindTOTP, Until: ends})
}

// confirm judges the first code of the secret that waits, whatever the budget says:
// the secret has a count of its own, and 5 wrong codes drop it. A right one puts it
// in force and is spent by that.
func (t *turn) confirm() Answer {
	t.writes = true
	if t.spendStep(&t.Waiting.Secret) != right {
		t.Waiting.Wrong++
		left := waitingTries - t.Waiting.Wrong
		if left <= 0 {
			t.Waiting = Waiting{}
		}
		t.event(Event{Action: refused, Kind: KindTOTP, Left: left})
		return Answer{Err: Mismatch, Kind: KindTOTP, Left: left}
	}
	t.Authenticator, t.Waiting = t.Waiting.Secret, Waiting{}
	t.unlockFinal(KindTOTP)
	t.event(Event{Action: authenticatorConfirmed, Kind: KindTOTP})
	return Answer{}
}

// removeAuthenticator removes the one in force and the one that waits.
func (t *turn) removeAuthenticator() {
	t.Authenticator, t.Waiting = Secret{}, Waiting{}
	t.event(Event{Action: authenticatorRemoved, Kind: KindTOTP})
}
