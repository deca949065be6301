package systemtest

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/knowhave/factor/internal/explore"
	"github.com/knowhave/factor/internal/race"
)

var (
	explorePairs    = flag.Bool("explore.pairs", false, "explore all pairs of operations, with every fault, on all CPUs; otherwise a fixed share of them")
	exploreTriples  = flag.Bool("explore.triples", false, "explore all triples of operations, with every fault, on all CPUs; otherwise a fixed share of them")
	exploreNoFaults = flag.Bool("explore.nofaults", false, "leave the faults out of -explore.triples")
	exploreFirst    = flag.Bool("explore.failfast", false, "stop at the first violation")
	exploreTelling  = flag.Int("explore.telling", 4000, "of the pairs of operations that tell the user explore one of so many")
	explorePart     = flag.String("explore.part", "0/1", "of what is to be explored take only the i-th of n parts, as in 1/3, on all CPUs")
	exploreShard    = flag.String("explore.shard", "", "of what is to be explored take only the i-th of n parts, as in 3/100, on one CPU")
	exploreSchedule = flag.String("explore.schedule", "", "for TestSchedule: the printed schedule to run again")
)

// TestEveryFaultOfOneCall explores every operation alone, with every fault.
func TestEveryFaultOfOneCall(t *testing.T) {
	checkReport(t, explore.Run(t, cheapVerifier, explore.Plan{Size: 1}))
}

// TestEveryInterleavingOfPairs explores the pairs of operations. All of them take
//
//	go test -run 'TestEveryInterleavingOfPairs$' -v ./internal/systemtest -explore.pairs
func TestEveryInterleavingOfPairs(t *testing.T) {
	checkReport(t, exploreAll(t, explore.Plan{Size: 2}, *explorePairs, 200))
}

// TestInterleavingsThatTell explores each operation alone, and a share of the pairs, where
// the user is told, so that calls have a second load and swap. A larger share takes
//
//	go test -run TestInterleavingsThatTell -v -timeout 0 ./internal/systemtest -explore.telling 10
func TestInterleavingsThatTell(t *testing.T) {
	checkReport(t, explore.Run(t, cheapVerifier, explore.Plan{Size: 1, Tells: true}))
	checkReport(t, exploreAll(t, explore.Plan{Size: 2, Tells: true}, false, *exploreTelling))
	checkReport(t, exploreAll(t, explore.Plan{Size: 2, Tells: true, Together: true}, false, *exploreTelling))
}

// TestEveryInterleavingOfTriples explores the triples of operations. All of them
// are some 20 million schedules without a fault, and some 1,000 million with. Take
// those in parts, each of which can be run again:
//
//	go test -run 'TestEveryInterleavingOfTriples$' -v ./internal/systemtest -explore.triples -explore.nofaults
//	go test -run 'TestEveryInterleavingOfTriples$' -v -timeout 0 ./internal/systemtest -explore.triples -explore.shard=0/1000
func TestEveryInterleavingOfTriples(t *testing.T) {
	if *exploreTriples {
		checkReport(t, exploreAll(t, explore.Plan{Size: 3, Faultless: *exploreNoFaults}, true, 0))
		return
	}
	checkReport(t, exploreAll(t, explore.Plan{Size: 3, Faultless: true}, false, 6000))
	checkReport(t, exploreAll(t, explore.Plan{Size: 3}, false, 150000))
}

// TestEveryInterleavingOfPairsInOneProcess explores the pairs of operations in one
// process, where they share locks, loads and swaps. All of them take
//
//	go test -run TestEveryInterleavingOfPairsInOneProcess -v ./internal/systemtest -explore.pairs
func TestEveryInterleavingOfPairsInOneProcess(t *testing.T) {
	checkReport(t, exploreAll(t, explore.Plan{Size: 2, Together: true}, *explorePairs, 200))
}

// TestEveryInterleavingOfTriplesInOneProcess explores the triples of operations in
// one process, in parts, each of which can be run again:
//
//	go test -run TestEveryInterleavingOfTriplesInOneProcess -v -timeout 0 ./internal/systemtest -explore.triples -explore.shard=0/1000
func TestEveryInterleavingOfTriplesInOneProcess(t *testing.T) {
	if *exploreTriples {
		checkReport(t, exploreAll(t, explore.Plan{Size: 3, Together: true, Faultless: *exploreNoFaults}, true, 0))
		return
	}
	checkReport(t, exploreAll(t, explore.Plan{Size: 3, Together: true}, false, 200000))
}

