package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// queueOf returns a queue of so many writes, in the order in which they came.
func queueOf(n int) (*queue, []*request) {
	q, all := &queue{}, make([]*request, n)
	for i := range all {
		all[i] = newRequest(context.Background(), "")
		q.push(all[i])
	}
	return q, all
}

// A caller who gives up touches no other write than the one before and the one
// after. All others are made unusable meanwhile: whoever looked at one of them
// would lose the way.
func TestThreat34GivingUpInTheQueueOfWrites(t *testing.T) {
	const many = 1000
	for _, leaves := range []int{0, 1, many / 2, many - 2, many - 1} {
		q, all := queueOf(many)
		var others []*request
		var links [][2]*request
		for i, w := range all {
			if i < leaves-1 || i > leaves+1 {
				others, links = append(others, w), append(links, [2]*request{w.earlier, w.later})
				w.earlier, w.later = nil, nil
			}
		}
		func() {
			defer func() {
				if cause := recover(); cause != nil {
					t.Fatalf("write %d left by way of another: %v", leaves, cause)
				}
			}()
			q.remove(all[leaves])
		}()
		for i, w := range others {
			if w.earlier != nil || w.later != nil {
				t.Fatalf("write %d left, and another was touched", leaves)
			}
			w.earlier, w.later = links[i][0], links[i][1]
		}
		if got, want := q.take(many), slices.Delete(all, leaves, leaves+1); !slices.Equal(got, want) {
			t.Errorf("after write %d left, %d writes of %d remain or their order is another", leaves, len(got), many-1)
		}
	}
}

func TestQueueKeepsTheOrderOfComingWhoeverLeaves(t *testing.T) {
	const many = 5
	for leave := range 1 << many { // each set of those who leave
		for first := range many + 1 { // so many are taken first
			q, all := queueOf(many)
			got := q.take(first)
			want := slices.Clone(got)
			for i, w := range all {
				if leave&(1<<i) != 0 {
					q.remove(w)
					q.remove(w) // The second time it is not there.
				} else if i >= first {
					want = append(want, w)
				}
			}
			late := &request{}
			q.push(late)
			want = append(want, late)
			got = append(got, q.take(many+1)...)
			if !slices.Equal(got, want) || q.length != 0 || q.first != nil || q.last != nil {
				t.Fatalf("%b left after %d were taken: the others come in another order, or not at all", leave, first)
			}
		}
	}
}

// Writes are made in the order in which they came, also where a caller before
// them has hung up.
func TestHangUpLeavesTheOrderOfWrites(t *testing.T) {
	whenQueued(t, func(q *queued) {
		ctx, hangUp := context.WithCancel(q.Context())
		var answers []<-chan error
		for i, of := range []context.Context{q.Context(), ctx, q.Context(), q.Context()} {
			answers = append(answers, q.swap(of, fmt.Sprint(i)))
		}
		hangUp()
		if err := <-answers[1]; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		close(q.release)
		for _, i := range []int{0, 2, 3} {
			if err := <-answers[i]; err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Join(q.server.users, " "); got != "alice 0 2 3" {
			t.Errorf("the writes were made in the order %s, want alice 0 2 3", got)
		}
	})
}
