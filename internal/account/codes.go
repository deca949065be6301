package account

import (
	"crypto/subtle"
	"slices"
	"time"
)

const (
	// MaxCodeTTL is the longest life of an issued code (NIST SP 800-63B-4
	// §3.1.3.2).
	MaxCodeTTL = 10 * time.Minute
	// liveKept is the number of live codes of a kind, each for another purpose.
	liveKept = 4
	// staleKept is the number of stale codes of a kind that are remembered, and
	// staleTTL for how long after they expired.
	staleKept = 8
	staleTTL  = 10 * time.Minute
)

// A Code is an issued code.
type Code struct {
	Digits    string
	Seal      Seal // of what it is for
	ExpiresAt time.Time
}

// Matches compares the code with digits that are given for a purpose, in a time that
// depends on neither.
func (c Code) Matches(digits string, s Seal) bool {
	same := subtle.ConstantTimeCompare([]byte(c.Digits), []byte(digits))
	return same&subtle.ConstantTimeCompare(c.Seal[:], s[:]) == 1
}

// isFor reports whether the code was issued for a purpose.
func (c Code) isFor(p Purpose, k Kind) bool { return c.Seal == p.seal(k, c.Digits) }

// Codes are the issued codes of one kind.
type Codes struct {
	// Live are the newest codes for each purpose, oldest first, until they are
	// spent, voided, pushed out or expired.
	Live      []Code
	Stale     []Code    // no longer live, oldest first: see isStale
	NotBefore time.Time // no new code before
}

// Codes returns the issued codes of a kind, or nil if the kind is not issued.
func (a *Account) Codes(k Kind) *Codes {
	if i := slices.Index(IssuedKinds[:], k); i >= 0 {
		return &a.Issued[i]
	}
	return nil
}

// Issue makes digits the live code of a kind for a purpose, and returns the live
// code, which with Resend may be an earlier one. If too many are live, it pushes
// out the oldest. Codes of a clock that ran ahead are void and go first. The
// interval starts.
func (a *Account) Issue(k Kind, p Purpose, digits string, r *Rules, now time.Time) Code {
	c, ttl := a.Codes(k), r.TTL(k)
	c.NotBefore = time.Time{}
	if r.Interval > 0 {
		c.NotBefore = now.Add(r.Interval)
	}
	c.retire(func(live Code) bool { return live.expired(now) })
	c.retire(func(live Code) bool { return !live.liveAt(ttl, now) }) // otherwise it would become right later
	for _, live := range c.Live {
		if r.Resend && live.isFor(p, k) && live.ExpiresAt.Sub(now) >= ttl/2 {
			return live
		}
	}
	c.retire(func(live Code) bool { return live.isFor(p, k) })
	if len(c.Live) == liveKept {
		c.retire(c.Live[0].is)
	}
	issued := Code{Digits: digits, Seal: p.seal(k, digits), ExpiresAt: now.Add(ttl)}
	c.Live = append(c.Live, issued)
	return issued
}

// Held reports whether the interval forbids a new code, and until when.
func (c *Codes) Held(r *Rules, now time.Time) (until time.Time, held bool) {
	return reported(c.NotBefore, r.Interval, now), active(c.NotBefore, r.Interval, now)
}

// LiveAt reports whether a live code exists, for any purpose.
func (c *Codes) LiveAt(ttl time.Duration, now time.Time) bool {
	return slices.ContainsFunc(c.Live, func(live Code) bool { return live.liveAt(ttl, now) })
}

func (c Code) liveAt(ttl time.Duration, now time.Time) bool { return active(c.ExpiresAt, ttl, now) }

// expired reports whether a code has expired.
func (c Code) expired(now time.Time) bool { return !c.ExpiresAt.After(now) }

func (c Code) is(other Code) bool { return c == other }

// retire makes stale each live code that which selects.
func (c *Codes) retire(which func(Code) bool) {
	if !slices.ContainsFunc(c.Live, which) {
		return
	}
	var live []Code
	for _, code := range c.Live {
		if which(code) {
			c.Stale = append(c.Stale, code)
		} else {
			live = append(live, code)
		}
	}
	c.Live, c.Stale = live, c.Stale[max(0, len(c.Stale)-staleKept):]
}

// Void makes all live codes stale.
func (c *Codes) Void() { c.retire(func(Code) bool { return true }) }

// isStale reports whether a code was right once and no longer is: it was used,
// replaced, pushed out or voided, or has expired. The last codes that became stale
// are remembered until staleTTL after they expired. A code that expires later than
// possible is not stale: a clock that ran ahead issued it.
func (c *Codes) isStale(digits string, s Seal, ttl time.Duration, now time.Time) bool {
	tidied := Codes{Live: c.Live, Stale: slices.Clip(c.Stale)}
	tidied.retire(func(live Code) bool { return live.expired(now) })
	return slices.ContainsFunc(tidied.Stale, func(stale Code) bool {
		return stale.Matches(digits, s) && active(stale.ExpiresAt.Add(staleTTL), staleTTL+ttl, now)
	})
}

// WouldBeStale reports whether a code would be stale once issued for a purpose: it
// is stale, or is the live one that it would replace.
func (a *Account) WouldBeStale(k Kind, p Purpose, digits string, r *Rules, now time.Time) bool {
	c, s := a.Codes(k), p.seal(k, digits)
	return c.isStale(digits, s, r.TTL(k), now) || slices.ContainsFunc(c.Live, func(live Code) bool { return live.Matches(digits, s) })
}

// match judges a code, without spending it.
func (c *Codes) match(digits string, s Seal, ttl time.Duration, now time.Time) match {
	if c.isStale(digits, s, ttl, now) {
		return match{verdict: Stale}
	}
	for i, live := range c.Live {
		if live.liveAt(ttl, now) && live.Matches(digits, s) {
			return match{verdict: Right, index: i}
		}
	}
	return match{}
}

// VoidCodes makes all live codes stale and drops a pending authenticator: whoever
// had the old password or address may have requested them. It reports whether it
// changed anything.
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

// tidy drops what has expired.
func (c *Codes) tidy(now time.Time) {
	c.retire(func(live Code) bool { return live.expired(now) })
	c.Stale = slices.DeleteFunc(c.Stale, func(s Code) bool { return !s.ExpiresAt.Add(staleTTL).After(now) })
	if !c.NotBefore.After(now) {
		c.NotBefore = time.Time{}
	}
}

// ends calls end with each time at which something ends.
func (c *Codes) ends(end func(time.Time)) {
	end(c.NotBefore)
	for _, code := range c.Live {
		end(code.ExpiresAt.Add(staleTTL))
	}
	for _, code := range c.Stale {
		end(code.ExpiresAt.Add(staleTTL))
	}
}

func (c *Codes) empty() bool { return len(c.Live) == 0 && len(c.Stale) == 0 && c.NotBefore.IsZero() }
