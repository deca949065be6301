package cluster

import (
	"sync"
	"testing"
	"time"
)

// A scene holds the applications on the nodes of a place and their clients'
// knowledge.
type scene struct {
	clients []client
	journal journal
}

// auditTimeout bounds an auditor's call.
const auditTimeout = 30 * time.Second

// newScene makes the table on the first node and starts an app in this process and
// one in another, which end with the test.
func newScene(t testing.TB, p place) *scene {
	t.Helper()
	own, err := openApp(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := own.close(); err != nil {
			t.Error(err)
		}
	})
	if err := own.nodes[0].migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &scene{clients: []client{own, startChild(t, p)}}
}

// made makes a call on the first node, which must accept it.
func (s *scene) made(t testing.TB, r request) answer {
	t.Helper()
	said := s.journal.make(s.clients[0], 0, r, auditTimeout)
	if said.Class != accepted {
		t.Fatalf("a call to %s is %s: %s", r.Act, said.Class, said.Text)
	}
	return said
}

// expect makes a request on a node once for each wanted answer, through one app
// after the other.
func (s *scene) expect(t testing.TB, node int, r request, wanted ...class) {
	t.Helper()
	for n, want := range wanted {
		if said := s.journal.make(s.clients[n%len(s.clients)], node, r, auditTimeout); said.Class != want {
			t.Fatalf("call %d of %d to %s (%s) is %s, want %s: %s", n+1, len(wanted), r.Act, r.User, said.Class, want, said.Text)
		}
	}
}

// burst makes calls at the same time, through all apps and spread over some nodes.
func (s *scene) burst(calls int, draw func(n int) request, nodes ...int) map[class]int {
	var (
		mu      sync.Mutex
		classes = make(map[class]int)
		running sync.WaitGroup
		begin   = make(chan struct{})
	)
	for n := range calls {
		running.Go(func() {
			<-begin
			said := s.journal.make(s.clients[n%len(s.clients)], nodes[n/len(s.clients)%len(nodes)], draw(n), auditTimeout)
			mu.Lock()
			defer mu.Unlock()
			classes[said.Class]++
		})
	}
	close(begin)
	running.Wait()
	return classes
}

// again always draws the same request.
func again(r request) func(int) request { return func(int) request { return r } }

// review reads the counts of all users since a place in the journal on each
// surviving node, has it judge all codes once more, and returns the outcome of all
// calls since then.
func (s *scene) review(t testing.TB, name string, place int, began time.Time, survivors ...int) tally {
	t.Helper()
	users, codes := make(map[string]bool), make(map[request]bool)
	for _, c := range s.journal.since(place) {
		users[c.User] = true
		if c.Right {
			codes[c.request] = true
		}
	}
	work := make(chan func())
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for f := range work {
				f()
			}
		})
	}
	ask := func(node int, r request) {
		said := s.journal.make(s.clients[0], node, r, auditTimeout)
		// A busy machine may cut a node off for so long that it has to join again.
		for deadline := time.Now().Add(auditTimeout); !said.Class.answered() && time.Now().Before(deadline); <-time.After(pause) {
			said = s.journal.make(s.clients[0], node, r, auditTimeout)
		}
		if !said.Class.answered() {
			t.Errorf("in the audit node %d says: %s", node, said.Text)
		}
	}
	for _, node := range survivors {
		for r := range codes {
			work <- func() { ask(node, r) }
		}
	}
	for _, node := range survivors {
		for user := range users {
			work <- func() { ask(node, request{Act: actStatus, User: user}) }
		}
	}
	close(work)
	running.Wait()
	calls := s.journal.since(place)
	return tallyOf(name, calls, audit(calls, tries), time.Since(began))
}

// check fails the test if there are violations, and logs the tally.
func (got tally) check(t testing.TB) {
	t.Helper()
	t.Log(got)
	for _, v := range got.violations {
		t.Error(v)
	}
}
