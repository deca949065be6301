package cluster

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/dbtest/etcd"
	"github.com/knowhave/factor/dbtest/server"
	"github.com/knowhave/factor/internal/race"
)

// TestEtcd spreads guesses and redemptions over the three nodes of etcd, through
// two processes, while its leader is killed and stopped again and again.
func TestEtcd(t *testing.T) {
	if race.Enabled {
		t.Skip("the nodes would run under the race detector too: run it without")
	}
	t.Parallel()
	began := time.Now()
	e := &etcdNodes{etcd.Start(t, 3, time.Second), t}
	p := place{Driver: "etcd"}
	for _, n := range e.Nodes {
		p.Sources = append(p.Sources, n.Endpoint)
	}
	s := newScene(t, p)
	t.Logf("the cluster is up after %v", time.Since(began).Round(100*time.Millisecond))
	for round := range *rounds {
		began, from := time.Now(), s.journal.now()
		healthy(t, s, fmt.Sprintf("etcd, healthy, round %d", round)).check(t)
		for _, scenario := range []struct {
			name string
			run  func(*scene, string) tally
		}{
			{"leader killed twice", e.leaderKilled},
			{"leader stopped and continued twice", e.leaderStopped},
			{"majority killed and started again", e.majorityKilled},
		} {
			scenario.run(s, fmt.Sprintf("etcd, %s, round %d", scenario.name, round)).check(t)
			if t.Failed() {
				return
			}
		}
		s.review(t, fmt.Sprintf("etcd, all of round %d", round), from, began, 0, 1, 2).check(t)
	}
}

type etcdNodes struct {
	*etcd.Cluster
	t testing.TB
}

// must fails the test if there was an error.
func (e *etcdNodes) must(errs ...error) {
	e.t.Helper()
	if err := errors.Join(errs...); err != nil {
		e.t.Fatal(err)
	}
}

func (e *etcdNodes) leader() int {
	e.t.Helper()
	return server.Must(e.Leader())(e.t)
}

// twice has a leader lost and brought back under load, twice. In between the two
// others have to go on without it.
func (e *etcdNodes) twice(s *scene, name string, lose, back func(leader int) error) tally {
	began, from := time.Now(), s.journal.now()
	l := s.startLoad(e.t, &board{name: name}, 0, 1, 2)
	l.goesOn(*calls)
	for range 2 {
		leader := e.leader()
		others := without(leader)
		e.must(lose(leader), e.Formed(others...))
		l.goesOn(*calls, others...)
		e.must(back(leader), e.Formed())
		l.goesOn(*calls)
	}
	l.end()
	return s.review(e.t, name, from, began, 0, 1, 2)
}

// without returns the nodes but one.
func without(node int) []int {
	return slices.DeleteFunc([]int{0, 1, 2}, func(n int) bool { return n == node })
}

func (e *etcdNodes) leaderKilled(s *scene, name string) tally {
	return e.twice(s, name,
		func(leader int) error { return e.Nodes[leader].Kill() },
		func(leader int) error { return e.Restart(leader) })
}

func (e *etcdNodes) leaderStopped(s *scene, name string) tally {
	return e.twice(s, name,
		func(leader int) error { e.Nodes[leader].Stop(); return nil },
		func(leader int) error { e.Nodes[leader].Cont(); return nil })
}

// majorityKilled kills the leader and another node under load: until they are
// back, the last one refuses every call within its deadline.
func (e *etcdNodes) majorityKilled(s *scene, name string) tally {
	began, from := time.Now(), s.journal.now()
	l := s.startLoad(e.t, &board{name: name}, 0, 1, 2)
	l.goesOn(*calls)
	leader := e.leader()
	last := without(leader)[0]
	victims := without(last)
	for _, n := range victims {
		e.must(e.Nodes[n].Kill())
	}
	until(e.t, "the last node has no leader", func() bool { return e.Leaderless(last) })
	l.end()
	place := s.journal.now()
	refused := s.burst(workers, func(n int) request {
		user := fmt.Sprintf("%s-refused-%d", name, n)
		return []request{guess(user, factor.KindPassword), guess(user, factor.KindLogin), issue(user), enrolment(user)}[n%4]
	}, last)
	for _, c := range s.journal.since(place) {
		if c.Class != failed || !c.InTime {
			e.t.Errorf("without a majority a call to %s is %s (in time: %v, %q)", c.Act, c.Class, c.InTime, c.Text)
		}
	}
	e.t.Logf("%s: without a majority: %v", name, refused)
	e.must(e.Restart(victims...), e.Formed())
	l = s.startLoad(e.t, l.board, 0, 1, 2)
	l.goesOn(*calls)
	l.end()
	return s.review(e.t, name, from, began, 0, 1, 2)
}
