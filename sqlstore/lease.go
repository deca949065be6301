package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
)

// A lease is a connection that one call has for itself. See onConn.
type lease struct {
	conn *sql.Conn
	// returned is whether the call has come to its end: no panic of the driver and
	// no runtime.Goexit has torn it off.
	returned bool
	// unsettled is whether a transaction may be open on the connection.
	unsettled bool
	// running is whether a statement may still be running, because its context ended.
	running bool
	// querying is the driver's connection while a query has not returned.
	querying io.Closer
}

// onConn calls use with a connection of the pool. The connection goes back to
// the pool only if use has returned and has left nothing open on it. Otherwise it
// is closed: whatever a transaction holds that was left open would be
// acknowledged to the next caller and never committed.
func onConn(ctx context.Context, db *sql.DB, use func(*lease) error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	l := &lease{conn: conn}
	defer l.end()
	err = use(l)
	l.returned = true
	return err
}

// end gives the connection back to the pool or closes it.
func (l *lease) end() {
	if l.querying != nil {
		// database/sql holds a lock for such a query and would wait for it forever, so
		// the pool is one connection short from now on. The server shall not hold locks
		// for it as well.
		_ = l.querying.Close()
		return
	}
	if l.unsettled || l.running || !l.returned {
		_ = l.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	_ = l.conn.Close()
}

// exec runs a statement and returns how many rows it has changed.
func (l *lease) exec(ctx context.Context, st statement) (changed int64, err error) {
	result, err := l.conn.ExecContext(ctx, st.text, st.args...)
	if err != nil {
		// A driver may return as soon as the context ends, before the database has.
		l.running = l.running || ctx.Err() != nil
		return 0, err
	}
	return result.RowsAffected()
}

// begin begins a transaction.
func (l *lease) begin(ctx context.Context, text string) error {
	l.unsettled = true
	_, err := l.exec(ctx, statement{text: text})
	return err
}

// finish ends the transaction by COMMIT or ROLLBACK.
func (l *lease) finish(ctx context.Context, text string) error {
	_, err := l.exec(ctx, statement{text: text})
	if err == nil {
		l.unsettled = false
	}
	return err
}

// asks notes the driver's connection before a query.
func (l *lease) asks() {
	_ = l.conn.Raw(func(conn any) error {
		l.querying, _ = conn.(io.Closer)
		return nil
	})
}

// query runs a query.
func (l *lease) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	l.asks()
	rows, err := l.conn.QueryContext(ctx, text, args...)
	l.querying = nil
	return rows, err
}

// rows runs a query and calls each for every row.
func (l *lease) rows(ctx context.Context, st statement, each func(*sql.Rows) error) error {
	rows, err := l.query(ctx, st.text, st.args...)
	if err == nil {
		err = eachRow(rows, each)
	}
	l.running = l.running || err != nil && ctx.Err() != nil // as in exec
	return err
}

// eachRow calls each for every row, until one fails, and closes the rows.
func eachRow(rows *sql.Rows, each func(*sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// queryRow runs a query for one row.
func (l *lease) queryRow(ctx context.Context, text string, args ...any) *sql.Row {
	l.asks()
	row := l.conn.QueryRowContext(ctx, text, args...)
	l.querying = nil
	return row
}
