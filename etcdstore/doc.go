// Package etcdstore keeps records in etcd, one key for each user and one more for
// a user whom Admin.Sweep wants to see.
//
// A swap is one transaction: etcd compares the version in front of the stored
// record and writes both keys, or neither. It returns nil once a majority of the
// members has the write on disk, so that a lost member, or a leader that is lost
// under load, takes nothing with it. Without a majority every call fails, within its
// context. The tests run on three members of etcd 3.7.3, which they kill and stop.
//
// # Settings
//
// [New] refuses an etcd with an alarm and one that cannot run the transactions. It
// cannot see the following settings, and the promises of factor need them:
//
//   - Turn auto-compaction on: --auto-compaction-mode=periodic and
//     --auto-compaction-retention=1h. etcd keeps every version of a key until then.
//     When these fill --quota-backend-bytes, 2 GiB by default, it raises the alarm
//     NOSPACE and refuses every write, so that nobody can be let in. Watch
//     etcd_mvcc_db_total_size_in_bytes, and run etcdctl defrag on one member after
//     the other from time to time: a member does not answer meanwhile.
//   - Never set --unsafe-no-fsync: a power cut would forget guesses and used codes.
//   - Run at least three members, on machines that do not fail together, of etcd
//     3.4.22, 3.5.6 or later: a crash could leave a member of some earlier versions
//     with other data than the rest.
//   - Let nothing else write the keys, and attach no lease to them: an expired
//     record is a forgotten count.
//
// A snapshot that is restored brings back the counts and the codes of its time, as
// any backup does. Restore one only where the majority is lost for good.
//
// # The client
//
//	client, err := clientv3.New(clientv3.Config{
//		Endpoints:            endpoints,
//		DialKeepAliveTime:    10 * time.Second,
//		DialKeepAliveTimeout: 3 * time.Second,
//	})
//	…
//	store, err := etcdstore.New(ctx, client, nil)
//
// Give it the endpoints of all members, and a DialKeepAliveTime of 10 s with a
// DialKeepAliveTimeout of 3 s. Otherwise it goes on asking a member whose machine
// is silent, and a part of the calls ends only with their contexts.
//
// clientv3 sends reads again, which is harmless, and in rare cases transactions,
// which is not. The Store keeps it from that, but for those whose token etcd refused,
// which clientv3 sends with another. Do not turn the retries of gRPC itself on, with a
// retryPolicy in a service configuration: nobody sees these.
//
// Reads are linearizable, so what the reset guard and Admin look at is the newest.
package etcdstore
