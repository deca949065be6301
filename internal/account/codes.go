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
	// spentKept is how many spent codes of a kind are remembered.
	spentKept = 8
	// clockSlack is how far the clocks of several processes may be apart before
	// a code's end is taken for that of a clock that ran ahead.
	clockSlack = time.Minute
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
	Live      *Code     // the newest, until it is spent or ends
	Spent     []Code    // the newest of those that were accepted, oldest first
	NotBefore time.Time // no new code before
}

// Issue makes digits the live code of a kind.
func (a *Account) Issue(k Kind, digits string, r *Rules, now time.Time) Code {
	code := Code{Digits: digits, ExpiresAt: now.Add(r.TTL(k))}
	a.Codes(k).Issue(code, r.Interval, now)
	return code
}

// Issue makes a code the live one. No other is issued within the interval.
func (c *Codes) Issue(live Code, interval time.Duration, now time.Time) {
	c.Live, c.NotBefore = &live, time.Time{}
	if interval > 0 {
		c.NotBefore = now.Add(interval)
	}
}

// Held reports whether no new code may be issued yet, because of the interval.
func (c *Codes) Held(interval time.Duration, now time.Time) bool {
	return active(c.NotBefore, interval, now)
}

// LiveAt reports whether there is a live code. One that ends later than it can is
// void: a clock that ran ahead issued it.
func (c *Codes) LiveAt(ttl time.Duration, now time.Time) bool {
	return c.Live != nil && active(c.Live.ExpiresAt, ttl+clockSlack, now)
}

// Spend judges a code, and takes the live one out of use if it is right.
func (c *Codes) Spend(digits string, ttl time.Duration, now time.Time) Verdict {
	if c.LiveAt(ttl, now) && c.Live.Matches(digits) {
		c.Spent = append(c.Spent, *c.Live)
		c.Spent = c.Spent[max(0, len(c.Spent)-spentKept):]
		c.Live = nil
		return Right
	}
	for _, s := range c.Spent {
		if s.ExpiresAt.After(now) && s.Matches(digits) {
			return Spent
		}
	}
	return Wrong
}

// Tidy drops what has ended by now.
func (c *Codes) Tidy(now time.Time) {
	if c.Live != nil && !c.Live.ExpiresAt.After(now) {
		c.Live = nil
	}
	c.Spent = slices.DeleteFunc(c.Spent, func(s Code) bool { return !s.ExpiresAt.After(now) })
	if !c.NotBefore.After(now) {
		c.NotBefore = time.Time{}
	}
}

func (c *Codes) empty() bool { return c.Live == nil && len(c.Spent) == 0 && c.NotBefore.IsZero() }
