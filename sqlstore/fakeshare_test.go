package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/knowhave/factor"
)

// A reply is what a statement is answered: rows, and then an error or none. A write
// on its own has the number of rows it changed.
type reply struct {
	rows    [][]driver.Value
	changed int64
	err     error // instead of rows
	end     error // after them
}

// shareServer is a server on which statements are shared. Its table is empty or
// holds whatever is asked for; see rowsOf.
type shareServer struct {
	shape shape
	// reply answers a statement instead of the server, unless it returns nil.
	reply func(ctx context.Context, s *sent) *reply

	mu     sync.Mutex
	sent   []*sent
	opened int
	closed int
}

// sent is a statement with what can be told of it.
type sent struct {
	text     string
	users    []string
	versions []int64 // of a shared swap
	shared   bool
}

// verb returns the first word of the text, in capitals if it is shared.
func (s *sent) verb() string {
	verb := strings.ToLower(strings.Fields(s.text)[0])
	if s.shared {
		return strings.ToUpper(verb)
	}
	return verb
}

// A shape is how a dialect's shared statements look.
type shape struct {
	dialect *Dialect
	version string // of the server
	native  bool   // whether the driver takes arrays
	// variables are those of a server of MySQL.
	variables [][]driver.Value
}

var shapes = map[string]shape{
	"PostgreSQL": {Postgres, "PostgreSQL 15.14 (Debian 15.14-0+deb12u1) on x86_64-pc-linux-gnu", true, nil},
	"MariaDB":    {MySQL, "10.11.14-MariaDB-0+deb12u2", false, nil},
	"MySQL":      {MySQL, "8.0.36", false, nil},
	"Galera":     {MySQL, "10.11.14-MariaDB-0+deb12u2", false, [][]driver.Value{{"wsrep_on", "ON"}}},
}

// parse tells what a statement asks for.
func (h shape) parse(text string, args []driver.NamedValue) *sent {
	s := &sent{text: text}
	user := func(i int) { s.users = append(s.users, fmt.Sprint(args[i].Value)) }
	every := func(n, version int) {
		for i := 0; i < len(args); i += n {
			user(i)
			if version > 0 {
				s.versions = append(s.versions, args[i+version].Value.(int64))
			}
		}
	}
	s.shared = true
	switch {
	case h.dialect == Postgres && strings.Contains(text, "[]"):
		s.users = args[0].Value.([]string)
		if len(args) > 1 {
			s.versions = args[2].Value.([]int64)
		}
	case strings.Contains(text, "VALUES (CAST"):
		every(5, 2)
	case strings.HasPrefix(text, "UPDATE ("):
		every(4, 1)
	case strings.HasPrefix(text, "SET STATEMENT"):
		every(4, 1)
	case strings.Contains(text, " IN ("):
		every(1, 0)
	default:
		s.shared = false
		switch {
		case strings.HasPrefix(text, "UPDATE"):
			user(3)
		case len(args) > 0:
			user(0)
		}
	}
	return s
}

// rowsOf answers a statement as a server does whose table has every row that a
// statement asks for: those of loads and locks in version 1.
func (s *sent) rowsOf() *reply {
	r := &reply{changed: 1}
	if s.shared && s.verb() == "UPDATE" {
		r.changed = int64(len(s.users)) // MySQL has no RETURNING.
	}
	for i, user := range s.users {
		switch {
		case s.versions != nil:
			r.rows = append(r.rows, []driver.Value{user, s.versions[i]})
		case s.shared && strings.Contains(s.text, "FOR UPDATE"):
			r.rows = append(r.rows, []driver.Value{user, int64(1)})
		case s.shared:
			r.rows = append(r.rows, []driver.Value{user, int64(1), []byte("of " + user)})
		default:
			r.rows = append(r.rows, []driver.Value{int64(1), []byte("of " + user)})
		}
	}
	return r
}

func (f *shareServer) Connect(context.Context) (driver.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opened++
	return &shareConn{f}, nil
}

func (f *shareServer) Driver() driver.Driver { return nil }

// ask answers a statement.
func (f *shareServer) ask(ctx context.Context, text string, args []driver.NamedValue) *reply {
	switch {
	case text == "SELECT version()":
		return &reply{rows: [][]driver.Value{{f.shape.version}}}
	case strings.HasPrefix(text, "SHOW VARIABLES"):
		return &reply{rows: f.shape.variables}
	}
	s := f.shape.parse(text, args)
	f.mu.Lock()
	f.sent = append(f.sent, s)
	reply := f.reply
	f.mu.Unlock()
	if r := reply(ctx, s); r != nil {
		return r
	}
	return s.rowsOf()
}

type shareConn struct{ server *shareServer }

func (c *shareConn) CheckNamedValue(v *driver.NamedValue) (err error) {
	if _, ok := v.Value.(driver.Valuer); ok || !c.server.shape.native {
		v.Value, err = driver.DefaultParameterConverter.ConvertValue(v.Value)
	}
	return err
}

func (c *shareConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	r := c.server.ask(ctx, text, args)
	if r.err != nil {
		return nil, r.err
	}
	width := 3
	if len(r.rows) > 0 {
		width = len(r.rows[0])
	}
	return &shareRows{fakeRows{make([]string, width), r.rows}, r.end}, nil
}

