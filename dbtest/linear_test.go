package dbtest

import (
	"flag"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/linear"
	"github.com/knowhave/factor/internal/race"
	"github.com/knowhave/factor/memstore"
)

// The long run, on memory for about ten minutes on two cores:
//
//	go test ./dbtest -timeout 0 -run 'TestHistories.*/^memory$' -v -linear.histories=1000000 -linear.seed=1000000
//
// One history again, as a violation names it:
//
//	go test ./dbtest -run 'TestHistories.*/^memory$' -linear.histories=1 -linear.seed=4711
var (
	long            = flag.Bool("long", false, "check histories and threats as .ci/run does; otherwise a share of them")
	linearHistories = flag.Int("linear.histories", 0, "how many histories to check on each store; 0: as many as -long says")
	linearPart      = flag.String("linear.part", "0/1", "of the histories check only the i-th of n parts, as in 1/3")
	linearSeed      = flag.Uint64("linear.seed", 1, "the seed of the first history")
	linearEnough    = flag.Int("linear.enough", 1, "how many violations to find before giving up")
)

// shortShare is the part of the histories that are checked without -long.
const shortShare = 20

// linearStores are the stores that histories are checked on, and how many with
// -long: less than a minute for each on two cores, and less than that under the
// race detector. An engine joins with one line.
var linearStores = []struct {
	linearStore
	histories, underRace int
}{
	{linearStore{name: "memory", open: inMemory, pins: 0.02}, 100_000, 3_000},
	{linearStore{name: "memory let loose", open: inMemory, free: true, workers: 8}, 20_000, 2_000},
	{onEngine("SQLite"), 2_000, 300},
	{onEngine("PostgreSQL"), 2_000, 300},
	{onEngine("PostgreSQL through pgbouncer"), 1_000, 100},
	{onEngine("MariaDB"), 2_000, 300},
}

// onEngine lets the clients loose on one table of an engine.
func onEngine(name string) linearStore {
	e := Place{Engine: name}.engine()
	return linearStore{name: name, open: shared(e.Store), free: true, workers: 8, brief: true, pins: 2}
}

// inMemory is a new store for each history.
func inMemory(*testing.T) func(linear.Pace) factor.Store {
	return func(linear.Pace) factor.Store { return memstore.New() }
}

// shared is one store for all histories.
func shared(open func(testing.TB) factor.Store) func(*testing.T) func(linear.Pace) factor.Store {
	return func(t *testing.T) func(linear.Pace) factor.Store {
		store := open(t)
		return func(linear.Pace) factor.Store { return store }
	}
}

func TestHistoriesFitOneCallerAtATime(t *testing.T) {
	var part, parts int
	if _, err := fmt.Sscanf(*linearPart, "%d/%d", &part, &parts); err != nil || part < 0 || part >= parts {
		t.Fatalf("-linear.part=%s is not i/n with i from 0 to n-1", *linearPart)
	}
	for _, s := range linearStores {
		t.Run(s.name, func(t *testing.T) {
			n := s.histories
			if race.Enabled {
				n = s.underRace
			}
			if !*long {
				n /= shortShare
			}
			if *linearHistories > 0 {
				n = *linearHistories
			}
			n = max(1, n/parts)
			found := s.check(t, *linearSeed+uint64(part*n), n, *linearEnough)
			found.judge(t)
			t.Logf("so many miss a defect that shows in 0.1 %% of the histories with a probability of %.1e, and with one of 5 %% one that shows in %.4f %%",
				missed(found.histories, 0.001), 100*boundAt95(found.histories))
		})
	}
}

// The check is worth what it catches: a store that breaks its contract shows
// within a few hundred histories.
func TestHistoriesOnDefectiveStoresFitNothing(t *testing.T) {
	const histories = 500
	for _, d := range linearDefects {
		t.Run(d.name, func(t *testing.T) {
			s := linearStore{name: d.name, open: func(*testing.T) func(linear.Pace) factor.Store {
				return func(pace linear.Pace) factor.Store { return d.over(memstore.New(), pace) }
			}}
			found := s.check(t, 1, histories, 1)
			if len(found.bad) == 0 {
				t.Fatalf("%d histories show nothing of it", histories)
			}
			t.Logf("caught after %d histories", found.histories)
			t.Log(describe(found.bad[0]))
		})
	}
}

// What a violation prints is enough to make it again. Codes and secrets are drawn
// anew.
func TestTheSameSeedMakesTheSameHistory(t *testing.T) {
	s := linearStore{open: inMemory}
	o := s.options(t)
	drawn := regexp.MustCompile(`\b([0-9]{8}|[A-Z2-7]{32}|(?i:[0-9a-hjkmnp-tv-z]{4}([- ][0-9a-hjkmnp-tv-z]{4}){3}))\b`)
	text := func(seed uint64) string {
		h := s.history(t, seed, o)
		var all strings.Builder
		for _, step := range h.Steps {
			fmt.Fprintln(&all, step)
		}
		return drawn.ReplaceAllString(all.String(), "drawn")
	}
	for seed := range uint64(200) {
		if a, b := text(seed), text(seed); a != b {
			t.Fatalf("seed %d made\n%s\nand then\n%s", seed, a, b)
		}
	}
}
