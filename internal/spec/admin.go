package spec

import "slices"

// unlock sets counts back, of all kinds if none is named. It leaves strikes and
// wipes alone. For a user without a record there is no event.
func (t *turn) unlock() {
	kinds := distinct(t.call.Kinds, KindsWhere(func(KindRow) bool { return true })...)
	t.removes = !t.Stored
	for _, k := range kinds {
		t.Budgets[k] = Budget{}
		if t.Stored {
			t.event(Event{Action: unlocked, Kind: k})
		}
	}
}

// reseal seals the record under the current primary key.
func (t *turn) reseal() {
	t.removes = !t.Stored
	if t.Stored {
		t.event(Event{Action: resealed})
	}
}

// forget erases everything. An empty record replaces it. Discard does the same with
// a record that opens: see Unopened.
func (t *turn) forget() {
	t.removes = !t.Stored
	t.State = State{Stored: t.Stored}
	t.event(Event{Action: forgotten})
}

// Unopened is a call that finds a record that does not open: why is Unsealed, or
// NewerFormat for a newer release's. Such a record does not count as absent: it may
// hold a pending wipe, and open again once the key service answers. So only Discard
// erases it, unless a newer release can read it.
func (o *Options) Unopened(s State, now Time, why Err, c *Call) (State, Outcome) {
	t := turn{State: s, o: o, now: now, call: c, proof: c.proof()}
	if err := t.beforeLoading(); err != OK {
		t.out.Answer.Err = err
		return s, t.out
	}
	t.out.Touch = Load
	switch {
	case c.Op == Users: // lists users and opens nothing
		return s, t.out
	case c.Op != Discard, why != Unsealed:
		t.out.Answer = refuse(why)
		return s, t.out
	}
	t.forget()
	t.written(o, now)
	t.out.Touch = Swap
	return t.State, t.out
}

// sweep does what is due for one user: it tries a wipe whose time has come, drops
// expired state, and removes a record that was empty for a day. Notices come after
// that: see TellDue.
func (t *turn) sweep() Answer {
	ended := func(end Time) bool { return end <= t.now }
	switch {
	case !t.looked(t.call, t.now):
		return Answer{}
	case t.Wipe.Stage == Pending && !inForce(t.Wipe.Retry, maxWipeBackoff, t.now):
		return t.asksWipe()
	case t.Emptied != 0 && ended(t.Emptied.add(emptyKept)):
		t.removes = true
	case !slices.ContainsFunc(t.ends(), ended):
		return Answer{}
	}
	t.writes = true
	return Answer{Count: 1}
}

// looked reports whether a Sweep looks at the user, who is due.
func (s State) looked(c *Call, now Time) bool { return c.Listed || s.DueAt != 0 && s.DueAt <= now }
