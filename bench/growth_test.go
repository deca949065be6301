package bench

import (
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestTarget7Growth(t *testing.T) {
	for _, e := range []engine{postgres, sqlite} {
		t.Run(e.name, func(t *testing.T) {
			l := largeTable(t, e)
			small := e.temporary(t, l.records.db)
			among := &guests{host: newHost(l.records.store(t), l.template.keys), hand: l.records.byHand(0, false)}

			// Anywhere in the large table, and so on pages that nobody has touched.
			anywhere := make([]string, few())
			for i := range anywhere {
				anywhere[i] = l.users[mathrand.IntN(len(l.users)/len(anywhere))+i*(len(l.users)/len(anywhere))]
			}
			compareVisits(t, fmt.Sprintf("on %s, with %d users against %d", e.name, many(), few()), "≤ 1.3",
				among.with(l.template, anywhere),
				(&guests{host: newHost(small.store(t), l.template.keys), hand: small.byHand(0, false)}).with(l.template, small.fill(t, l.template, few())))

			ten, one := newTemplate(t, true, 10), newTemplate(t, true, 1)
			compareVisits(t, fmt.Sprintf("on %s, with %d users, with 10 devices against 1", e.name, many()), "≤ 1.5",
				among.with(ten, l.records.fill(t, ten, few())),
				among.with(one, l.records.fill(t, one, few())))
		})
	}
}

// guests are users of a host who are visited once each.
type guests struct {
	*host
	hand     *byHand // on the same table
	template *template
	users    []string
}

// with returns other guests of the same host.
func (g *guests) with(t *template, users []string) *guests {
	return &guests{g.host, g.hand, t, users}
}

func (g *guests) visits(t *testing.T, n int) []*visit {
	all := make([]*visit, n)
	for i, user := range g.users[:n] {
		all[i] = &visit{host: g.host, ctx: t.Context(), user: user, device: uuid.New(), secret: g.template.devices[len(g.template.devices)-1]}
	}
	return all
}

// compareVisits measures the median time of every operation on one side against
// that on the other, in turns, and first that of the SELECT alone by hand, which
// no operation can do without. An operation is done for all who are visited
// before the next one is: by then the pages of the first have left the caches
// that a large table does not fit into, so that each operation meets its user
// as one that comes alone would.
func compareVisits(t *testing.T, what, target string, ours, theirs *guests) {
	parts, visits := scale(10, 2), scale(30, 1) // in each of the parts, which the spread is taken of
	n := parts * visits
	// growth is what comes of doing something to so many of each part.
	growth := func(some int, do func(side, i int)) (ratios []float64) {
		for part := range parts {
			var took [2][]time.Duration
			for i := range some {
				for k := range took {
					side := (k + i) % 2
					began := time.Now()
					do(side, part*visits+i)
					took[side] = append(took[side], time.Since(began))
				}
			}
			ratios = append(ratios, percentile(took[0], 0.5).Seconds()/percentile(took[1], 0.5).Seconds())
		}
		return ratios
	}
	both := [2]*guests{ours, theirs}
	read := func(side, i int) { both[side].hand.read(t.Context(), both[side].users[i]) }
	growth(visits, read) // which brings the pages into the operating system's cache
	bare := spread(growth(visits, read))
	all := [2][]*visit{ours.visits(t, n), theirs.visits(t, n)}
	ratios := make([][]float64, len(operations))
	for j, op := range operations {
		some := visits
		if op.hashes {
			some = visits/4 + 1
		}
		ratios[j] = growth(some, func(side, i int) {
			if err := op.do(all[side][i]); err != nil {
				t.Fatalf("%s: %v", op.name, err)
			}
		})
	}
	report(what, target, ratios, bare)
}

// report adds the operation that suffers most to the table, and prints them all.
func report(what, target string, ratios [][]float64, bare ratio) {
	worst := 0
	var medians []float64
	for j, op := range operations {
		r := spread(ratios[j])
		fmt.Printf("   %-40s %s %s\n", op.name, r, what)
		medians = append(medians, r.Median)
		if r.Median > spread(ratios[worst]).Median {
			worst = j
		}
	}
	slices.Sort(medians)
	measured.add(7, fmt.Sprintf("median time %s: the worst of %d operations, %s", what, len(operations), operations[worst].name), target, spread(ratios[worst]).String())
	measured.add(7, fmt.Sprintf("the same: the median of the %d operations", len(operations)), target, fmt.Sprintf("%.2f", medians[len(medians)/2]))
	measured.add(7, "the same: the SELECT alone, by hand", "", bare.String())
}
