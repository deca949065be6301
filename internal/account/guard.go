package account

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// GuardRules are the options of the guard, which stands before a password reset.
type GuardRules struct {
	Strikes        int           // wrong proofs that are refused; the next one wipes
	Interval       time.Duration // after a wrong proof, in which none is judged
	MinAge         time.Duration // of what proves a reset
	ForgiveRepeats bool          // of the last wrong proof: no further strike
	Authenticator  bool          // an authenticator that counts proves a reset too
}

// A Guard is what the guard remembers of one user.
type Guard struct {
	Strikes   int
	NotBefore time.Time // no proof is judged before
	LastWrong []byte    // fingerprint of the last wrong proof
	HoldUntil time.Time // until then, the user does not count as holding nothing: see proofRemoved
	Wipe      *Wipe     // until something that proves a reset is bound anew
}

// A ResetState says whether the guard judges a proof of a reset.
type ResetState int

const (
	// ResetJudged: a proof is judged.
	ResetJudged ResetState = iota
	// ResetWiped: a wipe was marked, and nothing was bound since.
	ResetWiped
	// ResetNotEnrolled: the user holds nothing that proves a reset.
	ResetNotEnrolled
	// ResetTooSoon: what the user holds, or held, is not old enough.
	ResetTooSoon
	// ResetHeld: the last wrong proof was given too short a time ago.
	ResetHeld
)

// ResetAt returns whether a proof of a reset is judged now, and if it is not yet,
// when it will be.
func (a *Account) ResetAt(r *Rules, now time.Time) (state ResetState, until time.Time) {
	g, rules := &a.Guard, &r.Guard
	if g.Wipe != nil {
		return ResetWiped, time.Time{}
	}
	old, firstOld := a.proofAge(r, now)
	switch {
	case old && active(g.NotBefore, rules.Interval, now):
		return ResetHeld, reported(g.NotBefore, rules.Interval, now)
	case old:
		return ResetJudged, time.Time{}
	case !firstOld.IsZero():
		return ResetTooSoon, reported(firstOld, rules.MinAge, now)
	case active(g.HoldUntil, rules.MinAge, now):
		return ResetTooSoon, reported(g.HoldUntil, rules.MinAge, now)
	}
	return ResetNotEnrolled, time.Time{}
}

// proofAge reports whether something that the user holds is old enough to prove a
// reset, and else when the first of it will be; zero if the user holds nothing.
func (a *Account) proofAge(r *Rules, now time.Time) (old bool, firstOld time.Time) {
	holds := func(boundAt time.Time) {
		if !tooNew(boundAt, r.Guard.MinAge, now) {
			old = true
			return
		}
		if t := boundAt.Add(r.Guard.MinAge); firstOld.IsZero() || t.Before(firstOld) {
			firstOld = t
		}
	}
	if a.PIN != nil {
		holds(a.PIN.SetAt)
	}
	for i := range a.Devices {
		holds(a.Devices[i].EnrolledAt)
	}
	if a.Authenticator != nil && r.Guard.Authenticator {
		holds(a.Authenticator.ConfirmedAt)
	}
	return old, firstOld
}

// proofRemoved is called where something that proves a reset was removed or replaced.
// If the user did it, or a thief with the mailbox, the user does not count as holding
// nothing until MinAge is over: else the guard, which asks for what is old enough,
// would let the reset go on at once.
func (a *Account) proofRemoved(by Actor, r *Rules, now time.Time) {
	if by == Host || r.Guard.MinAge == 0 {
		return
	}
	until := now.Add(r.Guard.MinAge)
	if g := &a.Guard; !active(g.HoldUntil, r.Guard.MinAge, now) || g.HoldUntil.Before(until) {
		g.HoldUntil = until
	}
}

