package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// fakeServer is a database that answers as a test tells it to, for what a real
// server says too seldom.
type fakeServer struct {
	// answer returns the rows of a query, or the number of changed rows as the
	// only value of the only row.
	answer func(query string, args []driver.NamedValue) ([][]driver.Value, error)
	asked  []string
	users  []string // the first arguments of writes
	opened int      // connections
}

// openFake returns a handle on a fakeServer. It has one connection.
func openFake(t *testing.T, f *fakeServer) *sql.DB {
	t.Helper()
	db := sql.OpenDB(f)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

// migrateFake runs Migrate on a fakeServer. One that waits for what never comes
// fails instead.
func migrateFake(t *testing.T, d *Dialect, f *fakeServer) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s := &Store{db: openFake(t, f), dialect: d, table: table{name: defaultTable, quote: d.quote}}
	return s.Migrate(ctx)
}

// saw returns how many statements began in this way.
func (f *fakeServer) saw(prefix string) (n int) {
	for _, query := range f.asked {
		if strings.HasPrefix(query, prefix) {
			n++
		}
	}
	return n
}

func (f *fakeServer) Connect(context.Context) (driver.Conn, error) {
	f.opened++
	return &fakeConn{f}, nil
}

func (f *fakeServer) Driver() driver.Driver { return nil }

type fakeConn struct{ server *fakeServer }

func (c *fakeConn) QueryContext(_ context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.server.asked = append(c.server.asked, query)
	rows, err := c.server.answer(query, args)
	if err != nil {
		return nil, err
	}
	width := 0
	if len(rows) > 0 {
		width = len(rows[0])
	}
	return &fakeRows{make([]string, width), rows}, nil
}

func (c *fakeConn) ExecContext(_ context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.server.asked = append(c.server.asked, query)
	if len(args) > 0 {
		c.server.users = append(c.server.users, fmt.Sprint(args[0].Value))
	}
	rows, err := c.server.answer(query, args)
	if err != nil || len(rows) == 0 {
		return driver.RowsAffected(0), err
	}
	return driver.RowsAffected(rows[0][0].(int64)), nil
}

func (c *fakeConn) Prepare(string) (driver.Stmt, error) { panic("nothing is prepared") }
func (c *fakeConn) Begin() (driver.Tx, error)           { panic("every statement is its own transaction") }
func (c *fakeConn) Close() error                        { return nil }

type fakeRows struct {
	columns []string
	rows    [][]driver.Value
}

func (r *fakeRows) Columns() []string { return r.columns }
func (r *fakeRows) Close() error      { return nil }

func (r *fakeRows) Next(to []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(to, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}
