package boltstore_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// TestTheGuideShowsThisStore compares docs/stores.md with this package: the guide's
// first Go block is store.go, and every other is part of the test.
func TestTheGuideShowsThisStore(t *testing.T) {
	const guide = "../../docs/stores.md"
	blocks := goBlock.FindAllStringSubmatch(read(t, guide), -1)
	if len(blocks) < 2 {
		t.Fatalf("%s has %d Go blocks, want the store and its test", guide, len(blocks))
	}
	if blocks[0][1] != read(t, "store.go") {
		t.Fatalf("the first Go block of %s is not store.go", guide)
	}
	for _, block := range blocks[1:] {
		if !strings.Contains(read(t, "store_test.go"), block[1]) {
			t.Fatalf("a Go block of %s is not in store_test.go:\n%s", guide, block[1])
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
