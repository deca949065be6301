package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/knowhave/factor"
)

// Store is a factor.Store in a table of an SQL database. Make one with New. Its
// methods may be called from many goroutines and many processes at once.
//
// Their errors wrap those of the driver and of the context. Their text names
// neither a user nor data. Where the driver's text quotes one of them, the error
// gives the code of the database instead, or the type of the driver's error, and
// only errors.As leads to the text. A user of one to three bytes counts as quoted
// only where it stands alone, because the text of nearly every error has an "a".
//
// Without the table every method fails with an error that says to call Migrate.
type Store struct {
	db      *sql.DB
	dialect *Dialect
	table   table
	text    statements
	share   batchers
}

var _ factor.Store = (*Store)(nil)
var _ factor.VersionLister = (*Store)(nil)

// Options are the options of New and Schema. The zero value, and nil, means the
// defaults.
type Options struct {
	// Table is the name of the table, by default factor_records: letters, digits
	// and underscores, at most 59 of them, the first no digit. A schema may
	// stand before it, with a dot in between. It is used as written, in upper
	// and lower case.
	Table string
	// Unshared has each call send statements of its own. By default calls on
	// different users that come at the same time share them. See the package
	// comment.
	Unshared bool
}

// setupTimeout bounds how long New may wait for connections.
const setupTimeout = 15 * time.Second

// New returns a Store in the database that db is connected to. The database
// stays the host's to close. The table need not exist yet: see Migrate. If d is
// not the dialect of the database, the error asks "wrong dialect?" and names the
// right one.
//
// New connects in order to check that the database keeps what it acknowledges,
// and names the remedy where it does not. With SQLite it refuses a database in
// memory, a journal_mode other than WAL, a synchronous below FULL and a
// busy_timeout of 0; with PostgreSQL a synchronous_commit that is off and a
// database that is not in UTF8; with MySQL a connection without autocommit or
// with completion_type CHAIN and, outside of Galera clusters, an
// innodb_flush_log_at_trx_commit other than 1 and a binary log without
// sync_binlog=1. New looks at a connection it opens itself, unless the pool is
// full, as well as at idle ones, because most of these settings hold for one
// connection only.
//
// New also refuses a table that forgets. With PostgreSQL that is one that is
// UNLOGGED or temporary or has such a partition, and a view; with MySQL one that
// is temporary or of an engine other than InnoDB; with SQLite a temporary one that
// hides the other.
func New(db *sql.DB, d *Dialect, opts *Options) (*Store, error) {
	if db == nil {
		return nil, errors.New("sqlstore: db is nil: pass the *sql.DB that sql.Open returned")
	}
	table, err := resolve(d, opts)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	if err := d.checkConnections(ctx, db, func(l *lease) error { return d.accept(ctx, l, table) }); err != nil {
		return nil, err
	}
	var shared sharing
	err = onConn(ctx, db, func(l *lease) (err error) {
		shared, err = d.sharing(ctx, l, table)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sqlstore: reading what the database can do: %w", err)
	}
	return &Store{
		db: db, dialect: d, table: table, text: d.statements.in(table),
		share: d.batchers(db, shared, opts != nil && opts.Unshared),
	}, nil
}

// checkConnections calls check with every idle connection of the pool and with
// a freshly opened one, as far as the pool allows.
func (d *Dialect) checkConnections(ctx context.Context, db *sql.DB, check func(*lease) error) error {
	before := db.Stats()
	return d.onFirstConn(ctx, db, func(l *lease) error {
		if err := check(l); err != nil {
			return err
		}
		now := db.Stats()
		full := now.MaxOpenConnections > 0 && now.InUse >= now.MaxOpenConnections
		if before.Idle == 0 || full {
			return nil
		}
		return d.checkConnections(ctx, db, check) // This one is held, so that the next is another.
	})
}

// onFirstConn is onConn while other processes may start too. One that turns the WAL
// of a new SQLite file on keeps the others from connecting, whatever their busy
// timeout is, so onFirstConn connects again until the context ends.
func (d *Dialect) onFirstConn(ctx context.Context, db *sql.DB, use func(*lease) error) error {
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		connected := false
		err := onConn(ctx, db, func(l *lease) error {
			connected = true
			return use(l)
		})
		if err == nil || connected {
			return err
		}
		if d.lost(err) && pause(ctx, wait) {
			continue
		}
		return fmt.Errorf("sqlstore: connecting: %w", err)
	}
}

// pause waits, and reports whether the context still lasts.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Load returns the user's record without its Due, or the zero Record if there
// is none. Its Data is a copy of its own.
func (s *Store) Load(ctx context.Context, user string) (factor.Record, error) {
	record, err := s.load(ctx, user)
	if err != nil {
		return factor.Record{}, s.fault("load", err, user)
	}
	return record, nil
}

