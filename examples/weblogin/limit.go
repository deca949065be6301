package main

import (
	"maps"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

const (
	defaultBurst = 30
	refill       = 2 * time.Second // how long until one more post is allowed
)

// An addressLimit bounds how often one address may post. factor counts wrong
// answers by user; this keeps one client from trying one password on every user.
type addressLimit struct {
	burst int
	now   func() time.Time

	mu   sync.Mutex
	full map[netip.Prefix]time.Time // when the address may post a whole burst again
	tidy time.Time                  // when to drop expired rows
}

func newAddressLimit(burst int, now func() time.Time) *addressLimit {
	if burst == 0 {
		burst = defaultBurst
	}
	return &addressLimit{burst: burst, now: now, full: make(map[netip.Prefix]time.Time)}
}

// posts answers 429 if an address posts too often.
func (l *addressLimit) posts(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && !l.allow(clientOf(r)) {
			w.Header().Set("Retry-After", "2")
			http.Error(w, "Too many requests from your address. Try again soon.", http.StatusTooManyRequests)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (l *addressLimit) allow(client netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if !now.Before(l.tidy) {
		maps.DeleteFunc(l.full, func(_ netip.Prefix, full time.Time) bool { return !full.After(now) })
		l.tidy = now.Add(time.Minute)
	}
	full := l.full[client]
	if full.Before(now) {
		full = now
	}
	if full = full.Add(refill); full.Sub(now) > time.Duration(l.burst)*refill {
		return false
	}
	l.full[client] = full
	return true
}

// clientOf returns the client's network, since one client has a whole /64 of IPv6.
// Behind your own proxy, take the address from the header that the proxy sets, and
// only from its requests.
func clientOf(r *http.Request) netip.Prefix {
	client, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	address, bits := client.Addr().Unmap().WithZone(""), 32
	if address.Is6() {
		bits = 64
	}
	network, _ := address.Prefix(bits) // fails only for too many bits
	return network
}
