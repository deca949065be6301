// Package explore runs every interleaving of a few operations on one user, each
// combined with every single fault of the store, and checks what the library
// promises.
//
// All that the library shares is reached through Store.Load, CompareAndSwap and
// List. So the operations of a combination run in separate processes, on one store
// behind a gate, where each call waits for the scheduler. The scheduler makes one
// call at a time and waits until that operation calls again or ends. So it walks
// the tree of all schedules depth first, starting over for each. What an operation
// does between two calls of the store is invisible to the others, and is not
// divided.
//
// With Plan.Together they run in one process, where they share locks, loads, swaps
// and the records that one call passes on to the next. The scheduler then also
// decides when each call comes, which gives the order of the queue, and ends the
// context of waiting calls; see together.go.
//
// Covered are
//   - the operations of the catalogue: every exported method that acts on a user,
//     with right, wrong, used and several credentials;
//   - the starting states of the catalogue;
//   - every order of their calls, one for each set of orders that differ only in
//     the order of calls that commute (see tree);
//   - at every call of every such order, one fault: an error before or after the
//     call was made, an error and the write that lands at every later point or last
//     of all, the death of the caller before, after, or with its write still to
//     land, ErrConflict for a swap that was made, the end of the caller's context
//     before the call, after it, and while the host checks a password, and for a
//     load the record before the newest.
//
// Each schedule is judged from outside: by the answers, by Admin.Status and by
// trying every credential on a copy of the resulting record. Some rules hold for
// any order (see rules), and an oracle knows the outcomes of the same operations
// without overtaking between a load and its swap (see oracle).
//
// Not covered are: two faults in one schedule; more than one user, since two share
// nothing; a moving clock; calls of which only some share a process; a call that
// comes or hangs up between a load and its answer, or as it gets a lock; waits for
// a lock that end by themselves; the parallelism within one call; and faults of the
// host and the sealer beyond those in the catalogue. A store that answers
// ErrConflict although it wrote breaks its contract: if somebody writes before the
// caller loads again, the operation may have happened twice (a guess is charged
// twice, never less than once). The report counts these apart.
//
// Nothing depends on the wall clock or on random numbers: time stands still or is
// that of testing/synctest, and each operation draws from its own stream. So a
// printed schedule can be run again, see Replay.
package explore

import (
	"crypto/rand"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// NewVerifier is factor.NewVerifier, or one with an instant PIN hash.
type NewVerifier func(factor.Store, factor.Sealer, *factor.Options) (*factor.Verifier, error)

// A Plan tells which schedules to run.
type Plan struct {
	// Size is the number of operations at once, 1 to 3.
	Size int
	// Together runs the operations in one process, with its locks, instead of one
	// each.
	Together bool
	// Tells makes the host offer Notify, so that calls which the user should hear
	// of tell it, with a second load and swap.
	Tells bool
	// Faultless runs without faults.
	Faultless bool
	// Every Shards-th combination of a starting state and operations runs, from the
	// Shard-th on, counting from 0. Zero Shards means one.
	Shard, Shards int
	// Only, if not empty, names the one combination to run, as printed: the
	// starting state, " / ", the operations with " + " between them.
	Only string
	// FailFast stops at the first combination that breaks a rule.
	FailFast bool
}

// Run runs the schedules of a plan. It cannot be part of a parallel test, because
// it replaces the random generator.
func Run(t *testing.T, newVerifier NewVerifier, plan Plan) *Report {
	report := NewReport()
	src := replaceRandom(t)
	synctest.Test(t, func(t *testing.T) {
		next := plan.Shard
		for _, s := range states() {
			l, err := newLab(newVerifier, s, src)
			if err != nil {
				t.Fatal(err)
			}
			l.tells = plan.Tells
			for ops := range combinations(operations(), plan.Size) {
				if plan.Only != "" && plan.Only != s.name+" / "+names(ops, plan.Together) || plan.FailFast && report.Violations() > 0 {
					continue
				}
				if next--; next < 0 {
					next = max(1, plan.Shards) - 1
					l.explore(ops, plan, report)
				}
			}
			report.Probed += l.prober.count
			l.close()
		}
	})
	return report
}

// explore runs all schedules of one combination.
func (l *lab) explore(ops []*operation, plan Plan, report *Report) {
	report.Combinations++
	o := newOracle(l, ops, mode{atomic: true, faults: !plan.Faultless})
	report.Sequential += o.runs
	s := &schedule{lab: l, ops: ops, mode: mode{faults: !plan.Faultless, together: plan.Together}}
	var walk tree
	for more := true; more; more = walk.next() {
		switch s.run(walk.choose) {
		case cutOff:
			report.Cut++
		case redundant:
			report.Redundant++
		case complete:
			report.Schedules++
			report.ByFault[s.fault.String()]++
			found := s.judge(o)
			report.Apart += found.apart
			report.Twice += found.twice
			for _, b := range found.broken {
				report.add(b.rule, s.print(walk.path()))
			}
		}
	}
	for _, g := range o.ghosts {
		if g != nil {
			report.Sequential += g.runs
		}
	}
	for _, w := range o.without {
		report.Sequential += w.runs
	}
}

// replaceRandom makes crypto/rand read from the explorer's streams during a test.
func replaceRandom(t *testing.T) *source {
	t.Setenv("FACTOR_EXPLORES", "1") // panics in a parallel test
	src := &source{}
	reader := rand.Reader
	rand.Reader = src
	uuid.SetRand(src)
	t.Cleanup(func() {
		rand.Reader = reader
		uuid.SetRand(nil)
	})
	return src
}
