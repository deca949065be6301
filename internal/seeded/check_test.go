package seeded

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A pkg is a package with checks in it.
type pkg struct {
	module string // its directory in the repository
	path   string // of the package in the module
}

var (
	engine   = pkg{".", "."}
	whole    = pkg{".", "./internal/systemtest"}
	accounts = pkg{".", "./internal/account"}
	oneTime  = pkg{".", "./internal/totp"}
	locking  = pkg{".", "./internal/keylock"}
	hashing  = pkg{".", "./internal/pinhash"}
	inMemory = pkg{".", "./memstore"}
	inSQL    = pkg{".", "./sqlstore"}
	onSQL    = pkg{"dbtest", "."}
	killing  = pkg{"dbtest", "./torture"}
)

// A check is one way of testing this library.
type check struct {
	name   string
	column string // of the table
	in     pkg
	// keeps holds the package's test files that the check needs; the others need
	// not be compiled. None means all.
	keeps []string
	// flags are those of every run, and brief those of TestEachDefectIsCaught.
	flags, brief []string
	// long returns the flags of a long run, for times the effort.
	long func(times int) []string
	cpus int
	// reach holds the directories whose code it runs; it cannot see others.
	reach []string
	// finding matches the finding in its output, and count describes how soon it
	// came.
	finding *regexp.Regexp
	count   func(found [][]string) string
}

// core holds the directories whose code runs with any store.
var core = []string{".", "internal/account", "internal/totp", "internal/commit", "internal/host", "internal/keylock", "internal/pinhash", "internal/poll", "memstore"}

// seed makes random runs reproducible.
const seed = "1"

