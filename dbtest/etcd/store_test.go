package etcd_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest"
	"github.com/knowhave/factor/dbtest/etcd"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/dbtest/torture"
	"github.com/knowhave/factor/etcdstore"
	"github.com/knowhave/factor/internal/race"
)

func TestMain(m *testing.M) {
	etcd.Serve()
	torture.Main(m, engine)
}

// TestStore has the contract kept by three nodes that are killed. One node tells
// the histories and threats the same in half the time; with -long these have three
// as well.
func TestStore(t *testing.T) {
	if race.Enabled {
		t.Skip("the nodes would run under the race detector too: run it without")
	}
	t.Parallel()
	three := etcd.Start(t, 3, 2*time.Second)
	others, histories := three, 500
	if !*long {
		others, histories = etcd.Start(t, 1, time.Second), 50
	}
	var stores atomic.Int64
	open := func(client *clientv3.Client) func(t testing.TB) *etcdstore.Store {
		return func(t testing.TB) *etcdstore.Store {
			return server.Must(etcdstore.New(t.Context(), client, &etcdstore.Options{Prefix: fmt.Sprintf("test%d/", stores.Add(1))}))(t)
		}
	}
	mortal, other, times := open(three.Client(t)), open(others.Client(t)), 0
	dbtest.Suite{
		New:       func(t testing.TB) factor.Store { return other(t) },
		Contract:  func(t *testing.T) factor.Store { return killed{mortal(t), three, &times} },
		Histories: histories,
	}.Run(t)
}

// killed is a store whose nodes are killed and started again.
type killed struct {
	*etcdstore.Store
	*etcd.Cluster
	times *int
}

// Interrupt kills the leader, one of the others, or all nodes.
func (k killed) Interrupt(context.Context) error {
	leader, err := k.Leader()
	if err != nil {
		return err
	}
	*k.times++
	victims := [][]int{{leader}, {0, 1, 2}, {(leader + 1) % 3}}[*k.times%3]
	for _, n := range victims {
		err = errors.Join(err, k.Nodes[n].Kill())
	}
	return errors.Join(err, k.Restart(victims...), k.Formed())
}
