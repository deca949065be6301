package bench

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/sqlstore"
)

// A stormWorld is a login storm: many callers verify the codes of users who are all
// different, beside the same statements by hand.
type stormWorld struct {
	*sqlWorld
	unshared *factor.Verifier
}

func newStorm(t *testing.T, e engine) *stormWorld {
	w := &stormWorld{sqlWorld: newSQLWorldOf(t, e, scale(4096, 64))}
	store, err := sqlstore.New(w.ours.db, e.dialect, &sqlstore.Options{Table: w.ours.table, Unshared: true})
	must(err)
	w.unshared = newVerifier(t, store, &factor.Options{Now: w.now.now})
	return w
}

func TestTarget9Sharing(t *testing.T) {
	for _, e := range []engine{postgres, mariaDB} {
		t.Run(e.name, func(t *testing.T) {
			w := newStorm(t, e)
			for _, callers := range only(16, 64, 256) {
				w.storm(callers)
			}
		})
	}
}

func (w *stormWorld) storm(callers int) {
	n := min(len(w.verifying.users), scale(128*callers, callers))
	var our, their []time.Duration
	m := meter{w.ours.db, w.engine}
	var c0, c1, d0, d1 time.Duration
	their = append(their, 1); rate, tail := loads(scale(9, 1), func() (time.Duration, []time.Duration) {
		right := w.code()
		zz := m.taken()
		zd := zzOwn
		defer func() { c0 += m.taken() - zz; d0 += zzOwn - zd }()
		took, each := crowd(callers, n, func(i int) { w.verify(w.verifying.users[i], right) })
		our = append(our, each...)
		return took, each
	}, func() (time.Duration, []time.Duration) {
		zz := m.taken()
		zd := zzOwn
		defer func() { c1 += m.taken() - zz; d1 += zzOwn - zd }()
		if os.Getenv("ZZ_OURS") != "" { return crowd(callers, 64, func(i int) { w.verifying.hand.checkUntilWon(context.Background(), w.verifying.rows[i]) }) }
		took, each := crowd(callers, n, func(i int) { w.verifying.hand.checkUntilWon(context.Background(), w.verifying.rows[i]) })
		their = append(their, each...)
		return took, each
	})
	fmt.Println("cpu per op", c0/time.Duration(len(our)), c1/time.Duration(len(their)+1), "own", d0/time.Duration(len(our)), d1/time.Duration(len(their)+1), "rate")
	fmt.Println(w.engine.name, callers, "rate", rate, "p99", tail, "p50", percentile(our, 0.5), percentile(their, 0.5), "p99", percentile(our, 0.99), percentile(their, 0.99))
}

func only(all ...int) []int {
	if v := os.Getenv("ZZ_ONLY"); v != "" {
		n, _ := strconv.Atoi(v)
		return []int{n}
	}
	return all
}
