package factor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
)

// aJob is a job that nobody settles.
type aJob struct{ anyJob }

// crowded returns turns of which alice's is held and waited for by so many. The
// jobs are those of the callers for whom shares returns true.
func crowded(t *testing.T, n int, shares func(i int) bool) (*turns, []*waiting) {
	t.Helper()
	ts := &turns{}
	if ts.enter("alice", nil) != nil {
		t.Fatal("nobody holds the turn, and it is waited for")
	}
	crowd := make([]*waiting, n)
	for i := range crowd {
		var j anyJob
		if shares(i) {
			j = aJob{}
		}
		crowd[i] = ts.enter("alice", j)
	}
	return ts, crowd
}

func allShare(int) bool { return true }

func noneShares(int) bool { return false }

// cutOff takes from each waiter the way to the others, but from those who keep
// reports true for.
func cutOff(crowd []*waiting, keep func(i int) bool) {
	for i, w := range crowd {
		if !keep(i) {
			w.among = [2]neighbours{}
		}
	}
}

// The cost of giving up is counted: all but the caller and the two beside it are
// out of reach, so that whoever looks at a fourth one cannot come through.
func TestGivingUpLooksAtNoMoreThanTheNeighbours(t *testing.T) {
	const n = 1001
	for _, at := range []int{0, 1, n / 2, n - 2, n - 1} {
		for name, shares := range map[string]func(int) bool{"with a job": allShare, "without": noneShares} {
			t.Run(fmt.Sprintf("number %d of %d %s", at, n, name), func(t *testing.T) {
				ts, crowd := crowded(t, n, shares)
				cutOff(crowd, func(i int) bool { return at-1 <= i && i <= at+1 })
				if !ts.withdraw("alice", crowd[at]) {
					t.Fatal("who waits is not found")
				}
				if ts.withdraw("alice", crowd[at]) {
					t.Fatal("who has gone is found")
				}
				for _, beside := range []int{at - 1, at + 1} {
					if beside < 0 || beside >= n {
						continue
					}
					for l := range crowd[beside].among {
						if between := crowd[beside].among[l]; between.before == crowd[at] || between.after == crowd[at] {
							t.Fatalf("number %d still stands beside who has gone", beside)
						}
					}
				}
			})
		}
	}
}

// So is that of handing the turn over, and that of taking a company: one more is
// looked at than are taken.
func TestTakingACompanyLooksAtNobodyElse(t *testing.T) {
	const n = 1001
	ts, crowd := crowded(t, n, func(i int) bool { return i%2 == 0 })
	ts.leave("alice", found{})
	// Two with a job wait already, and nobody else who may join.
	crowd[0].last = crowd[4].number
	cutOff(crowd, func(i int) bool { return i <= 6 })
	with := ts.company("alice", crowd[0])
	if want := []*waiting{crowd[2], crowd[4]}; !slices.Equal(with, want) {
		t.Fatalf("%d calls share, want those that came third and fifth", len(with))
	}
	if left := ts.users["alice"].first(sharers); left != crowd[6] {
		t.Fatal("the next who could share is another than came next")
	}
	if next := ts.users["alice"].first(everybody); next != crowd[1] {
		t.Fatal("the next is another than came next")
	}
}

// numbers are those of the callers to whom the turn is handed over, one after the
// other, until nobody waits.
func (t *turns) numbers() []int64 {
	var all []int64
	for {
		next := t.users["alice"].first(everybody)
		t.leave("alice", found{})
		if next == nil {
			return all
		}
		all = append(all, next.number)
	}
}

func TestTheOrderOfComingSurvivesWhoGivesUp(t *testing.T) {
	for gone := range 5 {
		ts, crowd := crowded(t, 5, noneShares)
		if !ts.withdraw("alice", crowd[gone]) {
			t.Fatal("who waits is not found")
		}
		want := slices.Delete([]int64{1, 2, 3, 4, 5}, gone, gone+1)
		if got := ts.numbers(); !slices.Equal(got, want) {
			t.Errorf("after number %d gave up the turn went to %v, want %v", gone+1, got, want)
		}
		if len(ts.users) != 0 {
			t.Fatal("a turn is left behind")
		}
	}
}

func TestTheOrderOfACompanySurvivesWhoGivesUp(t *testing.T) {
	ts, crowd := crowded(t, 7, func(i int) bool { return i != 3 })
	ts.leave("alice", found{})
	ts.withdraw("alice", crowd[2])
	if got, want := ts.company("alice", crowd[0]), []*waiting{crowd[1], crowd[4], crowd[5], crowd[6]}; !slices.Equal(got, want) {
		t.Fatalf("%d calls share, or not in the order in which they came", len(got))
	}
	if got, want := ts.numbers(), []int64{4}; !slices.Equal(got, want) {
		t.Fatalf("the turn went to %v, want %v", got, want)
	}
}

// Many come and many go, in any order: what is left stands in the order of coming.
func TestWhoStaysKeepsTheirPlace(t *testing.T) {
	const n = 256
	ts, crowd := crowded(t, n, func(i int) bool { return i%3 == 0 })
	var want []int64
	for i := range n {
		w := crowd[(i*101)%n] // each of them once
		if w.number%4 == 0 {
			want = append(want, w.number)
			continue
		}
		if !ts.withdraw("alice", w) {
			t.Fatal("who waits is not found")
		}
	}
	slices.Sort(want)
	if got := ts.numbers(); !slices.Equal(got, want) {
		t.Fatalf("the turn went to %v, want %v", got, want)
	}
}

// What somebody is handed at the moment at which they give up goes on, to those
// who came before it was read, and to nobody who came after.
func TestWhatIsHandedOverThroughAHangUpReachesNobodyWhoCameLater(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	refused := 0
	for range 100 {
		ts, _ := crowded(t, 0, noneShares)
		read := Record{Version: 7}
		var early, late *waiting
		_, err := ts.take(goneMeanwhile{ctx, func() {
			early = ts.enter("alice", nil)
			known := found{record: &read, after: ts.last()}
			late = ts.enter("alice", nil)
			ts.leave("alice", known)
		}}, "alice", nil)
		if err == nil { // it may as well take the turn
			continue
		}
		refused++
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		<-early.called
		if early.found.record != &read {
			t.Fatal("what was read after they came does not reach who waits")
		}
		ts.leave("alice", early.found)
		<-late.called
		if late.found.record != nil {
			t.Fatal("a record from before they came reaches who came after it was read")
		}
	}
	if refused == 0 {
		t.Error("the case was not met")
	}
}

// A caller that came after a record was read is handed nothing, though it is the
// next after one who has given up.
func TestNobodyStartsFromARecordOfBeforeTheyCame(t *testing.T) {
	ts, crowd := crowded(t, 1, noneShares)
	known := found{record: &Record{Version: 7}, after: ts.last()}
	late := ts.enter("alice", nil)
	ts.withdraw("alice", crowd[0])
	ts.leave("alice", known)
	if late.found.record != nil {
		t.Fatal("a record from before they came reaches who came after it was read")
	}
}
