package torture_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/knowhave/factor"
	_ "github.com/knowhave/factor/dbtest" // registers the drivers
	"github.com/knowhave/factor/dbtest/torture"
	"github.com/knowhave/factor/sqlstore"
)

var (
	kills = flag.Int("torture.kills", 200, "how many children are killed on each engine")
	seed  = flag.Uint64("torture.seed", 0, "repeats the operations of the run that printed it; 0 draws a new one")
)

// engines are those that have to keep the promises.
var engines = []torture.Engine{sqlite}

func TestMain(m *testing.M) { torture.Main(m, append(engines, bufferedSQLite)...) }

func TestPromisesHoldWhenTheProcessIsKilled(t *testing.T) {
	n := *kills
	if testing.Short() {
		n = min(n, 20)
	}
	for _, e := range engines {
		t.Run(e.Name, func(t *testing.T) {
			report := torture.Run(t, e, n, drawnSeed())
			t.Log(report)
			for _, v := range report.Violations {
				t.Error(v)
			}
		})
	}
}

func drawnSeed() uint64 {
	if *seed != 0 {
		return *seed
	}
	return rand.Uint64()
}

var sqlite = torture.Engine{
	Name: "SQLite",
	New:  func(t testing.TB) string { return filepath.Join(t.TempDir(), "factor.db") },
	Open: openSQLite,
}

// openSQLite opens an SQLite file, or creates it, with safe settings.
func openSQLite(file string) (factor.Store, func() error, error) {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, nil, err
	}
	store, err := sqlstore.New(db, sqlstore.SQLite, nil)
	if err == nil {
		err = store.Migrate(context.Background())
	}
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return store, db.Close, nil
}
