package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/knowhave/factor"
)

// callers is how many goroutines swap at once.
const callers = 64

// parallel is together with 64 callers.
func parallel(f func(caller int) error) []error { return together(callers, f) }

// together calls f from n goroutines that start together, and returns what they
// returned.
func together(n int, f func(caller int) error) []error {
	results := make([]error, n)
	start := make(chan struct{})
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			<-start
			results[i] = f(i)
		})
	}
	close(start)
	done.Wait()
	return results
}

// race lets 64 callers swap from the same version, and checks that one wins and
// that the store then holds what the winner gave. It returns that.
func (s *subject) race(user string, old int64, next func(caller int) factor.Record) factor.Record {
	s.t.Helper()
	nexts := make([]factor.Record, callers)
	for i := range nexts {
		nexts[i] = next(i)
	}
	results := parallel(func(i int) error { return s.store.CompareAndSwap(s.ctx, user, old, nexts[i]) })
	var winners []factor.Record
	for i, err := range results {
		if err == nil {
			winners = append(winners, nexts[i])
		} else if !errors.Is(err, factor.ErrConflict) {
			s.t.Fatalf("CompareAndSwap in parallel = %v: who loses a swap is answered with factor.ErrConflict", err)
		}
	}
	if len(winners) != 1 {
		s.t.Fatalf("%d of %d parallel swaps from version %d succeeded: exactly one wins", len(winners), callers, old)
	}
	s.holds(user, winners[0], "the record is the one of the swap that succeeded")
	return winners[0]
}

func (s *subject) anyRecord(int) factor.Record { return s.record() }

func parallelSwapsHaveOneWinner(s *subject) {
	stored := s.add("alice", time.Time{})
	for range 8 {
		stored = s.race("alice", stored.Version, s.anyRecord)
	}
}

func parallelInsertsHaveOneWinner(s *subject) {
	for i := range 8 {
		s.race(fmt.Sprintf("user%d", i), 0, s.anyRecord)
	}
	var stored factor.Record
	for range 4 {
		stored = s.race("alice", 0, s.anyRecord)
		s.swap("alice", stored.Version, factor.Record{})
	}
}

// parallelRemovalsHaveOneWinner lets removals and replacements race: a removal
// that takes a newer record with it would undo what was counted. Rounds differ
// in which callers remove, because schedulers favour some.
func parallelRemovalsHaveOneWinner(s *subject) {
	var stored factor.Record
	for round := range 8 {
		if stored.IsZero() {
			stored = s.add("alice", time.Time{})
		}
		stored = s.race("alice", stored.Version, func(caller int) factor.Record {
			if (caller+round)%2 == 0 {
				return factor.Record{}
			}
			return s.record()
		})
	}
}

// parallelVersionsFormOneChain lets callers load and swap freely. The swaps
// that succeeded must lead from the first version to the last, one after the
// other, and nobody may see a version that is not among them.
func parallelVersionsFormOneChain(s *subject) {
	const attempts = 6
	first := s.add("alice", time.Time{})
	var mu sync.Mutex
	followers := make(map[int64][]int64)
	seen := make(map[int64]bool)
	results := parallel(func(caller int) error {
		for attempt := range attempts {
			r, err := s.store.Load(s.ctx, "alice")
			if err != nil {
				return err
			}
			if !bytes.Equal(r.Data, recordOf(r.Version).Data) {
				return fmt.Errorf("a Load returned %s: Data and Version are of the same write", show(r))
			}
			next := recordOf(spread(int64(1_000_000 + caller*attempts + attempt)))
			err = s.store.CompareAndSwap(s.ctx, "alice", r.Version, next)
			if err != nil && !errors.Is(err, factor.ErrConflict) {
				return err
			}
			mu.Lock()
			seen[r.Version] = true
			if err == nil {
				followers[r.Version] = append(followers[r.Version], next.Version)
			}
			mu.Unlock()
		}
		return nil
	})
	for _, err := range results {
		if err != nil {
			s.t.Fatalf("a caller among %d failed: %v", callers, err)
		}
	}
	at, length := first.Version, 0
	delete(seen, at)
	for len(followers[at]) > 0 {
		if len(followers[at]) > 1 {
			s.t.Fatalf("%d swaps from version %d succeeded: no write is lost, so a version is followed by one other", len(followers[at]), at)
		}
		at, length = followers[at][0], length+1
		delete(seen, at)
	}
	if length != len(followers) || len(seen) != 0 {
		s.t.Fatalf("%d of %d successful swaps lead from the first version to the last, and %d versions were seen beside them: versions form one chain",
			length, len(followers), len(seen))
	}
	s.holds("alice", recordOf(at), "the record is the one of the last swap")
}

// parallelUsersDoNotMix lets each caller work on a user of its own. A store may
// refuse a swap there, but only with an ErrConflict that tells the truth.
func parallelUsersDoNotMix(s *subject) {
	results := parallel(func(caller int) error {
		user := fmt.Sprintf("user%d", caller)
		var stored factor.Record
		for i := 0; i < 4; {
			next := recordOf(spread(int64(1_000_000 + caller*100 + i)))
			err := s.store.CompareAndSwap(s.ctx, user, stored.Version, next)
			if err == nil {
				stored = next
				i++
			} else if !errors.Is(err, factor.ErrConflict) {
				return err
			}
			got, err := s.store.Load(s.ctx, user)
			if err != nil {
				return err
			}
			if got.Version != stored.Version || !bytes.Equal(got.Data, stored.Data) {
				return fmt.Errorf("a Load returned %s, want %s", show(got), show(stored))
			}
		}
		return nil
	})
	for _, err := range results {
		if err != nil {
			s.t.Fatalf("a caller with a user of its own: %v: users do not disturb each other", err)
		}
	}
}
