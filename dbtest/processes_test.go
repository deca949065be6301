package dbtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/knowhave/factor"
)

// placeEnv holds the place for tests in separate processes.
const placeEnv = "DBTEST_PLACE"

// inProcesses runs a test of this package in n processes at once and returns their
// output.
func inProcesses(t *testing.T, processes int, name string, p Place, env ...string) []string {
	t.Helper()
	outputs, results := make([]string, processes), make(chan error)
	for i := range outputs {
		go func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+name+"$", "-test.v", "-test.timeout=2m")
			cmd.Env = append(append(os.Environ(), placeEnv+"="+p.String()), env...)
			out, err := cmd.CombinedOutput()
			outputs[i] = string(out)
			if err != nil {
				err = fmt.Errorf("%w:\n%s", err, out)
			}
			results <- err
		}()
	}
	for range processes {
		if err := <-results; err != nil {
			t.Errorf("one of %d processes failed: %v", processes, err)
		}
	}
	return outputs
}

// inherited returns the place to work on, in a process that inProcesses started.
func inherited(t *testing.T) Place {
	text, ok := os.LookupEnv(placeEnv)
	if !ok {
		t.Skip("runs only in a process of its own, started by another test")
	}
	p, err := parsePlace(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMigrateFromManyProcessesAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		inProcesses(t, 10, "TestProcessThatMigrates", p)
		swap(t, p.migrated(t, p.Open(t)), "alice", 0, record(1))
	})
}

func TestProcessThatMigrates(t *testing.T) {
	p := inherited(t)
	p.migrated(t, p.Open(t))
}

// Each process swaps until 50 of its swaps have succeeded. Each success raises the
// version by one, so the version is the sum if none was lost.
func TestProcessesLoseNoWriteOfEachOther(t *testing.T) {
	onEach(t, func(t *testing.T, e Engine) {
		const processes = 4
		p := e.Place(t)
		store := p.migrated(t, p.Open(t))
		swap(t, store, "alice", 0, factor.Record{Data: []byte("1"), Version: 1})
		inProcesses(t, processes, "TestProcessThatSwaps", p)
		r, err := store.Load(t.Context(), "alice")
		if err != nil {
			t.Fatal(err)
		}
		if want := int64(1 + processes*50); r.Version != want || string(r.Data) != strconv.FormatInt(want, 10) {
			t.Fatalf("after %d swaps in %d processes the record is version %d with data %s, want %d", processes*50, processes, r.Version, r.Data, want)
		}
	})
}

func TestProcessThatSwaps(t *testing.T) {
	p := inherited(t)
	store := p.store(t, p.Open(t))
	for won := 0; won < 50; {
		r, err := store.Load(t.Context(), "alice")
		if err != nil {
			t.Fatal(err)
		}
		next := factor.Record{Data: fmt.Append(nil, r.Version+1), Version: r.Version + 1}
		err = store.CompareAndSwap(t.Context(), "alice", r.Version, next)
		if err == nil {
			won++
		} else if !errors.Is(err, factor.ErrConflict) {
			t.Fatal(err)
		}
	}
}
