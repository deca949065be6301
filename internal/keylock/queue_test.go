package keylock

import (
	"fmt"
	"slices"
	"testing"
)

// crowded returns locks where n waiters wait for alice's. Those for which hasJob
// returns true have a job.
func crowded(t *testing.T, n int, hasJob func(i int) bool) (*locks, []*waiter) {
	t.Helper()
	l := &locks{}
	if l.enter(key, "") != nil {
		t.Fatal("nobody holds the lock, and it is waited for")
	}
	crowd := make([]*waiter, n)
	for i := range crowd {
		job := ""
		if hasJob(i) {
			job = fmt.Sprint("job ", i)
		}
		crowd[i] = l.enter(key, job)
	}
	return l, crowd
}

func eachJob(int) bool { return true }

func noJob(int) bool { return false }

// numbers returns the numbers of the waiters in the order in which they get the
// lock.
func (l *Locks[J, V]) numbers() []int64 {
	var all []int64
	for {
		next := l.keys[key].first(everybody)
		l.Release(key, Cached[V]{})
		if next == nil {
			return all
		}
		all = append(all, next.number)
	}
}

// cutOff removes each waiter's links, except where keep returns true.
func cutOff(crowd []*waiter, keep func(i int) bool) {
	for i, w := range crowd {
		if !keep(i) {
			w.links = [2]links[string, string]{}
		}
	}
}

// Giving up must touch only the waiter and its two neighbours: all others are out
// of reach, so that a walk through a fourth would fail.
func TestGivingUpLooksAtNoMoreThanTheNeighbours(t *testing.T) {
	const n = 1001
	for _, at := range []int{0, 1, n / 2, n - 2, n - 1} {
		for name, hasJob := range map[string]func(int) bool{"with a job": eachJob, "without": noJob} {
			t.Run(fmt.Sprintf("number %d of %d %s", at, n, name), func(t *testing.T) {
				l, crowd := crowded(t, n, hasJob)
				cutOff(crowd, func(i int) bool { return at-1 <= i && i <= at+1 })
				if !l.withdraw(key, crowd[at]) {
					t.Fatal("a waiter is not found")
				}
				if l.withdraw(key, crowd[at]) {
					t.Fatal("a waiter who has gone is found")
				}
				for _, beside := range crowd[max(at-1, 0):min(at+2, n)] {
					for _, between := range beside.links {
						if between.before == crowd[at] || between.after == crowd[at] {
							t.Fatalf("number %d still stands beside the one who has gone", beside.number)
						}
					}
				}
			})
		}
	}
}

// Passing the lock on and taking a batch must touch one waiter more than they take.
func TestABatchLooksAtNobodyElse(t *testing.T) {
	l, crowd := crowded(t, 1001, func(i int) bool { return i%2 == 0 })
	l.Release(key, known{})
	// Two waiters with a job can be in the batch, and no other.
	crowd[0].last = crowd[4].number
	cutOff(crowd, func(i int) bool { return i <= 6 })
	if got, want := l.Batch(key, crowd[0], 10), []*waiter{crowd[2], crowd[4]}; !slices.Equal(got, want) {
		t.Fatalf("a batch of %d, want those who came third and fifth", len(got))
	}
	if l.keys[key].first(withJob) != crowd[6] {
		t.Fatal("the next with a job is not the one who came next")
	}
	if l.keys[key].first(everybody) != crowd[1] {
		t.Fatal("the next is not the one who came next")
	}
}

func TestTheQueueSurvivesAWaiterThatGivesUp(t *testing.T) {
	for gone := range 5 {
		l, crowd := crowded(t, 5, noJob)
		if !l.withdraw(key, crowd[gone]) {
			t.Fatal("a waiter is not found")
		}
		want := slices.Delete([]int64{1, 2, 3, 4, 5}, gone, gone+1)
		if got := l.numbers(); !slices.Equal(got, want) {
			t.Errorf("after number %d gave up the lock went to %v, want %v", gone+1, got, want)
		}
		if n := l.Keys(); n != 0 {
			t.Fatalf("%d locks are left behind", n)
		}
	}
}

func TestTheOrderOfABatchSurvivesAWaiterThatGivesUp(t *testing.T) {
	l, crowd := crowded(t, 7, func(i int) bool { return i != 3 })
	l.Release(key, known{})
	l.withdraw(key, crowd[2])
	if got, want := l.Batch(key, crowd[0], 10), []*waiter{crowd[1], crowd[4], crowd[5], crowd[6]}; !slices.Equal(got, want) {
		t.Fatalf("a batch of %d, or not in the order of coming", len(got))
	}
	if got := l.numbers(); !slices.Equal(got, []int64{4}) {
		t.Fatalf("the lock then went to %v, want number 4", got)
	}
}

// Many come and go, in any order: the rest stay in order of arrival.
func TestWaitersThatStayKeepTheirPlace(t *testing.T) {
	const n = 256
	l, crowd := crowded(t, n, func(i int) bool { return i%3 == 0 })
	var want []int64
	for i := range n {
		w := crowd[(i*101)%n] // each of them once
		if w.number%4 == 0 {
			want = append(want, w.number)
			continue
		}
		if !l.withdraw(key, w) {
			t.Fatal("a waiter is not found")
		}
	}
	slices.Sort(want)
	if got := l.numbers(); !slices.Equal(got, want) {
		t.Fatalf("the lock went to %v, want %v", got, want)
	}
}
