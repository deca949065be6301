package cluster

import (
	"fmt"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// TestSynchronousStandbyHasWhatWasAnswered cuts a standby off under load, lets it
// join again, kills the primary under load and promotes the standby.
func TestSynchronousStandbyHasWhatWasAnswered(t *testing.T) {
	t.Parallel()
	for round := range *rounds {
		began := time.Now()
		p := startPair(t, true)
		s := newScene(t, p.place())
		t.Logf("the pair is up after %v", time.Since(began).Round(100*time.Millisecond))
		standbyAway(t, p, s, fmt.Sprintf("PostgreSQL, synchronous standby cut off and back, round %d", round)).check(t)
		promoted(t, p, s, fmt.Sprintf("PostgreSQL, synchronous standby promoted, round %d", round)).check(t)
		if t.Failed() {
			return
		}
	}
}

// standbyAway cuts the standby off: nothing that needs a write is answered until
// it is back.
func standbyAway(t testing.TB, p *pair, s *scene, name string) tally {
	began, from := time.Now(), s.journal.now()
	l := s.startLoad(t, &board{name: name}, whicheverWrites)
	l.goesOn(*calls)
	l.end()
	p.cut()
	got := s.burst(workers, func(n int) request {
		return guess(fmt.Sprintf("%s-unanswered-%d", name, n), factor.KindPassword)
	}, whicheverWrites)
	if got[open] != workers {
		t.Errorf("without the standby, of %d guesses: %v", workers, got)
	}
	p.join(true)
	l = s.startLoad(t, l.board, whicheverWrites)
	l.goesOn(*calls)
	l.end()
	p.caughtUp()
	return s.review(t, name, from, began, whicheverWrites)
}

// promoted kills the primary and promotes the standby under load.
func promoted(t testing.TB, p *pair, s *scene, name string) tally {
	began, from := time.Now(), s.journal.now()
	l := s.startLoad(t, &board{name: name}, whicheverWrites)
	l.goesOn(3 * *calls)
	p.failOver()
	l.goesOn(3 * *calls)
	l.end()
	return s.review(t, name, from, began, standbyNode)
}

// TestWaitForTheStandbyThatIsEnded ends commits that wait for a standby. PostgreSQL
// has then committed, without the standby, what everybody sees from then on. A
// connection that is ended is no acknowledgement, and what is seen afterwards is
// none either. But a wait that is cancelled is acknowledged, with no more than a
// warning: that is the one thing that operators must not do.
func TestWaitForTheStandbyThatIsEnded(t *testing.T) {
	t.Parallel()
	p := startPair(t, true)
	s := newScene(t, p.place())
	ends := []struct {
		by   string
		want class
	}{{"pg_cancel_backend", accepted}, {"pg_terminate_backend", open}}
	var codes []request
	for _, end := range ends {
		codes = append(codes, redemption(end.by, s.made(t, issue(end.by)).Issued))
	}
	p.caughtUp()
	p.cut()
	for n, end := range ends {
		done := make(chan answer, 1)
		go func() { done <- s.journal.make(s.clients[0], whicheverWrites, codes[n], auditTimeout) }()
		until(t, "the commit waits for the standby", func() bool {
			return p.ask(p.first, `SELECT coalesce(bool_or(`+end.by+`(pid)), false)::text FROM pg_stat_activity WHERE wait_event = 'SyncRep'`) == "true"
		})
		if said := <-done; said.Class != end.want {
			t.Errorf("a redemption whose wait for the standby was ended by %s is %s, want %s", end.by, said.Class, end.want)
		}
	}
	p.failOver()
	for _, code := range codes {
		s.expect(t, standbyNode, code, accepted, mismatch)
	}
}

// TestAsynchronousStandbyForgetsWhatItHasNotReceived shows what is documented: a
// store that forgets k acknowledged writes makes the limit k more, and lets codes
// work again that were accepted by one of those writes. It shows too that this is
// all: without the forgotten calls the history is right.
func TestAsynchronousStandbyForgetsWhatItHasNotReceived(t *testing.T) {
	t.Parallel()
	p := startPair(t, false)
	s := newScene(t, p.place())
	const name = "PostgreSQL, asynchronous standby promoted"
	began := time.Now()
	guessed := guess("guessed", factor.KindLogin)
	spent := redemption("spent", s.made(t, issue("spent")).Issued)
	spentLate := redemption("spent late", s.made(t, issue("spent late")).Issued)

	s.expect(t, whicheverWrites, spent, accepted)
	s.expect(t, whicheverWrites, guessed, mismatch, mismatch)
	l := s.startLoad(t, &board{name: name}, whicheverWrites)
	l.goesOn(3 * *calls)
	l.end()
	p.caughtUp()
	p.cut()

	forgotten := s.journal.now()
	s.expect(t, whicheverWrites, spentLate, accepted)
	s.expect(t, whicheverWrites, guessed, mismatch, mismatch, mismatch, locked)
	l = s.startLoad(t, l.board, whicheverWrites)
	l.goesOn(3 * *calls)
	l.end()
	p.failOver()

	kept := s.journal.now()
	s.expect(t, standbyNode, spent, mismatch)
	s.expect(t, standbyNode, spentLate, accepted, mismatch)
	s.expect(t, standbyNode, guessed, mismatch, mismatch, mismatch, locked)
	l = s.startLoad(t, l.board, whicheverWrites)
	l.goesOn(3 * *calls)
	l.end()
	got := s.review(t, name, 0, began, standbyNode)
	t.Log(got)
	lost := lossOf(s.journal.since(0), forgotten, kept, tries)
	t.Log(lost)
	for _, v := range lost.violations {
		t.Error(v)
	}
	if lost.guesses < 3 || lost.twice < 1 || lost.over < 3 || len(got.violations) == 0 {
		t.Errorf("a standby that was cut off has lost nothing: %v", lost)
	}
}
