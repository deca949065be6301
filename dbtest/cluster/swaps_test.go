package cluster

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/sqlstore"
)

// wonOnce has many callers on all nodes swap the records of the same few users. Of
// all swaps from one version one may be acknowledged, whoever shares a statement with
// whom.
func wonOnce(t testing.TB, g *galera) {
	const users, enough = 24, 1500
	var won sync.Map // from user and version
	var swaps, wins atomic.Int64
	var all sync.WaitGroup
	for n, source := range g.place().Sources {
		db, err := sql.Open("mysql", source)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		db.SetMaxOpenConns(16)
		db.SetMaxIdleConns(16)
		store, err := sqlstore.New(db, sqlstore.MySQL, &sqlstore.Options{Table: "won_once"})
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			if err := store.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for i := range users {
			user := fmt.Sprint("user ", i)
			all.Go(func() {
				for wins.Load() < enough {
					r, err := store.Load(t.Context(), user)
					if err != nil {
						continue
					}
					swaps.Add(1)
					next := factor.Record{Data: []byte("sealed"), Version: 1 + rand.Int64N(1<<50)}
					if store.CompareAndSwap(t.Context(), user, r.Version, next) != nil {
						continue
					}
					wins.Add(1)
					if _, again := won.LoadOrStore(fmt.Sprint(user, " from ", r.Version), true); again {
						t.Errorf("two swaps of %s from version %d were acknowledged", user, r.Version)
					}
				}
			})
		}
	}
	all.Wait()
	t.Logf("Galera: %d of %d swaps on three nodes were acknowledged", wins.Load(), swaps.Load())
}
