package main

import (
	"maps"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
)

// A sessionStore never revives an ended session. scs stores a session after its
// request, so a request that ran during a logout would bring back what the logout
// ended. A database store needs the same: keep ended tokens for as long as a
// session lasts.
type sessionStore struct {
	scs.Store
	mu    sync.Mutex
	ended map[string]time.Time // tokens, until their sessions would have expired
	tidy  time.Time            // when to drop expired tokens
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
