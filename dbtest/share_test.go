package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// onSharing runs a test on every server on which different users share statements.
func onSharing(t *testing.T, test func(t *testing.T, e Engine)) {
	for _, e := range append(Engines[1:len(Engines):len(Engines)], asMySQL) {
		t.Run(e.Name, func(t *testing.T) {
			e.dsn(t)
			test(t, e)
		})
	}
}

// namedUsers returns so many users.
func namedUsers(n int) []string {
	users := make([]string, n)
	for i := range users {
		users[i] = fmt.Sprintf("user %d", i)
	}
	return users
}

// A row that somebody holds delays its own caller only, whether it is written to or
// to be inserted.
func TestARowThatIsHeldDelaysOnlyItsCaller(t *testing.T) {
	onSharing(t, func(t *testing.T, e Engine) {
		for _, insert := range []bool{false, true} {
			t.Run(map[bool]string{false: "update", true: "insert"}[insert], func(t *testing.T) {
				if insert && e.Name == asMySQL.Name {
					t.Skip("inserts are not shared there")
				}
				heldRow(t, e, insert)
			})
		}
	})
}

func heldRow(t *testing.T, e Engine, insert bool) {
	p := e.Place(t)
	store := p.migrated(t, p.Open(t))
	users := namedUsers(200)
	old := int64(0)
	if !insert {
		old = 1
		for _, user := range users {
			swap(t, store, user, 0, record(1))
		}
	}
	const held = "user 100"
	tx := p.hold(t, held, insert)
	answers := make(map[string]chan error)
	for _, user := range users {
		answer := make(chan error, 1)
		answers[user] = answer
		go func() { answer <- store.CompareAndSwap(t.Context(), user, old, record(2)) }()
	}
	for _, user := range users {
		if user == held {
			continue
		}
		if err := <-answers[user]; err != nil { // while the row is held
			t.Errorf("the swap of %s = %v", user, err)
		}
	}
	select {
	case err := <-answers[held]:
		t.Errorf("the swap of a row that is held = %v", err)
	default:
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-answers[held]; err != nil {
		t.Errorf("the swap of the row that was held = %v", err)
	}
	for _, user := range users {
		if v := version(t, store, user); v != 2 {
			t.Errorf("%s has version %d, want 2", user, v)
		}
	}
}

// hold holds a user's row, or the place of one, in a transaction.
func (p Place) hold(t *testing.T, user string, insert bool) *sql.Tx {
	t.Helper()
	tx, err := p.Open(t).Begin()
	if err != nil {
		t.Fatal(err)
	}
	text := "UPDATE " + p.Table + " SET due = 1 WHERE user_id = '" + user + "'"
	if insert {
		text = "INSERT INTO " + p.Table + " (user_id, version, data) VALUES ('" + user + "', 7, 'x')"
	}
	if _, err := tx.Exec(text); err != nil {
		t.Fatal(err)
	}
	return tx
}

// deadlocks returns how many deadlocks the server has met.
func (p Place) deadlocks(t *testing.T) (n int) {
	t.Helper()
	db := p.Open(t)
	if p.engine().driver == "pgx" {
		if err := db.QueryRow("SELECT sum(deadlocks) FROM pg_stat_database").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	var name string
	if err := db.QueryRow("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'").Scan(&name, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Batches of several processes meet in the same rows, in any order.
func TestBatchesOfProcessesDoNotDeadlock(t *testing.T) {
	onSharing(t, func(t *testing.T, e Engine) {
		const processes = 3
		p := e.Place(t)
		store := p.migrated(t, p.Open(t))
		users := namedUsers(40)
		for _, user := range users {
			swap(t, store, user, 0, record(1))
		}
		before := p.deadlocks(t)
		inProcesses(t, processes, "TestProcessThatSwapsFortyUsers", p)
		for _, user := range users {
			if v, want := version(t, store, user), int64(1+processes*swapsEach); v != want {
				t.Errorf("%s has version %d, want %d: a swap was lost, or acknowledged for nothing", user, v, want)
			}
		}
		if n := p.deadlocks(t) - before; n != 0 {
			t.Errorf("the server has met %d deadlocks", n)
		}
	})
}

// swapsEach is how many swaps of each user a process wins.
const swapsEach = 15

func TestProcessThatSwapsFortyUsers(t *testing.T) {
	p := inherited(t)
	store := p.store(t, p.Open(t))
	var all sync.WaitGroup
	for _, user := range namedUsers(40) {
		all.Go(func() {
			for won := 0; won < swapsEach; {
				r, err := store.Load(t.Context(), user)
				if err == nil {
					err = store.CompareAndSwap(t.Context(), user, r.Version, record(r.Version+1))
				}
				if err == nil {
					won++
				} else if !errors.Is(err, factor.ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// Statements are shared on a server as it is, and each caller has its own verdict.
func TestCallersOnOneServerShareStatements(t *testing.T) {
	onSharing(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		db, spy := p.spied(t)
		db.SetMaxOpenConns(connections)
		store := p.migrated(t, db)
		users := namedUsers(64)
		spy.sent()
		old := map[string]int64{}
		for round := range 12 {
			errs := inParallel(users, func(i int, user string) error {
				next := factor.Record{Data: fmt.Appendf(nil, "%s in round %d", user, round), Version: int64(round + 1)}
				if i%3 == 0 {
					next.Due = time.Now()
				}
				expected := old[user]
				if i%8 == round%8 {
					expected = 99 // which it never is
				}
				return store.CompareAndSwap(t.Context(), user, expected, next)
			})
			for i, user := range users {
				switch wrong := i%8 == round%8; {
				case wrong && errs[i] != factor.ErrConflict, !wrong && errs[i] != nil:
					t.Fatalf("round %d: the swap of %s = %v, with the wrong version: %v", round, user, errs[i], wrong)
				case !wrong:
					old[user] = int64(round + 1)
				}
			}
			errs = inParallel(users, func(_ int, user string) error {
				r, err := store.Load(t.Context(), user)
				if want := fmt.Sprintf("%s in round %d", user, old[user]-1); err == nil && r.Version != old[user] || r.Version != 0 && string(r.Data) != want {
					return fmt.Errorf("version %d with %q, want %d with %q", r.Version, r.Data, old[user], want)
				}
				return err
			})
			if err := errors.Join(errs...); err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
		}
		sent := spy.sent()
		if calls := 2 * 12 * len(users); len(sent) > calls/2 {
			t.Errorf("%d calls sent %d statements", calls, len(sent))
		}
	})
}

// inParallel calls do for each user at once.
func inParallel(users []string, do func(i int, user string) error) []error {
	errs := make([]error, len(users))
	var all sync.WaitGroup
	for i, user := range users {
		all.Go(func() { errs[i] = do(i, user) })
	}
	all.Wait()
	return errs
}

// Poisoned data, which the server refuses, is one caller's.
func TestAPoisonedSwapFailsAlone(t *testing.T) {
	onSharing(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		store := p.migrated(t, p.Open(t))
		users := namedUsers(64)
		for _, user := range users {
			swap(t, store, user, 0, record(1))
		}
		const poisoned = 13
		errs := inParallel(users, func(i int, user string) error {
			next := record(2)
			if i == poisoned {
				user, next.Data = user+strings.Repeat("x", 300), nil
			}
			return store.CompareAndSwap(t.Context(), user, 1, next)
		})
		for i, err := range errs {
			if (err == nil) != (i != poisoned) {
				t.Errorf("swap %d = %v", i, err)
			}
		}
	})
}

// A handle that is closed, or a context that ends, under many callers leaves nobody
// waiting.
func TestCallersThatShareEndWithTheirContext(t *testing.T) {
	onSharing(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		store := p.migrated(t, p.Open(t))
		users := namedUsers(100)
		for range 5 {
			ctx, cancel := context.WithCancel(t.Context())
			go cancel()
			errs := inParallel(users, func(i int, user string) error {
				c := t.Context()
				if i%2 == 0 {
					c = ctx
				}
				_, err := store.Load(c, user)
				return err
			})
			for i, err := range errs {
				if i%2 == 1 && err != nil || err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("load %d = %v", i, err)
				}
			}
		}
	})
}
