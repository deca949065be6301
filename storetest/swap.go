package storetest

import (
	"time"

	"github.com/knowhave/factor"
)

func absentIsZero(s *subject) {
	const rule = "an absent user has the zero Record, and that is no error"
	s.holds("alice", factor.Record{}, rule)
	r := s.add("alice", time.Time{})
	s.holds("bob", factor.Record{}, rule)
	s.swap("alice", r.Version, factor.Record{})
	s.holds("alice", factor.Record{}, rule)
}

func firstSwapNeedsAbsence(s *subject) {
	first := s.add("alice", time.Time{})
	s.conflict("alice", 0, s.record())
	s.holds("alice", first, "a swap from 0 changes nothing where there is a record")
	second := s.record()
	s.swap("alice", first.Version, second)
	s.conflict("alice", 0, s.record())
	s.holds("alice", second, "a swap from 0 changes nothing where there is a record")
}

func staleVersionChangesNothing(s *subject) {
	const rule = "a swap that loses changes nothing"
	const future = 1 << 40 // not a version of anything here
	s.conflict("alice", future, s.record())
	s.holds("alice", factor.Record{}, rule)
	s.conflict("alice", future, factor.Record{})
	s.holds("alice", factor.Record{}, rule)

	first := s.add("alice", time.Time{})
	other := s.add("bob", time.Time{})
	second := s.record()
	s.swap("alice", first.Version, second)
	for _, old := range []int64{first.Version, other.Version, future, second.Version - 1, second.Version + 1} {
		s.conflict("alice", old, s.record())
		s.holds("alice", second, rule)
		s.conflict("alice", old, factor.Record{})
		s.holds("alice", second, rule)
	}
	s.holds("bob", other, "a swap touches no other user")
}

func zeroNextRemoves(s *subject) {
	first := s.add("alice", time.Unix(1_000_000_000, 0))
	other := s.add("bob", time.Time{})
	s.swap("alice", first.Version, factor.Record{})
	s.holds("alice", factor.Record{}, "a zero next removes the record")
	s.holds("bob", other, "a removal touches no other user")
	s.walk(time.Time{}, 10, []string{"bob"}, []string{"bob"})

	s.conflict("alice", first.Version, s.record())
	s.conflict("alice", first.Version, factor.Record{})
	s.holds("alice", factor.Record{}, "a removed record stays removed for who has seen it before")

	again := s.add("alice", time.Time{})
	s.holds("alice", again, "a removed user can be stored anew")
}

func zeroNextFromZeroOnlyChecks(s *subject) {
	s.swap("alice", 0, factor.Record{})
	s.holds("alice", factor.Record{}, "a zero next from 0 stores nothing")
	s.walk(time.Time{}, 10, nil, nil)
	r := s.add("alice", time.Time{})
	s.conflict("alice", 0, factor.Record{})
	s.holds("alice", r, "a zero next from 0 removes nothing")
}

func versionsKeepEveryBit(s *subject) {
	versions := []int64{
		1, 2, 3, 1<<24 + 1, 1<<31 - 1, 1 << 31, 1<<31 + 1, 1<<32 - 1, 1 << 32, 1<<32 + 1,
		1<<52 - 1, 1 << 52, 1<<52 + 1, 1<<53 - 2, 1<<53 - 1,
	}
	var stored factor.Record
	for _, version := range versions {
		next := recordOf(version)
		s.swap("alice", stored.Version, next)
		stored = next
		s.holds("alice", stored, "versions are whole numbers from 1 to 1<<53-1, kept to the last bit")
		for _, near := range []int64{version - 1, version + 1, version ^ 1<<32, version ^ 1<<31} {
			if near > 0 {
				s.conflict("alice", near, s.record())
			}
		}
		s.holds("alice", stored, "versions are compared to the last bit")
	}
}
