package redis_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/storetest"
)

// clusterOptions starts a cluster of one server, which has all slots.
func clusterOptions(t *testing.T) *redis.ClusterOptions {
	t.Helper()
	s := started(t, "--cluster-enabled", "yes")
	client := connected(t, options(s.Addr()))
	if err := client.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	for {
		info, err := client.ClusterInfo(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(info, "cluster_state:ok") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return &redis.ClusterOptions{Addrs: []string{s.Addr()}, ContextTimeoutEnabled: true}
}

func clustered(t *testing.T, o *redis.ClusterOptions) *redis.ClusterClient {
	c := redis.NewClusterClient(o)
	t.Cleanup(func() { c.Close() })
	return c
}

func TestContractInACluster(t *testing.T) {
	o := clusterOptions(t)
	storetest.Run(t, func(t *testing.T) factor.Store { return opened(t, clustered(t, o), newName()) })
}

// The script writes three keys, which a cluster allows within one slot.
func TestAllKeysAreInOneSlot(t *testing.T) {
	client := clustered(t, clusterOptions(t))
	store := opened(t, client, nil)
	due := recordOf(7)
	due.Due = time.Now()
	for _, user := range []string{"alice", "{bob}", "}", "{}"} {
		if err := store.CompareAndSwap(t.Context(), user, 0, due); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 6 {
		t.Fatalf("there are the keys %q, %v; want 4 records and 2 indexes", keys, err)
	}
	slots := make(map[int64]bool)
	for _, key := range keys {
		slots[client.ClusterKeySlot(t.Context(), key).Val()] = true
	}
	if len(slots) != 1 {
		t.Errorf("%q are in the slots %v, want one", keys, slots)
	}
}
