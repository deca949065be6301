package boltstore_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// TestTheGuideShowsThisStore keeps the Go blocks of docs/stores.md equal to what is
// compiled here, in the store or in its test.
func TestTheGuideShowsThisStore(t *testing.T) {
	const guide = "../../docs/stores.md"
	blocks := goBlock.FindAllStringSubmatch(read(t, guide), -1)
	if len(blocks) == 0 {
		t.Fatalf("%s has no Go block", guide)
	}
	code := read(t, "store.go") + read(t, "store_test.go")
	for _, block := range blocks {
		if !strings.Contains(code, block[1]) {
			t.Fatalf("a Go block of %s is in neither store.go nor store_test.go:\n%s", guide, block[1])
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
