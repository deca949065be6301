package cluster

import (
	"fmt"

	"github.com/knowhave/factor"
)

// A loss counts the calls that a store has forgotten.
type loss struct {
	guesses     int // forgotten wrong answers
	redemptions int // codes whose acceptance was forgotten
	twice       int // codes accepted again
	over        int // the most wrong answers by which a user exceeded the limit
	violations  []violation
}

func (l loss) String() string {
	return fmt.Sprintf("forgotten: %d answered guesses and %d redemptions; %d codes worked twice, and a user had up to %d wrong answers over the limit; %d violations otherwise",
		l.guesses, l.redemptions, l.twice, l.over, len(l.violations))
}

const ruleBound rule = "more than what was forgotten"

// A budgetKey names what a limit counts.
type budgetKey struct {
	user string
	kind factor.Kind
}

// lossOf compares a journal with the documented loss of a store that has forgotten
// everything from one place to another: each limit is exceeded by no more than was
// forgotten about it, and without the forgotten calls the history is right, so a
// code worked twice only if its first acceptance was forgotten. It leaves out users
// that the store has forgotten entirely.
func lossOf(calls []call, forgotten, kept int, tries func(factor.Kind) int) loss {
	var l loss
	var remembered []call
	born := bornBetween(calls, forgotten, kept)
	wrong, lost := make(map[budgetKey]int), make(map[budgetKey]int)
	took := make(map[request]int)
	for _, c := range calls {
		k, late := budgetKey{c.User, c.Kind}, c.start >= forgotten && c.start < kept
		if !late && !born[c.User] {
			remembered = append(remembered, c)
		}
		switch {
		case c.Class == mismatch && !c.Right:
			wrong[k]++
			if late {
				lost[k]++
				l.guesses++
			}
		case c.Class == accepted && c.Right:
			took[c.request]++
			if took[c.request] == 2 {
				l.twice++
			}
			if late {
				l.redemptions++
			}
		}
	}
	l.violations = audit(remembered, tries)
	l.bound(wrong, lost, tries)
	return l
}

// bornBetween returns the users whose first call began from one place on and
// before another one.
func bornBetween(calls []call, from, to int) map[string]bool {
	known, born := make(map[string]bool), make(map[string]bool)
	for _, c := range calls {
		switch {
		case c.start < from:
			known[c.User] = true
		case c.start < to && !known[c.User]:
			born[c.User] = true
		}
	}
	return born
}

// bound looks for limits that were exceeded by more wrong answers than were lost.
func (l *loss) bound(wrong, lost map[budgetKey]int, tries func(factor.Kind) int) {
	for k, n := range wrong {
		over := n - tries(k.kind)
		l.over = max(l.over, over)
		if over > lost[k] {
			l.violations = append(l.violations, violation{ruleBound, fmt.Sprintf("%s of %s: %d wrong answers, of which %d were forgotten", k.kind, k.user, n, lost[k])})
		}
	}
}
