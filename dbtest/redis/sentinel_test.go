package redis_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/redisstore"
)

// A client of Sentinel's finds the replica that Sentinel has promoted, and on it what
// Options.Replicas has made sure of.
func TestSentinelPromotesWhatHasEverySwap(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: "factor", SentinelAddrs: []string{sentinel(t, p)}, DialerRetries: 1, MaxRetries: -1, ContextTimeoutEnabled: true,
	})
	t.Cleanup(func() { client.Close() })
	store, alone := opened(t, client, &redisstore.Options{Replicas: 1}), opened(t, client, nil)
	if err := store.CompareAndSwap(t.Context(), "alice", 0, recordOf(7)); err != nil {
		t.Fatal(err)
	}
	if err := p.server.Kill(); err != nil {
		t.Fatal(err)
	}
	p.await(t, p.replica, "role:master")
	for {
		r, err := alone.Load(t.Context(), "alice")
		if err == nil && r.Version != 7 {
			t.Fatalf("the promoted replica has version %d, want 7", r.Version)
		}
		if err == nil && alone.CompareAndSwap(t.Context(), "alice", 7, recordOf(8)) == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// sentinel starts a Sentinel that watches a pair, and returns its address.
func sentinel(t *testing.T, p *pair) string {
	t.Helper()
	program := server.Must(server.Find("redis-server"))(t)
	home := server.NewHome(t)
	dir := server.Must(home.Directory("sentinel", server.RedisUser))(t)
	port := server.Must(server.FreePort())(t)
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	conf := filepath.Join(dir, "sentinel.conf")
	text := fmt.Sprintf("port %d\nbind 127.0.0.1\nsentinel monitor factor 127.0.0.1 %d 1\nsentinel down-after-milliseconds factor 500\n", port, p.server.Port)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(conf, 0o666); err != nil { // Sentinel writes it anew.
		t.Fatal(err)
	}
	server.Must(home.Start(server.Command{Name: "sentinel", User: server.RedisUser, Path: program, Args: []string{conf, "--sentinel"}, Dir: dir}))(t)
	for {
		replicas, err := connected(t, options(addr)).Do(t.Context(), "SENTINEL", "REPLICAS", "factor").Slice()
		if err == nil && len(replicas) == 1 {
			return addr
		}
		time.Sleep(10 * time.Millisecond)
	}
}
