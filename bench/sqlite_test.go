package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// TestTarget3SQLiteUnderLoad measures swaps alone: what is loaded and judged
// around them is in target 2.
func TestTarget3SQLiteUnderLoad(t *testing.T) {
	db := sqlite.pool(t)
	tp := newTemplate(t, true, 2)
	const most = 64
	ours, theirs := newSwapper(t, sqlite.temporary(t, db), tp, most), newSwapper(t, sqlite.temporary(t, db), tp, most)
	store := ours.records.store(t)
	hand := theirs.records.byHand(len(ours.data[0]), false)
	for _, c := range []struct {
		goroutines, swaps int
		target            string
	}{{64, 2560, "≥ 6"}, {16, 1600, "≥ 3.5"}, {1, 400, "≥ 0.95"}} {
		among := "alone"
		if c.goroutines > 1 {
			among = fmt.Sprintf("%d goroutines on distinct users", c.goroutines)
		}
		each := scale(c.swaps/c.goroutines, 3)
		rate, tail := loads(scale(9, 1), func() (time.Duration, []time.Duration) {
			return ours.run(c.goroutines, each, func(user int, old, next int64) {
				must(store.CompareAndSwap(t.Context(), ours.users[user], old, factor.Record{Data: ours.data[next&1], Version: next}))
			})
		}, func() (time.Duration, []time.Duration) {
			return theirs.run(c.goroutines, each, func(user int, old, next int64) {
				if !hand.swap(t.Context(), theirs.users[user], old, next) {
					panic("somebody else has changed the row")
				}
			})
		})
		measured.add(3, fmt.Sprintf("rate of swaps on SQLite with synchronous=FULL, %s, against a commit for each", among), c.target, rate.String())
		measured.add(3, fmt.Sprintf("99th percentile of the same, %s", among), "", tail.String())
	}
}

// A swapper makes swaps that all win: each goroutine has a user.
type swapper struct {
	records  *records
	users    []string
	versions []int64
	data     [2][]byte
}

func newSwapper(t *testing.T, r *records, tp *template, users int) *swapper {
	s := &swapper{records: r, users: r.fill(t, tp, users), versions: make([]int64, users)}
	for i, user := range s.users {
		record, err := r.store(t).Load(context.Background(), user)
		must(err)
		s.versions[i] = record.Version
	}
	for i := range s.data {
		s.data[i] = tp.seal(s.users[0])
	}
	return s
}

func (s *swapper) run(goroutines, each int, swap func(user int, old, next int64)) (time.Duration, []time.Duration) {
	return crews(goroutines, each, func(user int) {
		old := s.versions[user]
		s.versions[user]++
		swap(user, old, old+1)
	})
}
