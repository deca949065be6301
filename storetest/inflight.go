package storetest

import (
	"context"
	"math/rand/v2"
	"time"
)

// cancelledSwapsTellTheTruth cancels swaps while they are under way. Whatever
// they return must then be true: nil and ErrConflict are definite, and only any
// other error leaves the outcome open. Few callers share a user, so that most
// swaps would succeed.
func cancelledSwapsTellTheTruth(s *subject) {
	before := time.Now()
	users := s.histories(16)
	usual := time.Since(before) / time.Duration(len(users))
	for _, err := range parallel(func(caller int) error {
		for n := range 6 {
			ctx, cancel := cancelSoon(s.ctx, caller/len(users)+n, usual)
			err := users[caller%len(users)].step(s, ctx)
			cancel()
			if err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			s.t.Fatalf("a caller whose context was not done: %v: callers do not disturb each other", err)
		}
	}
	for _, h := range users {
		h.check(s, "most of them cancelled under way")
	}
}

// cancelSoon returns a context that ends on its own at about the time that a
// swap takes, in one of three ways, or not at all.
func cancelSoon(parent context.Context, way int, usual time.Duration) (context.Context, context.CancelFunc) {
	if way%4 == 1 {
		return context.WithTimeout(parent, rand.N(2*usual)+1)
	}
	ctx, cancel := context.WithCancel(parent)
	switch way % 4 {
	case 2:
		go cancel()
	case 3:
		go func() {
			pause(rand.N(100))
			cancel()
		}()
	}
	return ctx, cancel
}

// interruptedSwapsTellTheTruth has two callers swap the record of each user while
// the store is interrupted.
func interruptedSwapsTellTheTruth(s *subject) {
	store := s.interrupter()
	users := s.histories(8)
	for range interruptions {
		s.interrupt(store, func(caller, _ int) {
			_ = users[caller%len(users)].step(s, s.ctx) // a Load may fail meanwhile
		})
		for _, h := range users {
			h.check(s, "while the store was interrupted")
		}
	}
}
