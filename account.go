package factor

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

const (
	// pendingTTL is how long an authenticator waits for its first code, and
	// pendingTries how many wrong ones it takes.
	pendingTTL   = 15 * time.Minute
	pendingTries = 5
	// spentKept is how many spent codes of a kind are remembered.
	spentKept = 8
	// emptyKept is how long an empty record is kept after its last write:
	// longer than a write can linger on its way to the store, because a late
	// insert into nothing would bring back what was forgotten.
	emptyKept = 24 * time.Hour
)

// kinds holds every Kind, in the order of the account's budgets.
var kinds = [...]Kind{KindPassword, KindPIN, KindLogin, KindAccount, KindTOTP, KindDeviceTOTP}

// kindIndex returns the place of a Kind in kinds, or -1.
func kindIndex(k Kind) int { return slices.Index(kinds[:], k) }

// account is everything that is remembered about one user. The rules are
// methods on it: they take the time, the limits and the drawn secrets as
// values, and reach no store, clock or random generator of their own. All its
// instants are UTC in whole milliseconds.
type account struct {
	pin           *pin
	devices       []device
	authenticator *secret // counts
	pending       *pending
	loginCodes    codes
	accountCodes  codes
	budgets       [len(kinds)]budget
	reset         reset
	imported      []importID
	emptied       time.Time // last write; zero unless the account is empty
}

// pin is a PIN that is set.
type pin struct {
	pinHash
	setAt time.Time
}

// device is an enrolled device.
type device struct {
	id uuid.UUID
	secret
	enrolledAt time.Time
	usedAt     time.Time // zero: never
}

// pending is an authenticator that has not shown its first code yet.
type pending struct {
	secret
	expiresAt time.Time
	wrong     int
}

// pendingNow returns the authenticator that waits for its first code, if any.
func (a *account) pendingNow(now time.Time) *pending {
	if a.pending == nil || !waits(a.pending.expiresAt, pendingTTL, now) {
		return nil
	}
	return a.pending
}

// deviceIndex returns the place of a device, or -1.
func (a *account) deviceIndex(id uuid.UUID) int {
	return slices.IndexFunc(a.devices, func(d device) bool { return d.id == id })
}

// setPIN binds a PIN: its count starts anew.
func (a *account) setPIN(h pinHash, now time.Time) {
	a.pin = &pin{pinHash: h, setAt: now}
	*a.budget(KindPIN) = budget{}
	a.reset.bound()
}

// enroll binds a device, in the place of the one with its ID if there is one.
// Its kind's count starts anew only if it would lock the device out for good.
func (a *account) enroll(id uuid.UUID, s secret, l Limit, now time.Time) {
	d := device{id: id, secret: s, enrolledAt: now}
	if i := a.deviceIndex(id); i >= 0 {
		a.devices[i] = d
	} else {
		a.devices = append(a.devices, d)
	}
	a.unlockIfFinal(KindDeviceTOTP, l)
	a.reset.bound()
}

// revoke removes a device that is enrolled.
func (a *account) revoke(id uuid.UUID) {
	i := a.deviceIndex(id)
	a.devices = slices.Delete(a.devices, i, i+1)
}

// confirm judges the first code of the authenticator that waits and puts it in
// force, that code being spent by it. The waiting secret has a count of its own
// beside the budget; left is what remains of it.
func (a *account) confirm(code string, skew int, l Limit, now time.Time) (right bool, left int) {
	p := a.pending
	step, v := p.match(code, now, skew)
	if v != verdictRight {
		p.wrong++
		if p.wrong >= pendingTries {
			a.pending = nil
		}
		return false, pendingTries - p.wrong
	}
	confirmed := p.secret
	confirmed.step = step
	a.authenticator, a.pending = &confirmed, nil
	a.unlockIfFinal(KindTOTP, l)
	return true, 0
}

// giveUp marks the wipe and removes what could prove a reset. A confirmed
// authenticator stays: it still guards the login.
func (a *account) giveUp(id uuid.UUID, reason WipeReason, now time.Time) {
	a.pin, a.devices, a.pending = nil, nil, nil
	a.loginCodes.live, a.accountCodes.live = nil, nil
	a.reset = reset{wipe: &wipe{id: id, at: now, reason: reason, retryAt: now}}
}

func (a *account) budget(k Kind) *budget { return &a.budgets[kindIndex(k)] }

func (a *account) unlockIfFinal(k Kind, l Limit) {
	if b := a.budget(k); b.final(l) {
		*b = budget{}
	}
}

// codesOf returns the one-time codes of a kind, nil if it has none.
func (a *account) codesOf(k Kind) *codes {
	switch k {
	case KindLogin:
		return &a.loginCodes
	case KindAccount:
		return &a.accountCodes
	}
	return nil
}

// empty reports whether nothing is kept.
func (a *account) empty() bool {
	return a.pin == nil && len(a.devices) == 0 && a.authenticator == nil && a.pending == nil &&
		a.loginCodes.empty() && a.accountCodes.empty() && a.reset.empty() && len(a.imported) == 0 &&
		a.budgets == [len(kinds)]budget{}
}

// tidy drops what has ended by now, and stamps an account that is empty. Counts
// stay: dropping one would refund guesses.
func (a *account) tidy(now time.Time) {
	if a.pending != nil && !a.pending.expiresAt.After(now) {
		a.pending = nil
	}
	a.loginCodes.tidy(now)
	a.accountCodes.tidy(now)
	a.reset.tidy(now)
	a.emptied = time.Time{}
	if a.empty() {
		a.emptied = now
	}
}

// due is when the first thing that the account holds ends, zero if nothing
// does.
func (a *account) due() time.Time {
	var due time.Time
	ends := func(t time.Time) {
		if !t.IsZero() && (due.IsZero() || t.Before(due)) {
			due = t
		}
	}
	if a.pending != nil {
		ends(a.pending.expiresAt)
	}
	for _, c := range []*codes{&a.loginCodes, &a.accountCodes} {
		ends(c.hold)
		if c.live != nil {
			ends(c.live.expiresAt)
		}
		for _, s := range c.spent {
			ends(s.expiresAt)
		}
	}
	ends(a.reset.hold)
	if w := a.reset.wipe; w.pending() {
		ends(w.retryAt)
	}
	if !a.emptied.IsZero() {
		ends(a.emptied.Add(emptyKept))
	}
	return due
}
