package redis_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/dbtest/torture"
	"github.com/knowhave/factor/redisstore"
)

var (
	long  = flag.Bool("long", false, "kill as many children and servers as .ci/run does; otherwise a tenth of them")
	kills = flag.Int("torture.kills", 0, "how many children are killed with each server; 0: as many as -long says")
	seed  = flag.Uint64("torture.seed", 0, "repeats the operations of the run that printed it; 0 draws a new one")
)

var (
	calm      = torture.Engine{Name: "Redis", New: ownRedis, Open: openStore, Settle: settle}
	killed    = torture.Engine{Name: "Redis whose server is killed", New: ownRedis, Open: openStore, Settle: settle, Crash: crash}
	forgetful = torture.Engine{Name: "Redis without an append-only file", New: ownForgetfulRedis, Open: openStore, Settle: settle, Crash: crash}
)

func TestMain(m *testing.M) {
	logging.Disable() // go-redis prints what it also returns, and a child that prints complains
	torture.Main(m, calm, killed, forgetful)
}

func TestPromisesHoldWhenTheProcessIsKilled(t *testing.T) {
	for _, e := range []struct {
		torture.Engine
		kills int
	}{{calm, 40}, {killed, 20}} {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			n := e.kills
			if !*long {
				n /= 10
			}
			if *kills > 0 {
				n = *kills
			}
			report := torture.Run(t, e.Engine, n, drawnSeed())
			t.Log(report)
			for _, v := range report.Violations {
				t.Error(v)
			}
		})
	}
}

// An audit that has gone blind is noticed.
func TestAuditFindsAServerThatForgets(t *testing.T) {
	const enough = 10
	report := torture.Run(t, forgetful, enough, drawnSeed())
	t.Log(report)
	if len(report.Violations) == 0 {
		t.Fatalf("the audit finds nothing after %d crashes of a server that keeps nothing", enough)
	}
	found, _, _ := strings.Cut(report.Violations[0], "\n")
	t.Log(found)
}

func drawnSeed() uint64 {
	if *seed != 0 {
		return *seed
	}
	return rand.Uint64()
}

// servers are those that are killed, by address.
var servers sync.Map

func ownRedis(t testing.TB) string          { return own(started(t)) }
func ownForgetfulRedis(t testing.TB) string { return own(started(t, "--appendonly", "no")) }

func own(s *server.Redis) string {
	servers.Store(s.Addr(), s)
	return s.Addr()
}

func openStore(addr string) (factor.Store, func() error, error) {
	client := redis.NewClient(options(addr))
	store, err := redisstore.New(context.Background(), client, &redisstore.Options{TrustSettings: true})
	if err != nil {
		return nil, nil, errors.Join(err, client.Close())
	}
	return store, client.Close, nil
}

// crash kills the server with an address, and starts it again on what it has left.
func crash(addr string) error {
	s, ok := servers.Load(addr)
	if !ok {
		return errors.New("nobody's server")
	}
	return restart(s.(*server.Redis))
}

func restart(s *server.Redis) error {
	if err := s.Kill(); err != nil {
		return err
	}
	if err := s.Launch(); err != nil {
		return err
	}
	return s.Await(time.Minute)
}

// settle waits until nobody else is connected: a server goes on with what a killed
// client has sent it, and notices its end only then.
func settle(ctx context.Context, addr string) error {
	client := redis.NewClient(options(addr))
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		all, err := client.ClientList(ctx).Result()
		if err != nil || strings.Count(all, "\n") <= 1 {
			return err
		}
		<-time.After(2 * time.Millisecond)
	}
}
