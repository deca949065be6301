package cluster

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"syscall"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/status"

	"github.com/knowhave/factor"
)

// An effort counts what one call did to its store.
type effort struct {
	Swaps     int `json:",omitempty"`
	Conflicts int `json:",omitempty"` // swaps that were lost
	Unknowns  int `json:",omitempty"` // swaps whose outcome the store could not tell
	// Landed and Repeated split the unknown ones: the next load showed that the
	// swap had landed, or that it had not, so that the call tried again. After any
	// other load the call ended with the store's error.
	Landed   int `json:",omitempty"`
	Repeated int `json:",omitempty"`
	// Faults has a short name for each error.
	Faults []string `json:",omitempty"`
}

// A trace follows one call through a watched store.
type trace struct {
	mu sync.Mutex
	effort
	base    int64
	mine    []int64 // the versions of the swaps whose outcome is unknown
	unknown bool    // the last swap's outcome is, and was not looked for yet
}

type traceKey struct{}

// traced returns a context that tells a watched store the call.
func traced(ctx context.Context, t *trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// A watched store reports to each call's trace.
type watched struct{ factor.Store }

func (s watched) Load(ctx context.Context, user string) (factor.Record, error) {
	r, err := s.Store.Load(ctx, user)
	if t, ok := ctx.Value(traceKey{}).(*trace); ok {
		t.loaded(r.Version, err)
	}
	return r, err
}

func (s watched) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	err := s.Store.CompareAndSwap(ctx, user, old, next)
	if t, ok := ctx.Value(traceKey{}).(*trace); ok {
		t.swapped(old, next.Version, err)
	}
	return err
}

func (t *trace) swapped(old, next int64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Swaps++
	switch {
	case err == nil:
		return
	case errors.Is(err, factor.ErrConflict):
		t.Conflicts++
	default:
		t.Unknowns++
		t.base, t.unknown = old, true
		t.mine = append(t.mine, next)
	}
	if name := faultName(err); name != "" {
		t.Faults = append(t.Faults, "swap: "+name)
	}
}

func (t *trace) loaded(version int64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.Faults = append(t.Faults, "load: "+faultName(err))
	}
	if !t.unknown {
		return
	}
	t.unknown = false
	switch {
	case err != nil:
	case slices.Contains(t.mine, version):
		t.Landed++
	case version == t.base:
		t.Repeated++
	}
}

// faultName returns a short name for an error of a database or its network, and ""
// for a lost swap.
func faultName(err error) string {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return fmt.Sprint(e.Number)
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	if e, ok := errors.AsType[rpctypes.EtcdError](err); ok {
		return e.Error()
	}
	for _, known := range []struct {
		err  error
		name string
	}{
		{context.DeadlineExceeded, "deadline"},
		{context.Canceled, "cancelled"},
		{syscall.ECONNREFUSED, "connection refused"},
		{syscall.ECONNRESET, "connection reset"},
		{syscall.EPIPE, "broken pipe"},
		{mysql.ErrInvalidConn, "invalid connection"},
		{driver.ErrBadConn, "bad connection"},
		{io.ErrUnexpectedEOF, "unexpected end"},
		{io.EOF, "end"},
		{net.ErrClosed, "closed"},
	} {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	if errors.Is(err, factor.ErrConflict) {
		return ""
	}
	if s, ok := status.FromError(err); ok {
		return s.Code().String()
	}
	return fmt.Sprintf("%T", err)
}
