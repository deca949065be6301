// Package cluster runs factor on replicated databases, kills, stops and cuts off
// their servers, and checks that what the clients were told still holds:
//
//   - no code, and no time step of a device, is accepted twice;
//   - the answers exceed no budget;
//   - every remaining server has every answered wrong guess and every issued code.
//
// The topologies are a Galera cluster of three MariaDB nodes and three nodes of etcd,
// all written to at once, and a PostgreSQL primary with a synchronous or an
// asynchronous standby. The asynchronous one shows the documented loss.
//
// Two processes, with a verifier for each server, make the calls of many clients on
// the same users and codes. A journal holds the answers, and a pure function audits
// it: see audit and lossOf. The guesses are at passwords and codes, and rarely at
// PINs, whose hashes would take all the time.
//
// The tests run each scenario once. The long run repeats them; killed nodes of
// Galera and etcd join again, and PostgreSQL gets a new pair of servers each time:
//
//	go test ./cluster -v -timeout 3h -cluster.rounds 100 -cluster.calls 1000
//
// The servers run on one machine. SIGKILL takes a process and not the kernel's
// buffers, so this says nothing about power loss. They are Debian's mariadb-server,
// galera-4 and postgresql; etcd runs in this test binary.
package cluster
