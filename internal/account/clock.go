package account

import "time"

// ClockSlack is how far the clocks of several processes may be apart. What another
// process wrote may lie so far in the future.
const ClockSlack = time.Minute

// active reports whether what ends at until has not ended yet. What ends later from
// now than it can last, ClockSlack aside, is void: a clock that ran ahead set it. So is
// what cannot last at all, because an option is not set any more.
func active(until time.Time, longest time.Duration, now time.Time) bool {
	return longest > 0 && until.After(now) && !until.After(now.Add(longest+ClockSlack))
}

// reported returns the end that a caller is told: no later than it can be by this
// clock.
func reported(until time.Time, longest time.Duration, now time.Time) time.Time {
	if latest := now.Add(longest); until.After(latest) {
		return latest
	}
	return until
}

// tooNew reports whether what was bound at a time has not reached minAge. What was
// bound later than now, ClockSlack aside, is old: a clock that ran ahead bound it.
func tooNew(at time.Time, minAge time.Duration, now time.Time) bool {
	return minAge > 0 && now.Sub(at) < minAge && !at.After(now.Add(ClockSlack))
}
