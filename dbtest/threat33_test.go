package dbtest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/sqlstore"
)

// A driver that fails at a transaction or a statement, in whatever way, may cost
// a swap its answer. No swap that was acknowledged may be missing for a second
// process, neither of those that met the mishap nor of those that came after it,
// and none may wait for ever.
func TestThreat33ConnectionInTransaction(t *testing.T) {
	points := map[string][]step{
		"BEGIN":                     {{begins: "BEGIN", n: 1}},
		"the first statement":       {{begins: "INSERT", n: 1}},
		"a statement":               {{begins: "INSERT", n: 3}},
		"the last statement":        {{begins: "INSERT", n: sharing}},
		"COMMIT":                    {{begins: "COMMIT", n: 1}},
		"ROLLBACK":                  {{begins: "INSERT", n: 3, mishap: mishaps[0]}, {begins: "ROLLBACK", n: 1}},
		"ROLLBACK after COMMIT":     {{begins: "COMMIT", n: 1, mishap: mishaps[0]}, {begins: "ROLLBACK", n: 1}},
		"a statement without BEGIN": {{begins: "BEGIN", n: 1, mishap: mishaps[0]}, {begins: "INSERT", n: 3}},
	}
	for point, plans := range points {
		for _, m := range mishaps {
			t.Run(point+"/"+m.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					plans[len(plans)-1].mishap = m
					newVictim(t).meets(plans)
				})
			})
		}
	}
}

// sharing is the number of swaps that share the transaction that meets a mishap.
const sharing = 5

// A victim is a store whose driver meets mishaps, and what it has acknowledged.
type victim struct {
	*testing.T
	place  Place
	db     *sql.DB
	store  *sqlstore.Store
	driver *faulty
	acked  []string
	users  int
}

func newVictim(t *testing.T) *victim {
	v := &victim{T: t, place: sqliteEngine.Place(t)}
	v.db, v.driver = v.place.faulty(t)
	v.store = v.place.migrated(t, v.db)
	return v
}

// meets lets swaps share a transaction that meets the plans, and then makes
// others, alone and together.
func (v *victim) meets(plans []step) {
	v.together(sharing, plans...)
	for range 3 {
		if got := v.together(1); got != 2 {
			v.Errorf("%d of 2 swaps were acknowledged after the mishap", got)
		}
		if got := v.together(sharing); got != sharing+1 {
			v.Errorf("%d of %d swaps were acknowledged after the mishap", got, sharing+1)
		}
	}
	if held := v.db.Stats().InUse; held != 0 {
		v.Errorf("%d connections are still in use", held)
	}
	second := v.place.store(v, v.place.Open(v))
	for _, user := range v.acked {
		if version(v.T, second, user) == 0 {
			v.Errorf("the swap of %s was acknowledged, and a second process does not see it", user)
		}
	}
	swap(v.T, second, "from the second process", 0, record(1))
}

// together makes n swaps that wait for another one to end, and so share the next
// transaction, which meets the plans. It returns how many of all were
// acknowledged.
func (v *victim) together(n int, plans ...step) (acked int) {
	held := make(chan struct{})
	v.driver.plan(step{"INSERT", 1, mishap{fail: func(send func() (driver.Result, error)) (driver.Result, error) {
		<-held
		return send()
	}}})
	answers := make(chan string, n+1)
	v.swap(answers)
	for range n {
		v.swap(answers)
	}
	v.driver.plan(plans...)
	close(held)
	for range n + 1 {
		if user := <-answers; user != "" {
			acked++
			v.acked = append(v.acked, user)
		}
	}
	synctest.Wait()
	return acked
}

// swap starts the swap of a new user, which sends the user once it is
// acknowledged, and nothing if it is not.
func (v *victim) swap(answers chan<- string) {
	v.users++
	user := fmt.Sprintf("user %d", v.users)
	go func() {
		answer := ""
		defer func() {
			_ = recover() // a driver's panic in a swap that is made alone
			answers <- answer
		}()
		ctx, cancel := context.WithTimeout(v.Context(), time.Minute)
		defer cancel()
		if v.store.CompareAndSwap(ctx, user, 0, record(1)) == nil {
			answer = user
		}
	}()
	synctest.Wait()
}

