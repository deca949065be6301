package account

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"
)

// GuardRules are the options of the guard, which stands before a password reset.
type GuardRules struct {
	Strikes        int           // wrong proofs that are refused; the next one wipes
	Interval       time.Duration // after a wrong proof, in which none is judged
	MinAge         time.Duration // of a PIN or a device that proves something
	ForgiveRepeats bool          // of the last wrong proof: no further strike
}

// A Guard is what the guard remembers of one user.
type Guard struct {
	Strikes   int
	NotBefore time.Time // no proof is judged before
	LastWrong []byte    // fingerprint of the last wrong proof
	Wipe      *Wipe     // until a PIN or a device is bound anew
}

// Held reports whether no proof may be judged yet, because of the interval.
func (g *Guard) Held(rules GuardRules, now time.Time) bool {
	return active(g.NotBefore, rules.Interval, now)
}

// Left returns how many wrong proofs are left before the one that wipes.
func (g *Guard) Left(rules GuardRules) int { return max(0, rules.Strikes-g.Strikes) }

// bound is called where a PIN or a device is bound, and starts the guard anew after a
// wipe. Without a wipe it changes nothing: a mailed code must not buy guesses.
func (g *Guard) bound() {
	if g.Wipe != nil {
		*g = Guard{}
	}
}

func (g *Guard) tidy(now time.Time) {
	if !g.NotBefore.After(now) {
		g.NotBefore = time.Time{}
	}
	if w := g.Wipe; w.Pending() && w.RetryAt.After(now.Add(maxWipeBackoff)) {
		w.RetryAt = now // put off by a clock that ran ahead
	}
}

// Empty reports whether the guard remembers nothing.
func (g *Guard) Empty() bool {
	return g.Strikes == 0 && g.NotBefore.IsZero() && len(g.LastWrong) == 0 && g.Wipe == nil
}

// PINOfAge returns the PIN if it is at least minAge old, else nil.
func (a *Account) PINOfAge(minAge time.Duration, now time.Time) *PIN {
	if a.PIN == nil || tooNew(a.PIN.SetAt, minAge, now) {
		return nil
	}
	return a.PIN
}

// HasDeviceOfAge reports whether a device is at least minAge old.
func (a *Account) HasDeviceOfAge(minAge time.Duration, now time.Time) bool {
	for _, d := range a.Devices {
		if !tooNew(d.EnrolledAt, minAge, now) {
			return true
		}
	}
	return false
}

// A strike is what a wrong proof has come to.
type Strike struct {
	Left      int  // wrong proofs left before the one that wipes
	Last      bool // this one left none
	Exhausted bool // none was left: the caller must mark the wipe
}

// Strike counts a wrong proof, unless the rules forgive it because it is the same as
// the last wrong one.
func (a *Account) Strike(otp, pin string, rules GuardRules, now time.Time) Strike {
	g := &a.Guard
	same := a.fingerprint(otp, pin, now)
	forgiven := rules.ForgiveRepeats && bytes.Equal(g.LastWrong, same)
	if !forgiven {
		if g.Strikes++; g.Strikes > rules.Strikes {
			return Strike{Exhausted: true}
		}
	}
	g.LastWrong, g.NotBefore = nil, time.Time{}
	if rules.ForgiveRepeats {
		g.LastWrong = same
	}
	if rules.Interval > 0 {
		g.NotBefore = now.Add(rules.Interval)
	}
	left := g.Left(rules)
	return Strike{Left: left, Last: left == 0 && !forgiven}
}

// fingerprint tells a wrong proof from another. With a code it holds the time
// step of each device: the same code is another guess in another step.
func (a *Account) fingerprint(otp, pin string, now time.Time) []byte {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s", otp, pin)
	if otp != "" {
		for i := range a.Devices {
			_ = binary.Write(h, binary.BigEndian, a.Devices[i].Step(now))
		}
	}
	return h.Sum(nil)[:16]
}

// tooNew reports whether what was bound at a time has not reached minAge.
func tooNew(at time.Time, minAge time.Duration, now time.Time) bool {
	return minAge > 0 && now.Sub(at) < minAge
}
