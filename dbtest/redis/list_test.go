package redis_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/knowhave/factor/dbtest/server"
)

// Of very many who are due, List does not read them all for every page.
func TestListOfVeryManyWhoAreDuePagesThroughAll(t *testing.T) {
	const most, others, page = 10_000, 50, 3_000
	client := connected(t, options(server.SharedRedis(t)))
	o := newName()
	store := opened(t, client, o)
	key := func(index string) string { return "{factor:" + o.Name + "}:" + index }
	var users, due []redis.Z
	for i := range most + others {
		user := redis.Z{Member: fmt.Sprintf("user%05d", i*7%(most+others))}
		users = append(users, user)
		if i < most {
			user.Score = 1000
			due = append(due, user)
		}
	}
	if err := client.ZAdd(t.Context(), key("users"), users...).Err(); err != nil {
		t.Fatal(err)
	}
	list := func() (all []string) {
		for after := ""; ; after = all[len(all)-1] {
			got, err := store.List(t.Context(), after, time.UnixMilli(1000), page)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, got...)
			if len(got) < page {
				return all
			}
		}
	}
	for _, want := range []int{most, most + others} { // one more makes it list everybody
		if err := client.ZAdd(t.Context(), key("due"), due...).Err(); err != nil {
			t.Fatal(err)
		}
		got := list()
		if len(got) != want || !slices.IsSorted(got) || len(slices.Compact(got)) != want {
			t.Errorf("with %d who are due, List names %d users, want %d in byte order, each once", len(due), len(got), want)
		}
		due = append(due, redis.Z{Member: users[most].Member, Score: 1000})
	}
}

func TestLimitOfNoneListsNobody(t *testing.T) {
	store := empty(t)
	if err := store.CompareAndSwap(t.Context(), "alice", 0, recordOf(7)); err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{0, -1} {
		for _, due := range []time.Time{{}, time.Now()} {
			if users, err := store.List(t.Context(), "", due, limit); err != nil || len(users) > 0 {
				t.Errorf("List with limit %d = %q, %v; want none", limit, users, err)
			}
		}
	}
}
