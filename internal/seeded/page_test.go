package seeded

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
)

var write = flag.Bool("seeded.write", false, "TestEachDefectIsCaught: write DEFECTS.md anew")

// page is the generated table of the defects.
const page = "DEFECTS.md"

// row is how the defect begins its row.
func (d defect) row() string {
	return fmt.Sprintf("**%s**: %s (`%s`)", d.name, d.what, d.file)
}

// rowsOnPage matches the rows of the table: number, defect, and what found it.
var rowsOnPage = regexp.MustCompile(`(?m)^\| (\d+) \| (\*\*(.*?)\*\*: .*?\)) \| (.*) \|\n`)

// TestPageHoldsTheTable compares the rows of the generated table with this one. The
// costs of the checks are those of the last run that wrote it.
func TestPageHoldsTheTable(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	rows := rowsOnPage.FindAllSubmatch(text, -1)
	for i, d := range defects {
		if want := d.row(); i >= len(rows) || string(rows[i][2]) != want || string(rows[i][1]) != fmt.Sprint(i+1) {
			t.Errorf("%s has no row %d for: %s\nRun go test ./internal/seeded -seeded.write", page, i+1, want)
		}
	}
	if len(rows) > len(defects) {
		t.Errorf("%s has %d rows for %d defects", page, len(rows), len(defects))
	}
}

// A table collects what caught each defect.
type table struct {
	mu    sync.Mutex
	found map[string]string // by the defect's name
}

func (b *table) caught(d defect, o outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.found == nil {
		b.found = make(map[string]string)
	}
	b.found[d.name] = d.catcher.name + " | " + o.found
}

// writePage writes the table. A defect that did not run keeps its entry.
func (b *table) writePage(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	places := rowsOnPage.FindAllIndex(text, -1)
	if len(places) == 0 {
		t.Fatalf("%s has no table", page)
	}
	before := make(map[string]string)
	for _, row := range rowsOnPage.FindAllSubmatch(text, -1) {
		before[string(row[3])] = string(row[4])
	}
	var rows strings.Builder
	for i, d := range defects {
		found := b.found[d.name]
		if found == "" {
			found = before[d.name]
		}
		if found == "" {
			found = d.catcher.name + " |" // not run yet
		}
		fmt.Fprintf(&rows, "| %d | %s | %s |\n", i+1, d.row(), found)
	}
	first, last := places[0][0], places[len(places)-1][1]
	out := string(text[:first]) + rows.String() + string(text[last:])
	if err := os.WriteFile(page, []byte(out), 0o644); err != nil {
		t.Fatal(err)
	}
}
