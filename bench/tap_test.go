package bench

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync/atomic"
)

// A tap counts the statements that go through a pool.
type tap struct {
	driver driver.Driver
	dsn    string
	sent   atomic.Int64
}

// tapped returns a pool whose statements are counted. The caller closes it.
func (r *records) tapped(dsn string) (*sql.DB, *tap) {
	t := &tap{driver: r.db.Driver(), dsn: dsn}
	db := sql.OpenDB(t)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, t
}

func (t *tap) Driver() driver.Driver { return t.driver }

func (t *tap) Connect(context.Context) (driver.Conn, error) {
	conn, err := t.driver.Open(t.dsn)
	if err != nil {
		return nil, err
	}
	return &tappedConn{conn, t}, nil
}

type tappedConn struct {
	driver.Conn
	tap *tap
}

func (c *tappedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.tap.sent.Add(1)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *tappedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.tap.sent.Add(1)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *tappedConn) CheckNamedValue(v *driver.NamedValue) error {
	return c.Conn.(driver.NamedValueChecker).CheckNamedValue(v)
}

func (c *tappedConn) ResetSession(ctx context.Context) error {
	return c.Conn.(driver.SessionResetter).ResetSession(ctx)
}
