package factor

import (
	"context"
	"testing"
	"testing/synctest"
)

// Who gives up waiting leaves the turn where it is: with who holds it.
func TestATurnIsNotLostByWhoGivesUpWaiting(t *testing.T) {
	synctest.Test(t, testATurnIsNotLost) // in which who waits for ever is found out
}

func testATurnIsNotLost(t *testing.T) {
	var ts turns
	if err := take(&ts, t.Context()); err != nil {
		t.Fatal(err)
	}
	waits := func(ctx context.Context) <-chan error {
		done := make(chan error, 1)
		go func() { done <- take(&ts, ctx) }()
		return done
	}
	ctx, goAway := context.WithCancel(t.Context())
	gone := waits(ctx)
	waitFor(&ts, 1)
	next := waits(t.Context())
	waitFor(&ts, 2)
	goAway()
	if err := <-gone; err != context.Canceled {
		t.Fatalf("who gave up got %v", err)
	}
	ts.mu.Lock()
	waiting := ts.users["alice"].len()
	ts.mu.Unlock()
	if waiting != 1 {
		t.Fatalf("%d wait for a turn that is held, want 1", waiting)
	}
	ts.leave("alice", found{})
	if err := <-next; err != nil {
		t.Fatal(err)
	}
	ts.leave("alice", found{})
}
