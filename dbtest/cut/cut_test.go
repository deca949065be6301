package cut

import (
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/knowhave/factor"
)

var all = flag.Bool("cut.all", false, "cut in every way that there is, with statements that are prepared too")

// A tally counts the outcomes of the cuts of a kind.
type tally map[string]*[resolutions]int

func (t tally) add(c Cut, r resolution) {
	row := pointName(c.Point)
	if c.ForGood {
		row += ", for good"
	}
	if c.Twice {
		row += ", twice"
	}
	if t[row] == nil {
		t[row] = new([resolutions]int)
	}
	t[row][r]++
}

func (t tally) String() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "cut\tcuts\t")
	for r := range resolutions {
		fmt.Fprintf(w, "%s\t", r)
	}
	fmt.Fprintln(w)
	total := new([resolutions]int)
	line := func(name string, row *[resolutions]int) {
		sum := 0
		for _, n := range row {
			sum += n
		}
		fmt.Fprintf(w, "%s\t%d\t", name, sum)
		for _, n := range row {
			fmt.Fprintf(w, "%d\t", n)
		}
		fmt.Fprintln(w)
	}
	for _, p := range []Point{Before, Unanswered, Answered, LateFirst, LateLast, idle} {
		for _, name := range []string{pointName(p), pointName(p) + ", twice", pointName(p) + ", for good"} {
			if row := t[name]; row != nil {
				line(name, row)
				for r, n := range row {
					total[r] += n
				}
			}
		}
	}
	line("all", total)
	w.Flush()
	return text.String()
}

// Whatever is cut, nothing is accepted twice, nothing answered is lost, and an
// error means that the operation was done entirely or not at all.
func TestPromisesHoldWhereverTheConnectionIsCut(t *testing.T) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel() // the servers do
			if m.prepares && !*all {
				t.Skip("runs with -cut.all")
			}
			l := m.open(t, table(fmt.Sprintf("factor_cut_%x", time.Now().UnixNano())))
			found, runs, guesses := make(tally), 0, 0
			for _, o := range operations {
				t.Run(o.String(), func(t *testing.T) {
					trial, err := newTrial(l, m, o)
					if err != nil {
						t.Fatal(err)
					}
					for _, c := range trial.cuts(*all) {
						r, err := trial.run(c, nil)
						if err != nil {
							t.Fatalf("%s: %v", describeCut(c), err)
						}
						runs++
						if errors.Is(r.answer.err, factor.ErrMismatch) && !r.open() {
							guesses++
						}
						found.add(c, trial.resolution(c, r))
						for _, what := range trial.judge(c, r) {
							t.Errorf("%s: %s\n  answered %s\n  sent\n%s", describeCut(c), what, r.text(), sent(r.trace.Requests))
						}
					}
				})
			}
			t.Logf("%s: %d operations cut %d times; %d wrong guesses were answered, and all are counted\n%s", m.name, len(operations), runs, guesses, found)
		})
	}
}

func describeCut(c Cut) string {
	text := fmt.Sprintf("statement %d, %s", c.At, pointName(c.Point))
	if c.Reset {
		text += ", reset"
	}
	if c.ForGood {
		text += ", for good"
	}
	if c.Twice {
		text += ", twice"
	}
	return text
}

func sent(all []*Request) string {
	var text strings.Builder
	for i, r := range all {
		fmt.Fprintf(&text, "  %d %.100q\n", i+1, r.SQL)
	}
	return text.String()
}
