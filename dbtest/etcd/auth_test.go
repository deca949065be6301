package etcd_test

import (
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/etcd"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/etcdstore"
	"github.com/knowhave/factor/internal/race"
)

// etcd forgets its tokens at a restart, after a time, and when the user changes. Each
// method gets itself a new one, whether or not another was called before.
func TestTokenThatIsGoneIsRenewed(t *testing.T) {
	if race.Enabled {
		t.Skip("the nodes would run under the race detector too: run it without")
	}
	t.Parallel()
	c := etcd.Start(t, 1, time.Second)
	demandPasswords(t, c.Client(t), "factor/")
	root := loggedIn(t, c, "root")
	store := server.Must(etcdstore.New(t.Context(), loggedIn(t, c, "app"), nil))(t)
	for name, call := range map[string]func() error{
		"CompareAndSwap": func() error {
			return store.CompareAndSwap(t.Context(), "alice", 0, factor.Record{Version: 1, Data: []byte("sealed")})
		},
		"Load":     func() error { _, err := store.Load(t.Context(), "alice"); return err },
		"List":     func() error { _, err := store.List(t.Context(), "", time.Time{}, 1); return err },
		"Versions": func() error { _, err := store.Versions(t.Context(), []string{"alice"}); return err },
	} {
		if _, err := root.UserChangePassword(t.Context(), "app", "app's"); err != nil {
			t.Fatal(err)
		}
		if err := call(); err != nil {
			t.Errorf("%s, the first call since etcd has forgotten the token: %v", name, err)
		}
	}
}

// loggedIn returns a client of the first node.
func loggedIn(t *testing.T, c *etcd.Cluster, user string) *clientv3.Client {
	t.Helper()
	client := server.Must(clientv3.New(clientv3.Config{
		Endpoints: []string{c.Nodes[0].Endpoint}, Username: user, Password: user + "'s", Logger: zap.NewNop(),
	}))(t)
	t.Cleanup(func() { client.Close() })
	return client
}

// demandPasswords creates the user app, who may read and write what begins with the
// prefix, and turns authentication on.
func demandPasswords(t *testing.T, client *clientv3.Client, prefix string) {
	t.Helper()
	ctx := t.Context()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, user := range []string{"root", "app"} {
		must(client.RoleAdd(ctx, user))
		must(client.UserAdd(ctx, user, user+"'s"))
		must(client.UserGrantRole(ctx, user, user))
	}
	must(client.RoleGrantPermission(ctx, "app", prefix, clientv3.GetPrefixRangeEnd(prefix), clientv3.PermissionType(clientv3.PermReadWrite)))
	must(client.AuthEnable(ctx))
}
