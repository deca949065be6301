// Package redis_test runs redisstore on servers: alone, killed, in a cluster, and
// at a failover.
package redis_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/redisstore"
)

// options are those that New demands of a client. It dials once, because servers that
// are away stay so.
func options(addr string) *redis.Options {
	return &redis.Options{Addr: addr, MaxRetries: -1, ContextTimeoutEnabled: true, DialerRetries: 1}
}

// connected returns a client, which is closed when the test ends.
func connected(t testing.TB, o *redis.Options) *redis.Client {
	c := redis.NewClient(o)
	t.Cleanup(func() { c.Close() })
	return c
}

// started returns a server of the test's own, with further options.
func started(t testing.TB, args ...string) *server.Redis {
	t.Helper()
	return server.Must(server.NewHome(t).Redis(server.RedisConfig{Args: args}))(t)
}

// opened returns a store.
func opened(t testing.TB, c redis.UniversalClient, o *redisstore.Options) *redisstore.Store {
	t.Helper()
	store, err := redisstore.New(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

var names atomic.Int64

// newName returns the options of an empty store.
func newName() *redisstore.Options {
	return &redisstore.Options{Name: fmt.Sprint("test", names.Add(1))}
}

// empty returns an empty store on the shared server.
func empty(t testing.TB) factor.Store {
	t.Helper()
	return opened(t, connected(t, options(server.SharedRedis(t))), newName())
}

// recordOf returns a record with this version.
func recordOf(version int64) factor.Record {
	return factor.Record{Version: version, Data: []byte("sealed")}
}
