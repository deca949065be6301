// Package etcd tests etcdstore on nodes of etcd, and starts such nodes for other
// tests.
//
// A node is a process that runs go.etcd.io/etcd/server/v3/embed, so that it can be
// killed, stopped and started again by itself. Its program is the test binary,
// because etcd's own is not among Debian's packages in this version.
package etcd
