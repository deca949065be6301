package account

import "time"

const (
	// emptyKept is how long an empty record stays after its last write: longer than
	// a write can linger on its way to the store, because a late insert into
	// nothing would bring back what was forgotten.
	emptyKept = 24 * time.Hour
	// endsWithin is how long after a write most expiring state has ended: a pending
	// authenticator, and a code, which is remembered while it is stale.
	endsWithin = 25 * time.Minute
)

// Due returns when an account written now must be swept, because something in it
// ends or must be tried again, or zero. The store shows this time beside the sealed
// record, so it is rounded, and the same for all that ends soon: an exact one would
// tell what a user holds and when the user was there.
func (a *Account) Due(now time.Time) time.Time {
	var due time.Time
	sooner := func(t time.Time) {
		if due.IsZero() || t.Before(due) {
			due = t
		}
	}
	soon := ceil(now.Add(endsWithin), time.Hour)
	ends := func(t time.Time) {
		switch {
		case t.IsZero():
		case t.After(soon):
			sooner(ceil(t, time.Hour))
		default:
			sooner(soon)
		}
	}
	a.ends(ends)
	if w := a.Guard.Wipe; w.Pending() {
		sooner(ceil(w.RetryAt, time.Minute))
	}
	if !a.Notices.empty() {
		sooner(ceil(a.Notices.RetryAt, time.Minute))
	}
	if !a.Emptied.IsZero() {
		sooner(ceil(a.Emptied.Add(emptyKept), time.Hour))
	}
	return due
}

// A Sweep is the sweeper's work on an account.
type Sweep int

const (
	// SweepNothing: nothing has ended.
	SweepNothing Sweep = iota
	// SweepEnded: something has ended; writing the account drops it.
	SweepEnded
	// SweepRemove: the account has been empty for long enough to remove it.
	SweepRemove
	// SweepWipe: the wipe must be finished.
	SweepWipe
)

// ToSweep returns the sweeper's work now.
func (a *Account) ToSweep(now time.Time) Sweep {
	if a.Guard.Wipe.Due(now) {
		return SweepWipe
	}
	if !a.Emptied.IsZero() && a.Empty() {
		if now.Before(a.Emptied.Add(emptyKept)) {
			return SweepNothing
		}
		return SweepRemove
	}
	what := SweepNothing
	a.ends(func(t time.Time) {
		if !t.IsZero() && !t.After(now) {
			what = SweepEnded
		}
	})
	return what
}

// ends calls end with each time at which something ends, or zero for absent things.
func (a *Account) ends(end func(time.Time)) {
	if p := a.Pending; p != nil {
		end(p.ExpiresAt)
		if p.Replaced != nil {
			end(p.Replaced.ExpiresAt)
		}
	}
	for i := range a.Issued {
		a.Issued[i].ends(end)
	}
	end(a.Guard.NotBefore)
	end(a.Guard.HoldUntil)
}

// ceil rounds a time up to a full unit of UTC.
func ceil(t time.Time, unit time.Duration) time.Time {
	if down := t.Truncate(unit); down.Before(t) {
		return down.Add(unit)
	}
	return t
}
