package factor

import "time"

// maxFailures is the largest Final that is allowed: NIST SP 800-63B-4 §3.2.2
// asks for at most 100 consecutive failures.
const maxFailures = 100

// A Limit bounds the wrong answers in a row for one user and one kind. A zero
// field means its default.
//
// The Tries-th wrong answer in a row locks the kind for Delay, each further one
// for twice as long as the one before, up to MaxDelay. The Final-th locks it
// until Admin.Unlock, or until it is bound anew: a new PIN for the PIN, a newly
// enrolled device for the devices, a confirmed authenticator for the
// authenticator. A right answer sets the count back to zero. While a kind is
// locked nothing is judged, so right and wrong get the same answer.
type Limit struct {
	// Tries is at least 1. Default 3 for the PIN, else 5.
	Tries int
	// Delay is at least 1 ms. Default 1 minute.
	Delay time.Duration
	// MaxDelay is at least Delay. Default 1 hour.
	MaxDelay time.Duration
	// Final is more than Tries and at most 100 (NIST SP 800-63B-4 §3.2.2).
	// Default 10 for the PIN, else 100.
	Final int
}

// delay is how long a kind locks after so many wrong answers in a row.
func (l Limit) delay(wrong int) time.Duration {
	d := l.Delay
	for n := l.Tries; n < wrong && d < l.MaxDelay; n++ {
		if d > l.MaxDelay/2 {
			return l.MaxDelay
		}
		d *= 2
	}
	return d
}

// budget counts the wrong answers in a row of one user and kind.
type budget struct {
	wrong int
	until time.Time // end of the lock that the last wrong answer set
}

// final reports whether the kind is locked until it is unlocked or bound anew.
func (b budget) final(l Limit) bool { return b.wrong >= l.Final }

// locked reports whether nothing may be judged now. A lock that ends later from
// now than a lock can last was set by a clock that ran ahead, and is void.
func (b budget) locked(l Limit, now time.Time) bool {
	return b.final(l) || waits(b.until, l.MaxDelay, now)
}

// end is when the lock ends, zero if it has no end.
func (b budget) end(l Limit) time.Time {
	if b.final(l) {
		return time.Time{}
	}
	return b.until
}

// charge counts one more wrong answer.
func (b budget) charge(l Limit, now time.Time) budget {
	b.wrong++
	b.until = time.Time{}
	if b.wrong >= l.Tries {
		b.until = now.Add(l.delay(b.wrong))
	}
	return b
}

// remaining is how many wrong answers are left before the kind locks.
func (b budget) remaining(l Limit, now time.Time) int {
	if b.locked(l, now) {
		return 0
	}
	return max(1, l.Tries-b.wrong)
}

// waits reports whether something that ends at until is still to be waited for.
// What ends later from now than it can last is void.
func waits(until time.Time, lasts time.Duration, now time.Time) bool {
	return until.After(now) && !until.After(now.Add(lasts))
}