// A swap that is made alone, on any engine: the connection that a driver has torn
// a statement off is closed, and what is acknowledged later is there.
func TestThreat33StatementTornOff(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		for _, m := range mishaps {
			t.Run(strings.ReplaceAll(m.name, " ", "_"), func(t *testing.T) {
				p := e.Place(t)
				db, f := p.faulty(t)
				db.SetMaxOpenConns(1)
				store := p.migrated(t, db)
				f.plan(step{"INSERT", 1, m})
				ended := make(chan error, 1)
				go func() {
					err := errDown
					defer func() {
						_ = recover()
						ended <- err
					}()
					err = store.CompareAndSwap(t.Context(), "alice", 0, record(1))
				}()
				if err := <-ended; err == nil {
					t.Error("the swap was acknowledged")
				}
				torn := strings.HasPrefix(m.name, "panic") || strings.HasPrefix(m.name, "Goexit")
				if f.left() != 0 && torn {
					t.Error("the connection was given back to the pool")
				}
				swap(t, store, "bob", 0, record(2))
				if version(t, p.store(t, p.pool(t)), "bob") != 2 {
					t.Error("the next swap was acknowledged, and a second process does not see it")
				}
				if held := db.Stats().InUse; held != 0 {
					t.Errorf("%d connections are still in use", held)
				}
			})
		}
	})
}

// A driver may fail at any statement that callers share, in whatever way: no swap
// that was acknowledged is missing, those that were refused are not there, the next
// ones are served, and no row stays locked.
func TestThreat33StatementTornOffInAShare(t *testing.T) {
	points := map[string][]string{
		"PostgreSQL": {"WITH"}, "PostgreSQL through pgbouncer": {"WITH"}, "MariaDB": {"SET STATEMENT"},
		asMySQL.Name: {"BEGIN", "SELECT user_id, version", "UPDATE (", "COMMIT"},
	}
	onSharing(t, func(t *testing.T, e Engine) {
		for _, point := range points[e.Name] {
			for _, m := range mishaps {
				t.Run(strings.ReplaceAll(point+" "+m.name, " ", "_"), func(t *testing.T) {
					tornShare(t, e, step{point, 1, m})
				})
			}
		}
	})
}

func tornShare(t *testing.T, e Engine, mishap step) {
	p := e.Place(t)
	db, f := p.faulty(t)
	db.SetMaxOpenConns(connections)
	store, direct := p.migrated(t, db), p.store(t, p.Open(t))
	users := namedUsers(12)
	for _, user := range users {
		swap(t, direct, user, 0, record(1))
	}
	f.plan(mishap)
	met := func() bool { return f.meetings() > 0 }
	stored := make(map[string]int64)
	for round := int64(1); !met(); round++ {
		errs := inParallel(users, func(_ int, user string) (err error) {
			defer func() {
				if recover() != nil {
					err = errDown
				}
			}()
			return store.CompareAndSwap(t.Context(), user, round, record(round+1))
		})
		for i, user := range users {
			stored[user] = version(t, direct, user)
			want, open := round+1, errs[i] != nil && !errors.Is(errs[i], factor.ErrConflict)
			if errors.Is(errs[i], factor.ErrConflict) {
				want = round
			}
			if stored[user] != want && (!open || stored[user] != round) {
				t.Errorf("%s has version %d after the answer %v", user, stored[user], errs[i])
			}
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for range 3 {
		errs := inParallel(users, func(_ int, user string) error {
			return store.CompareAndSwap(ctx, user, stored[user], record(stored[user]+1))
		})
		for i, user := range users {
			stored[user]++
			if got := version(t, direct, user); errs[i] != nil || got != stored[user] {
				t.Errorf("afterwards the swap of %s = %v, and version %d is stored, want %d", user, errs[i], got, stored[user])
			}
		}
	}
}
