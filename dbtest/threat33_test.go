package dbtest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
