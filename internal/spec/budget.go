package spec

import "time"

// inForce reports whether something that ends at ends still holds. Clocks may be
// clockSlack apart. An end later than most from now, plus that, was set by a clock
// that ran ahead and is void. Something that cannot last at all does not exist.
func inForce(ends Time, most time.Duration, now Time) bool {
	return most > 0 && ends > now && ends <= now.add(most+clockSlack)
}

// until is the end to tell: at most as late as possible by this clock.
func until(ends Time, most time.Duration, now Time) Time { return min(ends, now.add(most)) }

// final reports whether the kind is locked until it is unlocked or bound anew.
func (b Budget) final(l *Limit) bool { return b.Wrong >= l.Final }

// locked reports whether the kind is locked, and until when: 0 means until it is
// unlocked or bound anew. While it is, no credential of it is judged, so right and
// wrong get the same answer.
func (b Budget) locked(l *Limit, now Time) (bool, Time) {
	switch {
	case b.final(l):
		return true, 0
	case inForce(b.Until, l.MaxDelay, now):
		return true, until(b.Until, l.MaxDelay, now)
	}
	return false, 0
}

// charged counts one more wrong answer. The Tries-th in a row locks the kind for
// Delay, each further one for twice as long, up to MaxDelay. The Final-th locks it for
// good: NIST SP 800-63B-4 §3.2.2 allows at most 100 failures in a row.
func (b Budget) charged(l *Limit, now Time) Budget {
	b.Wrong++
	b.Until = 0
	if b.Wrong < l.Tries {
		return b
	}
	delay := l.Delay
	for n := l.Tries; n < b.Wrong && delay < l.MaxDelay; n++ {
		delay *= 2
	}
	b.Until = now.add(min(delay, l.MaxDelay))
	return b
}

// left is the number of wrong answers left before the kind locks.
func (b Budget) left(l *Limit, now Time) int {
	if is, _ := b.locked(l, now); is {
		return 0
	}
	return max(1, l.Tries-b.Wrong)
}

// countAnew sets the count of a kind back after a new secret of it was bound, if no
// older one is in force: earlier guesses tell nothing about the new one. With an
// older one in force the count and a final lock stay, because that one can still be
// guessed. Only devices can be several.
func (t *turn) countAnew(k Kind) {
	if k != KindDeviceTOTP || t.deviceCount() == 1 {
		t.Budgets[k] = Budget{}
	}
}
