package dbtest

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/server"
)

// crowdOfCallers is how many share statements when they are killed.
const crowdOfCallers = 64

// A swapper raises its user's version by one with each swap, and knows what was
// acknowledged.
type swapper struct {
	user  string
	acked int64
}

// run swaps until it meets an error, which it returns.
func (s *swapper) run(t *testing.T, store factor.Store, acked func(*swapper)) error {
	for {
		if err := store.CompareAndSwap(t.Context(), s.user, s.acked, record(s.acked+1)); err != nil {
			return err
		}
		s.acked++
		acked(s)
	}
}

// check compares what is stored with what was acknowledged: the last swap may have
// been made and not heard of.
func (s *swapper) check(t *testing.T, store factor.Store) {
	t.Helper()
	v := version(t, store, s.user)
	if v != s.acked && v != s.acked+1 {
		t.Errorf("%s has version %d, and %d was acknowledged", s.user, v, s.acked)
	}
	s.acked = v
}

func swappers() (all []*swapper) {
	for _, user := range namedUsers(crowdOfCallers) {
		all = append(all, &swapper{user: user})
	}
	return all
}

// A server that is killed in the middle of shared statements has all that it has
// acknowledged, and no swap is taken for lost that it has.
func TestServerKilledUnderCallersWhoShare(t *testing.T) {
	kills := 2
	if *long {
		kills = 15
	}
	for name, start := range map[string]func(t *testing.T) (Place, *server.Process){
		"PostgreSQL": func(t *testing.T) (Place, *server.Process) {
			s := server.Must(server.NewHome(t).Postgres(server.PostgresConfig{}))(t)
			return Place{Engine: "PostgreSQL", DSN: s.DSN("factor"), Table: "factor_records"}, s.Process
		},
		"MariaDB": func(t *testing.T) (Place, *server.Process) {
			s := server.Must(server.NewHome(t).MariaDB(server.MariaDBConfig{}))(t)
			return Place{Engine: "MariaDB", DSN: s.DSN("factor"), Table: "factor_records"}, s.Process
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, process := start(t)
			p.migrated(t, p.Open(t))
			all := swappers()
			for range kills {
				underFire(t, p, process, all)
			}
		})
	}
}

// underFire kills the server once its callers have made a few thousand swaps.
func underFire(t *testing.T, p Place, process *server.Process, all []*swapper) {
	store := p.store(t, p.Open(t))
	var swaps atomic.Int64
	enough := make(chan struct{})
	errs := make([]error, len(all))
	var running sync.WaitGroup
	for i, s := range all {
		running.Go(func() {
			errs[i] = s.run(t, store, func(*swapper) {
				if swaps.Add(1) == 20*crowdOfCallers {
					close(enough)
				}
			})
		})
	}
	<-enough
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	running.Wait()
	for i, err := range errs {
		if errors.Is(err, factor.ErrConflict) {
			t.Errorf("the swap of %s, which nobody else writes, was lost: %v", all[i].user, err)
		}
	}
	if err := process.Launch(); err != nil {
		t.Fatal(err)
	}
	if err := process.Await(time.Minute); err != nil {
		t.Fatal(err)
	}
	again := p.store(t, p.Open(t))
	for _, s := range all {
		s.check(t, again)
	}
}

// What a process has acknowledged that is killed in the middle of shared statements
// is there, and no row stays locked.
func TestProcessKilledUnderCallersWhoShare(t *testing.T) {
	onSharing(t, func(t *testing.T, e Engine) {
		p := e.Place(t)
		store := p.migrated(t, p.Open(t))
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProcessOfCallersWhoShare$", "-test.v", "-test.timeout=2m")
		cmd.Env = append(os.Environ(), placeEnv+"="+p.String())
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acked := make(map[string]int64)
		n := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			text, ok := strings.CutPrefix(lines.Text(), "acked ")
			if !ok {
				continue
			}
			var v int64
			var user int
			if _, err := fmt.Sscanf(text, "%d of user %d.", &v, &user); err != nil || !strings.HasSuffix(text, ".") {
				continue // cut off
			}
			acked[fmt.Sprintf("user %d", user)] = v
			if n++; n == 20*crowdOfCallers {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil || n < 20*crowdOfCallers {
			t.Fatalf("the process ended by itself after %d swaps: %v", n, err)
		}
		for _, s := range swappers() {
			// One more may have been acknowledged, and another be under way, which the
			// server may make until this swap wins.
			for won := false; !won; {
				v := version(t, store, s.user)
				if v < acked[s.user] || v > acked[s.user]+2 {
					t.Fatalf("%s has version %d, and %d was acknowledged", s.user, v, acked[s.user])
				}
				err := store.CompareAndSwap(t.Context(), s.user, v, record(v+10))
				if won = err == nil; !won && err != factor.ErrConflict {
					t.Fatal(err)
				}
			}
		}
	})
}

func TestProcessOfCallersWhoShare(t *testing.T) {
	p := inherited(t)
	store := p.store(t, p.Open(t))
	var all sync.WaitGroup
	for _, s := range swappers() {
		all.Go(func() {
			err := s.run(t, store, func(s *swapper) { fmt.Fprintf(os.Stdout, "acked %d of %s.\n", s.acked, s.user) })
			t.Error(err)
		})
	}
	all.Wait()
}
