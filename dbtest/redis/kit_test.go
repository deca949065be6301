// Package redis_test runs redisstore on servers: alone, killed, and at a failover.
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

// client returns a client of a server, with the options that New demands, until
// the test ends.
func client(t testing.TB, addr string) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1, ContextTimeoutEnabled: true})
	t.Cleanup(func() { c.Close() })
	return c
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

var stores atomic.Int64

// empty returns an empty store on the shared server.
func empty(t testing.TB) factor.Store {
	t.Helper()
	return opened(t, client(t, server.SharedRedis(t)), &redisstore.Options{Name: fmt.Sprint("test", stores.Add(1))})
}
