// Package torture kills a process with SIGKILL at random points of its work, again
// and again, and checks each time that what it left keeps the promises of factor:
//
//   - every answered guess is counted;
//   - a code, or a time step of a device, is not accepted twice;
//   - what was accepted is there: PINs, devices, issued codes;
//   - every marked wipe is done once Sweep has run, under one ID, and none is
//     marked without more than Strikes wrong proofs or a forfeit;
//   - every notice is told once Sweep has run: each event under one ID, and nothing
//     that did not happen.
//
// The child makes random calls of the public API, on several users from several
// goroutines. It writes each call to a journal before it makes it and the answer
// before its next call, so the journal has all answers and shows which calls were
// cut off. The parent waits until the child works, draws a time, kills it, and
// audits. For each count and value a model keeps the bounds and possibilities that
// the journal leaves open, because calls overlap and those that were cut off may or
// may not have landed; but they must have landed as a whole or not at all. Then the
// next child starts on the same store.
//
// If the store has a server, it may be killed too, once in each life: what it
// acknowledged must be there when it is back, and what the child was told in
// between must be true.
//
// A child is the test program itself, so a package that calls Run must call Main in
// its TestMain. The clock is the real one. A long run, on one of the engines, is
//
//	go test ./dbtest/torture -run 'Killed/^SQLite$' -v -timeout 3h -torture.kills 10000
//
// SIGKILL takes a process, not the machine: the kernel's buffers survive. So this
// says nothing about power loss, nor about settings such as SQLite's synchronous
// that matter only then.
package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// An Engine is a store to torture.
type Engine struct {
	// Name tells it from the others given to Main.
	Name string
	// New makes an empty database, which ends with the test, and returns its source
	// for Open.
	New func(t testing.TB) (source string)
	// Open opens it, in the child as in the parent.
	Open func(source string) (store factor.Store, closeStore func() error, err error)
	// Settle, if not nil, returns once nothing that a killed child has sent is on
	// its way: a server may go on with a dead client's statement.
	Settle func(ctx context.Context, source string) error
	// Crash, if not nil, kills the store's server with SIGKILL and restarts it. It
	// returns once the server answers. Each life has one crash, while the child
	// works.
	Crash func(source string) error
	// Impair, if not nil, puts a defect into the child's store, for the audit to
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

// Run kills children one after the other, kills times, and stops after the first
// life that breaks a promise. A seed repeats the operations that an earlier run
// drew, as far as the users hold what these need, and the times of death. The test
// fails at once for anything else: if a child does not start, ends by itself or
// complains, as the race detector does.
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
