package systemtest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestSecurityListsEveryThreat compares the list of SECURITY.md with the tests: it is
// numbered without a gap, and each number is that of a test and the other way round.
func TestSecurityListsEveryThreat(t *testing.T) {
	_, list, found := strings.Cut(readFile(t, "SECURITY.md"), "\n## The threats\n")
	if !found {
		t.Fatal("SECURITY.md has no list of threats")
	}
	var listed []string
	for i, item := range regexp.MustCompile(`(?m)^(\d+)\. `).FindAllStringSubmatch(list, -1) {
		if want := fmt.Sprint(i + 1); item[1] != want {
			t.Fatalf("threat %s of SECURITY.md stands where %s belongs", item[1], want)
		}
		listed = append(listed, fmt.Sprintf("%02d", i+1))
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
	if tests = slices.Compact(tests); !slices.Equal(listed, tests) {
		t.Errorf("SECURITY.md has the threats %v, the tests show %v", listed, tests)
	}
}
