package redis_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/redisstore"
	"github.com/knowhave/factor/storetest"
)

// A cluster of one server, which has all slots.
func TestCluster(t *testing.T) {
	t.Parallel()
	s := started(t, "--cluster-enabled", "yes")
	form(t, connected(t, options(s.Addr())))
	dial := func(t *testing.T, change func(*redis.ClusterOptions)) *redis.ClusterClient {
		o := &redis.ClusterOptions{Addrs: []string{s.Addr()}, ContextTimeoutEnabled: true}
		change(o)
		c := redis.NewClusterClient(o)
		t.Cleanup(func() { c.Close() })
		return c
	}
	asIs := func(*redis.ClusterOptions) {}
	t.Run("contract", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) factor.Store { return opened(t, dial(t, asIs), newName()) })
	})
	t.Run("all keys are in one slot", func(t *testing.T) { checkSlot(t, dial(t, asIs)) })
	t.Run("a swap is sent once", func(t *testing.T) {
		var wire cutter
		client := dial(t, func(o *redis.ClusterOptions) { o.Dialer = wire.dial })
		loseAnswer(t, opened(t, client, newName()), &wire, false)
	})
	t.Run("retries are refused", func(t *testing.T) {
		_, err := redisstore.New(t.Context(), dial(t, func(o *redis.ClusterOptions) { o.MaxRetries = 3 }), nil)
		refused(t, err, "MaxRetries to -1")
	})
	t.Run("reads from replicas are refused", func(t *testing.T) {
		for _, change := range []func(*redis.ClusterOptions){
			func(o *redis.ClusterOptions) { o.ReadOnly = true },
			func(o *redis.ClusterOptions) { o.RouteByLatency = true },
			func(o *redis.ClusterOptions) { o.RouteRandomly = true },
		} {
			_, err := redisstore.New(t.Context(), dial(t, change), &redisstore.Options{TrustSettings: true})
			refused(t, err, "reads from replicas", "ReadOnly")
		}
	})
}

// form gives a server all slots, and waits until it takes them.
func form(t *testing.T, client *redis.Client) {
	t.Helper()
	if err := client.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	for {
		info, err := client.ClusterInfo(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(info, "cluster_state:ok") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// checkSlot looks at the keys that the script writes, which a cluster allows within
// one slot.
func checkSlot(t *testing.T, client *redis.ClusterClient) {
	store := opened(t, client, &redisstore.Options{Name: "slot"})
	due := recordOf(7)
	due.Due = time.Now()
	for _, user := range []string{"alice", "{bob}", "}", "{}"} {
		if err := store.CompareAndSwap(t.Context(), user, 0, due); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := client.Keys(t.Context(), "*factor:slot*").Result()
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