var (
	explorer = &check{
		name: "explorer", column: "every interleaving", in: whole, cpus: 1, reach: core,
		keeps: []string{"kit_test.go", "explore_test.go"},
		flags: []string{"-test.run=^TestEveryInterleavingOfPairs$", "-explore.failfast"},
		long: func(n int) []string {
			return []string{"-explore.pairs", fmt.Sprintf("-explore.shard=0/%d", max(1, 40/n))}
		},
		finding: regexp.MustCompile(`schedules, the first of them number (\d+), break the rule`),
		count:   least("schedule"),
	}
	// sharers puts the calls into one process.
	sharers = &check{
		name: "explorer, one process", column: "every interleaving", in: explorer.in, cpus: 1, reach: core,
		keeps: explorer.keeps,
		flags: []string{"-test.run=^TestEveryInterleavingOfPairsInOneProcess$", "-explore.failfast"},
		long:  explorer.long, finding: explorer.finding, count: explorer.count,
	}
	histories = &check{
		name: "histories", column: "histories", in: onSQL, cpus: 1, reach: core,
		flags:   []string{"-test.run=^TestHistoriesFitOneCallerAtATime$/^memory$", "-linear.seed=" + seed},
		brief:   []string{"-linear.histories=2000"},
		long:    func(n int) []string { return []string{fmt.Sprintf("-linear.histories=%d", 20_000*n)} },
		finding: regexp.MustCompile(`(\d+) histories in .* [1-9]\d* violations`),
		count:   least("history"),
	}
	historiesSQL = &check{
		name: "histories, SQLite", column: "histories", in: onSQL, cpus: 2, reach: []string{"sqlstore"},
		flags:   []string{"-test.run=^TestHistoriesFitOneCallerAtATime$/^SQLite$", "-linear.seed=" + seed},
		brief:   []string{"-linear.histories=300"},
		long:    func(n int) []string { return []string{fmt.Sprintf("-linear.histories=%d", 500*n)} },
		finding: regexp.MustCompile(`(\d+) histories in .* [1-9]\d* violations`),
		count:   least("history"),
	}
	model = &check{
		name: "model", column: "model", in: whole, cpus: 1, reach: core,
		keeps:   []string{"kit_test.go", "model_test.go"},
		flags:   []string{"-test.run=^TestModel$", "-rapid.seed=" + seed, "-rapid.nofailfile", "-rapid.shrinktime=1ms"},
		long:    func(n int) []string { return []string{fmt.Sprintf("-rapid.checks=%d", 300*n)} },
		finding: regexp.MustCompile(`\[rapid\] failed after (\d+) tests?`),
		count:   func(found [][]string) string { return "run " + successor(found[0][1]) },
	}
	threats = &check{
		name: "threats", column: "threats", in: whole, cpus: 2, reach: core,
		keeps:   []string{"kit_test.go", "sources_test.go", "threats_test.go", "uniform_test.go"},
		flags:   []string{"-test.run=^Test(Threat|TryingTellsNothing$)", "-rapid.nofailfile"},
		finding: regexp.MustCompile(`(?m)^--- FAIL: Test(?:Threat)?(\d\d|TryingTellsNothing)`),
		count:   distinct("no. "),
	}
	rules = &check{
		name: "unit tests", column: "unit tests", in: engine, cpus: 2, reach: []string{".", "internal/commit", "internal/host", "internal/poll", "memstore"},
		flags:   []string{"-test.run=^Test", "-rapid.seed=" + seed, "-rapid.nofailfile", "-rapid.shrinktime=1ms"},
		finding: regexp.MustCompile(`(?m)^--- FAIL: (Test\w+)`),
		count:   number("test", "tests"),
	}
	accountRules = &check{
		name: "unit tests, accounts", column: "unit tests", in: accounts, cpus: 2, reach: []string{"internal/account"},
		flags:   []string{"-test.run=^Test", "-rapid.seed=" + seed, "-rapid.nofailfile", "-rapid.shrinktime=1ms"},
		finding: regexp.MustCompile(`(?m)^--- FAIL: (Test\w+)`),
		count:   number("test", "tests"),
	}
	oneTimeCodes = &check{
		name: "unit tests, codes", column: "unit tests", in: oneTime, cpus: 2, reach: []string{"internal/totp"},
		flags:   []string{"-test.run=^Test", "-rapid.seed=" + seed, "-rapid.nofailfile", "-rapid.shrinktime=1ms"},
		finding: regexp.MustCompile(`(?m)^--- FAIL: (Test\w+)`),
		count:   number("test", "tests"),
	}
	locks = &check{
		name: "unit tests, locks", column: "unit tests", in: locking, cpus: 2, reach: []string{"internal/keylock"},
		flags:   []string{"-test.run=^Test"},
		finding: regexp.MustCompile(`(?m)^--- FAIL: (Test\w+)`),
		count:   number("test", "tests"),
	}
	hashes = &check{
		name: "unit tests, hashes", column: "unit tests", in: hashing, cpus: 2, reach: []string{"internal/pinhash"},
		flags:   []string{"-test.run=^Test", "-rapid.seed=" + seed, "-rapid.nofailfile", "-rapid.shrinktime=1ms"},
		finding: regexp.MustCompile(`(?m)^--- FAIL: (Test\w+)`),
		count:   number("test", "tests"),
	}
	contract = &check{
		name: "store contract, memory", column: "store contract", in: inMemory, cpus: 2, reach: []string{"memstore"},
		flags:   []string{"-test.run=^TestKeepsTheContract$", "-rapid.seed=" + seed, "-rapid.nofailfile", "-rapid.shrinktime=1ms"},
		finding: regexp.MustCompile(`(?m)^    --- FAIL: TestKeepsTheContract/(\w+)`),
		count:   number("clause", "clauses"),
	}
	contractSQL = &check{
		name: "store contract, SQLite", column: "store contract", in: onSQL, cpus: 2, reach: []string{"sqlstore"},
		flags:   []string{"-test.run=^TestStoresKeepTheContract$/^SQLite$", "-rapid.seed=" + seed, "-rapid.nofailfile", "-rapid.shrinktime=1ms"},
		finding: regexp.MustCompile(`(?m)^        --- FAIL: TestStoresKeepTheContract/SQLite/(\w+)`),
		count:   number("clause", "clauses"),
	}
	statements = &check{
		name: "unit tests, SQLite", column: "unit tests", in: onSQL, cpus: 2, reach: []string{"sqlstore"},
		flags:   []string{"-test.run=^Test(LockHeld|ReadOnly|Records|TwoHandles|ParallelSwaps|ProcessesLose|Migrate|Schema|EveryMethodIs|SwapIs|UnknownCount|ListPasses|Writes|Due|LimitOf)/^SQLite$", "-rapid.nofailfile"},
		finding: regexp.MustCompile(`(?m)^--- FAIL: (Test\w+)`),
		count:   number("test", "tests"),
	}
	writers = &check{
		name: "unit tests, sqlstore", column: "unit tests", in: inSQL, cpus: 2, reach: []string{"sqlstore"},
		flags:   []string{"-test.run=^Test(Connection|Threat33|Threat34|HangUp|Queue|Writ|AWrite|AQueued|Nobody|APanic|Panic|Those|ARow|Rows|ABatch|AnUncertain|ALoad|ACancellation|TheLast)"},
		finding: regexp.MustCompile(`(?m)^--- FAIL: (Test\w+)`),
		count:   number("test", "tests"),
	}
	transactions = &check{
		name: "threats, SQLite", column: "threats", in: onSQL, cpus: 2, reach: []string{"sqlstore"},
		flags:   []string{"-test.run=^TestThreat33ConnectionInTransaction$/^BEGIN$"},
		finding: regexp.MustCompile(`(?m)^--- FAIL: TestThreat(\d\d)`),
		count:   distinct("no. "),
	}
	torture = &check{
		name: "kills", column: "kills", in: killing, cpus: 2, reach: append([]string{"sqlstore"}, core...),
		flags:   []string{"-test.run=^TestPromisesHoldWhenTheProcessIsKilled$/^SQLite$", "-torture.seed=" + seed},
		brief:   []string{"-torture.kills=10"},
		long:    func(n int) []string { return []string{fmt.Sprintf("-torture.kills=%d", 10*n)} },
		finding: regexp.MustCompile(`(\d+) kills, .* [1-9]\d* violations`),
		count:   least("kill"),
	}
)

