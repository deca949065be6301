package cluster

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor/dbtest/server"
)

// galeraNodes is the size of the cluster.
const galeraNodes = 3

// A galera is a cluster of MariaDB on loopback.
type galera struct {
	t       testing.TB
	home    *server.Home
	library string
	members []*member
}

// A member is a node of a galera.
type member struct {
	*server.MariaDB
	number int
	ports  [4]int // of MariaDB, the group, incremental and full state transfers
	data   string
	starts int
	admin  *sql.DB // sees a node as it is, and waits for no other
}

// startGalera starts a cluster, which ends with the test.
func startGalera(t testing.TB) *galera {
	t.Helper()
	server.Need(t, "mariadbd", "mariadb-install-db", "libgalera_smm.so", "wsrep_sst_rsync", "rsync", "ss")
	g := &galera{t: t, home: server.NewHome(t)}
	g.library = server.Must(server.Find("libgalera_smm.so"))(t)
	ports := freePorts()
	for n := range galeraNodes {
		m := &member{number: n, ports: ports[n]}
		g.members = append(g.members, m)
		m.admin = server.Must(sql.Open("mysql", fmt.Sprintf("factor@tcp(127.0.0.1:%d)/", m.ports[0])))(t)
		m.admin.SetMaxOpenConns(1)
		t.Cleanup(func() { m.admin.Close() })
	}
	g.seed()
	for n, m := range g.members {
		var first []string
		if n == 0 {
			first = []string{"--wsrep-new-cluster"}
		}
		g.start(m, first...)
		if n == 0 {
			g.formed(0)
		}
	}
	g.formed(0, 1, 2)
	return g
}

// freePorts returns ports on loopback for all nodes, below the kernel's range for
// outgoing connections, so that they are still free when a killed node comes back.
func freePorts() (ports [galeraNodes][4]int) {
	for n := range ports {
		for i := 0; i < len(ports[n]); {
			port := 15000 + rand.IntN(17000)
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				continue
			}
			defer l.Close() // once all are found, so that they differ
			ports[n][i] = port
			i++
		}
	}
	return ports
}

// seed makes the data directories of all nodes: a one-node cluster's, copied, so
// that no node needs the whole state from another.
func (g *galera) seed() {
	g.t.Helper()
	first := g.members[0]
	mariadb := server.Must(g.home.MariaDB(server.MariaDBConfig{
		Name: "seed", Port: first.ports[0], Args: append(g.args(first), "--wsrep-new-cluster"), NoWait: true,
	}))(g.t)
	g.formed(0)
	if _, err := first.admin.Exec(`SHUTDOWN`); err != nil {
		g.t.Fatal(err)
	}
	select {
	case <-mariadb.Exited():
	case <-time.After(time.Minute):
		g.t.Fatal("the node does not shut down")
	}
	for _, m := range g.members {
		dir := server.Must(g.home.Directory(m.name(), server.MariaDBUser))(g.t)
		m.data = filepath.Join(dir, "data")
		if err := server.Run(dir, server.MariaDBUser, "/bin/cp", "-a", mariadb.Data, m.data); err != nil {
			g.t.Fatal(err)
		}
	}
}

func (m *member) name() string { return fmt.Sprintf("node%d", m.number) }

