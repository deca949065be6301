package explore

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// CheckReduction runs the schedules of a plan twice, with and without leaving out
// those that differ only in the order of calls that commute or in which equal
// operations start, and fails unless both have the same outcomes. It returns the
// numbers of schedules.
func CheckReduction(t *testing.T, newVerifier NewVerifier, plan Plan) (reduced, all int) {
	src := replaceRandom(t)
	synctest.Test(t, func(t *testing.T) {
		next := plan.Shard
		for _, s := range states() {
			l, err := newLab(newVerifier, s, src)
			if err != nil {
				t.Fatal(err)
			}
			for ops := range combinations(operations(), plan.Size) {
				if next--; next >= 0 {
					continue
				}
				next = plan.Shards - 1
				m := mode{faults: !plan.Faultless, together: plan.Together}
				some, n := l.outcomes(ops, m, false)
				m.every = true
				every, in := l.outcomes(ops, m, true)
				reduced, all = reduced+n, all+in
				for _, missed := range missing(every, some) {
					t.Errorf("%s / %s: the reduction misses %s", s.name, names(ops, plan.Together), missed)
				}
				for _, extra := range missing(some, every) {
					t.Errorf("%s / %s: only the reduction comes to %s", s.name, names(ops, plan.Together), extra)
				}
			}
			l.close()
		}
	})
	return reduced, all
}

// outcomes returns the different outcomes of a combination, and how many
// schedules there are.
func (l *lab) outcomes(ops []*operation, m mode, all bool) (found map[string]bool, schedules int) {
	s := &schedule{lab: l, ops: ops, mode: m}
	walk := tree{all: all}
	found = make(map[string]bool)
	for more := true; more; more = walk.next() {
		if s.run(walk.choose) != complete {
			continue
		}
		schedules++
		found[s.sight()] = true
	}
	return found, schedules
}

// sight returns the visible part of a schedule. It does not depend on which of two
// equal operations comes first.
func (s *schedule) sight() string {
	seen := s.outcome()
	each := make([]string, len(s.ops))
	var made []*credential
	for i := range s.ops {
		each[i] = s.ops[i].name + ": " + s.threads[i].said()
		if i == s.faulty {
			each[i] += ", fault " + s.effective().String()
		}
		if seen.made[i] != nil && !seen.open[i] {
			made = append(made, seen.made[i])
		}
	}
	text := fmt.Sprintf("%s\n%d wipes, broken: %s\n%s",
		strings.Join(each, "\n"), len(s.wiped), s.broken, s.prober.look(seen.record, made).text)
	if len(s.ops) == 2 && s.ops[0] == s.ops[1] {
		return min(sortLines(text), sortLines(swapNames.Replace(text)))
	}
	return text
}

// effective returns the fault as far as it is visible: a late write whose version
// was gone before it landed was never made.
func (s *schedule) effective() fault {
	switch {
	case s.fault == failsLate && !s.landedLate:
		return fails
	case s.fault == diesLate && !s.landedLate:
		return dies
	}
	return s.fault
}

// swapNames exchanges the names of what two operations bound and made.
var swapNames = func() *strings.Replacer {
	a, b := (&caller{pos: 0}).device(), (&caller{pos: 1}).device()
	x, y := fmt.Sprintf("%x", a[:]), fmt.Sprintf("%x", b[:])
	return strings.NewReplacer("a's", "b's", "b's", "a's", a.String(), b.String(), b.String(), a.String(), x, y, y, x)
}()

func sortLines(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func missing(from, in map[string]bool) []string {
	var all []string
	for k := range from {
		if !in[k] {
			all = append(all, k)
		}
	}
	return all
}
