package factor

import (
	"context"
	"testing"
)

// goneMeanwhile is a context that has ended when it is asked, after something
// else has happened.
type goneMeanwhile struct {
	context.Context
	first func()
}

func (g goneMeanwhile) Done() <-chan struct{} { g.first(); return g.Context.Done() }

func take(ts *turns, ctx context.Context) error {
	_, err := ts.take(ctx, "alice", nil)
	return err
}

// Whoever gives up waiting at the very moment that the turn is handed over to
// them hands it on.
func TestATurnHandedToWhoHasGoneGoesOn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	refused := 0
	for range 100 {
		var ts turns
		if err := take(&ts, t.Context()); err != nil {
			t.Fatal(err)
		}
		next := make(chan error)
		err := take(&ts, goneMeanwhile{ctx, func() {
			go func() { next <- take(&ts, t.Context()) }()
			waitFor(&ts, 2)
			ts.leave("alice", found{})
		}})
		if err == nil { // it may as well take the turn
			ts.leave("alice", found{})
		} else {
			refused++
		}
		if err := <-next; err != nil {
			t.Fatal(err)
		}
		ts.leave("alice", found{})
		if n := len(ts.users); n != 0 {
			t.Fatalf("%d turns are left behind", n)
		}
	}
	if refused == 0 {
		t.Error("the case was not met")
	}
}

// len returns how many wait.
func (q *queue) len() int {
	n := 0
	for w := q.first(everybody); w != nil; w = w.among[everybody].after {
		n++
	}
	return n
}

// waitFor returns once so many wait for the turn.
func waitFor(ts *turns, n int) {
	for {
		ts.mu.Lock()
		waiting := ts.users["alice"].len()
		ts.mu.Unlock()
		if waiting == n {
			return
		}
	}
}

func TestTurnsAreTakenInTheOrderOfComing(t *testing.T) {
	var ts turns
	if err := take(&ts, t.Context()); err != nil {
		t.Fatal(err)
	}
	order := make(chan int)
	for n := range 10 {
		go func() {
			_ = take(&ts, t.Context())
			order <- n
			ts.leave("alice", found{})
		}()
		waitFor(&ts, n+1)
	}
	ts.leave("alice", found{})
	for want := range 10 {
		if got := <-order; got != want {
			t.Fatalf("%d came in the place of %d", got, want)
		}
	}
}
