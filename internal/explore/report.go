package explore

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// examples is the number of schedules kept for each broken rule.
const examples = 5

// A Report counts what was run. Reports of shards can be added.
type Report struct {
	Combinations int            // of a starting state and operations
	Schedules    int            // that were run to the end and judged
	ByFault      map[string]int // those with each fault
	Redundant    int            // given up: the same as another in another order
	Cut          int            // given up: too long
	Apart        int            // explained only by one operation coming between two updates of another
	Twice        int            // explained only by an operation that happened twice, see judged.twice
	Sequential   int            // schedules of the oracles
	Probed       int            // different records on which all credentials were tried
	Broken       map[string]int // schedules that broke each rule
	First        map[string]int // how many schedules it took to see that
	Examples     map[string][]string
}

// NewReport returns an empty report.
func NewReport() *Report {
	return &Report{ByFault: make(map[string]int), Broken: make(map[string]int), First: make(map[string]int), Examples: make(map[string][]string)}
}

func (r *Report) add(rule, schedule string) {
	if r.Broken[rule]++; r.First[rule] == 0 {
		r.First[rule] = r.Schedules
	}
	if len(r.Examples[rule]) < examples {
		r.Examples[rule] = append(r.Examples[rule], schedule)
	}
}

// Add adds another report to r.
func (r *Report) Add(other *Report) {
	r.Combinations += other.Combinations
	r.Schedules += other.Schedules
	r.Redundant += other.Redundant
	r.Cut += other.Cut
	r.Apart += other.Apart
	r.Twice += other.Twice
	r.Sequential += other.Sequential
	r.Probed += other.Probed
	for fault, n := range other.ByFault {
		r.ByFault[fault] += n
	}
	for rule, n := range other.Broken {
		if first := r.First[rule]; first == 0 || other.First[rule] < first {
			r.First[rule] = other.First[rule]
		}
		r.Broken[rule] += n
		r.Examples[rule] = append(r.Examples[rule], other.Examples[rule]...)
	}
}

// Violations is the number of rules broken.
func (r *Report) Violations() int {
	n := 0
	for _, seen := range r.Broken {
		n += seen
	}
	return n
}

// String prints the numbers.
func (r *Report) String() string {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "%d schedules of %d combinations, %d violations\n", r.Schedules, r.Combinations, r.Violations())
	for f := none; f < faultsInTotal; f++ {
		_, _ = fmt.Fprintf(&b, "  %10d with fault %s\n", r.ByFault[f.String()], f)
	}
	_, _ = fmt.Fprintf(&b, "%d left out as redundant, %d cut off; compared with %d sequential ones (%d explained only between two updates"+
		" of one operation, %d only by an operation done twice); %d records probed",
		r.Redundant, r.Cut, r.Sequential, r.Apart, r.Twice, r.Probed)
	return b.String()
}

// Failures prints the broken rules with some schedules of each.
func (r *Report) Failures() []string {
	var all []string
	for _, rule := range slices.Sorted(maps.Keys(r.Broken)) {
		all = append(all, fmt.Sprintf("%d schedules, the first of them number %d, break the rule: %s\n  %s", r.Broken[rule], r.First[rule], rule, strings.Join(r.Examples[rule], "\n  ")))
	}
	return all
}
