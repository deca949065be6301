package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor"
)

// ways are the ways in which a driver's call can end without returning.
var ways = map[string]func(){"panic": func() { panic("down") }, "Goexit": runtime.Goexit}

// tornOff runs a function that a driver tears off, and waits for its end, whatever
// that is.
func tornOff(f func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer func() { _ = recover() }()
		f()
	}()
	<-ended
}

func TestConnectionOfATornOffStatementIsNotUsedAgain(t *testing.T) {
	for way, leave := range ways {
		for _, d := range []*Dialect{SQLite, Postgres, MySQL} {
			server := &fakeServer{}
			server.answer = func(string, []driver.NamedValue) ([][]driver.Value, error) {
				if len(server.asked) == 1 {
					leave()
				}
				return [][]driver.Value{{int64(1)}}, nil
			}
			s := &Store{db: openFake(t, server), dialect: d, text: d.statements}
			tornOff(func() { _ = s.CompareAndSwap(t.Context(), "alice", 0, someRecord) })
			if err := s.CompareAndSwap(t.Context(), "alice", 0, someRecord); err != nil || server.opened != 2 {
				t.Errorf("%s: the next swap = %v, on connection %d; want a new one", way, err, server.opened)
			}
		}
	}
}

// A driver may return when the context ends, and the database later.
func TestConnectionOfAStatementThatOutlivedItsContextIsNotUsedAgain(t *testing.T) {
	for what, c := range map[string]struct {
		end    bool
		opened int
	}{"its context has ended": {true, 2}, "an error of the server": {false, 1}} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		server := &fakeServer{}
		server.answer = func(string, []driver.NamedValue) ([][]driver.Value, error) {
			if len(server.asked) > 1 {
				return [][]driver.Value{{int64(1)}}, nil
			}
			if c.end {
				cancel()
			}
			return nil, errors.New("refused")
		}
		s := &Store{db: openFake(t, server), dialect: Postgres, text: Postgres.statements}
		if err := s.CompareAndSwap(ctx, "alice", 0, someRecord); err == nil {
			t.Errorf("%s: the swap was acknowledged", what)
		}
		if err := s.CompareAndSwap(t.Context(), "alice", 0, someRecord); err != nil || server.opened != c.opened {
			t.Errorf("%s: the next swap = %v, on connection %d; want %d", what, err, server.opened, c.opened)
		}
	}
}

// Whatever New or Migrate asks for, a driver that does not return from it does not
// make them wait for ever.
func TestNewAndMigrateEndWhereTheDriverDoes(t *testing.T) {
	calls := map[string]func(*Dialect, *fakeServer){
		"New":     func(d *Dialect, f *fakeServer) { _, _ = New(openFake(t, f), d, nil) },
		"Migrate": func(d *Dialect, f *fakeServer) { _ = migrateFake(t, d, f) },
	}
	for way, leave := range ways {
		for name, call := range calls {
			for _, d := range []*Dialect{SQLite, Postgres, MySQL} {
				for at := 1; ; at++ {
					server := &fakeServer{}
					server.answer = func(query string, _ []driver.NamedValue) ([][]driver.Value, error) {
						if len(server.asked) == at {
							leave()
						}
						return readCatalogue(query), nil
					}
					ended := make(chan struct{})
					go func() {
						defer close(ended)
						tornOff(func() { call(d, server) })
					}()
					select {
					case <-ended:
					case <-time.After(10 * time.Second):
						t.Fatalf("%s does not end after a %s in %q", name, way, server.asked)
					}
					if len(server.asked) < at {
						break
					}
				}
			}
		}
	}
}

func TestNewAndMigrateGiveTheirConnectionsBack(t *testing.T) {
	for _, d := range []*Dialect{SQLite, Postgres, MySQL} {
		server := &fakeServer{answer: func(query string, _ []driver.NamedValue) ([][]driver.Value, error) { return readCatalogue(query), nil }}
		db := openFake(t, server)
		_, _ = New(db, d, nil)
		s := &Store{db: db, dialect: d, table: table{name: defaultTable, quote: d.quote}}
		if err := s.Migrate(t.Context()); err != nil || db.Stats().InUse != 0 || server.opened != 1 {
			t.Errorf("%s: %v; %d connections are in use of %d", d.name, err, db.Stats().InUse, server.opened)
		}
	}
}

// A driver that ends the goroutine of the writer leaves nobody without an answer,
// and acknowledges nothing.
func TestWriterOutlivesGoexit(t *testing.T) {
	for _, at := range []string{"BEGIN", "INSERT", "COMMIT"} {
		whenQueued(t, func(q *queued) {
			left := false
			q.answer = func(query string) (int64, error) {
				if strings.HasPrefix(query, at) && !left {
					left = true
					runtime.Goexit()
				}
				return 1, nil
			}
			errs, _ := q.swaps(3)
			for i, err := range errs {
				if err == nil || errors.Is(err, factor.ErrConflict) {
					t.Errorf("at %s: swap %d = %v; want a fault that leaves the outcome open", at, i, err)
				}
			}
			if len(q.store.share.update.lanes) > 0 {
				t.Errorf("at %s: the lane stays busy", at)
			}
			if err := <-q.swap(q.Context(), "zoe"); err != nil {
				t.Errorf("at %s: the next swap = %v", at, err)
			}
			synctest.Wait()
		})
	}
}

// What a driver's panic has torn off costs nobody else the write.
func TestPanicInOneWriteLeavesTheOthers(t *testing.T) {
	whenQueued(t, func(q *queued) {
		inserts := 0
		q.answer = func(query string) (int64, error) {
			if strings.HasPrefix(query, "BEGIN") {
				return 0, errors.New("down")
			}
			if inserts++; inserts == 2 {
				panic("down")
			}
			return 1, nil
		}
		errs, _ := q.swaps(3)
		if errs[0] != nil || errs[1] == nil || errs[2] != nil {
			t.Errorf("the swaps are answered %v", errs)
		}
	})
}
