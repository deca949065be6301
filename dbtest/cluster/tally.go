package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A tally counts the calls of a scenario, except those that only read the counts.
type tally struct {
	name       string
	calls      int
	classes    map[class]int
	sum        effort
	faults     map[string]int
	longest    time.Duration
	violations []violation
	took       time.Duration
}

func tallyOf(name string, calls []call, violations []violation, took time.Duration) tally {
	t := tally{
		name: name, classes: make(map[class]int), faults: make(map[string]int),
		violations: violations, took: took,
	}
	for _, c := range calls {
		if c.Act == actStatus {
			continue
		}
		t.calls++
		t.classes[c.Class]++
		t.sum.Swaps += c.Effort.Swaps
		t.sum.Conflicts += c.Effort.Conflicts
		t.sum.Unknowns += c.Effort.Unknowns
		t.sum.Landed += c.Effort.Landed
		t.sum.Repeated += c.Effort.Repeated
		for _, f := range c.Effort.Faults {
			t.faults[f]++
		}
		t.longest = max(t.longest, c.took)
	}
	return t
}

func (t tally) String() string {
	return fmt.Sprintf("%s: %d tried, %d accepted, %d refused, %d without answer (%d conflict, %d failed, %d open); "+
		"swaps: %d conflicts, %d unknown, of which %d landed, %d tried again, %d given up; "+
		"longest call %v; %d violations; took %v\n\tfaults: %s",
		t.name, t.calls, t.classes[accepted], t.classes[mismatch]+t.classes[locked],
		t.classes[conflict]+t.classes[failed]+t.classes[open], t.classes[conflict], t.classes[failed], t.classes[open],
		t.sum.Conflicts, t.sum.Unknowns, t.sum.Landed, t.sum.Repeated, t.sum.Unknowns-t.sum.Landed-t.sum.Repeated,
		t.longest.Round(time.Millisecond), len(t.violations), t.took.Round(100*time.Millisecond), t.names())
}

func (t tally) names() string {
	var named []string
	for _, name := range slices.Sorted(maps.Keys(t.faults)) {
		named = append(named, fmt.Sprintf("%s ×%d", name, t.faults[name]))
	}
	if len(named) == 0 {
		return "none"
	}
	return strings.Join(named, ", ")
}
