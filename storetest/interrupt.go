package storetest

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"time"
)

// An Interrupter is a store whose test can break what it stands on. It is
// optional: a test passes Run a store that has this method beside the three of
// factor.Store, most simply by embedding the real one. Run then lets callers
// work while it interrupts them, and checks that nothing is accepted twice and
// that nothing answered is lost.
type Interrupter interface {
	// Interrupt cuts off the calls that are in flight, some time before or after
	// they had their effect: it closes the connections of the database, kills or
	// restarts the server, closes the file and opens it again. It returns once
	// the store can be used again, or an error if it could not do that. What the
	// store has acknowledged must still be there. It is called from one
	// goroutine at a time, while others use the store, a dozen times in all.
	Interrupt(ctx context.Context) error
}

// interrupter skips the test if the store has no Interrupt.
func (s *subject) interrupter() Interrupter {
	s.t.Helper()
	store, ok := s.store.(Interrupter)
	if !ok {
		s.t.Skip("the store is no storetest.Interrupter, which is optional")
	}
	return store
}

// interruptions is how many interruptions one clause makes.
const interruptions = 4

// interrupt lets 16 callers repeat their step until an interruption in their
// midst is over. They pause at random in between, so as not to keep step.
func (s *subject) interrupt(store Interrupter, step func(caller, n int)) {
	s.t.Helper()
	const callers = 16
	var steps atomic.Int64
	busy, over, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		together(callers, func(caller int) error {
			for n := 0; ; n++ {
				pause(rand.N(50))
				step(caller, n)
				if steps.Add(1) == 2*callers {
					close(busy)
				}
				select {
				case <-over:
					return nil
				default:
				}
			}
		})
	}()
	<-busy
	err := store.Interrupt(s.ctx)
	close(over)
	<-done
	if err != nil {
		s.t.Fatalf("Interrupt = %v: it returns nil once the store can be used again", err)
	}
}

// eventually tries until it works: after an interruption, a client may find out
// call by call that its connections are gone.
func (s *subject) eventually(what string, try func() error) {
	s.t.Helper()
	const patience = 10 * time.Second
	deadline := time.Now().Add(patience)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s still failed after %s: %v: a store goes on when what it stands on is back", what, patience, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// pause lets other goroutines run, so many times.
func pause(times int) {
	for range times {
		runtime.Gosched()
	}
}
