package storetest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/knowhave/factor"
)

// versionLister skips the test if the store has no Versions.
func (s *subject) versionLister() factor.VersionLister {
	s.t.Helper()
	store, ok := s.store.(factor.VersionLister)
	if !ok {
		s.t.Skip("the store is no factor.VersionLister, which is optional")
	}
	return store
}

// versions checks the versions of these users.
func (s *subject) versions(store factor.VersionLister, users []string, want []int64, rule string) {
	s.t.Helper()
	got, err := store.Versions(s.ctx, users)
	if err != nil {
		s.t.Fatalf("Versions of %d users = %v: Versions succeeds, whoever has a record", len(users), err)
	}
	if len(got) != len(want) {
		s.t.Fatalf("Versions of %d users returned %d: %s", len(users), len(got), rule)
	}
	for i, user := range users {
		if got[i] != want[i] {
			s.t.Fatalf("Versions returned %d for %s, number %d of %d users, want %d: %s", got[i], brief(user), i, len(users), want[i], rule)
		}
	}
}

func versionsAnswerInTheOrderAsked(s *subject) {
	const rule = "there is a version for each user, in the order asked, 0 for one who has no record"
	store := s.versionLister()
	s.versions(store, []string{"bob", "alice"}, []int64{0, 0}, rule)
	alice, bob, carol := s.add("alice", time.Time{}).Version, s.add("bob", far).Version, s.add("carol", time.Time{}).Version
	s.versions(store, []string{"bob"}, []int64{bob}, rule)
	s.versions(store, []string{"carol", "alice", "nobody", "bob"}, []int64{carol, alice, 0, bob}, rule)
	asked := []string{"carol", "bob", "alice"}
	s.versions(store, asked, []int64{carol, bob, alice}, rule)
	if !slices.Equal(asked, []string{"carol", "bob", "alice"}) {
		s.t.Fatalf("Versions left the users it was given as %q: they are the caller's", asked)
	}
}

func versionsAreTheNewest(s *subject) {
	const rule = "Versions shows what was swapped in"
	store := s.versionLister()
	var stored int64
	for _, version := range []int64{1, 1<<31 + 1, 1<<32 + 1, 1<<52 + 1, 1<<53 - 1} {
		next := recordOf(version)
		s.swap("alice", stored, next)
		stored = version
		s.versions(store, []string{"alice"}, []int64{stored}, rule)
		s.conflict("alice", stored-1, s.record())
		s.versions(store, []string{"alice"}, []int64{stored}, "a swap that loses changes no version")
	}
	cancelled, cancel := context.WithCancel(s.ctx)
	cancel()
	if _, err := store.Versions(cancelled, []string{"alice"}); err == nil {
		s.t.Fatal("Versions with a context that is done succeeded: a call whose context is done before it begins fails")
	}
	s.swap("alice", stored, factor.Record{})
	s.versions(store, []string{"alice"}, []int64{0}, "a removed user has the version 0")
}

func versionsTellUsersApart(s *subject) {
	store := s.versionLister()
	users := exactUsers()
	want := make([]int64, len(users))
	for i, user := range users {
		if i%2 == 0 {
			want[i] = s.add(user, time.Time{}).Version
		}
	}
	s.versions(store, users, want, "users are compared byte by byte")
}

func versionsTakeAThousand(s *subject) {
	store := s.versionLister()
	const most = 1000
	users := make([]string, most)
	want := make([]int64, most)
	for i := range users {
		users[i] = fmt.Sprintf("waiter%d", i*7%most)
		if i%50 == 0 || i == most-1 {
			want[i] = s.add(users[i], time.Time{}).Version
		}
	}
	for _, asked := range []int{1, 2, 3, 99, 100, 101, most - 1, most} {
		s.versions(store, users[:asked], want[:asked], "up to a thousand users may be asked for at once")
	}
}
