package account

import (
	"time"

	"github.com/google/uuid"
)

// A Verdict is the outcome of judging one credential.
type Verdict int

const (
	// Wrong: the user does not hold it.
	Wrong Verdict = iota
	// Right: the user holds it. A right code is spent.
	Right
	// Stale: the code was right once and no longer is.
	Stale
	// TooNew: the user holds it, but not for long enough.
	TooNew
	// Locked: the kind is locked; nothing was judged.
	Locked
)

// A Finding is the outcome of judging a credential against one kind.
type Finding struct {
	Kind      Kind
	Verdict   Verdict
	Device    uuid.UUID // that showed the right code
	Charged   bool      // the wrong answer was counted
	LockedOut bool      // and locked the kind until unlocked or bound anew
	Left      int       // wrong answers left before the kind locks
	Until     time.Time // the end of the lock, zero if none
}

// CheckLock reports whether the kind is locked. The caller must then not judge it.
func (a *Account) CheckLock(k Kind, r *Rules, now time.Time) (f Finding, locked bool) {
	b, l := a.Budget(k), r.Limit(k)
	if !b.Locked(l, now) {
		return Finding{}, false
	}
	return Finding{Kind: k, Verdict: Locked, Until: b.End(l, now)}, true
}

// Count counts an answer for a kind that is not locked. A right one sets the count
// of that kind alone back to zero.
func (a *Account) Count(k Kind, right bool, r *Rules, now time.Time) Finding {
	if right {
		return a.accept(k, uuid.Nil)
	}
	return a.refuse(k, true, r, now)
}

// JudgeCode judges a code for a purpose against each kind in turn, and spends it
// for the first for which it is right: that finding is the last. It charges a wrong
// code to every kind it judged. A code that is stale for one of them is right for
// none and charged to none: otherwise the owner of the mailbox could guess at the
// devices beside it, uncounted. JudgeCode appends the findings to found.
func (a *Account) JudgeCode(code string, p Purpose, kinds []Kind, r *Rules, now time.Time, found []Finding) []Finding {
	var right match
	var rightFor Kind
	stale := false
	judged := make([]Kind, 0, len(Kinds))
	for _, k := range kinds {
		if f, locked := a.CheckLock(k, r, now); locked {
			found = append(found, f)
			continue
		}
		m := a.match(code, p, k, r, now)
		if m.verdict == Right && rightFor == "" {
			right, rightFor = m, k
		}
		stale, judged = stale || m.verdict == Stale, append(judged, k)
	}
	if rightFor != "" && !stale {
		return append(found, a.accept(rightFor, a.spend(rightFor, right, now)))
	}
	for _, k := range judged {
		found = append(found, a.refuse(k, !stale, r, now))
	}
	return found
}

// A match is the outcome of judging a code against one kind.
type match struct {
	verdict Verdict
	step    int64 // for a time-based code
	index   int   // of the device, the live code or the recovery code
}

// or combines the outcomes for two things: a code that is stale for one is right
// for neither, and otherwise the first right one counts.
func (m match) or(other match) match {
	if other.verdict > m.verdict {
		return other
	}
	return m
}

// match judges a code against one kind. A kind that the user does not hold costs
// the same.
func (a *Account) match(code string, p Purpose, k Kind, r *Rules, now time.Time) match {
	switch k {
	case KindDeviceTOTP:
		return a.matchDevices(code, r.TOTP, now, func(time.Time) bool { return true })
	case KindTOTP:
		return a.matchAuthenticator(code, r.TOTP, now)
	case KindRecovery:
		return a.Recovery.match(code)
	default:
		return a.Codes(k).match(code, p.seal(k, code), r.TTL(k), now)
	}
}

// spend takes a code that is right for a kind out of use.
func (a *Account) spend(k Kind, m match, now time.Time) (device uuid.UUID) {
	switch k {
	case KindDeviceTOTP:
		d := &a.Devices[m.index]
		d.LastStep, d.UsedAt = m.step, now
		return d.ID
	case KindTOTP:
		a.Authenticator.LastStep = m.step
	case KindRecovery:
		a.Recovery.use(m.index)
	default:
		c := a.Codes(k)
		c.retire(c.Live[m.index].is)
	}
	return uuid.Nil
}

func (a *Account) accept(k Kind, device uuid.UUID) Finding {
	a.Budget(k).reset()
	return Finding{Kind: k, Verdict: Right, Device: device}
}

func (a *Account) refuse(k Kind, charge bool, r *Rules, now time.Time) Finding {
	b, l := a.Budget(k), r.Limit(k)
	f := Finding{Kind: k, Verdict: Stale}
	if charge {
		*b = b.Charge(l, now)
		f.Verdict, f.Charged, f.LockedOut = Wrong, true, b.Final(l)
	}
	f.Left = b.Remaining(l, now)
	if f.Left == 0 {
		f.Until = b.End(l, now)
	}
	return f
}

// A Tally sums up the findings of a call without a right credential. The zero value
// is ready for use.
type Tally struct {
	judged, locked       Finding
	anyJudged, anyLocked bool
}

// Add adds a finding.
func (t *Tally) Add(f Finding) {
	if f.Verdict == Locked {
		t.addLocked(f)
		return
	}
	left, charged := t.judged.Left, t.judged.Charged
	first := !t.anyJudged || f.Charged && !charged
	if first || f.Charged == charged && f.Left < left {
		left = f.Left
	}
	f.Left, f.Charged = left, charged || f.Charged
	t.judged, t.anyJudged = f, true
}

func (t *Tally) addLocked(f Finding) {
	sooner := !f.Until.IsZero() && (t.locked.Until.IsZero() || f.Until.Before(t.locked.Until))
	if !t.anyLocked || sooner {
		t.locked, t.anyLocked = f, true
	}
}

// Answer returns what the caller may know: the last kind judged, with the least
// number of tries left among the charged kinds, or among all if none was charged.
// If nothing was judged, it returns the lock that ends first.
func (t *Tally) Answer() Finding {
	if t.anyJudged {
		return t.judged
	}
	return t.locked
}
