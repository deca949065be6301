package cluster

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/knowhave/factor"
)

// A rule is a promise that calls may violate.
type rule string

const (
	ruleBudget    rule = "more wrong answers than the limit"
	ruleForgotten rule = "an answered guess is not counted"
	ruleInvented  rule = "a guess is counted that nobody made"
	ruleLocked    rule = "locked, or not locked, for no reason"
	ruleAccepted  rule = "what is wrong is accepted"
	ruleTwice     rule = "a code is accepted twice"
	ruleOlder     rule = "a time step is accepted after a later one"
	ruleLost      rule = "a code is refused that nobody used"
	ruleCharged   rule = "a right code is charged"
)

// A violation is a broken promise.
type violation struct {
	rule rule
	text string
}

func (v violation) String() string { return fmt.Sprintf("%s: %s", v.rule, v.text) }

// audit returns the violations in a journal, which holds all calls of all clients
// on its users.
//
// For one user and kind, either everything presented is wrong or all of it is right
// until it is spent. The limit locks for longer than the journal lasts, so the
// remaining tries number the guesses.
func audit(calls []call, tries func(factor.Kind) int) []violation {
	presented, statuses := make(map[budgetKey][]call), make(map[string][]call)
	for _, c := range calls {
		switch c.Act {
		case actPresent:
			k := budgetKey{c.User, c.Kind}
			presented[k] = append(presented[k], c)
		case actStatus:
			if c.Class == accepted {
				statuses[c.User] = append(statuses[c.User], c)
			}
		}
	}
	var a auditor
	for _, k := range slices.SortedFunc(maps.Keys(presented), func(a, b budgetKey) int {
		return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.kind, b.kind))
	}) {
		a.about = fmt.Sprintf("%s of %s", k.kind, k.user)
		a.calls, a.statuses, a.kind = presented[k], statuses[k.user], k.kind
		slices.SortFunc(a.calls, func(a, b call) int { return cmp.Compare(a.start, b.start) })
		if a.calls[0].Right {
			a.redemptions()
		} else {
			a.guesses(tries(k.kind))
		}
	}
	return a.found
}

// An auditor checks what was presented for one user and kind.
type auditor struct {
	about    string
	kind     factor.Kind
	calls    []call
	statuses []call
	found    []violation
}

func (a *auditor) report(r rule, format string, args ...any) {
	a.found = append(a.found, violation{r, a.about + ": " + fmt.Sprintf(format, args...)})
}

// before returns how many of the calls began before a place and may be counted.
func (a *auditor) before(place int) (n int) {
	for _, c := range a.calls {
		if c.start < place && (c.Class == mismatch || c.Class == open) {
			n++
		}
	}
	return n
}

// guesses checks calls that were all wrong.
func (a *auditor) guesses(tries int) {
	var judged []numbered
	for _, c := range a.calls {
		switch c.Class {
		case mismatch:
			judged = append(judged, numbered{c, tries - c.Remaining})
		case locked:
			if n := a.before(c.end); n < tries {
				a.report(ruleLocked, "call %d is answered locked after at most %d of %d wrong answers", c.start, n, tries)
			}
		case accepted:
			a.report(ruleAccepted, "by call %d", c.start)
		}
	}
	if len(judged) > tries {
		a.report(ruleBudget, "%d calls are answered as wrong, and the limit is %d", len(judged), tries)
	}
	slices.SortStableFunc(judged, func(x, y numbered) int { return cmp.Compare(x.number, y.number) })
	a.numbers(judged)
	a.unlocked(judged)
	a.counts(judged)
}

// A numbered call is the number-th wrong one of its user and kind.
type numbered struct {
	call
	number int
}

// numbers checks that the numbers of guesses fit each other and the times of the
// calls.
func (a *auditor) numbers(judged []numbered) {
	for i, c := range judged {
		if n := a.before(c.end); c.number > n {
			a.report(ruleInvented, "call %d is answered as number %d of at most %d", c.start, c.number, n)
		}
		for _, later := range judged[i+1:] {
			if c.number == later.number {
				a.report(ruleForgotten, "calls %d and %d are both answered as number %d", c.start, later.start, c.number)
			} else if later.end < c.start {
				a.report(ruleForgotten, "call %d is answered as number %d, and call %d, which had ended before, as number %d", c.start, c.number, later.start, later.number)
			}
		}
	}
}

// counts checks that statuses fit the guesses.
func (a *auditor) counts(judged []numbered) {
	for _, s := range a.statuses {
		last := 0
		for _, c := range judged {
			if c.end < s.start {
				last = max(last, c.number)
			}
		}
		if n := s.Wrong[a.kind]; n < last {
			a.report(ruleForgotten, "node %d counts %d after one was answered as number %d (status %d)", s.node, n, last, s.start)
		} else if most := a.before(s.end); n > most {
			a.report(ruleInvented, "node %d counts %d of at most %d (status %d)", s.node, n, most, s.start)
		}
	}
}

// unlocked looks for guesses judged after a lock.
func (a *auditor) unlocked(judged []numbered) {
	for _, lock := range a.calls {
		if lock.Class != locked {
			continue
		}
		for _, c := range judged {
			if lock.end < c.start {
				a.report(ruleLocked, "call %d is judged after call %d was answered locked", c.start, lock.start)
			}
		}
	}
}

// redemptions checks calls that were all right until the code was spent. A later
// step spends a device's code too.
func (a *auditor) redemptions() {
	for i, c := range a.calls {
		switch c.Class {
		case mismatch:
			if !slices.ContainsFunc(a.calls, func(taker call) bool { return spends(taker, c) }) {
				a.report(ruleLost, "call %d is refused", c.start)
			}
		case locked:
			a.report(ruleCharged, "call %d is answered locked", c.start)
		case accepted:
			for _, d := range a.calls[i+1:] {
				switch {
				case d.Class != accepted:
				case c.Secret == d.Secret:
					a.report(ruleTwice, "by calls %d and %d", c.start, d.start)
				case c.end < d.start && d.Step < c.Step:
					a.report(ruleOlder, "call %d, and call %d before it with a later one", d.start, c.start)
				}
			}
		}
	}
	for _, s := range a.statuses {
		if n := s.Wrong[a.kind]; n > 0 {
			a.report(ruleCharged, "node %d counts %d", s.node, n)
		}
	}
}

// spends reports whether one call may be the reason why another was refused.
func spends(taker, refused call) bool {
	return (taker.Class == accepted || taker.Class == open) && taker.start < refused.end &&
		(taker.Secret == refused.Secret || taker.Step > refused.Step)
}
