package dbtest

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/sqlstore"
)

func record(version int64) factor.Record {
	return factor.Record{Data: []byte("sealed"), Version: version}
}

// swap makes a swap that must succeed.
func swap(t *testing.T, store factor.Store, user string, old int64, next factor.Record) {
	t.Helper()
	if err := store.CompareAndSwap(t.Context(), user, old, next); err != nil {
		t.Fatalf("CompareAndSwap from %d to %d = %v", old, next.Version, err)
	}
}

// version returns the stored version.
func version(t *testing.T, store factor.Store, user string) int64 {
	t.Helper()
	r, err := store.Load(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	return r.Version
}

// calls are the swaps and reads of a Store, which succeed in this order on an
// empty table.
var calls = []struct {
	name string
	call func(context.Context, factor.Store) error
}{
	{"load", func(ctx context.Context, s factor.Store) error { _, err := s.Load(ctx, "alice"); return err }},
	{"expect absent", func(ctx context.Context, s factor.Store) error {
		return s.CompareAndSwap(ctx, "alice", 0, factor.Record{})
	}},
	{"insert", func(ctx context.Context, s factor.Store) error { return s.CompareAndSwap(ctx, "alice", 0, record(1)) }},
	{"update", func(ctx context.Context, s factor.Store) error { return s.CompareAndSwap(ctx, "alice", 1, record(2)) }},
	{"list", func(ctx context.Context, s factor.Store) error {
		_, err := s.List(ctx, "", time.Time{}, 10)
		return err
	}},
	{"list the due", func(ctx context.Context, s factor.Store) error { _, err := s.List(ctx, "", time.Now(), 10); return err }},
	{"versions", func(ctx context.Context, s factor.Store) error {
		_, err := s.(factor.VersionLister).Versions(ctx, []string{"alice", "bob", "carol"})
		return err
	}},
	{"remove", func(ctx context.Context, s factor.Store) error {
		return s.CompareAndSwap(ctx, "alice", 2, factor.Record{})
	}},
}

func TestEveryMethodIsOneStatement(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		db, spy := p.spied(t)
		store := p.migrated(t, db)
		spy.sent()
		for _, c := range calls {
			if err := c.call(t.Context(), store); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if sent := spy.sent(); len(sent) != 1 {
				t.Errorf("%s sent %q, want one statement", c.name, sent)
			}
		}
	})
}

// A driver that reports a broken connection after the statement was done makes
// database/sql send it again, unless it is kept from that: the second one would
// find the version changed by the first and report a conflict.
func TestSwapIsNeverSentTwice(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		db, spy := p.spied(t)
		store := p.migrated(t, db)
		var stored int64
		for i, next := range []factor.Record{record(1), record(2), {}} {
			spy.sent()
			spy.after = func(string) error { return driver.ErrBadConn }
			err := store.CompareAndSwap(t.Context(), "alice", stored, next)
			spy.after = nil
			if err == nil || errors.Is(err, factor.ErrConflict) || !errors.Is(err, driver.ErrBadConn) {
				t.Fatalf("swap %d over a connection that broke = %v; want the driver's error", i, err)
			}
			if sent := spy.sent(); len(sent) != 1 {
				t.Fatalf("swap %d over a connection that broke sent %q, want one statement", i, sent)
			}
			if stored = version(t, store, "alice"); stored != next.Version {
				t.Fatalf("the write that was answered with an error has not landed: version %d, want %d", stored, next.Version)
			}
		}
	})
}

func TestUnknownCountIsNoConflict(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		db, spy := p.spied(t)
		store := p.migrated(t, db)
		fault := errors.New("no count")
		spy.count = func(driver.Result) (int64, error) { return 0, fault }
		if err := store.CompareAndSwap(t.Context(), "alice", 0, record(1)); !errors.Is(err, fault) || errors.Is(err, factor.ErrConflict) {
			t.Fatalf("CompareAndSwap without a row count = %v; want the driver's error", err)
		}
	})
}

func TestListPassesFaultsOn(t *testing.T) {
	db, spy := spied(t)
	store := migrated(t, db)
	faults := map[string]string{
		"while sending": `SELECT nonsense`,
		"in a value":    `SELECT NULL`,
		"between rows":  `SELECT 'alice' UNION ALL SELECT abs(-9223372036854775808)`,
	}
	for when, query := range faults {
		spy.rewrite = func(string) string { return query }
		if users, err := store.List(t.Context(), "", time.Time{}, 10); err == nil || users != nil {
			t.Errorf("List with a fault %s = %q, %v; want an error and nobody", when, users, err)
		}
	}
}

