package etcdstore_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/etcdstore"
)

// A server answers as etcd would that has one key, or as its fields say.
type server struct {
	pb.UnimplementedKVServer
	pb.UnimplementedMaintenanceServer
	mu     sync.Mutex
	key    string
	value  []byte
	swaps  int   // transactions that were meant to write
	after  error // is answered once, to a swap that was made
	trial  error // is answered to what New tries
	alarms []*pb.AlarmMember
}

func (s *server) Alarm(context.Context, *pb.AlarmRequest) (*pb.AlarmResponse, error) {
	return &pb.AlarmResponse{Alarms: s.alarms}, nil
}

func (s *server) Range(_ context.Context, in *pb.RangeRequest) (*pb.RangeResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.value == nil || string(in.Key) != s.key {
		return &pb.RangeResponse{}, nil
	}
	return &pb.RangeResponse{Kvs: []*mvccpb.KeyValue{{Key: in.Key, Value: s.value}}}, nil
}

func (s *server) Txn(_ context.Context, in *pb.TxnRequest) (*pb.TxnResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(in.Failure) > 0 {
		return &pb.TxnResponse{}, s.trial
	}
	s.swaps++
	for _, c := range in.Compare {
		holds := s.value == nil // for a revision
		switch {
		case c.Target == pb.Compare_VALUE && c.Result == pb.Compare_GREATER:
			holds = s.value != nil && bytes.Compare(s.value, c.GetValue()) > 0
		case c.Target == pb.Compare_VALUE:
			holds = s.value != nil && bytes.Compare(s.value, c.GetValue()) < 0
		}
		if !holds {
			return &pb.TxnResponse{}, nil
		}
	}
	put := in.Success[0].GetRequestPut()
	s.key, s.value = string(put.Key), put.Value
	err := s.after
	s.after = nil
	return &pb.TxnResponse{Succeeded: true}, err
}

// client starts the server and returns a client of it, both until the test ends.
func (s *server) client(t *testing.T) *clientv3.Client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	pb.RegisterKVServer(g, s)
	pb.RegisterMaintenanceServer(g, s)
	go g.Serve(l)
	t.Cleanup(g.Stop)
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{l.Addr().String()}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func (s *server) store(t *testing.T) *etcdstore.Store {
	t.Helper()
	store, err := etcdstore.New(t.Context(), s.client(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// clientv3 would send the transaction again and find that the comparison fails.
func TestSwapThatWasMadeIsNoConflict(t *testing.T) {
	for _, code := range []codes.Code{codes.Canceled, codes.DeadlineExceeded, codes.Unavailable, codes.Unknown} {
		t.Run(code.String(), func(t *testing.T) {
			s := &server{after: status.Error(code, "a proxy gave the call up")}
			err := s.store(t).CompareAndSwap(t.Context(), "alice", 0, factor.Record{Data: []byte("x"), Version: 7})
			if err == nil || errors.Is(err, factor.ErrConflict) {
				t.Errorf("the swap was made and its answer lost: %v, want an error that leaves that open", err)
			}
			if s.swaps != 1 {
				t.Errorf("the transaction was sent %d times, want once", s.swaps)
			}
		})
	}
}

func TestVersionsThatAreCloseDiffer(t *testing.T) {
	s := &server{}
	store := s.store(t)
	swap := func(old, next int64) error {
		return store.CompareAndSwap(t.Context(), "alice", old, factor.Record{Data: []byte{0xff}, Version: next})
	}
	if err := swap(0, 256); err != nil {
		t.Fatal(err)
	}
	for _, old := range []int64{0, 1, 255, 257, 1<<53 - 1} {
		if err := swap(old, 1); !errors.Is(err, factor.ErrConflict) {
			t.Errorf("a swap from version %d, where 256 is stored: %v, want ErrConflict", old, err)
		}
	}
	if err := swap(256, 1); err != nil {
		t.Fatal(err)
	}
}

func TestNewNamesTheRemedy(t *testing.T) {
	for _, c := range []struct {
		name   string
		server *server
		want   string
	}{
		{"no space", &server{alarms: []*pb.AlarmMember{{MemberID: 7, Alarm: pb.AlarmType_NOSPACE}}}, "auto-compaction"},
		{"corrupt", &server{alarms: []*pb.AlarmMember{{MemberID: 7, Alarm: pb.AlarmType_CORRUPT}}}, "replace the member"},
		{"few operations", &server{trial: rpctypes.ErrGRPCTooManyOps}, "--max-txn-ops"},
		{"no permission", &server{trial: rpctypes.ErrGRPCPermissionDenied}, "readwrite"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := etcdstore.New(t.Context(), c.server.client(t), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("New = %v, want an error with %q", err, c.want)
			}
		})
	}
	if _, err := etcdstore.New(t.Context(), nil, nil); err == nil {
		t.Error("New takes no client")
	}
}

func TestForeignValueIsAnError(t *testing.T) {
	s := &server{key: "factor/record/alice", value: []byte("foreign")}
	if r, err := s.store(t).Load(t.Context(), "alice"); err == nil || strings.Contains(err.Error(), "alice") {
		t.Errorf("Load = %v, %v: want an error that does not name the user", r, err)
	}
}

func TestLimitOfNoneListsNobody(t *testing.T) {
	store := (&server{}).store(t)
	for _, limit := range []int{0, -1} {
		for _, due := range []time.Time{{}, time.Now()} {
			if users, err := store.List(t.Context(), "", due, limit); err != nil || len(users) != 0 {
				t.Errorf("List with limit %d = %q, %v; want none", limit, users, err)
			}
		}
	}
}
