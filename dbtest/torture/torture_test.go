package torture_test

import (
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
	long  = flag.Bool("long", false, "kill as many children as .ci/run does; otherwise a tenth of them")
	kills = flag.Int("torture.kills", 0, "how many children are killed on each engine; 0: as many as -long says")
	seed  = flag.Uint64("torture.seed", 0, "repeats the operations of the run that printed it; 0 draws a new one")
)

// engines are those that have to keep the promises, with how many children are
// killed with -long.
var engines = []struct {
	torture.Engine
	kills int
}{{sqlite, 200}, {postgres, 40}, {mariaDB, 40}, {mortalPostgres, 5}, {mortalMariaDB, 5}}

func TestMain(m *testing.M) {
	all := []torture.Engine{bufferedSQLite, forgetfulPostgres, forgetfulMariaDB}
	for _, e := range engines {
		all = append(all, e.Engine)
	}
	torture.Main(m, all...)
}

func TestPromisesHoldWhenTheProcessIsKilled(t *testing.T) {
	for _, e := range engines {
		t.Run(e.Name, func(t *testing.T) {
			if e.Name != sqlite.Name {
				t.Parallel() // they wait for their servers most of the time
			}
			n := e.kills
			if !*long {
				n = max(1, n/10)
			}
			if *kills > 0 {
				n = *kills
			}
			report := torture.Run(t, e.Engine, n, drawnSeed())
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
	return openStore("sqlite", "file:"+file+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(5000)", sqlstore.SQLite)
}