// args returns the options of a node. To save time, a silent member is given up
// after 2.5 s instead of 5, and may come back after 1 s instead of 5.
func (g *galera) args(m *member) []string {
	address := func(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
	var all []string
	for _, other := range g.members {
		all = append(all, address(other.ports[1]))
	}
	provider := []string{
		fmt.Sprintf("base_port=%d", m.ports[1]), "gmcast.listen_addr=tcp://" + address(m.ports[1]), "ist.recv_addr=" + address(m.ports[2]),
		"evs.keepalive_period=PT0.2S", "evs.inactive_check_period=PT0.1S",
		"evs.suspect_timeout=PT2.5S", "evs.inactive_timeout=PT5S", "evs.install_timeout=PT5S",
		"gmcast.time_wait=PT1S", "gcache.size=32M",
	}
	return []string{
		"--wsrep-on=ON", "--wsrep-provider=" + g.library, "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2",
		"--wsrep-cluster-name=factor", "--wsrep-cluster-address=gcomm://" + strings.Join(all, ","),
		"--wsrep-node-name=" + m.name(), "--wsrep-node-address=" + address(m.ports[1]),
		"--wsrep-sst-method=rsync", "--wsrep-sst-receive-address=" + address(m.ports[3]),
		"--wsrep-slave-threads=4", "--wsrep-provider-options=" + strings.Join(provider, ";"),
	}
}

// start starts a node, and does not wait until it has joined the cluster.
func (g *galera) start(m *member, further ...string) {
	g.t.Helper()
	m.MariaDB = server.Must(g.home.MariaDB(server.MariaDBConfig{
		Name: fmt.Sprintf("%s-%d", m.name(), m.starts), Data: m.data, Port: m.ports[0],
		Args: append(g.args(m), further...), NoWait: true,
	}))(g.t)
	m.starts++
}

var recovered = regexp.MustCompile(`Recovered position: (\S+:-?\d+)`)

// restart starts a killed node as Debian's service does: it finds out how far the
// node got, so that the others send only the rest.
func (g *galera) restart(number int) {
	g.t.Helper()
	m := g.members[number]
	mariadbd := server.Must(server.MariaDBProgram("mariadbd"))(g.t)
	log := filepath.Join(m.data, fmt.Sprintf("recovery%d.log", m.starts))
	err := server.Run(m.data, server.MariaDBUser, mariadbd, append([]string{
		"--no-defaults", "--datadir=" + m.data, "--wsrep-recover", "--log-error=" + log, "--socket=recovery.sock", "--pid-file=recovery.pid",
	}, g.args(m)...)...)
	if err != nil {
		g.t.Fatal(err)
	}
	text := server.Must(os.ReadFile(log))(g.t)
	position := recovered.FindSubmatch(text)
	if position == nil {
		g.t.Fatalf("node %d does not say how far it has come:\n%s", number, text)
	}
	g.start(m, "--wsrep-start-position="+string(position[1]))
}

// status returns a status variable of the node.
func (m *member) status(name string) (value string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err = m.admin.QueryRowContext(ctx, `SHOW STATUS WHERE Variable_name = '`+name+`'`).Scan(&name, &value)
	return value, err
}

// says reports whether a status variable has a value.
func (m *member) says(name, value string) bool {
	got, err := m.status(name)
	return err == nil && got == value
}

// formed waits until exactly these nodes are the cluster.
func (g *galera) formed(numbers ...int) {
	g.t.Helper()
	for _, n := range numbers {
		m := g.members[n]
		until(g.t, fmt.Sprintf("node %d is in a cluster of %d", n, len(numbers)), func() bool {
			return m.says("wsrep_cluster_status", "Primary") && m.says("wsrep_cluster_size", fmt.Sprint(len(numbers))) &&
				m.says("wsrep_local_state_comment", "Synced") && m.says("wsrep_ready", "ON")
		})
	}
}

// kill kills nodes at the same time.
func (g *galera) kill(numbers ...int) {
	g.t.Helper()
	errs := make(chan error)
	for _, n := range numbers {
		go func() { errs <- g.members[n].Kill() }()
	}
	var err error
	for range numbers {
		err = errors.Join(err, <-errs)
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

// place returns where applications find the nodes. On each node they wait for what
// the others had acknowledged before (wsrep_sync_wait), and for a connection no
// longer than it takes to know that the node is down.
func (g *galera) place() place {
	p := place{Driver: "mysql"}
	for _, m := range g.members {
		p.Sources = append(p.Sources, m.DSN("factor")+"&wsrep_sync_wait=1&timeout=2s")
	}
	return p
}