func TestWritesTakeTurns(t *testing.T) {
	db, spy := spied(t)
	store := migrated(t, db)
	var writing, most atomic.Int64
	spy.before = func(string) { most.Store(max(most.Load(), writing.Add(1))) }
	spy.after = func(string) error { writing.Add(-1); return nil }
	results := make(chan error)
	const writers = 32
	for i := range writers {
		go func() { results <- store.CompareAndSwap(t.Context(), strings.Repeat("x", i+1), 0, record(1)) }()
	}
	for range writers {
		if err := <-results; err != nil {
			t.Fatal(err)
		}
	}
	if most.Load() != 1 {
		t.Fatalf("%d writes of one store were in progress at once, want 1", most.Load())
	}
}

func TestWaitingWriterHonoursItsContext(t *testing.T) {
	db, spy := spied(t)
	store := migrated(t, db)
	entered, leave := make(chan struct{}), make(chan struct{})
	spy.before = func(string) { close(entered); <-leave }
	first := make(chan error)
	go func() { first <- store.CompareAndSwap(t.Context(), "alice", 0, record(1)) }()
	<-entered
	spy.sent()

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	waiting := map[string]func() error{
		"CompareAndSwap": func() error { return store.CompareAndSwap(ctx, "bob", 0, record(1)) },
		"Migrate":        func() error { return store.Migrate(ctx) },
	}
	for name, call := range waiting {
		if err := call(); !errors.Is(err, context.Canceled) || errors.Is(err, factor.ErrConflict) {
			t.Errorf("%s that waits for its turn = %v; want the context's error", name, err)
		}
	}
	if version(t, store, "carol") != 0 {
		t.Error("a read did not see an empty table while a write was in progress")
	}
	if sent := spy.sent(); len(sent) != 1 {
		t.Errorf("sent %q while a write was in progress, want the read alone", sent)
	}
	close(leave)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	spy.before = nil
	swap(t, store, "bob", 0, record(1))
}

func TestClosedDatabaseIsAFaultWithoutTheUser(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		db, _ := p.spied(t)
		store := p.migrated(t, db)
		db.Close()
		for _, c := range calls {
			err := c.call(t.Context(), store)
			if err == nil || errors.Is(err, factor.ErrConflict) {
				t.Errorf("%s on a closed database = %v; want an error that is no conflict", c.name, err)
			} else if strings.Contains(err.Error(), "alice") {
				t.Errorf("%s on a closed database: the error names the user: %v", c.name, err)
			}
		}
		if err := store.Migrate(t.Context()); err == nil {
			t.Error("Migrate on a closed database succeeded")
		}
		if _, err := sqlstore.New(db, e.Dialect, nil); err == nil {
			t.Error("New on a closed database succeeded")
		}
	})
}

func TestDueIsStoredAsMillisecondsRoundedDown(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		db, _ := p.spied(t)
		store := p.migrated(t, db)
		at := time.Date(2026, 11, 20, 12, 0, 0, 1_999_999, time.FixedZone("", 3600))
		dues := map[time.Time]any{{}: nil, at: at.UnixMilli(), time.Unix(0, -1): int64(-1), time.Unix(0, 0): int64(0)}
		var stored int64
		for due, want := range dues {
			next := factor.Record{Data: []byte("sealed"), Version: stored + 1, Due: due}
			swap(t, store, "alice", stored, next)
			stored = next.Version
			var got any
			if err := db.QueryRow("SELECT due FROM " + p.Table).Scan(&got); err != nil || got != want {
				t.Errorf("Due %v is stored as %v, want %v (%v)", due, got, want, err)
			}
		}
	})
}

func TestALimitOfZeroListsNobody(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		store := e.Store(t)
		swap(t, store, "alice", 0, record(1))
		for _, limit := range []int{0, -1} {
			if users, err := store.List(t.Context(), "", time.Time{}, limit); err != nil || len(users) != 0 {
				t.Errorf("List with limit %d = %q, %v; want nobody", limit, users, err)
			}
		}
	})
}

func TestMissingTableIsAFault(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		store := p.store(t, p.Open(t))
		for _, c := range calls {
			err := c.call(t.Context(), store)
			if err == nil || errors.Is(err, factor.ErrConflict) {
				t.Errorf("%s without a table = %v; want an error that is no conflict", c.name, err)
			} else if !strings.Contains(err.Error(), p.Table) {
				t.Errorf("%s without a table = %v; want it to name the table", c.name, err)
			}
		}
	})
}
