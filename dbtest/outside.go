package dbtest

import (
	"context"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// A job is a function that runs outside of any bubble of testing/synctest.
type job struct {
	run  func()
	done chan struct{}
}

var (
	jobs = make(chan job)
	// idle are the channels that say that a job is done: a bubble could not be
	// told through one of its own.
	idle = make(chan chan struct{}, 256)
)

func init() {
	for range cap(idle) {
		idle <- make(chan struct{}, 1)
	}
	go func() {
		for j := range jobs {
			go func() {
				defer func() { j.done <- struct{}{} }()
				j.run()
			}()
		}
	}()
}

// outOfBubble runs a function on a goroutine that no bubble holds, and waits for
// it. In a bubble that is like waiting for a network: time stands still. The
// function may use nothing that was made in the bubble to wait on.
func outOfBubble(run func()) {
	done := <-idle
	jobs <- job{run, done}
	<-done
	idle <- done
}

// outsideStore is a store for use in bubbles. A driver's connections cannot be
// used in one and then in another.
type outsideStore struct{ store factor.Store }

func (s outsideStore) Load(ctx context.Context, user string) (r factor.Record, err error) {
	if err := ctx.Err(); err != nil {
		return factor.Record{}, err
	}
	outOfBubble(func() { r, err = s.store.Load(context.Background(), user) })
	return r, err
}

func (s outsideStore) CompareAndSwap(ctx context.Context, user string, old int64, next factor.Record) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	outOfBubble(func() { err = s.store.CompareAndSwap(context.Background(), user, old, next) })
	return err
}

func (s outsideStore) List(ctx context.Context, after string, due time.Time, limit int) (users []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	outOfBubble(func() { users, err = s.store.List(context.Background(), after, due, limit) })
	return users, err
}

// forBubbles returns an empty store that may be made and used in bubbles, though
// its client has goroutines that may not.
func forBubbles(t testing.TB, open func(testing.TB) factor.Store) factor.Store {
	t.Helper()
	var s outsideStore
	outOfBubble(func() { s.store = open(quiet{t}) })
	if s.store != nil {
		return s
	}
	// The other goroutine has ended, and this one does not know.
	if t.Skipped() {
		t.SkipNow()
	}
	t.FailNow()
	return nil
}

// quiet lets what a test registers run outside of its bubble.
type quiet struct{ testing.TB }

func (q quiet) Context() context.Context { return context.Background() }
func (q quiet) Cleanup(f func())         { q.TB.Cleanup(func() { outOfBubble(f) }) }
