package etcd

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log"
	"net/url"
	"os"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/storage/wal"
)

// nodeEnv tells a process of a test's own program that it is to be a node, and
// which.
const nodeEnv = "FACTOR_ETCD_NODE"

// plan is all that a node needs to know.
type plan struct {
	Name    string
	Data    string
	Client  string // where it serves clients
	Peer    string // and the other nodes
	Members string // all of the cluster, as --initial-cluster has them
	// Election is after how long without a leader the nodes elect another.
	Election time.Duration
	Settings
}

// Settings differ from etcd's where they are not zero.
type Settings struct {
	MaxTxnOps uint
	Quota     int64 // in bytes
	// Fsync has a node wait for the disk, as etcd does. Tests do without: what the
	// kernel has survives SIGKILL, and the disk may be busy.
	Fsync bool
}

// Serve runs a node in a process that Start has started, until that is killed. In
// any other it returns at once. A package that calls Start calls it first in its
// TestMain.
func Serve() {
	text, ok := os.LookupEnv(nodeEnv)
	if !ok {
		return
	}
	var p plan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		log.Fatal(err)
	}
	log.Fatal(p.serve())
}

// serve runs a node as etcd's own program does. It returns only if something is
// wrong.
func (p plan) serve() error {
	cfg := embed.NewConfig()
	cfg.Name, cfg.Dir, cfg.InitialCluster = p.Name, p.Data, p.Members
	cfg.TickMs, cfg.ElectionMs = 100, uint(p.Election.Milliseconds())
	cfg.AutoCompactionMode, cfg.AutoCompactionRetention = embed.CompactorModeRevision, "10000"
	cfg.LogLevel, cfg.EnableGRPCGateway = "error", false
	cfg.QuotaBackendBytes, cfg.MaxTxnOps = p.Quota, cmp.Or(p.MaxTxnOps, cfg.MaxTxnOps)
	cfg.UnsafeNoFsync = !p.Fsync
	wal.SegmentSizeBytes = 4 << 20 // the next one is allocated ahead
	for _, at := range []struct {
		address string
		to      []*[]url.URL
	}{
		{p.Client, []*[]url.URL{&cfg.ListenClientUrls, &cfg.AdvertiseClientUrls}},
		{p.Peer, []*[]url.URL{&cfg.ListenPeerUrls, &cfg.AdvertisePeerUrls}},
	} {
		for _, urls := range at.to {
			*urls = []url.URL{{Scheme: "http", Host: at.address}}
		}
	}
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		return err
	}
	return fmt.Errorf("the node has ended: %w", <-e.Err())
}
