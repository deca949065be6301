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
			among := newHost(l.records.store(t), l.template.keys)

			// Anywhere in the large table, and so on pages that nobody has touched.
			anywhere := make([]string, few())
			for i := range anywhere {
				anywhere[i] = l.users[mathrand.IntN(len(l.users)/len(anywhere))+i*(len(l.users)/len(anywhere))]
			}
			compareVisits(t, fmt.Sprintf("on %s, with %d users against %d", e.name, many(), few()), "≤ 1.3",
				&guests{host: among, template: l.template, users: anywhere},
				&guests{host: newHost(small.store(t), l.template.keys), template: l.template, users: small.fill(t, l.template, few())})

			ten, one := newTemplate(t, true, 10), newTemplate(t, true, 1)
			compareVisits(t, fmt.Sprintf("on %s, with %d users, with 10 devices against 1", e.name, many()), "≤ 1.5",
				&guests{host: among, template: ten, users: l.records.fill(t, ten, few())},
				&guests{host: among, template: one, users: l.records.fill(t, one, few())})
		})
	}
}

// guests are users of a host who are visited once each.
type guests struct {
	*host
	template *template
	users    []string
}

func (g *guests) visits(t *testing.T, n int) []*visit {
	all := make([]*visit, n)
	for i, user := range g.users[:n] {
		all[i] = &visit{host: g.host, ctx: t.Context(), user: user, device: uuid.New(), secret: g.template.devices[len(g.template.devices)-1]}
	}
	return all
}

// compareVisits measures the median time of every operation on one side against
// that on the other, in turns. An operation is done for all who are visited
// before the next one is: by then the pages of the first have left the caches
// that a large table does not fit into, so that each operation meets its user
// as one that comes alone would.
func compareVisits(t *testing.T, what, target string, ours, theirs *guests) {
	parts, visits := scale(10, 2), scale(30, 1) // in each of the parts, which the spread is taken of
	sides := [2][]*visit{ours.visits(t, parts*visits), theirs.visits(t, parts*visits)}
	for _, side := range sides { // which reads their pages into the operating system's cache
		for _, v := range side {
			must(operations[0].do(v))
		}
	}
	ratios := make([][]float64, len(operations))
	for j, op := range operations {
		for part := range parts {
			var took [2][]time.Duration
			for i := range visits {
				if op.hashes && i > visits/4 {
					break
				}
				for k := range sides {
					side := (k + i) % 2
					began := time.Now()
					if err := op.do(sides[side][part*visits+i]); err != nil {
						t.Fatalf("%s: %v", op.name, err)
					}
					took[side] = append(took[side], time.Since(began))
				}
			}
			ratios[j] = append(ratios[j], percentile(took[0], 0.5).Seconds()/percentile(took[1], 0.5).Seconds())
		}
	}
	report(what, target, ratios)
}

// report adds the operation that suffers most to the table, and prints them all.
func report(what, target string, ratios [][]float64) {
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
}
