package boltstore_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")

// TestTheGuideShowsThisStore keeps the Go blocks of docs/stores.md equal to what is
// compiled here: the swap of the store, and its test.
func TestTheGuideShowsThisStore(t *testing.T) {
	const guide = "../../docs/stores.md"
	blocks := goBlock.FindAllStringSubmatch(read(t, guide), -1)
	if len(blocks) < 2 {
		t.Fatalf("%s has %d Go blocks, want the swap and the test", guide, len(blocks))
	}
	for i, block := range blocks {
		source := "store_test.go"
		if i == 0 {
			source = "store.go"
		}
		if !strings.Contains(read(t, source), block[1]) {
			t.Fatalf("Go block %d of %s is not in %s:\n%s", i+1, guide, source, block[1])
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
