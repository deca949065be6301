// Package rates compares the engines: how many calls of one load and one swap each
// does in the time in which PostgreSQL does one, all on this machine and with settings
// that forget nothing.
//
//	go test ./dbtest/rates -v -timeout 0 -rates 9
//
// DynamoDB has no row: the rate of an emulator says nothing about it.
package rates

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest"
	"github.com/knowhave/factor/dbtest/etcd"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/etcdstore"
	"github.com/knowhave/factor/redisstore"
)

var rounds = flag.Int("rates", 0, "so many rounds of a second for each engine and number of callers; 0: one of a few calls, which tells nothing")

func TestMain(m *testing.M) {
	etcd.Serve()
	m.Run()
}

// engines are compared with the first of them.
var engines = []struct {
	name string
	open func(*testing.T) factor.Store
}{
	{"PostgreSQL", sqlEngine("PostgreSQL")},
	{"MariaDB", sqlEngine("MariaDB")},
	{"SQLite", sqlEngine("SQLite")},
	{"Redis, one server", func(t *testing.T) factor.Store {
		client := redis.NewClient(&redis.Options{Addr: server.SharedRedis(t), MaxRetries: -1, ContextTimeoutEnabled: true, PoolSize: 16})
		t.Cleanup(func() { client.Close() })
		return server.Must(redisstore.New(t.Context(), client, &redisstore.Options{Name: "rates"}))(t)
	}},
	{"etcd, three nodes", func(t *testing.T) factor.Store {
		client := etcd.StartWith(t, 3, time.Second, etcd.Settings{Fsync: true}).Client(t)
		return server.Must(etcdstore.New(t.Context(), client, nil))(t)
	}},
}

func sqlEngine(name string) func(*testing.T) factor.Store {
	return func(t *testing.T) factor.Store {
		i := slices.IndexFunc(dbtest.Engines, func(e dbtest.Engine) bool { return e.Name == name })
		return dbtest.Engines[i].Store(t)
	}
}

const users = 2000

// A service issues codes to one user after the other.
type service struct {
	issuer *factor.OTPIssuer
	next   atomic.Int64
}

func newService(t *testing.T, store factor.Store) *service {
	t.Helper()
	v, err := factor.NewVerifier(store, server.Must(factor.NewKeyring([]byte("0123456789abcdef0123456789ABCDEF")))(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{issuer: factor.NewOTPIssuer(v)}
	s.run(t, 16, users) // the first writes
	return s
}

// run has callers make calls, and returns how many a second.
func (s *service) run(t *testing.T, callers, calls int) float64 {
	t.Helper()
	var all sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(calls))
	start := time.Now()
	for range callers {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				user := fmt.Sprint("user", s.next.Add(1)%users)
				if _, err := s.issuer.IssueUnproven(context.Background(), user, factor.KindAccount); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return float64(calls) / time.Since(start).Seconds()
}

func TestRates(t *testing.T) {
	services := make([]*service, len(engines))
	for i, e := range engines {
		services[i] = newService(t, e.open(t))
	}
	lines := make([]string, len(engines))
	for _, callers := range []int{1, 16, 64} {
		rates := make([][]float64, len(engines)) // of each engine, by round
		for range max(1, *rounds) {
			for i, s := range services {
				calls := 2 * callers
				if *rounds > 0 {
					calls = max(calls, int(s.run(t, callers, 4*callers))) // about a second
				}
				rates[i] = append(rates[i], s.run(t, callers, calls))
			}
		}
		for i := range engines {
			ratios := make([]float64, len(rates[i]))
			for round := range ratios {
				ratios[round] = rates[i][round] / rates[0][round]
			}
			lines[i] += fmt.Sprintf(" | %.2f (%.0f a second)", median(ratios), median(rates[i]))
		}
	}
	var table strings.Builder
	fmt.Fprintln(&table, "| engine | 1 caller | 16 callers | 64 callers |\n|---|---|---|---|")
	for i, e := range engines {
		fmt.Fprintf(&table, "| %s%s |\n", e.name, lines[i])
	}
	t.Log("\n" + table.String())
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
