package systemtest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestSecurityListsEveryThreat compares the table of SECURITY.md with the tests: its
// rows are numbered without a gap, and each number is that of a test and the other way
// round.
func TestSecurityListsEveryThreat(t *testing.T) {
	_, table, found := strings.Cut(readFile(t, "SECURITY.md"), "\n| # | attack |")
	if !found {
		t.Fatal("SECURITY.md has no table of threats")
	}
	var rows []string
	for _, row := range regexp.MustCompile(`(?m)^\| (\d\d) \|`).FindAllStringSubmatch(table, -1) {
		rows = append(rows, row[1])
	}
	for i, number := range rows {
		if want := fmt.Sprintf("%02d", i+1); number != want {
			t.Fatalf("row %s of SECURITY.md stands where %s belongs", number, want)
		}
	}
	var tests []string
	walk(t, func(name string) {
		if strings.HasSuffix(name, "_test.go") {
			for _, test := range regexp.MustCompile(`(?m)^func TestThreat(\d\d)`).FindAllStringSubmatch(readFile(t, name), -1) {
				tests = append(tests, test[1])
			}
		}
	})
	slices.Sort(tests)
	if tests = slices.Compact(tests); !slices.Equal(rows, tests) {
		t.Errorf("SECURITY.md has the threats %v, the tests show %v", rows, tests)
	}
}
