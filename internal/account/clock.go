package account

import "time"

// ClockSlack is how far apart the clocks of several processes may be. What another
// process wrote may lie that far in the future.
const ClockSlack = time.Minute

// active reports whether something that ends at until has not ended yet. An end
// later than longest from now, plus ClockSlack, is void: a clock that ran ahead set
// it. So is any end if longest is zero, because an option is no longer set.
func active(until time.Time, longest time.Duration, now time.Time) bool {
	return longest > 0 && until.After(now) && !until.After(now.Add(longest+ClockSlack))
}

// reported returns the end to tell a caller: no later than possible by this clock.
func reported(until time.Time, longest time.Duration, now time.Time) time.Time {
	if latest := now.Add(longest); until.After(latest) {
		return latest
	}
	return until
}

// tooNew reports whether something bound at at has not reached minAge. If at is
// later than now plus ClockSlack, it counts as old: a clock that ran ahead bound
// it.
func tooNew(at time.Time, minAge time.Duration, now time.Time) bool {
	return minAge > 0 && now.Sub(at) < minAge && !at.After(now.Add(ClockSlack))
}
