// Package cluster runs factor on replicated databases while their servers are
// killed, stopped and cut off, and looks whether what its clients were answered
// still holds:
//
//   - no code, and no time step of a device, is accepted twice;
//   - no budget is exceeded by what was answered;
//   - every wrong guess that was answered is counted by every server that is left,
//     and every code that was issued is there.
//
// The topologies are a Galera cluster of three nodes on MariaDB and three nodes of
// etcd, all written to at once, and a PostgreSQL primary with a synchronous or an
// asynchronous standby. The asynchronous one shows the loss that is documented.
//
// Two processes, with a verifier for each server, make the calls of many clients
// on the same users and codes. What was answered is in a journal, which a pure
// function audits: see audit and lossOf. Guesses are at passwords and codes, and
// rarely at PINs, whose hashes would take all the time.
//
// Each scenario is run once by the tests. The long run repeats them, the killed
// nodes of Galera and etcd joining again, and a new pair of PostgreSQL servers each
// time:
//
//	go test ./cluster -v -timeout 3h -cluster.rounds 100 -cluster.calls 1000
//
// The servers run on one machine: SIGKILL takes a process, not what the kernel
// has, so this says nothing about power loss. They are those of Debian's packages
// mariadb-server, galera-4 and postgresql; etcd runs in this test binary.
package cluster
