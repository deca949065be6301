package main

import (
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/knowhave/factor/factortest"
)

func TestAddressesAreLimited(t *testing.T) {
	clock := factortest.NewClock(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
	l := newAddressLimit(3, clock.Now)
	one, other := netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8::/64")
	allowed := func(client netip.Prefix) (n int) {
		for range 10 {
			if l.allow(client) {
				n++
			}
		}
		return n
	}
	if n := allowed(one); n != 3 {
		t.Fatalf("%d at once, want 3", n)
	}
	if n := allowed(other); n != 3 {
		t.Fatalf("another address: %d at once, want 3", n)
	}
	clock.Turn(2 * refill)
	if n := allowed(one); n != 2 {
		t.Fatalf("%d more later, want 2", n)
	}
	clock.Turn(time.Hour)
	if n := allowed(one); n != 3 || len(l.full) != 1 {
		t.Fatalf("an hour later %d at once, want 3; %d rows are kept", n, len(l.full))
	}
	for _, from := range [][2]string{{"192.0.2.1:99", "192.0.2.1/32"}, {"[2001:db8::7%eth0]:99", "2001:db8::/64"}, {"[::ffff:192.0.2.1]:99", "192.0.2.1/32"}, {"@", "invalid Prefix"}} {
		if got := clientOf(&http.Request{RemoteAddr: from[0]}); got.String() != from[1] {
			t.Errorf("%s is %s, want %s", from[0], got, from[1])
		}
	}
}
