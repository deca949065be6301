package etcd_test

import (
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor/dbtest/etcd"
	"github.com/knowhave/factor/etcdstore"
)

func TestNewRefusesSettings(t *testing.T) {
	t.Parallel()
	refuses := func(t *testing.T, c *etcd.Cluster, want string) {
		t.Helper()
		store, err := etcdstore.New(t.Context(), c.Client(t), nil)
		if store != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New = %v, %v; want an error with %q", store, err, want)
		}
	}
	t.Run("too few operations", func(t *testing.T) {
		refuses(t, etcd.StartWith(t, 1, time.Second, etcd.Settings{MaxTxnOps: 127}), "--max-txn-ops")
	})
	t.Run("no space", func(t *testing.T) {
		c := etcd.StartWith(t, 1, time.Second, etcd.Settings{Quota: 1})
		if _, err := c.Client(t).Put(t.Context(), "too", "much"); err == nil {
			t.Fatal("a write beyond the quota succeeds")
		}
		refuses(t, c, "auto-compaction")
	})
}
