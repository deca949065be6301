package storetest_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/storetest"
)

// defectEnv names the defect whose store TestDefectiveStore is to check. Only
// TestEveryDefectIsCaught sets it, for processes of its own: a subtest that
// fails would fail this process too.
const defectEnv = "STORETEST_DEFECT"

// TestDefectiveStore runs the contract on one defective store, and so fails.
func TestDefectiveStore(t *testing.T) {
	name, ok := os.LookupEnv(defectEnv)
	if !ok {
		t.Skip("runs only inside TestEveryDefectIsCaught")
	}
	storetest.SetPatience(20 * time.Millisecond)
	storetest.Run(t, func(t *testing.T) factor.Store { return newDefective(t, name) })
}

func newDefective(t *testing.T, name string) factor.Store {
	if name == "" {
		return newServer()
	}
	for _, d := range defects {
		if d.name == name {
			return d.make()
		}
	}
	t.Fatalf("there is no defect %q", name)
	return nil
}

func TestSoundStoreIsAccepted(t *testing.T) {
	storetest.Run(t, func(*testing.T) factor.Store { return newTable() })
}

func TestSoundStoreWithEveryOptionalAbilityIsAccepted(t *testing.T) {
	storetest.Run(t, func(*testing.T) factor.Store { return newServer() })
}

func TestStoreThatListsAllWhateverIsDueIsAccepted(t *testing.T) {
	storetest.Run(t, func(*testing.T) factor.Store { return &listsAll{newTable()} })
}

func TestStoreWhoseDueListLagsIsAccepted(t *testing.T) {
	storetest.Run(t, func(*testing.T) factor.Store { return newLagging(3) })
}

// listsAll uses the freedom not to look at due.
type listsAll struct{ *table }

func (s *listsAll) List(ctx context.Context, after string, _ time.Time, limit int) ([]string, error) {
	return s.table.List(ctx, after, time.Time{}, limit)
}

// raceTries is how often the contract may be run until it catches a defect. Some
// are races: on a busy machine, the callers of one run may all miss each other.
const raceTries = 5

func TestEveryDefectIsCaught(t *testing.T) {
	lines := make([]string, len(defects))
	t.Cleanup(func() { t.Log("defect, the clause that must catch it, others that do\n" + strings.Join(lines, "\n")) })
	for i, d := range defects {
		t.Run(strings.ReplaceAll(d.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			failed, out := failedClauses(t, d.name)
			for tries := 1; tries < raceTries && !slices.Contains(failed, d.clause); tries++ {
				failed, out = failedClauses(t, d.name)
			}
			if !slices.Contains(failed, d.clause) {
				t.Fatalf("%s: want %s to fail, failed: %q\n%s", d.name, d.clause, failed, out)
			}
			others := slices.DeleteFunc(failed, func(clause string) bool { return clause == d.clause })
			lines[i] = fmt.Sprintf("%-44s %-30s %s", d.name, d.clause, strings.Join(others, " "))
		})
	}
}

// A check that nothing can fail checks nothing.
func TestEveryClauseIsTheOneThatCatchesSomeDefect(t *testing.T) {
	_, out := failedClauses(t, "")
	clauses := passes.FindAllStringSubmatch(out, -1)
	if len(clauses) == 0 {
		t.Fatalf("no clause was run:\n%s", out)
	}
	for _, clause := range clauses {
		if !slices.ContainsFunc(defects, func(d defect) bool { return d.clause == clause[1] }) {
			t.Errorf("no defect is there for %s to catch", clause[1])
		}
	}
}

var (
	passes   = regexp.MustCompile(`--- PASS: TestDefectiveStore/(\S+) `)
	failures = regexp.MustCompile(`--- FAIL: TestDefectiveStore/(\S+) `)
)

// failedClauses runs the contract on a defective store in a process of its own
// and returns the subtests that failed.
func failedClauses(t *testing.T, name string) (failed []string, out string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDefectiveStore$", "-test.v", "-test.timeout=1m",
		"-rapid.nofailfile", "-rapid.shrinktime=0s", "-rapid.checks=30")
	cmd.Env = append(os.Environ(), defectEnv+"="+name)
	text, _ := cmd.CombinedOutput() // what it says counts, not how it ends
	out = string(text)
	if strings.Contains(out, "panic:") || strings.Contains(out, "fatal error:") {
		t.Fatalf("the process broke off:\n%s", out)
	}
	for _, match := range failures.FindAllStringSubmatch(out, -1) {
		failed = append(failed, match[1])
	}
	return failed, out
}