// load loads a record, alone or together with others.
func (s *Store) load(ctx context.Context, user string) (factor.Record, error) {
	if s.share.load == nil {
		return s.loadAlone(ctx, user)
	}
	r := newRequest(ctx, user)
	err := s.share.load.do(r, func() (err error) {
		r.found, err = s.loadAlone(ctx, user)
		return err
	})
	if err != nil {
		return factor.Record{}, err // r may still be written to.
	}
	return r.found, nil
}

func (s *Store) loadAlone(ctx context.Context, user string) (r factor.Record, err error) {
	err = s.db.QueryRowContext(ctx, s.text.load, user).Scan(&r.Version, &r.Data)
	if errors.Is(err, sql.ErrNoRows) {
		return factor.Record{}, nil
	}
	return r, err
}

// CompareAndSwap replaces the user's record by next, or removes it if next is
// zero, provided that the stored version is old; 0 stands for no record.
//
// Its error matches factor.ErrConflict if the stored version is another, or if
// the database says that the write was given up for the sake of others. After
// any other error the outcome is open, except that nothing was written where
// the context was done before the database was asked.
func (s *Store) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	if old == 0 && next.IsZero() {
		return s.expectAbsent(ctx, user)
	}
	st := s.swap(user, old, next)
	changed, err := s.write(ctx, user, old, next, st)
	taken := old == 0 && s.dialect.taken != nil && err != nil && s.dialect.taken(err)
	if err != nil && (taken || s.dialect.lost(err)) {
		return s.conflict("swap", err, st.args...)
	}
	if err != nil {
		return s.fault("swap", err, st.args...)
	}
	if changed == 0 {
		return factor.ErrConflict
	}
	return nil
}

// statement is an SQL text with its arguments.
type statement struct {
	text string
	args []any
}

// swap returns the one statement that makes the swap, and changes a row only
// where the stored version is old.
func (s *Store) swap(user string, old int64, next factor.Record) statement {
	switch {
	case next.IsZero():
		return statement{s.text.remove, []any{user, old}}
	case old == 0:
		return statement{s.text.insert, []any{user, next.Version, milliseconds(next.Due), next.Data}}
	default:
		return statement{s.text.update, []any{next.Version, milliseconds(next.Due), next.Data, user, old}}
	}
}

// write makes a swap, alone or together with others, and returns how many rows it
// changed.
func (s *Store) write(ctx context.Context, user string, old int64, next factor.Record, st statement) (int64, error) {
	b := s.share.of(old, next)
	if b == nil {
		return exec(ctx, s.db, st)
	}
	r := newRequest(ctx, user)
	r.old, r.next, r.write = old, next, st
	err := b.do(r, func() (err error) {
		r.changed, err = exec(ctx, s.db, st)
		return err
	})
	if err != nil {
		return 0, err // r may still be written to.
	}
	return r.changed, nil
}

// exec runs a write on a connection of its own, because db.ExecContext would
// send the statement again where a driver reports a broken connection.
func exec(ctx context.Context, db *sql.DB, st statement) (changed int64, err error) {
	err = onConn(ctx, db, func(l *lease) error {
		changed, err = l.exec(ctx, st)
		return err
	})
	return changed, err
}

// expectAbsent is the swap that changes nothing: it only asks that there be no
// record.
func (s *Store) expectAbsent(ctx context.Context, user string) error {
	r, err := s.Load(ctx, user)
	if err == nil && !r.IsZero() {
		return factor.ErrConflict
	}
	return err
}

// List returns up to limit users after the given one in byte order; with due
// not zero, those whose Due is in the same millisecond or before it. It returns
// fewer than limit only where no more are left.
func (s *Store) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	st := statement{s.text.list, []any{after, max(0, limit)}}
	if !due.IsZero() {
		st = statement{s.text.listDue, []any{milliseconds(due), after, max(0, limit)}}
	}
	var users []string
	err := s.rows(ctx, st, func(rows *sql.Rows) error {
		var user string
		err := rows.Scan(&user)
		users = append(users, user)
		return err
	})
	if err != nil {
		return nil, s.fault("list", err, st.args...)
	}
	return users, nil
}

// rows calls each for every row of a query.
func (s *Store) rows(ctx context.Context, st statement, each func(*sql.Rows) error) error {
	rows, err := s.db.QueryContext(ctx, st.text, st.args...)
	if err != nil {
		return err
	}
	return eachRow(rows, each)
}

// milliseconds returns t as it is stored: milliseconds since 1970, rounded
// down, or NULL for the zero time.
func milliseconds(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: !t.IsZero()}
}