// ProvingPIN returns the PIN that a proof of a reset is judged against, nil if none is
// set, and whether it is judged at all: one that is too new is not looked at.
func (a *Account) ProvingPIN(r *Rules, now time.Time) (held *PIN, judged bool) {
	if a.PIN != nil && tooNew(a.PIN.SetAt, r.Guard.MinAge, now) {
		return nil, false
	}
	return a.PIN, true
}

// JudgeResetCode judges a code as the proof of a reset, and spends it if it is right.
// It returns whose it is. What is too new comes first: a code that is right or stale
// there is judged against nothing else, and proves nothing. Else a code that is stale
// for something is right for nothing, as in JudgeCode.
func (a *Account) JudgeResetCode(code string, r *Rules, now time.Time) (Kind, uuid.UUID, Verdict) {
	young := func(boundAt time.Time) bool { return tooNew(boundAt, r.Guard.MinAge, now) }
	old := func(boundAt time.Time) bool { return !young(boundAt) }
	fresh := a.matchDevices(code, r.TOTP, now, young)
	device, app := a.matchDevices(code, r.TOTP, now, old), match{}
	if r.Guard.Authenticator {
		app = a.matchAuthenticator(code, r.TOTP, now)
	}
	if a.Authenticator != nil && young(a.Authenticator.ConfirmedAt) {
		fresh, app = fresh.or(app), match{}
	}
	switch proof := device.or(app); {
	case fresh.verdict == Right:
		return KindDeviceTOTP, uuid.Nil, TooNew
	case fresh.verdict == Stale || proof.verdict == Stale:
		return KindDeviceTOTP, uuid.Nil, Stale
	case device.verdict == Right:
		return KindDeviceTOTP, a.spend(KindDeviceTOTP, device, now), Right
	case app.verdict == Right:
		return KindTOTP, a.spend(KindTOTP, app, now), Right
	}
	return KindDeviceTOTP, uuid.Nil, Wrong
}

// Left returns how many wrong proofs are left before the one that wipes.
func (g *Guard) Left(rules GuardRules) int { return max(0, rules.Strikes-g.Strikes) }

// Restart starts the guard anew: after a right proof, and where something is bound after
// a wipe.
func (g *Guard) Restart() { *g = Guard{HoldUntil: g.HoldUntil} }

// bound is called where something that proves a reset was bound. After a wipe it
// starts the guard anew. Without a wipe the strikes stay, because a mailed code must
// not buy guesses; but the last wrong proof may be right now, and is another guess.
func (g *Guard) bound() {
	if g.Wipe != nil {
		g.Restart()
	}
	g.LastWrong = nil
}

func (g *Guard) tidy(now time.Time) {
	if !g.NotBefore.After(now) {
		g.NotBefore = time.Time{}
	}
	if !g.HoldUntil.After(now) {
		g.HoldUntil = time.Time{}
	}
	if w := g.Wipe; w.Pending() && w.RetryAt.After(now.Add(maxWipeBackoff+ClockSlack)) {
		w.RetryAt = now // put off by a clock that ran ahead
	}
}

// Empty reports whether the guard remembers nothing.
func (g *Guard) Empty() bool {
	return g.Strikes == 0 && g.NotBefore.IsZero() && len(g.LastWrong) == 0 && g.HoldUntil.IsZero() && g.Wipe == nil
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
	same := a.fingerprint(otp, pin, rules.Authenticator, now)
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

// fingerprint tells a wrong proof from another. With a code it holds the time step
// of each key that the code is judged against: the same code is another guess in
// another step.
func (a *Account) fingerprint(otp, pin string, authenticator bool, now time.Time) []byte {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s", otp, pin)
	if otp != "" {
		for i := range a.Devices {
			_ = binary.Write(h, binary.BigEndian, a.Devices[i].Step(now))
		}
		if authenticator && a.Authenticator != nil {
			_ = binary.Write(h, binary.BigEndian, a.Authenticator.Step(now))
		}
	}
	return h.Sum(nil)[:16]
}
