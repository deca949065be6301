package model

import (
	"time"

	"github.com/knowhave/factor"
)

// A limit is a factor.Limit with its defaults filled in.
type limit struct {
	tries      int
	delay, max time.Duration
	final      int
}

// lockAt returns how long the wrong answer number n locks, 0 if it does not,
// and whether it locks until the kind is unlocked.
func (l limit) lockAt(n int) (time.Duration, bool) {
	switch {
	case n >= l.final:
		return 0, true
	case n < l.tries:
		return 0, false
	}
	d := l.delay
	for range n - l.tries {
		if d = 2 * d; d >= l.max {
			break
		}
	}
	return min(d, l.max), false
}

// locked says whether a kind is locked now, and until when; zero means until it
// is unlocked.
func (m *machine) locked(u *user, k factor.Kind) (bool, time.Time) {
	b, l := u.budgets[k], m.cfg.limits[k]
	if b.wrong >= l.final {
		return true, time.Time{}
	}
	if inForce(b.until, m.now, l.max) {
		return true, b.until
	}
	return false, time.Time{}
}

// charge counts one wrong answer.
func (m *machine) charge(u *user, k factor.Kind) {
	b := u.budgets[k]
	b.wrong++
	b.until = time.Time{}
	if d, _ := m.cfg.limits[k].lockAt(b.wrong); d > 0 {
		b.until = m.now.Add(d)
	}
}

// remaining says how many tries a kind has left.
func (m *machine) remaining(u *user, k factor.Kind) int {
	if locked, _ := m.locked(u, k); locked {
		return 0
	}
	return max(1, m.cfg.limits[k].tries-u.budgets[k].wrong)
}

// zero sets a kind back.
func (u *user) zero(k factor.Kind) { *u.budgets[k] = budget{} }

// zeroIfFinal sets a kind back only where it is locked until unlocked, as a new
// device and a confirmed authenticator do.
func (m *machine) zeroIfFinal(u *user, k factor.Kind) {
	if u.budgets[k].wrong >= m.cfg.limits[k].final {
		u.zero(k)
	}
}
