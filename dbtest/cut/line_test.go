package cut

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/sqlstore"
)

// A line is a database with two ways to it: through the proxy and past it.
type line struct {
	proxy  *Proxy
	cut    *sql.DB
	store  factor.Store // through the proxy
	direct factor.Store
	hand   *sql.DB // beside the proxy
	// gone reports whether the server has noticed the end of a connection.
	gone func(number int64) (bool, error)
}

// A mode is a server and a way to talk to it.
type mode struct {
	name string
	open func(testing.TB, table) *line
	// prepares starts every run on a new connection, because what is sent depends
	// on what a connection has prepared.
	prepares bool
}

// table is the name of a test's table.
type table string

// modes are all there are. Those that prepare are for -cut.all.
var modes = []mode{
	{"PostgreSQL", func(t testing.TB, name table) *line { return postgresLine(t, name, pgx.QueryExecModeExec) }, false},
	{"MariaDB", func(t testing.TB, name table) *line { return mysqlLine(t, name, true) }, false},
	{"PostgreSQL, statements prepared", func(t testing.TB, name table) *line { return postgresLine(t, name, pgx.QueryExecModeCacheStatement) }, true},
	{"MariaDB, statements prepared", func(t testing.TB, name table) *line { return mysqlLine(t, name, false) }, true},
}

func postgresLine(t testing.TB, name table, mode pgx.QueryExecMode) *line {
	cfg, err := pgx.ParseConfig(server.SharedPostgres(t))
	if err != nil {
		t.Fatal(err)
	}
	direct := stdlib.OpenDB(*cfg)
	t.Cleanup(func() { direct.Close() })
	proxy := name.listen(t, Postgres, fmt.Sprintf("%s:%d", cfg.Host, cfg.Port))
	through := cfg.Copy()
	through.Host, through.Port, through.TLSConfig, through.Fallbacks = "127.0.0.1", uint16(proxy.Port()), nil, nil
	through.DefaultQueryExecMode = mode
	return name.line(t, sqlstore.Postgres, proxy, direct, stdlib.OpenDB(*through),
		`SELECT count(*) FROM pg_stat_activity WHERE pid = $1`)
}

func mysqlLine(t testing.TB, name table, interpolate bool) *line {
	cfg, err := mysqldriver.ParseDSN(server.SharedMariaDB(t))
	if err != nil {
		t.Fatal(err)
	}
	open := func(cfg *mysqldriver.Config) *sql.DB {
		c, err := mysqldriver.NewConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return sql.OpenDB(c)
	}
	direct := open(cfg)
	t.Cleanup(func() { direct.Close() })
	proxy := name.listen(t, MySQL, cfg.Addr)
	through := cfg.Clone()
	through.Addr, through.InterpolateParams = fmt.Sprintf("127.0.0.1:%d", proxy.Port()), interpolate
	through.Logger = &mysqldriver.NopLogger{} // it says what the tests do
	return name.line(t, sqlstore.MySQL, proxy, direct, open(through),
		`SELECT count(*) FROM information_schema.processlist WHERE id = ?`)
}

func (name table) listen(t testing.TB, p Protocol, address string) *Proxy {
	counts := func(r *Request) bool { return strings.Contains(r.SQL, string(name)) }
	proxy, err := Listen(p, address, counts, writes)
	if err != nil {
		t.Fatal(err)
	}
	return proxy
}

// writes reports whether a request changes a row.
func writes(r *Request) bool {
	reads := strings.HasPrefix(r.SQL, "SELECT") || strings.HasPrefix(r.SQL, "WITH due")
	return r.Runs && !reads
}

