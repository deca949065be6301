package etcdstore

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"

	"github.com/knowhave/factor"
)

// Store is a factor.Store in etcd. Make one with New. Its methods may be called
// from many goroutines and many processes at once. Their errors wrap those of the
// client and of the context, and name neither a user nor data.
type Store struct {
	kv clientv3.KV
	// records and dues are what keys begin with. The user follows. A record is its
	// version in 8 bytes and then its Data, a due the milliseconds since 1970.
	records, dues string
}

var _ factor.VersionLister = (*Store)(nil)

// Options are the options of New. The zero value, and nil, means the defaults.
type Options struct {
	// Prefix is what every key of the Store begins with, by default "factor/". No
	// other keys may begin with it. A namespace that the client's KV was given does
	// not apply.
	Prefix string
}

// maxTxnOps is how many keys etcd reads in one transaction unless --max-txn-ops
// says otherwise.
const maxTxnOps = 128

// New returns a Store in the etcd that client is connected to. The client stays
// the host's to close.
//
// New asks etcd whether it can do what the Store needs, which takes a majority of
// the members, and names the remedy where it cannot: it refuses an etcd with an
// alarm, such as NOSPACE, a --max-txn-ops below 128, and a client that may not read
// all of the keys, or write the first ones.
func New(ctx context.Context, client *clientv3.Client, opts *Options) (*Store, error) {
	if client == nil {
		return nil, errors.New("etcdstore: client is nil: pass the *clientv3.Client that clientv3.New returned")
	}
	prefix := cmp.Or(cmp.Or(opts, &Options{}).Prefix, "factor/")
	kv := clientv3.NewKVFromKVClient(once{clientv3.RetryKVClient(client)}, client)
	s := &Store{kv: kv, records: prefix + "record/", dues: prefix + "due/"}
	return s.checked(ctx, client)
}

// checked returns the Store if etcd can do what it needs.
func (s *Store) checked(ctx context.Context, client *clientv3.Client) (*Store, error) {
	ctx, cancel := context.WithTimeout(clientv3.WithRequireLeader(ctx), 15*time.Second)
	defer cancel()
	raised, err := client.AlarmList(ctx)
	if err != nil {
		return nil, fmt.Errorf("etcdstore: asking for alarms, which a majority of the members has to answer: %w", err)
	}
	for _, a := range raised.Alarms {
		return nil, fmt.Errorf("etcdstore: member %x has the alarm %v, under which etcd refuses writes: after NOSPACE compact, defragment and disarm it, "+
			"and turn auto-compaction on or raise --quota-backend-bytes; after CORRUPT replace the member", a.MemberID, a.Alarm)
	}
	// What follows reads as much as any transaction of the Store. Its comparison
	// fails, so that nothing is written, and etcd checks all the same whether this
	// client may write it.
	reads := slices.Repeat([]clientv3.Op{clientv3.OpGet(s.records)}, maxTxnOps)
	reads[0] = clientv3.OpGet(s.records, clientv3.WithPrefix(), clientv3.WithCountOnly())
	reads[1] = clientv3.OpGet(s.dues, clientv3.WithPrefix(), clientv3.WithCountOnly())
	_, err = s.kv.Txn(ctx).If(clientv3.Compare(clientv3.CreateRevision(s.records), "<", 0)).
		Then(clientv3.OpPut(s.records, ""), clientv3.OpDelete(s.dues)).Else(reads...).Commit()
	if err != nil {
		return nil, fmt.Errorf("etcdstore: trying the keys, which needs a --max-txn-ops of at least %d, and readwrite on all keys with the Prefix: %w", maxTxnOps, err)
	}
	return s, nil
}

// Load returns the user's record without its Due, or the zero Record if there is
// none. It is the newest: a majority of the members confirms it.
func (s *Store) Load(ctx context.Context, user string) (factor.Record, error) {
	got, err := s.kv.Get(clientv3.WithRequireLeader(ctx), s.records+user)
	if err != nil {
		return factor.Record{}, fmt.Errorf("etcdstore: load: %w", err)
	}
	return parse(got.Kvs)
}

