package bench

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
)

// A row is a line of the table: what was asked for and what was measured.
type row struct {
	number           int // of the target
	what             string
	target, measured string
}

// table collects the rows of a run.
type table struct {
	mu   sync.Mutex
	rows []row
}

func (t *table) add(number int, what, target, measured string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, row{number, what, target, measured})
	fmt.Printf("%d  %-70s %-14s %s\n", number, what, target, measured)
}

// Markdown returns the rows as a table, in the order of the targets.
func (t *table) Markdown() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	rows := slices.Clone(t.rows)
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.number, b.number) })
	b.WriteString("| | what | target | measured |\n|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %d | %s | %s | %s |\n", r.number, r.what, r.target, r.measured)
	}
	return b.String()
}

// The table stands between these lines of the page.
const (
	tableBegins = "<!-- measured: begin -->\n"
	tableEnds   = "<!-- measured: end -->\n"
)

// write puts the table, with a line about the machine, into the page.
func (t *table) write(page, machine string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), tableBegins)
	_, after, ok2 := strings.Cut(rest, tableEnds)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no place for the table: it stands between %q and %q", page, tableBegins, tableEnds)
	}
	return os.WriteFile(page, []byte(before+tableBegins+"\n"+machine+"\n\n"+t.Markdown()+"\n"+tableEnds+after), 0o644)
}