// TestSchedule runs a schedule again that was printed, and says what happens, or
// without the steps all schedules of the operations:
//
//	go test -run TestSchedule -v ./internal/systemtest -explore.schedule='member / pin + wrong pin / a b a b:error b'
//	go test -run TestSchedule -v ./internal/systemtest -explore.schedule='member / pin + wrong pin'
//
// The operations are in one process with " & " between them instead.
func TestSchedule(t *testing.T) {
	switch parts := strings.Split(*exploreSchedule, " / "); len(parts) {
	case 3:
		explore.Replay(t, cheapVerifier, *exploreSchedule)
	case 2:
		together := strings.Count(parts[1], " & ")
		size := strings.Count(parts[1], " + ") + together + 1
		checkReport(t, explore.Run(t, cheapVerifier, explore.Plan{Size: size, Only: *exploreSchedule, Together: together > 0}))
	default:
		t.Skip("give -explore.schedule")
	}
}

// TestReductionLosesNothing shows that the schedules which the explorer leaves out
// have no new outcomes.
func TestReductionLosesNothing(t *testing.T) {
	reduced, all := explore.CheckReduction(t, cheapVerifier, explore.Plan{Size: 2, Shards: 1499})
	t.Logf("%d schedules come to what %d come to", reduced, all)
	reduced, all = explore.CheckReduction(t, cheapVerifier, explore.Plan{Size: 3, Faultless: true, Shards: 200003})
	t.Logf("%d schedules of three come to what %d come to", reduced, all)
	reduced, all = explore.CheckReduction(t, cheapVerifier, explore.Plan{Size: 2, Shards: 1499, Together: true})
	t.Logf("%d schedules in one process come to what %d come to", reduced, all)
}

// TestExplorerKnowsEveryMethod fails for a new operation until the explorer's
// catalogue has one, and if the two disagree.
func TestExplorerKnowsEveryMethod(t *testing.T) {
	for _, wrong := range explore.CheckCatalogue() {
		t.Error(wrong)
	}
}

func checkReport(t *testing.T, r *explore.Report) {
	t.Helper()
	t.Log(r)
	for _, failure := range r.Failures() {
		t.Error(failure)
	}
	if r.Schedules == 0 || r.Cut > 0 {
		t.Errorf("%d schedules were run, and %d did not end", r.Schedules, r.Cut)
	}
}

// exploreAll runs a plan: the part that -explore.shard asks for, or one of so many
// parts, or all of it.
func exploreAll(t *testing.T, plan explore.Plan, all bool, parts int) *explore.Report {
	t.Helper()
	switch {
	case all && *exploreShard == "":
		return exploreInProcesses(t)
	case all:
		plan.Shard, plan.Shards = oneOf(t, "explore.shard", *exploreShard)
	default:
		plan.Shards = parts
		if testing.Short() || race.Enabled {
			plan.Shards = 5 * parts
		}
	}
	plan.FailFast = *exploreFirst
	r := explore.Run(t, cheapVerifier, plan)
	if path := os.Getenv(reportTo); path != "" {
		data, err := json.Marshal(r)
		if err == nil {
			err = os.WriteFile(path, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// oneOf reads the value i/n of a flag.
func oneOf(t *testing.T, name, value string) (i, n int) {
	t.Helper()
	if _, err := fmt.Sscanf(value, "%d/%d", &i, &n); err != nil || i < 0 || i >= n {
		t.Fatalf("-%s=%s is not i/n with i from 0 to n-1", name, value)
	}
	return i, n
}

// reportTo names the environment variable with the file that a part's report goes
// to.
const reportTo = "FACTOR_EXPLORE_REPORT"

// exploreInProcesses runs its calling test in a process for each CPU, because the
// explorer replaces a process's random generator.
func exploreInProcesses(t *testing.T) *explore.Report {
	t.Helper()
	part, parts := oneOf(t, "explore.part", *explorePart)
	n := runtime.GOMAXPROCS(0)
	reports := make([]*explore.Report, n)
	own := []string{"-test.run=^" + t.Name() + "$", "-test.timeout=0"}
	flag.Visit(func(f *flag.Flag) {
		if strings.HasPrefix(f.Name, "explore.") {
			own = append(slices.Clone(own), fmt.Sprintf("-%s=%s", f.Name, f.Value))
		}
	})
	var children sync.WaitGroup
	for i := range n {
		children.Go(func() {
			path := fmt.Sprintf("%s/%d", t.TempDir(), i)
			cmd := exec.CommandContext(t.Context(), os.Args[0], append(slices.Clone(own), fmt.Sprintf("-explore.shard=%d/%d", part+parts*i, parts*n))...)
			cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC=400", reportTo+"="+path)
			out, err := cmd.CombinedOutput()
			data, readErr := os.ReadFile(path)
			if readErr == nil {
				readErr = json.Unmarshal(data, &reports[i])
			}
			if readErr != nil {
				t.Errorf("process %d of %d: %v, %v\n%s", i, n, err, readErr, out)
			}
		})
	}
	children.Wait()
	total := explore.NewReport()
	for _, r := range reports {
		if r != nil {
			total.Add(r)
		}
	}
	return total
}
