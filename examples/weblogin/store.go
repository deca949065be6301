package main

import (
	"maps"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
)

// A sessionStore never brings a session back. scs stores a session once its request is
// served, and so a request that was on its way during a logout would bring back what the
// logout ended. A store in a database needs the same: tokens that were ended, kept for as
// long as a session lasts.
type sessionStore struct {
	scs.Store
	mu    sync.Mutex
	ended map[string]time.Time // tokens, until their sessions would have expired
	tidy  time.Time            // when those that have expired are dropped
}

func neverBack(behind scs.Store) *sessionStore {
	return &sessionStore{Store: behind, ended: make(map[string]time.Time)}
}

func (s *sessionStore) Delete(token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !now.Before(s.tidy) {
		maps.DeleteFunc(s.ended, func(_ string, until time.Time) bool { return until.Before(now) })
		s.tidy = now.Add(time.Minute)
	}
	s.ended[token] = now.Add(sessionLife)
	return s.Store.Delete(token)
}

func (s *sessionStore) Commit(token string, data []byte, expiry time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ended := s.ended[token]; ended {
		return nil
	}
	return s.Store.Commit(token, data, expiry)
}
