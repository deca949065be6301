package account

import "time"

const (
	// emptyKept is how long an empty record is kept after its last write:
	// longer than a write can linger on its way to the store, because a late
	// insert into nothing would bring back what was forgotten.
	emptyKept = 24 * time.Hour
	// endsWithin is how long after a write most of what merely ends has ended: an
	// authenticator that waits, and a code, which is remembered while it is stale.
	endsWithin = 25 * time.Minute
)

// Due returns when an account that is written now has to be looked at again, because
// something in it ends or has to be tried again; zero if nothing does. The store shows
// this instant beside the sealed record. It is rounded, and is the same for all that
// ends soon, because it would tell what a user holds and when the user was there.
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

// A Sweep is what the sweeper has to do for an account.
type Sweep int

const (
	// SweepNothing: nothing has ended.
	SweepNothing Sweep = iota
	// SweepEnded: something has ended, and writing the account drops it.
	SweepEnded
	// SweepRemove: the account has been empty for long enough.
	SweepRemove
	// SweepWipe: the wipe has to be finished.
	SweepWipe
)

// ToSweep returns what the sweeper has to do now.
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

// ends calls end with each instant at which something ends, zero for what is not there.
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

// ceil rounds an instant up to a full unit of UTC.
func ceil(t time.Time, unit time.Duration) time.Time {
	if down := t.Truncate(unit); down.Before(t) {
		return down.Add(unit)
	}
	return t
}
