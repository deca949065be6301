package etcd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"github.com/knowhave/factor/dbtest/server"
)

// A Cluster is some nodes of etcd on loopback, each in a process of its own.
type Cluster struct {
	Nodes []*Node
}

// A Node is one of a Cluster.
type Node struct {
	*server.Process
	Endpoint string // where it serves clients
	looker   *clientv3.Client
}

// Start starts a cluster of so many nodes, which ends with the test. The nodes run in this test
// binary, whose TestMain has to call Serve. They elect another leader after they
// have heard of none for one to two times the given time, which is 1 s in etcd:
// on a busy machine that also happens if none was lost.
func Start(t testing.TB, size int, election time.Duration) *Cluster {
	t.Helper()
	return StartWith(t, size, election, Settings{})
}

// StartWith is Start with other settings than etcd's.
func StartWith(t testing.TB, size int, election time.Duration, settings Settings) *Cluster {
	t.Helper()
	program := server.Must(os.Executable())(t)
	home, ports := server.NewHome(t), freePorts(2*size)
	address := func(n int) string { return fmt.Sprintf("127.0.0.1:%d", ports[n]) }
	var plans []plan
	var members []string
	for n := range size {
		name := fmt.Sprintf("node%d", n)
		plans = append(plans, plan{Name: name, Client: address(n), Peer: address(size + n), Election: election, Settings: settings})
		members = append(members, name+"=http://"+address(size+n))
	}
	c := &Cluster{}
	for _, p := range plans {
		dir := server.Must(home.Directory(p.Name, ""))(t)
		p.Data, p.Members = filepath.Join(dir, "data"), strings.Join(members, ",")
		text := server.Must(json.Marshal(p))(t)
		node := &Node{Endpoint: p.Client}
		node.looker = c.client(t, node)
		node.Process = server.Must(home.Start(server.Command{
			Name: p.Name, Path: program, Dir: dir, Env: []string{nodeEnv + "=" + string(text)},
		}))(t)
		c.Nodes = append(c.Nodes, node)
	}
	if err := c.Formed(); err != nil {
		t.Fatal(err)
	}
	return c
}

// freePorts returns ports on loopback. They are below those that the kernel gives
// to outgoing connections, so that they are still free when a node that was killed
// comes back.
func freePorts(n int) (ports []int) {
	for len(ports) < n {
		port := 15000 + rand.IntN(17000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		defer l.Close() // once all are found, so that they differ
		ports = append(ports, port)
	}
	return ports
}

// Client returns a client of some nodes, or of all, which ends with the test.
func (c *Cluster) Client(t testing.TB, numbers ...int) *clientv3.Client {
	t.Helper()
	var nodes []*Node
	for _, n := range numbers {
		nodes = append(nodes, c.Nodes[n])
	}
	if nodes == nil {
		nodes = c.Nodes
	}
	return c.client(t, nodes...)
}

func (c *Cluster) client(t testing.TB, nodes ...*Node) *clientv3.Client {
	t.Helper()
	var endpoints []string
	for _, n := range nodes {
		endpoints = append(endpoints, n.Endpoint)
	}
	client := server.Must(Dial(endpoints...))(t)
	t.Cleanup(func() { client.Close() })
	return client
}

// Dial returns a client that says nothing of what it meets, and that soon finds a
// node again which was killed.
func Dial(endpoints ...string) (*clientv3.Client, error) {
	again := backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 300 * time.Millisecond}
	return clientv3.New(clientv3.Config{
		Endpoints:   endpoints,
		Logger:      zap.NewNop(),
		DialOptions: []grpc.DialOption{grpc.WithConnectParams(grpc.ConnectParams{Backoff: again, MinConnectTimeout: time.Second})},
	})
}

// patience is how long a cluster may take to find together again.
const patience = 2 * time.Minute

// Formed waits until these nodes, or all if none is given, follow the same leader,
// which is one of them.
func (c *Cluster) Formed(numbers ...int) error {
	_, err := c.Leader(numbers...)
	return err
}

// Leader returns the node that leads, as soon as these nodes, or all if none is
// given, say the same.
func (c *Cluster) Leader(numbers ...int) (int, error) {
	if len(numbers) == 0 {
		for n := range c.Nodes {
			numbers = append(numbers, n)
		}
	}
	deadline := time.Now().Add(patience)
	for {
		leader, err := c.agreed(numbers)
		if err == nil || time.Now().After(deadline) {
			return leader, err
		}
		<-time.After(10 * time.Millisecond)
	}
}

// agreed returns the leader if all of these nodes say the same.
func (c *Cluster) agreed(numbers []int) (leader int, err error) {
	leader = -1
	var followed uint64
	for i, n := range numbers {
		status, err := c.status(n)
		if err != nil {
			return -1, fmt.Errorf("node %d: %w", n, err)
		}
		if i > 0 && status.Leader != followed {
			return -1, errors.New("the nodes do not follow the same leader")
		}
		followed = status.Leader
		if status.Leader == status.Header.MemberId {
			leader = n
		}
	}
	if leader < 0 {
		return -1, fmt.Errorf("none of the nodes %v leads", numbers)
	}
	return leader, nil
}

// Leaderless reports whether a node says that it knows no leader.
func (c *Cluster) Leaderless(number int) bool {
	status, err := c.status(number)
	return err == nil && status.Leader == 0
}

func (c *Cluster) status(number int) (*clientv3.StatusResponse, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	n := c.Nodes[number]
	return n.looker.Status(ctx, n.Endpoint)
}

// Restart starts nodes that were killed.
func (c *Cluster) Restart(numbers ...int) error {
	var errs []error
	for _, n := range numbers {
		errs = append(errs, c.Nodes[n].Launch())
	}
	return errors.Join(errs...)
}
