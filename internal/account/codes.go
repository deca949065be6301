package account

import (
	"crypto/subtle"
	"slices"
	"time"
)

const (
	// MaxCodeTTL is the longest life of an issued code, NIST SP 800-63B-4
	// §3.1.3.2.
	MaxCodeTTL = 10 * time.Minute
	// staleKept is how many stale codes of a kind are remembered, and staleTTL for
	// how long after they have expired.
	staleKept = 8
	staleTTL  = 10 * time.Minute
)

// A Code is an issued code.
type Code struct {
	Digits    string
	ExpiresAt time.Time
}

// Matches compares the code with digits, in a time that does not depend on them.
func (c Code) Matches(digits string) bool {
	return subtle.ConstantTimeCompare([]byte(c.Digits), []byte(digits)) == 1
}

// Codes are the issued codes of one kind.
type Codes struct {
	Live      *Code     // the newest, until it is spent, voided or expires
	Stale     []Code    // those that were live, oldest first: see IsStale
	NotBefore time.Time // no new code before
}

// Codes returns the issued codes of a kind, nil for a kind that is not issued.
func (a *Account) Codes(k Kind) *Codes {
	if i := slices.Index(IssuedKinds[:], k); i >= 0 {
		return &a.Issued[i]
	}
	return nil
}

// Issue makes digits the live code of a kind, and returns the live code: the one that is
// live already where that is to be sent again. No other is issued within the interval.
func (a *Account) Issue(k Kind, digits string, r *Rules, now time.Time) Code {
	c := a.Codes(k)
	if !r.Resend || !c.LiveAt(r.TTL(k), now) || c.Live.ExpiresAt.Sub(now) < r.TTL(k)/2 {
		c.Void()
		c.Live = &Code{Digits: digits, ExpiresAt: now.Add(r.TTL(k))}
	}
	c.NotBefore = time.Time{}
	if r.Interval > 0 {
		c.NotBefore = now.Add(r.Interval)
	}
	return *c.Live
}

// Held reports whether no new code may be issued yet, because of the interval, and
// until when.
func (c *Codes) Held(r *Rules, now time.Time) (until time.Time, held bool) {
	return reported(c.NotBefore, r.Interval, now), active(c.NotBefore, r.Interval, now)
}

// LiveAt reports whether there is a live code.
func (c *Codes) LiveAt(ttl time.Duration, now time.Time) bool {
	return c.Live != nil && active(c.Live.ExpiresAt, ttl, now)
}

// expired reports whether the newest code was never taken out of use, but has expired.
func (c *Codes) expired(now time.Time) bool { return c.Live != nil && !c.Live.ExpiresAt.After(now) }

// Void takes the live code out of use. It is stale from then on.
func (c *Codes) Void() {
	if c.Live == nil {
		return
	}
	c.Stale, c.Live = newestStale(append(c.Stale, *c.Live)), nil
}

func newestStale(all []Code) []Code { return all[max(0, len(all)-staleKept):] }

// IsStale reports whether a code was right once and is not any more: it was used,
// replaced or voided, or has expired. The codes that became stale last are remembered,
// until staleTTL after they have expired. One that claims to expire later than it can
// is not: a clock that ran ahead issued it.
func (c *Codes) IsStale(digits string, ttl time.Duration, now time.Time) bool {
	all := c.Stale
	if c.expired(now) {
		all = newestStale(append(slices.Clip(all), *c.Live))
	}
	return slices.ContainsFunc(all, func(s Code) bool {
		return s.Matches(digits) && active(s.ExpiresAt.Add(staleTTL), staleTTL+ttl, now)
	})
}

// WouldBeStale reports whether a code would be stale as soon as it is issued: it is
// stale, or it is the live one that it would replace.
func (c *Codes) WouldBeStale(digits string, ttl time.Duration, now time.Time) bool {
	return c.IsStale(digits, ttl, now) || c.Live != nil && c.Live.Matches(digits)
}

// match judges a code, without taking it out of use.
func (c *Codes) match(digits string, ttl time.Duration, now time.Time) Verdict {
	switch {
	case c.IsStale(digits, ttl, now):
		return Stale
	case c.LiveAt(ttl, now) && c.Live.Matches(digits):
		return Right
	}
	return Wrong
}

// VoidCodes takes the live codes out of use, and drops an authenticator that waits
// for its first code: whoever had the old password or the old address may have asked
// for them. It reports whether there was anything to void.
func (a *Account) VoidCodes(r *Rules, now time.Time) bool {
	voided := a.PendingAt(now) != nil
	a.Pending = nil
	for i, k := range IssuedKinds {
		c := &a.Issued[i]
		voided = voided || c.LiveAt(r.TTL(k), now)
		c.Void()
	}
	return voided
}

// tidy drops what has ended by now.
func (c *Codes) tidy(now time.Time) {
	if c.expired(now) {
		c.Void()
	}
	c.Stale = slices.DeleteFunc(c.Stale, func(s Code) bool { return !s.ExpiresAt.Add(staleTTL).After(now) })
	if !c.NotBefore.After(now) {
		c.NotBefore = time.Time{}
	}
}

// ends calls end with each instant at which something ends.
func (c *Codes) ends(end func(time.Time)) {
	end(c.NotBefore)
	if c.Live != nil {
		end(c.Live.ExpiresAt.Add(staleTTL))
	}
	for _, s := range c.Stale {
		end(s.ExpiresAt.Add(staleTTL))
	}
}

func (c *Codes) empty() bool { return c.Live == nil && len(c.Stale) == 0 && c.NotBefore.IsZero() }
