package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// TestGuidesShowCodeThatIsCompiled looks for each Go block of the guides in its
// source files.
func TestGuidesShowCodeThatIsCompiled(t *testing.T) {
	for guide, sources := range map[string][]string{
		"../../docs/adopting.md": {"move.go", "../../example_import_test.go"},
		"../../docs/keys.md":     {"../../example_rotate_test.go", "../../dbtest/tink_test.go"},
	} {
		var code strings.Builder
		for _, source := range sources {
			code.WriteString(read(t, source))
		}
		blocks := goBlock.FindAllStringSubmatch(read(t, guide), -1)
		if len(blocks) == 0 {
			t.Errorf("%s has no Go block", guide)
		}
		for _, block := range blocks {
			if !strings.Contains(code.String(), block[1]) {
				t.Errorf("a Go block of %s is in none of %v:\n%s", guide, sources, block[1])
			}
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
