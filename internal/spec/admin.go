package spec

// unlock sets counts back, of all kinds if none is named. It touches neither
// strikes nor a wipe. Of a user without a record there is nothing to tell.
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

// reseal seals the record under the primary key of today.
func (t *turn) reseal() {
	t.removes = !t.Stored
	if t.Stored {
		t.event(Event{Action: resealed})
	}
}

// forget erases all that is kept. An empty record takes its place.
func (t *turn) forget() {
	t.removes = !t.Stored
	t.State = State{Stored: t.Stored}
	t.event(Event{Action: forgotten})
}

// sweep does for one user what is due: what has ended is dropped, a wipe whose time
// has come is tried, and a record that was empty for a day is removed.
func (t *turn) sweep() Answer {
	due := t.Due()
	if due == 0 || due > t.now {
		return Answer{}
	}
	if t.Wipe.Stage == Pending && !inForce(t.Wipe.Retry, maxWipeBackoff, t.now) {
		return t.asksWipe()
	}
	t.removes, t.writes = t.Empty(), true
	return Answer{Count: 1}
}