func (c *shareConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	r := c.server.ask(ctx, text, args)
	return driver.RowsAffected(r.changed), r.err
}

func (c *shareConn) Prepare(string) (driver.Stmt, error) { panic("nothing is prepared") }
func (c *shareConn) Begin() (driver.Tx, error)           { panic("transactions are begun by BEGIN") }

func (c *shareConn) Close() error {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.server.closed++
	return nil
}

type shareRows struct {
	fakeRows
	end error
}

func (r *shareRows) Next(to []driver.Value) error {
	err := r.fakeRows.Next(to)
	if err == io.EOF && r.end != nil {
		return r.end
	}
	return err
}

// A meeting is a Store whose first request, that of "first", is under way until
// it is let go, so that the others share what comes next.
type meeting struct {
	*testing.T
	store  *Store
	db     *sql.DB
	server *shareServer
	// reply answers what comes after the first statement, if it is set.
	reply func(ctx context.Context, s *sent) *reply
	held  chan struct{}
	first <-chan answer
	kind  requestKind
}

// An answer is that of a load or a swap.
type answer struct {
	record factor.Record
	err    error
}

// A requestKind is one kind of request.
type requestKind struct {
	name string
	ask  func(ctx context.Context, s *Store, user string) answer
	// alone is the verb of today's statement, and together those of a shared one.
	alone    string
	together map[string]string
}

var (
	loads = requestKind{"load", func(ctx context.Context, s *Store, user string) answer {
		r, err := s.Load(ctx, user)
		return answer{r, err}
	}, "select", map[string]string{"PostgreSQL": "SELECT", "MariaDB": "SELECT", "MySQL": "SELECT", "Galera": "SELECT"}}
	updates = requestKind{"update", func(ctx context.Context, s *Store, user string) answer {
		return answer{err: s.CompareAndSwap(ctx, user, 1, someRecord)}
	}, "update", map[string]string{"PostgreSQL": "WITH", "MariaDB": "SET", "MySQL": "begin SELECT UPDATE commit", "Galera": "begin SET commit"}}
	inserts = requestKind{"insert", func(ctx context.Context, s *Store, user string) answer {
		return answer{err: s.CompareAndSwap(ctx, user, 0, someRecord)}
	}, "insert", map[string]string{"PostgreSQL": "WITH", "MariaDB": "SET", "Galera": "begin SET commit"}}
)

// meet runs a test on every kind of request and server that shares it, but for some
// servers.
func meet(t *testing.T, kinds []requestKind, test func(m *meeting, server string), without ...string) {
	for _, k := range kinds {
		for name, h := range shapes {
			if k.together[name] == "" || slices.Contains(without, name) {
				continue
			}
			t.Run(name+"/"+k.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { test(newMeeting(t, h, k), name) })
			})
		}
	}
}

func newMeeting(t *testing.T, h shape, k requestKind) *meeting {
	m := &meeting{T: t, held: make(chan struct{}), kind: k}
	m.server = &shareServer{shape: h}
	m.server.reply = func(ctx context.Context, s *sent) *reply {
		if slices.Equal(s.users, []string{"first"}) {
			<-m.held
		} else if m.reply != nil {
			return m.reply(ctx, s)
		}
		return nil
	}
	m.db = sql.OpenDB(m.server)
	t.Cleanup(func() { m.db.Close() })
	m.store = m.newStore(nil)
	m.first = m.ask(t.Context(), "first")
	return m
}

// newStore returns a store like that which New returns.
func (m *meeting) newStore(opts *Options) *Store {
	d := m.server.shape.dialect
	tab := table{name: defaultTable, quote: d.quote}
	var shared sharing
	err := onConn(m.Context(), m.db, func(l *lease) (err error) {
		shared, err = d.sharing(m.Context(), l, tab)
		return err
	})
	if err != nil {
		m.Fatal(err)
	}
	return &Store{db: m.db, dialect: d, table: tab, text: d.statements.in(tab), share: d.batchers(m.db, shared, opts != nil && opts.Unshared)}
}

// ask starts a request and waits until it can go no further.
func (m *meeting) ask(ctx context.Context, user string) <-chan answer {
	got := make(chan answer, 1)
	go func() { got <- m.kind.ask(ctx, m.store, user) }()
	synctest.Wait()
	return got
}

// asks starts requests of so many users.
func (m *meeting) asks(n int) (all []<-chan answer) {
	for i := range n {
		all = append(all, m.ask(m.Context(), fmt.Sprintf("user %d", i)))
	}
	return all
}

// letGo ends the first request and waits for what follows.
func (m *meeting) letGo() {
	m.Helper()
	close(m.held)
	if got := <-m.first; got.err != nil {
		m.Errorf("the first request is answered %v", got.err)
	}
	synctest.Wait()
}

// verbs returns what was sent after the first statement.
func (m *meeting) verbs() string {
	m.server.mu.Lock()
	defer m.server.mu.Unlock()
	var verbs []string
	for _, s := range m.server.sent[1:] {
		verbs = append(verbs, s.verb())
	}
	return strings.Join(verbs, " ")
}

// swaps are the kinds that write.
var swaps = []requestKind{updates, inserts}
