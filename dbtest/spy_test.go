package dbtest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"
	"testing"
)

// spy is a driver around an engine's that writes down what is sent and
// can interfere. Its functions are set while nothing is sent.
type spy struct {
	driver driver.Driver
	name   string

	onOpen  []string                  // run on each new connection
	rewrite func(query string) string // what is sent instead
	before  func(query string)        // called before a write is sent
	after   func(query string) error  // what is answered to a write that was done
	count   func(driver.Result) (int64, error)
	mu      sync.Mutex
	queries []string
}

// spied opens a handle on a place through a spy.
func (p Place) spied(t *testing.T, onOpen ...string) (*sql.DB, *spy) {
	t.Helper()
	s := &spy{driver: p.Open(t).Driver(), name: p.DSN, onOpen: onOpen}
	db := sql.OpenDB(s)
	t.Cleanup(func() { db.Close() })
	return db, s
}

// spied opens a new SQLite file, with safe settings, through a spy.
func spied(t *testing.T, onOpen ...string) (*sql.DB, *spy) {
	t.Helper()
	return sqliteEngine.Place(t).spied(t, onOpen...)
}

// sent returns what was sent since it was last called.
func (s *spy) sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	queries := s.queries
	s.queries = nil
	return queries
}

// see writes a query down and returns what to send.
func (s *spy) see(query string) string {
	s.mu.Lock()
	s.queries = append(s.queries, query)
	s.mu.Unlock()
	if s.rewrite != nil {
		return s.rewrite(query)
	}
	return query
}

func (s *spy) Driver() driver.Driver { return s.driver }

func (s *spy) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := s.driver.Open(s.name)
	if err != nil {
		return nil, err
	}
	for _, query := range s.onOpen {
		if _, err := conn.(driver.ExecerContext).ExecContext(ctx, query, nil); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return &spyConn{conn, s}, nil
}

type spyConn struct {
	driver.Conn
	spy *spy
}

func (c *spyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, c.spy.see(query), args)
}

func (c *spyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	query = c.spy.see(query)
	if c.spy.before != nil {
		c.spy.before(query)
	}
	result, err := c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
	if err == nil && c.spy.after != nil {
		err = c.spy.after(query)
	}
	if err != nil {
		return nil, err
	}
	return spyResult{result, c.spy}, nil
}

type spyResult struct {
	driver.Result
	spy *spy
}

func (r spyResult) RowsAffected() (int64, error) {
	if r.spy.count != nil {
		return r.spy.count(r.Result)
	}
	return r.Result.RowsAffected()
}
