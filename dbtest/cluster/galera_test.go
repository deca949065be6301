package cluster

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

var (
	rounds = flag.Int("cluster.rounds", 1, "how often each scenario is run")
	calls  = flag.Int("cluster.calls", 150, "how many calls each node answers before and after each fault")
)

// TestGalera spreads guesses and redemptions over the three nodes of a cluster,
// through two processes, while nodes are stopped and killed.
func TestGalera(t *testing.T) {
	t.Parallel()
	began := time.Now()
	g := startGalera(t)
	s := newScene(t, g.place())
	t.Logf("the cluster is up after %v", time.Since(began).Round(100*time.Millisecond))
	wonOnce(t, g)
	for round := range *rounds {
		began, from := time.Now(), s.journal.now()
		for _, scenario := range []struct {
			name string
			run  func(testing.TB, *galera, *scene, string) tally
		}{
			{"healthy", func(t testing.TB, _ *galera, s *scene, name string) tally { return healthy(t, s, name) }},
			{"one node stopped and continued", stopped},
			{"one node killed", killed},
			{"quorum lost and bootstrapped", quorumLost},
		} {
			got := scenario.run(t, g, s, fmt.Sprintf("Galera, %s, round %d", scenario.name, round))
			got.check(t)
			if t.Failed() {
				return
			}
		}
		s.review(t, fmt.Sprintf("Galera, all of round %d, by the last node", round), from, began, 0).check(t)
		if round+1 < *rounds {
			g.restart(1)
			g.restart(2)
			g.formed(0, 1, 2)
		}
	}
}

// healthy has many clients meet on one user and one code.
func healthy(t testing.TB, s *scene, name string) tally {
	began, from := time.Now(), s.journal.now()
	for n := range 3 {
		got := s.burst(100, again(guess(fmt.Sprintf("%s-burst-%d", name, n), factor.KindLogin)), 0, 1, 2)
		if got[mismatch] != few || got[locked] != 100-few {
			t.Errorf("of 100 parallel guesses against a limit of %d: %v", few, got)
		}
		user := fmt.Sprintf("%s-redeemed-%d", name, n)
		issued := s.journal.make(s.clients[0], n, issue(user), auditTimeout)
		got = s.burst(64, again(redemption(user, issued.Issued)), 0, 1, 2)
		if got[accepted] != 1 || got[mismatch] != 63 {
			t.Errorf("of 64 parallel redemptions of one code: %v", got)
		}
	}
	l := s.startLoad(t, &board{name: name}, 0, 1, 2)
	l.goesOn(2 * *calls)
	l.end()
	return s.review(t, name, from, began, 0, 1, 2)
}

// stopped freezes a node under load and lets it go on, when the others have gone
// on without it.
func stopped(t testing.TB, g *galera, s *scene, name string) tally {
	began, from := time.Now(), s.journal.now()
	l := s.startLoad(t, &board{name: name}, 0, 1, 2)
	l.goesOn(*calls)
	g.members[2].Stop()
	g.formed(0, 1)
	l.goesOn(*calls, 0, 1)
	g.members[2].Cont()
	g.formed(0, 1, 2)
	l.goesOn(*calls)
	l.end()
	return s.review(t, name, from, began, 0, 1, 2)
}

// killed kills a node under load.
func killed(t testing.TB, g *galera, s *scene, name string) tally {
	began, from := time.Now(), s.journal.now()
	l := s.startLoad(t, &board{name: name}, 0, 1, 2)
	l.goesOn(*calls)
	g.kill(1)
	g.formed(0, 2)
	l.goesOn(*calls, 0, 2)
	l.end()
	return s.review(t, name, from, began, 0, 2)
}

// quorumLost kills another node under load, so that the last one is alone, and
// then has it go on alone, as an operator does who knows that the others are
// dead.
func quorumLost(t testing.TB, g *galera, s *scene, name string) tally {
	began, from := time.Now(), s.journal.now()
	l := s.startLoad(t, &board{name: name}, 0, 2)
	l.goesOn(*calls)
	g.kill(2)
	last := g.members[0]
	until(t, "the last node has no quorum", func() bool { return last.says("wsrep_cluster_status", "non-Primary") })
	l.end()

	for n := range 20 {
		user := fmt.Sprintf("%s-refused-%d", name, n)
		for _, r := range []request{
			guess(user, factor.KindPassword), guess(user, factor.KindLogin),
			issue(user), enrolment(user),
		} {
			if said := s.journal.make(s.clients[n%len(s.clients)], 0, r, auditTimeout); said.Class != failed || !said.InTime {
				t.Errorf("without quorum a call to %s is %s (in time: %v, %q)", r.Act, said.Class, said.InTime, said.Text)
			}
		}
	}
	if _, err := last.admin.Exec(`SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'`); err != nil {
		t.Fatal(err)
	}
	g.formed(0)
	return s.review(t, name, from, began, 0)
}