func (name table) line(t testing.TB, d *sqlstore.Dialect, proxy *Proxy, direct, through *sql.DB, gone string) *line {
	t.Cleanup(func() { through.Close(); proxy.Close() })
	opts := &sqlstore.Options{Table: string(name)}
	store, err := sqlstore.New(direct, d, opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := direct.Exec("DROP TABLE " + string(name)); err != nil {
			t.Errorf("removing the table: %v", err)
		}
	})
	l := &line{proxy: proxy, cut: through, direct: store, hand: direct}
	if l.store, err = sqlstore.New(through, d, opts); err != nil {
		t.Fatal(err)
	}
	l.gone = func(number int64) (bool, error) {
		var n int
		err := direct.QueryRow(gone, number).Scan(&n)
		return n == 0, err
	}
	return l
}

// reset brings the user back to a state.
func (l *line) reset(s *state) error {
	r, err := l.direct.Load(context.Background(), user)
	if err != nil || r.Version == s.record.Version {
		return err
	}
	return l.direct.CompareAndSwap(context.Background(), user, r.Version, s.record)
}

// reconnect has the store use new connections.
func (l *line) reconnect() {
	const usual = 2 // of database/sql
	l.cut.SetMaxIdleConns(0)
	l.cut.SetMaxIdleConns(usual)
}

// settle waits until the server has noticed the end of connections.
func (l *line) settle(numbers []int64) error {
	for _, number := range numbers {
		for deadline := time.Now().Add(time.Minute); ; <-time.After(time.Millisecond) {
			gone, err := l.gone(number)
			if err != nil {
				return err
			}
			if gone {
				break
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("the server has not noticed the end of connection %d", number)
			}
		}
	}
	return nil
}

// errStore is in every error of the store that leaves the outcome open.
var errStore = errors.New("the store has failed")

// watched is the store as the operations see it.
type watched struct {
	factor.Store
	calls  int
	swaps  int
	before func(call int)
	stored func()         // after a swap that succeeded
	lost   map[int64]bool // versions of swaps whose outcome was not told
	found  int            // swaps from one of these: it was found stored
}

func (w *watched) call() {
	w.calls++
	if w.before != nil {
		w.before(w.calls)
	}
}

func failed(err error) error {
	if err == nil || errors.Is(err, factor.ErrConflict) {
		return err
	}
	return fmt.Errorf("%w: %w", errStore, err)
}

func (w *watched) Load(ctx context.Context, user string) (factor.Record, error) {
	w.call()
	r, err := w.Store.Load(ctx, user)
	return r, failed(err)
}

func (w *watched) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) error {
	w.call()
	w.swaps++
	if w.lost[old] {
		w.found++
	}
	err := w.Store.CompareAndSwap(ctx, user, old, next)
	if err == nil && w.stored != nil {
		w.stored()
	}
	if err != nil && next.Version != 0 {
		w.lost[next.Version] = true
	}
	return failed(err)
}

func (w *watched) List(ctx context.Context, after string, due time.Time, limit int) ([]string, error) {
	w.call()
	users, err := w.Store.List(ctx, after, due, limit)
	return users, failed(err)
}

// replaces reports whether a request leaves a version of its own, as all writes but
// a removal do.
func replaces(r *Request) bool { return writes(r) && !strings.HasPrefix(r.SQL, "DELETE") }

// countWrites counts the requests that write.
func countWrites(all []*Request) (n int) {
	for _, r := range all {
		if writes(r) {
			n++
		}
	}
	return n
}

// resent returns errors in the order of statements: every write must follow its own
// load, and none may be sent twice, whatever database/sql and the driver do about
// broken connections.
func resent(all []*Request) string {
	runs := slices.DeleteFunc(slices.Clone(all), func(r *Request) bool { return !r.Runs })
	for i, r := range runs {
		if !writes(r) {
			continue
		}
		if i == 0 || writes(runs[i-1]) {
			return fmt.Sprintf("statement %d writes without a load before it: %.100q", i+1, r.SQL)
		}
		if replaces(r) && slices.ContainsFunc(runs[:i], r.Same) {
			return fmt.Sprintf("statement %d was sent before: %.100q", i+1, r.SQL)
		}
	}
	return ""
}
