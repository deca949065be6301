package server

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
)

// RedisUser runs Redis where the tests run as root.
const RedisUser = "redis"

// A RedisConfig says how a Redis server is run.
type RedisConfig struct {
	Name string   // default "redis"; one of a kind in its Home
	Args []string // further options of redis-server, which win over those set here
}

// A Redis is a running Redis server.
type Redis struct {
	*Process
	Port int
}

// Redis starts a Redis server on a free port of loopback, which lets everybody in
// and has each write on the disk before it answers.
func (h *Home) Redis(c RedisConfig) (*Redis, error) {
	program, err := Find("redis-server")
	if err != nil {
		return nil, err
	}
	if c.Name == "" {
		c.Name = "redis"
	}
	dir, err := h.Directory(c.Name, RedisUser)
	if err != nil {
		return nil, err
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	s := &Redis{Port: port}
	s.Process, err = h.Start(Command{
		Name: c.Name, User: RedisUser, Path: program, Dir: dir,
		Args: append([]string{
			"--bind", "127.0.0.1", "--port", fmt.Sprint(port), "--dir", dir, "--save", "",
			"--appendonly", "yes", "--appendfsync", "always", "--repl-diskless-sync-delay", "0",
		}, c.Args...),
		Ready: func(ctx context.Context) error {
			client := redis.NewClient(&redis.Options{Addr: s.Addr(), MaxRetries: -1, ContextTimeoutEnabled: true})
			defer client.Close()
			return client.Ping(ctx).Err() // an error while it reads what it has left
		},
	})
	return s, err
}

// Addr returns the address of the server.
func (s *Redis) Addr() string { return fmt.Sprintf("127.0.0.1:%d", s.Port) }

// SharedRedis returns the address of a server that ends with the test binary.
func SharedRedis(t testing.TB) string {
	t.Helper()
	return shared(t, sharedRedis)
}

var sharedRedis = sync.OnceValues(func() (instance, error) {
	home, err := newHome()
	if err != nil {
		return instance{}, err
	}
	s, err := home.Redis(RedisConfig{})
	if err != nil {
		return instance{}, err
	}
	return instance{s.Addr(), home}, nil
})
