package etcd_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest"
	"github.com/knowhave/factor/dbtest/etcd"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/dbtest/torture"
	"github.com/knowhave/factor/etcdstore"
)

func TestMain(m *testing.M) {
	etcd.Serve()
	torture.Main(m, engine)
}

func TestStore(t *testing.T) {
	c := etcd.Start(t, 3*time.Second)
	client := c.Client(t)
	var stores atomic.Int64
	open := func(t testing.TB) *etcdstore.Store {
		return server.Must(etcdstore.New(t.Context(), client, &etcdstore.Options{Prefix: fmt.Sprintf("test%d/", stores.Add(1))}))(t)
	}
	killings := 0
	dbtest.Suite{
		New:       func(t testing.TB) factor.Store { return open(t) },
		Contract:  func(t *testing.T) factor.Store { return killed{open(t), c, &killings} },
		Histories: 50,
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
	leader, err := k.Lead(0, 1, 2)
	if err != nil {
		return err
	}
	*k.times++
	victims := [][]int{{leader}, {0, 1, 2}, {(leader + 1) % 3}}[*k.times%3]
	for _, n := range victims {
		err = errors.Join(err, k.Nodes[n].Kill())
	}
	return errors.Join(err, k.Restart(victims...), k.Formed(0, 1, 2))
}