// CompareAndSwap replaces the user's record by next, or removes it if next is
// zero, provided that the stored version is old; 0 stands for no record. It is one
// transaction of etcd.
//
// Its error matches factor.ErrConflict if etcd has compared and the stored version
// is another. After any other error the outcome is open.
func (s *Store) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	record, due := s.records+user, s.dues+user
	expected := []clientv3.Cmp{clientv3.Compare(clientv3.CreateRevision(record), "=", 0)}
	if old != 0 { // what begins with one number lies between it and the next
		expected[0] = clientv3.Compare(clientv3.Value(record), ">", number(old))
		expected = append(expected, clientv3.Compare(clientv3.Value(record), "<", number(old+1)))
	}
	writes := []clientv3.Op{clientv3.OpDelete(record), clientv3.OpDelete(due)}
	if !next.IsZero() {
		writes[0] = clientv3.OpPut(record, number(next.Version)+string(next.Data))
	}
	if !next.Due.IsZero() {
		writes[1] = clientv3.OpPut(due, number(next.Due.UnixMilli()))
	}
	done, err := s.kv.Txn(clientv3.WithRequireLeader(ctx)).If(expected...).Then(writes...).Commit()
	if err != nil {
		return fmt.Errorf("etcdstore: swap: %w", err)
	}
	if !done.Succeeded {
		return factor.ErrConflict
	}
	return nil
}

// List returns up to limit users after the given one in byte order; with due not
// zero, those whose Due is in the same millisecond or before it. It then looks at
// each user who has a Due.
func (s *Store) List(ctx context.Context, after string, due time.Time, limit int) (users []string, _ error) {
	prefix, page := s.records, []clientv3.OpOption{clientv3.WithLimit(int64(limit)), clientv3.WithKeysOnly()}
	if !due.IsZero() {
		prefix, page = s.dues, []clientv3.OpOption{clientv3.WithLimit(1000)}
	}
	page = append(page, clientv3.WithRange(clientv3.GetPrefixRangeEnd(prefix)))
	for more := true; more && len(users) < limit; {
		got, err := s.kv.Get(clientv3.WithRequireLeader(ctx), prefix+after+"\x00", page...)
		if err != nil {
			return nil, fmt.Errorf("etcdstore: list: %w", err)
		}
		for _, found := range got.Kvs {
			after = string(found.Key[len(prefix):])
			if due.IsZero() || slices.Compare(found.Value, []byte(number(due.UnixMilli()))) <= 0 {
				users = append(users, after)
			}
		}
		more = got.More
	}
	return users[:min(len(users), max(0, limit))], nil
}

// Versions returns the version of each user's record in the order asked, 0 for a
// user who has none. It asks for 128 of them at a time.
func (s *Store) Versions(ctx context.Context, users []string) ([]int64, error) {
	versions := make([]int64, 0, len(users))
	for some := range slices.Chunk(users, maxTxnOps) {
		reads := make([]clientv3.Op, len(some))
		for i, user := range some {
			reads[i] = clientv3.OpGet(s.records + user)
		}
		got, err := s.kv.Txn(clientv3.WithRequireLeader(ctx)).Then(reads...).Commit()
		if err != nil {
			return nil, fmt.Errorf("etcdstore: versions: %w", err)
		}
		for _, read := range got.Responses {
			r, err := parse(read.GetResponseRange().Kvs)
			if err != nil {
				return nil, err
			}
			versions = append(versions, r.Version)
		}
	}
	return versions, nil
}

// number returns 8 bytes whose order is that of the numbers, negative ones included.
func number(n int64) string {
	return string(binary.BigEndian.AppendUint64(nil, uint64(n)^1<<63))
}

// parse returns the record that was read, the zero Record if nothing was.
func parse(read []*mvccpb.KeyValue) (factor.Record, error) {
	if len(read) == 0 {
		return factor.Record{}, nil
	}
	stored := read[0].Value
	if len(stored) <= 8 {
		return factor.Record{}, errors.New("etcdstore: a key holds no record: let nothing else write keys with the Store's Prefix")
	}
	return factor.Record{Version: int64(binary.BigEndian.Uint64(stored) ^ 1<<63), Data: stored[8:]}, nil
}

// once is a KVClient that sends a transaction once, unless etcd refuses its token.
// Then nothing was written, and clientv3 fetches another token first.
//
// That of clientv3 sends it again where an attempt has ended with Canceled or
// DeadlineExceeded before the context, as by a proxy in between that gives calls up.
// The second attempt would then fail its comparison because of the first one.
type once struct{ pb.KVClient }

func (o once) Txn(ctx context.Context, in *pb.TxnRequest, opts ...grpc.CallOption) (*pb.TxnResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return o.KVClient.Txn(ctx, in, append(slices.Clip(opts), grpc.OnFinish(func(err error) {
		if e := rpctypes.Error(err); e != rpctypes.ErrInvalidAuthToken && e != rpctypes.ErrAuthOldRevision && e != rpctypes.ErrUserEmpty {
			cancel()
		}
	}))...)
}
