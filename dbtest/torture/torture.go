// Package torture kills a process with SIGKILL again and again, at random points
// of its work, and looks each time whether what it left behind keeps the
// promises of factor:
//
//   - every guess that was answered is counted;
//   - a code, or a time step of a device, that was accepted is not accepted
//     again;
//   - what was accepted is there: PINs, devices, issued codes;
//   - every wipe that was marked is done once Sweep has run, under one ID, and
//     none is marked without more than Strikes wrong proofs or a forfeit;
//   - what the user should hear of is told once Sweep has run: each thing that
//     happened under one ID, and nothing that did not happen.
//
// The child makes random calls of the public API, on several users from several
// goroutines. It writes each call to a journal before it makes it and the answer
// before it makes the next one, so that the journal knows all that was answered,
// and which calls were cut off. The parent waits until the child works, draws a
// time, kills it, and audits: a model keeps, for each count and each value, the
// bounds and the possibilities that the journal leaves open, because calls
// overlap and those that were cut off may or may not have landed; and these must
// have landed as a whole or not at all. Then the next child starts on the same
// store.
//
// Where the store has a server of its own, that may be killed too, once in each
// life: what it has acknowledged must be there when it is back, and what the child
// was told in between must be true.
//
// A child is this test's own program, so a package that calls Run calls Main in
// its TestMain. The clock is the real one. A long run, on one of the engines, is
//
//	go test ./dbtest/torture -run 'Killed/^SQLite$' -v -timeout 3h -torture.kills 10000
//
// SIGKILL takes a process, not the machine: what the kernel has is not lost. So
// this says nothing about power loss, nor about settings such as SQLite's
// synchronous that matter only then.
package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// An Engine is a store that is tortured.
type Engine struct {
	// Name tells it from the others given to Main.
	Name string
	// New makes an empty database, which is gone with the test, and returns what
	// Open finds it by.
	New func(t testing.TB) (source string)
	// Open opens it, in the child as in the parent.
	Open func(source string) (store factor.Store, closeStore func() error, err error)
	// Settle, if set, returns once nothing that a killed child has sent is still
	// on its way: a server may go on with a statement whose client is dead.
	Settle func(ctx context.Context, source string) error
	// Crash, if set, kills the store's server with SIGKILL and has it start again.
	// It returns once that answers. Each life has one crash, while the child
	// works.
	Crash func(source string) error
	// Impair, if set, puts a defect into the store of the child, for the audit to
	// find.
	Impair func(factor.Store) factor.Store
}

// Report is what a run did and found.
type Report struct {
	Seed       uint64
	Kills      int
	Crashes    int // of the store's server
	Operations int
	Answered   int
	Open       int // cut off, or given up by a store that was too slow or gone
	Down       int // that met no server before they wrote
	Audits     int // of one user after one life
	Probes     int // what was presented in audits
	Wipes      int // that were marked
	Violations []string
}

func (r Report) String() string {
	return fmt.Sprintf("%d kills, %d crashes, %d operations, %d answered, %d open, %d down, %d audits with %d probes, %d wipes, %d violations (seed %d)",
		r.Kills, r.Crashes, r.Operations, r.Answered, r.Open, r.Down, r.Audits, r.Probes, r.Wipes, len(r.Violations), r.Seed)
}

// count counts the calls of a life.
func (r *Report) count(calls []*call) {
	for _, c := range calls {
		r.Operations++
		switch {
		case c.open():
			r.Open++
		case c.Class == classDown:
			r.Down++
		default:
			r.Answered++
		}
	}
}

// Run lets so many children live, one after the other, and stops after the first
// life that violates a promise. A seed repeats the operations that a run with the
// same one drew, as far as the users hold what these need, and the times until
// death. The test fails at once if something else than a promise is broken: if a
// child does not start, ends by itself or complains, as the race detector does.
func Run(t testing.TB, e Engine, kills int, seed uint64) Report {
	report := Report{Seed: seed}
	a := newAuditor(order{Engine: e.Name, Source: e.New(t), Dir: t.TempDir(), Seed: seed, Crashes: e.Crash != nil}, e, &report)
	points := rand.New(rand.NewPCG(seed, 1))
	for life := range kills {
		if err := a.begin(life); err != nil {
			t.Fatalf("life %d: %v", life, err)
		}
		delay := func() time.Duration { return time.Duration(points.Int64N(int64(longestLife))) }
		if err := live(a.order, e, delay); err != nil {
			t.Fatalf("life %d: %v", life, err)
		}
		report.Kills++
		if e.Crash != nil {
			report.Crashes++
		}
		violations, err := a.audit(t.Context(), time.Now().UnixMilli())
		if err != nil {
			t.Fatalf("life %d: audit: %v", life, err)
		}
		if report.Violations = violations; len(violations) > 0 {
			break
		}
		if report.Kills%1000 == 0 {
			t.Log(report)
		}
	}
	return report
}
