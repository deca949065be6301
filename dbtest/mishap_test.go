package dbtest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// A mishap is one way in which a driver fails at a statement. It may call send,
// which sends the statement.
type mishap struct {
	name string
	fail func(send func() (driver.Result, error)) (driver.Result, error)
}

var errDown = errors.New("down")

// mishaps leave a connection in every state: the statement had no effect, or it
// had one that the driver does not tell of.
var mishaps = []mishap{
	{"error", func(func() (driver.Result, error)) (driver.Result, error) { return nil, errDown }},
	{"cancel", func(func() (driver.Result, error)) (driver.Result, error) { return nil, context.Canceled }},
	{"panic", func(func() (driver.Result, error)) (driver.Result, error) { panic(errDown) }},
	{"Goexit", func(func() (driver.Result, error)) (driver.Result, error) { runtime.Goexit(); return nil, nil }},
	{"error after it was done", func(send func() (driver.Result, error)) (driver.Result, error) {
		_, _ = send()
		return nil, errDown
	}},
	{"cancel after it was done", func(send func() (driver.Result, error)) (driver.Result, error) {
		_, _ = send()
		return nil, context.DeadlineExceeded
	}},
	{"panic after it was done", func(send func() (driver.Result, error)) (driver.Result, error) {
		_, _ = send()
		panic(errDown)
	}},
	{"Goexit after it was done", func(send func() (driver.Result, error)) (driver.Result, error) {
		_, _ = send()
		runtime.Goexit()
		return nil, nil
	}},
}

// faulty is a driver around an engine's whose statements meet mishaps.
type faulty struct {
	driver driver.Driver
	dsn    string

	mu     sync.Mutex
	plans  []step
	met    int // mishaps
	opened int // connections
	closed int
}

// A step makes the n-th statement with this prefix meet a mishap.
type step struct {
	begins string
	n      int
	mishap mishap
}

// faulty opens a handle on a place through a driver without plans.
func (p Place) faulty(t *testing.T) (*sql.DB, *faulty) {
	t.Helper()
	f := &faulty{driver: p.Open(t).Driver(), dsn: p.DSN}
	db := sql.OpenDB(f)
	t.Cleanup(func() { db.Close() })
	return db, f
}

// plan adds plans for what is sent from now on.
func (f *faulty) plan(plans ...step) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plans = append(f.plans, plans...)
}

// meets returns the mishap that a query meets, or nil.
func (f *faulty) meets(query string) *mishap {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.plans {
		p := &f.plans[i]
		if !strings.HasPrefix(query, p.begins) {
			continue
		}
		if p.n--; p.n == 0 {
			f.met++
			return &p.mishap
		}
	}
	return nil
}

// meetings returns how many mishaps were met.
func (f *faulty) meetings() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.met
}

// left returns how many connections are open.
func (f *faulty) left() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opened - f.closed
}

func (f *faulty) Driver() driver.Driver { return f.driver }

func (f *faulty) Connect(context.Context) (driver.Conn, error) {
	conn, err := f.driver.Open(f.dsn)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opened++
	return &faultyConn{conn, f}, nil
}

type faultyConn struct {
	driver.Conn
	f *faulty
}

func (c *faultyConn) Close() error {
	c.f.mu.Lock()
	c.f.closed++
	c.f.mu.Unlock()
	return c.Conn.Close()
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	send := func() (driver.Result, error) {
		rows, err = c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
		return nil, err
	}
	m := c.f.meets(query)
	if m == nil {
		_, err = send()
		return rows, err
	}
	defer func() {
		if err != nil && rows != nil {
			rows.Close()
		}
	}()
	_, err = m.fail(send)
	return rows, err
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	send := func() (driver.Result, error) {
		return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
	}
	if m := c.f.meets(query); m != nil {
		return m.fail(send)
	}
	return send()
}
