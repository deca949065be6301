package account

import "time"

// MaxFailures is the largest Final: NIST SP 800-63B-4 §3.2.2 allows at most 100
// consecutive failures.
const MaxFailures = 100

// A Limit bounds the wrong answers in a row for one user and one kind. The Tries-th
// locks the kind for Delay, each further one for twice as long as the one before,
// up to MaxDelay, and the Final-th until the kind is unlocked or bound anew.
type Limit struct {
	Tries    int
	Delay    time.Duration
	MaxDelay time.Duration
	Final    int
}

// delay returns how long a kind locks after that many wrong answers in a row.
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

// A Budget counts the wrong answers in a row of one user and kind.
type Budget struct {
	Wrong int
	Until time.Time // end of the lock of the last wrong answer
}

// Final reports whether the kind is locked until it is unlocked or bound anew.
func (b Budget) Final(l Limit) bool { return b.Wrong >= l.Final }

// Locked reports whether nothing of the kind may be judged now. A lock that ends
// later than a lock can last is void: a clock that ran ahead set it.
func (b Budget) Locked(l Limit, now time.Time) bool {
	return b.Final(l) || active(b.Until, l.MaxDelay, now)
}

// End returns when the lock ends, or zero if it has no end.
func (b Budget) End(l Limit, now time.Time) time.Time {
	if b.Final(l) {
		return time.Time{}
	}
	return reported(b.Until, l.MaxDelay, now)
}

// Charge returns the budget with one more wrong answer.
func (b Budget) Charge(l Limit, now time.Time) Budget {
	b.Wrong++
	b.Until = time.Time{}
	if b.Wrong >= l.Tries {
		b.Until = now.Add(l.delay(b.Wrong))
	}
	return b
}

// Remaining returns the number of wrong answers left before the kind locks.
func (b Budget) Remaining(l Limit, now time.Time) int {
	if b.Locked(l, now) {
		return 0
	}
	return max(1, l.Tries-b.Wrong)
}

func (b *Budget) reset() { *b = Budget{} }