// checks are all of them. Those of one column reach different code.
var checks = []*check{explorer, sharers, histories, historiesSQL, model, threats, rules, accountRules, oneTimeCodes, locks, hashes, contract, contractSQL, statements, writers, transactions, torture}

// columns are those of the table.
var columns = []string{"every interleaving", "histories", "model", "threats", "unit tests", "store contract", "kills"}

// sees reports whether the check runs the code that the defect is in.
func (c *check) sees(d defect) bool {
	return slices.Contains(c.reach, filepath.Dir(d.file))
}

// leftOut returns the test files that the check does not need. In the long run it
// returns none, and the checks of a package are one program.
func (c *check) leftOut(t *testing.T) []string {
	t.Helper()
	if c.keeps == nil || *inFull {
		return nil
	}
	dir, err := filepath.Abs(filepath.Join(root, c.in.module, c.in.path))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(files, func(name string) bool { return slices.Contains(c.keeps, filepath.Base(name)) })
}

// effort returns the flags of the long run.
func (c *check) effort() []string {
	if c.long == nil {
		return nil
	}
	return c.long(*times)
}

// An outcome is the outcome of a check.
type outcome struct {
	passed bool
	found  string // how soon it found something; empty if it did not
	output string
}

// run runs the check's program.
func (c *check) run(t *testing.T, program string, flags ...string) outcome {
	t.Helper()
	args := slices.Concat([]string{fmt.Sprintf("-test.timeout=%dm", 5**times)}, c.flags, flags)
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir, cmd.Env = filepath.Join(root, c.in.module, c.in.path), environment(c.cpus)
	out, err := cmd.CombinedOutput()
	o := outcome{passed: err == nil, output: string(out)}
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		o.output = fmt.Sprintf("%v\n%s", err, out) // it was killed, or panicked
		return o
	}
	if strings.Contains(o.output, "no tests to run") {
		t.Fatalf("%s: %s", c.name, o.output)
	}
	if found := c.finding.FindAllStringSubmatch(o.output, -1); err != nil && found != nil {
		o.found = c.count(found)
	}
	return o
}

// least tells the least of the numbers that were found.
func least(of string) func([][]string) string {
	return func(found [][]string) string {
		numbers := make([]int, len(found))
		for i, f := range found {
			numbers[i], _ = strconv.Atoi(f[1])
		}
		return fmt.Sprintf("%s %d", of, slices.Min(numbers))
	}
}

// distinct tells all that was found.
func distinct(before string) func([][]string) string {
	return func(found [][]string) string { return before + strings.Join(set(found), ", ") }
}

// number tells how many different things were found.
func number(one, more string) func([][]string) string {
	return func(found [][]string) string {
		n := len(set(found))
		if n == 1 {
			return "1 " + one
		}
		return fmt.Sprintf("%d %s", n, more)
	}
}

func set(found [][]string) []string {
	var all []string
	for _, f := range found {
		all = append(all, f[1])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// successor is the run that failed, after n that passed.
func successor(passed string) string {
	n, _ := strconv.Atoi(passed)
	return strconv.Itoa(n + 1)
}
