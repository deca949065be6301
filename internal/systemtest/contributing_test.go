package systemtest

import (
	"io/fs"
	"regexp"
	"testing"
)

// The files and packages in CONTRIBUTING's map exist.
func TestTheMapNamesExistingFiles(t *testing.T) {
	named := regexp.MustCompile("`((?:\\.?[a-z0-9_]+/)*[a-z0-9_]+\\.go|(?:internal|dbtest|docs|examples|sqlstore|testdata)(?:/[a-z0-9_./]+)?)`")
	seen := 0
	for _, match := range named.FindAllStringSubmatch(readFile(t, "CONTRIBUTING.md"), -1) {
		if _, err := fs.Stat(repository, match[1]); err != nil {
			t.Errorf("CONTRIBUTING.md names %s: %v", match[1], err)
		}
		seen++
	}
	if seen < 30 {
		t.Errorf("only %d names were found", seen)
	}
}
