package explore

import (
	"fmt"
	"slices"
)

// A tree is the tree of all schedules, walked depth first. It holds the path to the
// current schedule, and learns the possible steps at each point.
//
// Of the schedules that differ only in the order of steps that commute, it walks
// one (Godefroid's sleep sets): after all that follows a step was walked, the step
// sleeps in what follows its siblings, until a step that it does not commute with.
// Each order of conflicting steps remains, with each fault at each call.
// TestReductionLosesNothing compares this with the walk over all of them.
type tree struct {
	nodes []node
	depth int
	all   bool // without the reduction
}

type node struct {
	options []option
	asleep  []option
	at      int // the option that is being taken
}

// choose returns the next step, or false if all possible steps were walked in
// another order.
func (t *tree) choose(options []option) (option, bool) {
	if t.depth == len(t.nodes) {
		n := node{options: slices.Clone(options), at: -1}
		if t.depth > 0 && !t.all {
			n.asleep = t.nodes[t.depth-1].sleepers()
		}
		t.nodes = append(t.nodes, n)
		if !t.nodes[t.depth].advance() {
			return option{}, false
		}
	}
	n := &t.nodes[t.depth]
	if !slices.Equal(n.options, options) {
		panic(fmt.Sprintf("explore: a schedule ran differently the second time: after %v %v, and before %v", t.path(), options, n.options))
	}
	t.depth++
	return n.options[n.at], true
}

// next moves to the next schedule, and reports whether there is one.
func (t *tree) next() bool {
	t.depth = 0
	for len(t.nodes) > 0 {
		if t.nodes[len(t.nodes)-1].advance() {
			return true
		}
		t.nodes = t.nodes[:len(t.nodes)-1]
	}
	return false
}

// advance moves to the next option that does not sleep.
func (n *node) advance() bool {
	for n.at++; n.at < len(n.options); n.at++ {
		if !slices.ContainsFunc(n.asleep, func(o option) bool { return o.step == n.options[n.at].step }) {
			return true
		}
	}
	return false
}

// sleepers returns the steps that sleep after the current one.
func (n *node) sleepers() []option {
	var asleep []option
	for _, o := range slices.Concat(n.asleep, n.options[:n.at]) {
		if independent(o, n.options[n.at]) {
			asleep = append(asleep, o)
		}
	}
	return asleep
}

// path returns the steps of the last schedule.
func (t *tree) path() []step {
	var steps []step
	for _, n := range t.nodes[:t.depth] {
		steps = append(steps, n.options[n.at].step)
	}
	return steps
}
