package account

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// GuardRules are the options of the reset guard.
type GuardRules struct {
	Strikes        int           // wrong proofs refused; the next one wipes
	Interval       time.Duration // after a wrong proof, without judging
	MinAge         time.Duration // of a binding that proves a reset
	ForgiveRepeats bool          // the last wrong proof again is no strike
	Authenticator  bool          // a confirmed authenticator proves a reset too
}

// A Guard is the reset guard's state for one user.
type Guard struct {
	Strikes   int
	NotBefore time.Time // judge no proof before
	LastWrong []byte    // fingerprint of the last wrong proof
	HoldUntil time.Time // until then, a user without proofs must wait: see proofRemoved
	Wipe      *Wipe     // until a new proof of a reset is bound
}

// A ResetState tells whether the guard judges a proof of a reset.
type ResetState int

const (
	// ResetJudged: it judges the proof.
	ResetJudged ResetState = iota
	// ResetWiped: a wipe was marked, and nothing was bound since.
	ResetWiped
	// ResetNotEnrolled: the user holds nothing that proves a reset.
	ResetNotEnrolled
	// ResetTooSoon: what the user holds, or held, is too new.
	ResetTooSoon
	// ResetHeld: the last wrong proof was too recent.
	ResetHeld
)

// ResetAt returns whether the guard judges a proof now, and if it does not yet,
// from when on.
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

// proofAge reports whether the user holds something old enough to prove a reset,
// and otherwise when the first of it will be; zero if the user holds nothing.
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

// proofRemoved must be called when something that proves a reset was removed or
// replaced. If the user did it, or a thief with the mailbox, the user does not
// count as holding nothing until MinAge is over. Otherwise the guard would let the
// reset go on at once.
func (a *Account) proofRemoved(by Actor, r *Rules, now time.Time) {
	if by == Host || r.Guard.MinAge == 0 {
		return
	}
	until := now.Add(r.Guard.MinAge)
	if g := &a.Guard; !active(g.HoldUntil, r.Guard.MinAge, now) || g.HoldUntil.Before(until) {
		g.HoldUntil = until
	}
}

// ProvingPIN returns the PIN to judge a proof against, nil if none is set, and
// whether to judge it at all: a PIN that is too new is ignored.
func (a *Account) ProvingPIN(r *Rules, now time.Time) (held *PIN, judged bool) {
	if a.PIN != nil && tooNew(a.PIN.SetAt, r.Guard.MinAge, now) {
		return nil, false
	}
	return a.PIN, true
}

// JudgeResetCode judges a code as the proof of a reset, and spends a right one. It
// returns whose code it is. Bindings that are too new come first: a code that is
// right or stale for one of them is judged against nothing else and proves nothing.
// Otherwise a code that is stale for one key is right for none, as in JudgeCode.
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

// Left returns the number of wrong proofs left before the one that wipes.
func (g *Guard) Left(rules GuardRules) int { return max(0, rules.Strikes-g.Strikes) }

// Restart resets the guard: after a right proof, and after a binding that follows a
// wipe.
func (g *Guard) Restart() { *g = Guard{HoldUntil: g.HoldUntil} }

// bound must be called when something that proves a reset was bound. After a wipe
// it resets the guard. Without a wipe the strikes stay, because a mailed code must
// not buy guesses; but the last wrong proof may be right now, so it is another
// guess.
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
		w.RetryAt = now // a clock that ran ahead put it off
	}
}

// Empty reports whether the guard has no state.
func (g *Guard) Empty() bool {
	return g.Strikes == 0 && g.NotBefore.IsZero() && len(g.LastWrong) == 0 && g.HoldUntil.IsZero() && g.Wipe == nil
}

// A Strike is the outcome of a wrong proof.
type Strike struct {
	Left      int  // wrong proofs left before the one that wipes
	Last      bool // this one left none
	Exhausted bool // none was left: the caller must mark the wipe
}

// Strike counts a wrong proof, unless the rules forgive it as a repetition of the
// last one.
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

// fingerprint distinguishes wrong proofs. With a code it includes the time step of
// each key that the code is judged against: in another step the same code is
// another guess.
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
