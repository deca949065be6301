package main

import (
	"context"
	"crypto/subtle"
	"slices"
	"sync"
	"time"

	"github.com/knowhave/factor"
)

// A host is the service around factor: it knows its users and their passwords,
// keeps their payment cards, and deletes the cards on a wipe. Its clock stands
// still until it is turned.
type host struct {
	mu         sync.Mutex
	now        time.Time
	events     map[factor.Action]int
	passwords  map[string]string
	registered map[string]time.Time
	cards      map[string][]time.Time // when each card was saved
	wipeFault  error                  // the error of the next wipe
}

func newHost() *host {
	return &host{
		now:        time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
		events:     map[factor.Action]int{},
		passwords:  map[string]string{},
		registered: map[string]time.Time{},
		cards:      map[string][]time.Time{},
	}
}

// options returns all that factor needs from a host. The rest has defaults.
func (h *host) options() *factor.Options {
	return &factor.Options{
		CheckPassword: h.checkPassword,
		RegisteredAt:  h.registeredAt,
		Wipe:          h.wipe,
		Observe:       h.observe,
		Now:           h.clock,
		TOTP:          factor.TOTPOptions{Issuer: "Tour"},
	}
}

// checkPassword is the host's own check; a real one compares with a slow hash.
func (h *host) checkPassword(_ context.Context, user, password string) (bool, error) {
	return subtle.ConstantTimeCompare([]byte(h.passwords[user]), []byte(password)) == 1, nil
}

// registeredAt comes from the host's own records, never from the request.
func (h *host) registeredAt(_ context.Context, user string) (time.Time, error) {
	return h.registered[user], nil
}

// wipe deletes the cards that existed when the wipe was marked. It is idempotent: a
// card saved since then stays.
func (h *host) wipe(_ context.Context, w factor.Wipe) error {
	if err := h.wipeFault; err != nil {
		h.wipeFault = nil
		return err
	}
	h.cards[w.User] = slices.DeleteFunc(h.cards[w.User], func(saved time.Time) bool { return !saved.After(w.At) })
	return nil
}

// observe is where a real service writes its audit log.
func (h *host) observe(_ context.Context, e factor.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events[e.Action]++
}

func (h *host) seen(a factor.Action) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.events[a]
}

func (h *host) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *host) turn(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}
