package seeded

import (
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/knowhave/factor/internal/race"
)

var (
	long   = flag.Bool("long", false, "plant every defect, and none as the control; otherwise one defect for each check")
	part   = flag.String("seeded.part", "0/1", "of what -long plants take only the i-th of n parts, as in 1/3")
	inFull = flag.Bool("seeded.matrix", false, "TestMatrix: run every check against every defect, and print the table")
	times  = flag.Int("seeded.times", 1, "TestMatrix: so many times the effort; with 40 every schedule of two calls is run")
	only   = flag.String("seeded.only", "", "TestMatrix: a regular expression for the names of the defects")
	which  = flag.String("seeded.checks", "", "TestMatrix: a regular expression for the names of the checks")
)

// defects are all of them.
var defects = slices.Concat(updateDefects, ruleDefects, resetDefects, storeDefects, waitDefects, promiseDefects, codeDefects, noticeDefects)

// slots is the number of checks built or run at once.
var slots = make(chan struct{}, 2)

func takeSlot() (leave func()) {
	slots <- struct{}{}
	return func() { <-slots }
}

// first reports whether a defect is the first for its check: these run without
// -long.
func (d defect) first() bool {
	i := slices.IndexFunc(defects, func(o defect) bool { return o.catcher == d.catcher })
	return defects[i].name == d.name
}

// TestEachDefectIsCaught builds and runs the named check of each defect.
func TestEachDefectIsCaught(t *testing.T) {
	looksAtSources(t)
	if testing.Short() {
		t.Skip("builds the library once for each defect: run it without -short")
	}
	if race.Enabled {
		t.Skip("the checks are built without the race detector: run it without")
	}
	var on table
	if *write {
		t.Cleanup(func() { on.writePage(t) })
	}
	var i, n int
	if _, err := fmt.Sscanf(*part, "%d/%d", &i, &n); err != nil || i < 0 || i >= n {
		t.Fatalf("-seeded.part=%s is not i/n with i from 0 to n-1", *part)
	}
	for at, d := range defects {
		t.Run(d.name, func(t *testing.T) {
			switch {
			case !*long && !*write && !d.first():
				t.Skip("another defect for the same check is planted: give -long")
			case at%n != i:
				t.Skip("in another part")
			}
			t.Parallel()
			defer takeSlot()()
			program := d.build(t, d.catcher)
			o := d.catcher.run(t, program, slices.Concat(d.catcher.brief, d.flags)...)
			if o.found == "" {
				t.Fatalf("%s: the check %q does not find that %s\n%s", d.file, d.catcher.name, d.what, o.output)
			}
			on.caught(d, o)
			t.Logf("caught by %s: %s", d.catcher.name, o.found)
		})
	}
}

// TestNothingIsCaughtWithoutADefect is the control: the same checks, built and run
// in the same way, find nothing without a defect.
func TestNothingIsCaughtWithoutADefect(t *testing.T) {
	looksAtSources(t)
	if !*long {
		t.Skip("builds the checks anew: give -long")
	}
	programs := onceEach(t, none)
	for _, run := range controls() {
		t.Run(run.check.name+" "+strings.Join(run.flags, " "), func(t *testing.T) {
			t.Parallel()
			defer takeSlot()()
			if o := run.check.run(t, programs(run.check), run.flags...); !o.passed {
				t.Fatalf("it fails where there is no defect\n%s", o.output)
			}
		})
	}
}

// A control is a check as TestEachDefectIsCaught runs it.
type control struct {
	check *check
	flags []string
}

// controls returns the different ones.
func controls() []control {
	var all []control
	for _, d := range defects {
		c := control{d.catcher, slices.Concat(d.catcher.brief, d.flags)}
		if !slices.ContainsFunc(all, func(o control) bool { return o.check == c.check && slices.Equal(o.flags, c.flags) }) {
			all = append(all, c)
		}
	}
	return all
}

// onceEach returns a function that builds each check once.
func onceEach(t *testing.T, d defect) func(*check) string {
	programs := make(map[any]func() string)
	of := func(c *check) any {
		if *inFull {
			return c.in
		}
		return c
	}
	for _, c := range checks {
		programs[of(c)] = sync.OnceValue(func() string { return d.build(t, c) })
	}
	return func(c *check) string { return programs[of(c)]() }
}

// TestEachDefectStillFits checks only the text, even with -short.
func TestEachDefectStillFits(t *testing.T) {
	names := make(map[string]bool)
	for _, d := range defects {
		if _, err := d.plant(); err != nil {
			t.Errorf("%s: %v", d.name, err)
		}
		if names[d.name] {
			t.Errorf("%s stands there twice", d.name)
		}
		names[d.name] = true
		if d.catcher == nil || !d.catcher.sees(d) {
			t.Errorf("%s names no check that runs %s", d.name, d.file)
		}
	}
}

// TestMatrix runs every check against every defect that it can see, and prints the
// costs as a Markdown table.
func TestMatrix(t *testing.T) {
	if !*inFull {
		t.Skip("the long run: give -seeded.matrix")
	}
	looks := regexp.MustCompile(*which)
	t.Run("none", func(t *testing.T) {
		programs := onceEach(t, none)
		for _, c := range checks {
			if !looks.MatchString(c.name) {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				defer takeSlot()()
				if o := c.run(t, programs(c), c.effort()...); !o.passed {
					t.Errorf("it fails where there is no defect, and what it finds is worth nothing\n%s", o.output)
				}
			})
		}
	})
	rows := make([]string, len(defects))
	t.Run("all", func(t *testing.T) {
		for i, d := range defects {
			if !regexp.MustCompile(*only).MatchString(d.name) {
				continue
			}
			t.Run(d.name, func(t *testing.T) {
				t.Parallel()
				defer takeSlot()()
				rows[i] = d.against(t, looks)
				t.Log(rows[i])
			})
		}
	})
	head := "| # | defect | " + strings.Join(columns, " | ") + " |"
	t.Logf("\n%s\n|%s\n%s", head, strings.Repeat("---|", len(columns)+2), strings.Join(slices.DeleteFunc(rows, func(r string) bool { return r == "" }), "\n"))
}

// against runs the checks and returns the row of the table.
func (d defect) against(t *testing.T, looks *regexp.Regexp) string {
	number := slices.IndexFunc(defects, func(o defect) bool { return o.name == d.name }) + 1
	row := fmt.Sprintf("| %d | %s |", number, d.row())
	programs, caught := onceEach(t, d), false
	for _, column := range columns {
		cell := ""
		for _, c := range checks {
			if c.column != column || !c.sees(d) || !looks.MatchString(c.name) {
				continue
			}
			o := c.run(t, programs(c), c.effort()...)
			switch {
			case o.found != "":
				cell, caught = o.found, true
			case o.passed:
				cell = "no"
			case strings.Contains(o.output, "panic: test timed out"):
				cell = "does not end"
			default:
				cell = "?"
				t.Logf("%s neither passes nor finds anything:\n%.5000s", c.name, o.output)
			}
		}
		row += " " + cell + " |"
	}
	if !caught && *which == "" {
		t.Errorf("no check catches it")
	}
	return row
}
