package redis_test

import (
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
)

// A swap whose answer is lost has an open outcome. A client that sent it once more
// would find its own version, and call that a conflict.
func TestSwapIsSentOnce(t *testing.T) {
	for _, c := range []struct {
		name    string
		client  func(*testing.T, *cutter) redis.UniversalClient
		retries int // after New has looked
		lies    bool
	}{
		{"by a client", cutClient, 0, false},
		{"by a client that tries again", cutClient, 3, true},
		{"by a cluster client", cutClusterClient, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var wire cutter
			client := c.client(t, &wire)
			store := opened(t, client, newName())
			if single, ok := client.(*redis.Client); ok {
				single.Options().MaxRetries = c.retries
			}
			wire.arm(1)
			err := store.CompareAndSwap(t.Context(), "alice", 0, recordOf(7))
			if err == nil || errors.Is(err, factor.ErrConflict) != c.lies {
				t.Errorf("the swap whose answer is lost = %v; reported as a conflict: want %v", err, c.lies)
			}
			if r, err := store.Load(t.Context(), "alice"); r.Version != 7 || err != nil {
				t.Errorf("Load = version %d, %v; want what was stored, 7", r.Version, err)
			}
		})
	}
}

func cutClient(t *testing.T, wire *cutter) redis.UniversalClient {
	o := options(server.SharedRedis(t))
	o.Dialer = wire.dial
	return connected(t, o)
}

func cutClusterClient(t *testing.T, wire *cutter) redis.UniversalClient {
	o := clusterOptions(t)
	o.Dialer = wire.dial
	return clustered(t, o)
}

// The script goes with each swap, so that a server that has just been started, or
// promoted, knows it.
func TestSwapNeedsNoCachedScript(t *testing.T) {
	client := connected(t, options(server.SharedRedis(t)))
	store := opened(t, client, newName())
	for version := range int64(2) {
		if err := client.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if err := store.CompareAndSwap(t.Context(), "alice", version, recordOf(version+1)); err != nil {
			t.Errorf("after SCRIPT FLUSH the swap = %v", err)
		}
	}
}
