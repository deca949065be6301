package spec

import "time"

// inForce reports whether something that ends at an instant still holds. A lock, a
// wait, a code or a secret whose end is further off than it can last was set by a
// clock that ran ahead, and is void.
func inForce(ends Time, most time.Duration, now Time) bool {
	return ends > now && ends <= now.add(most)
}

// final: the kind is locked until it is unlocked or bound anew.
func (b Budget) final(l *Limit) bool { return b.Wrong >= l.Final }

// locked reports whether the kind is locked, and until when: 0 means until it is
// unlocked or bound anew. While it is, no credential of it is judged, so right and
// wrong get the same answer.
func (b Budget) locked(l *Limit, now Time) (bool, Time) {
	switch {
	case b.final(l):
		return true, 0
	case inForce(b.Until, l.MaxDelay, now):
		return true, b.Until
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

// left is how many wrong answers are left before the kind locks.
func (b Budget) left(l *Limit, now Time) int {
	if is, _ := b.locked(l, now); is {
		return 0
	}
	return max(1, l.Tries-b.Wrong)
}

// unlockFinal sets a kind back that only a new binding unlocks. Any other count
// stays: what was bound before is still in force, and may still be guessed at.
func (t *turn) unlockFinal(k Kind) {
	if t.Budgets[k].final(t.o.limit(k)) {
		t.Budgets[k] = Budget{}
	}
}
