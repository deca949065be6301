package etcd_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/etcd"
	"github.com/knowhave/factor/dbtest/torture"
	"github.com/knowhave/factor/etcdstore"
	"github.com/knowhave/factor/internal/race"
)

var (
	long  = flag.Bool("long", false, "kill as many children as .ci/run does, otherwise a fifth of them, and check ten times the histories")
	kills = flag.Int("torture.kills", 0, "how many children are killed; 0: as many as -long says")
	seed  = flag.Uint64("torture.seed", 0, "repeats the operations of the run that printed it; 0 draws a new one")
)

// engine is etcd, of which each life of a child kills the leader, one of the other
// nodes, or all. Its source are the endpoints.
var engine = torture.Engine{Name: "etcd", New: newSource, Open: open, Settle: settle, Crash: crash}

// clusters are those that are running, by source.
var clusters sync.Map

func newSource(t testing.TB) string {
	c := etcd.Start(t, 3, time.Second)
	var endpoints []string
	for _, n := range c.Nodes {
		endpoints = append(endpoints, n.Endpoint)
	}
	source := strings.Join(endpoints, ",")
	clusters.Store(source, &killed{Cluster: c, times: new(int)})
	return source
}

func open(source string) (factor.Store, func() error, error) {
	client, err := etcd.Dial(strings.Split(source, ",")...)
	if err != nil {
		return nil, nil, err
	}
	store, err := etcdstore.New(context.Background(), client, nil)
	if err != nil {
		return nil, nil, errors.Join(err, client.Close())
	}
	return store, client.Close, nil
}

func crash(source string) error {
	k, ok := clusters.Load(source)
	if !ok {
		return errors.New("nobody's cluster")
	}
	return k.(*killed).Interrupt(context.Background())
}

// settle returns once nothing has landed between two rounds of writes through each
// node: what a killed child has sent takes the same way.
func settle(ctx context.Context, source string) error {
	endpoints := strings.Split(source, ",")
	var seen int64
	for {
		var first, last int64
		for _, endpoint := range endpoints {
			revision, err := write(ctx, endpoint)
			if err != nil {
				return err
			}
			if first == 0 {
				first = revision
			}
			last = revision
		}
		if n := int64(len(endpoints)); first == seen+1 && last == seen+n {
			return nil
		}
		seen = last
	}
}

// write writes through one node and returns the revision that it made.
func write(ctx context.Context, endpoint string) (int64, error) {
	client, err := etcd.Dial(endpoint)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	for {
		put, err := client.Put(ctx, "settle", "")
		if err == nil {
			return put.Header.Revision, nil
		}
		if ctx.Err() != nil {
			return 0, fmt.Errorf("settling: %w", err)
		}
	}
}

func TestPromisesHoldWhenTheProcessIsKilled(t *testing.T) {
	if race.Enabled {
		t.Skip("the nodes would run under the race detector too: run it without")
	}
	t.Parallel()
	n := 20
	if !*long {
		n /= 5
	}
	if *kills > 0 {
		n = *kills
	}
	drawn := *seed
	if drawn == 0 {
		drawn = rand.Uint64()
	}
	report := torture.Run(t, engine, n, drawn)
	t.Log(report)
	for _, v := range report.Violations {
		t.Error(v)
	}
}
