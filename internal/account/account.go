// Package account is the one place of the rules: what is remembered about one user,
// what changes it, and how it is encoded. An Account is a value. Its methods take the
// time, the limits and the drawn secrets as values, and reach no store, no clock and
// no random generator. The package knows nothing of records, callers and events.
package account

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
)

// Bounds of what an account may hold.
const (
	// MaxDevices bounds the devices: each is judged in turn.
	MaxDevices = 100
	// MaxHashMemory, in KiB, and MaxHashTime, in passes, bound the cost of a hash.
	MaxHashMemory = 4 << 20
	MaxHashTime   = 1 << 10
)

// An Account is everything that is remembered about one user. The zero value is the
// account of a user of whom nothing is known. All instants in it are UTC in whole
// milliseconds, and a zero time stands for none.
type Account struct {
	PIN           *PIN                    // nil: none is set
	Devices       []Device                // in the order of their first enrolment
	Authenticator *Authenticator          // the one that counts
	Pending       *Pending                // the one that waits for its first code: see PendingAt
	Issued        [len(IssuedKinds)]Codes // in the order of IssuedKinds: see Codes
	Recovery      *Recovery               // nil: none
	Budgets       [len(Kinds)]Budget      // in the order of Kinds: see Budget
	Guard         Guard
	Notices       Notices   // that the user was not told yet
	Marks         []Mark    // of what Import does not take over any more
	Emptied       time.Time // the last write, while the account is empty
	// PasswordChanges counts what the host did that a password which was right before does
	// not pay for any more: that it changed the password, or forgot the user. It keeps no
	// record by itself.
	PasswordChanges int64
}

// A Hash is an Argon2id hash of a PIN with the parameters that made it, or the hash
// of another system. The latter has only a Sum, which is its text.
type Hash struct {
	Memory  uint32 // KiB, at most MaxHashMemory
	Time    uint32 // passes, at most MaxHashTime
	Threads uint8
	Salt    []byte
	Sum     []byte
}

// Imported reports whether another system made the hash.
func (h Hash) Imported() bool { return h.Threads == 0 }

// wellFormed reports whether the fields are those of a hash. It does not look at the
// text of an imported one.
func (h Hash) wellFormed() bool {
	if h.Imported() {
		return h.Memory == 0 && h.Time == 0 && len(h.Salt) == 0 && len(h.Sum) > 0
	}
	return h.Time > 0 && len(h.Sum) > 0
}

// A PIN is a PIN that is set.
type PIN struct {
	Hash
	SetAt time.Time
}

// A Device is an enrolled device.
type Device struct {
	ID uuid.UUID
	TOTP
	EnrolledAt time.Time
	UsedAt     time.Time // zero: never
}

// An Authenticator is an authenticator that counts.
type Authenticator struct {
	TOTP
	ConfirmedAt time.Time // zero: before this was kept
}

// A Pending is an authenticator that has not shown its first code yet.
type Pending struct {
	TOTP
	ExpiresAt time.Time
	Wrong     int       // first codes, of pendingTries
	Replaced  *Replaced // the one that it replaced, if any
}

// A Replaced is an authenticator that never showed its first code, because the user
// began again. Whoever has scanned it is told so.
type Replaced struct {
	TOTP
	ExpiresAt time.Time
}

// An Actor is who changes what a user holds.
type Actor int

const (
	// User is whoever gave a proof, or needed none: perhaps a thief.
	User Actor = iota
	// Host is the host's own act.
	Host
)

// PendingAt returns the authenticator that waits for its first code, nil if none does.
func (a *Account) PendingAt(now time.Time) *Pending {
	if a.Pending == nil || !active(a.Pending.ExpiresAt, pendingTTL, now) {
		return nil
	}
	return a.Pending
}

// DeviceIndex returns the index of a device in Devices, or -1.
func (a *Account) DeviceIndex(id uuid.UUID) int {
	return slices.IndexFunc(a.Devices, func(d Device) bool { return d.ID == id })
}

// SetPIN binds a PIN, in the place of one that is set.
func (a *Account) SetPIN(h Hash, by Actor, r *Rules, now time.Time) {
	if a.PIN != nil {
		a.proofRemoved(by, r, now)
	}
	a.PIN = &PIN{Hash: h, SetAt: now}
	a.bound(KindPIN)
}

// RemovePIN removes the PIN, which must be set.
func (a *Account) RemovePIN(by Actor, r *Rules, now time.Time) {
	a.PIN = nil
	a.mark(placeOf(KindPIN, uuid.Nil))
	a.proofRemoved(by, r, now)
}

// Enroll binds a device, in the place of the one with its ID if there is one.
func (a *Account) Enroll(id uuid.UUID, s TOTP, r *Rules, now time.Time) {
	d := Device{ID: id, TOTP: s, EnrolledAt: now}
	if i := a.DeviceIndex(id); i >= 0 {
		a.markReplaced(&a.Devices[i].TOTP, Binding{KindDeviceTOTP, id})
		a.Devices[i] = d
		a.proofRemoved(User, r, now)
	} else {
		a.Devices = append(a.Devices, d)
	}
	a.bound(KindDeviceTOTP)
}

// Revoke removes a device, which must be enrolled.
func (a *Account) Revoke(id uuid.UUID, by Actor, r *Rules, now time.Time) {
	i := a.DeviceIndex(id)
	a.markRemoved(&a.Devices[i])
	a.Devices = slices.Delete(a.Devices, i, i+1)
	a.proofRemoved(by, r, now)
}

// Begin makes an authenticator wait for its first code, in the place of one that
// waits already. The one that counts stays.
func (a *Account) Begin(s TOTP, now time.Time) *Pending {
	next := &Pending{TOTP: s, ExpiresAt: now.Add(pendingTTL)}
	if p := a.PendingAt(now); p != nil {
		next.Replaced = &Replaced{p.TOTP, p.ExpiresAt}
	}
	a.Pending = next
	return next
}

// Confirm judges the first code of the authenticator that waits, which there must
// be. The right code is spent and puts the authenticator in force. Wrong codes have
// a count of their own beside the budget; left is what remains of it. A code of the
// authenticator that this one replaced is stale, and right for neither: else whoever
// holds the replaced secret could guess at this one, uncounted.
func (a *Account) Confirm(code string, r *Rules, now time.Time) (v Verdict, left int) {
	p := a.Pending
	step, v := p.Match(code, now, r.TOTP.Skew)
	switch {
	case p.replaced(code, r, now):
		return Stale, pendingTries - p.Wrong
	case v != Right:
		p.Wrong++
		if p.Wrong >= pendingTries {
			a.Pending = nil
		}
		return Wrong, pendingTries - p.Wrong
	}
	if a.Authenticator != nil {
		a.markReplaced(&a.Authenticator.TOTP, Binding{Kind: KindTOTP})
		if r.Guard.Authenticator {
			a.proofRemoved(User, r, now)
		}
	}
	a.Authenticator, a.Pending = &Authenticator{p.TOTP, now}, nil
	a.Authenticator.LastStep = step
	a.Budget(KindTOTP).reset()
	if r.Guard.Authenticator {
		a.Guard.bound()
	}
	return Right, 0
}

func (p *Pending) replaced(code string, r *Rules, now time.Time) bool {
	if p.Replaced == nil || !active(p.Replaced.ExpiresAt, pendingTTL, now) {
		return false
	}
	_, found := p.Replaced.Find(code, now, r.TOTP.Skew)
	return found
}

// RemoveAuthenticator removes the authenticator, the one that counts and the one that
// waits.
func (a *Account) RemoveAuthenticator(by Actor, r *Rules, now time.Time) {
	if a.Authenticator != nil {
		a.mark(placeOf(KindTOTP, uuid.Nil))
		a.markKey(&a.Authenticator.TOTP)
		if r.Guard.Authenticator {
			a.proofRemoved(by, r, now)
		}
	}
	a.Authenticator, a.Pending = nil, nil
}

// bound is called where a PIN or a device was bound.
//
// What was guessed before tells nothing about a new secret, so the count of its kind
// starts anew, unless an older secret of that kind stays in force.
func (a *Account) bound(k Kind) {
	if k != KindDeviceTOTP || len(a.Devices) == 1 {
		a.Budget(k).reset()
	}
	a.Guard.bound()
}

// MarkWipe gives the user's critical data up: it marks the wipe, which is due at
// once, and removes what could prove a reset. The authenticator that counts and
// the recovery codes stay, because they still guard the login.
func (a *Account) MarkWipe(id uuid.UUID, reason WipeReason, now time.Time) {
	if a.PIN != nil {
		a.mark(placeOf(KindPIN, uuid.Nil))
	}
	for i := range a.Devices {
		a.markRemoved(&a.Devices[i])
	}
	a.PIN, a.Devices, a.Pending = nil, nil, nil
	for i := range a.Issued {
		a.Issued[i].Void()
	}
	a.Guard = Guard{Wipe: &Wipe{ID: id, At: now, Reason: reason, RetryAt: now}}
}

// Budget returns the count of a kind's wrong answers.
func (a *Account) Budget(k Kind) *Budget { return &a.Budgets[k.index()] }

// Empty reports whether the account holds nothing.
func (a *Account) Empty() bool {
	for i := range a.Issued {
		if !a.Issued[i].empty() {
			return false
		}
	}
	return a.PIN == nil && len(a.Devices) == 0 && a.Authenticator == nil && a.Pending == nil && a.Recovery == nil &&
		a.Guard.Empty() && a.Notices.empty() && len(a.Marks) == 0 && a.Budgets == [len(Kinds)]Budget{}
}

// Tidy drops what has ended by now, and stamps an account that is empty. It is called
// before each write. Counts stay: dropping one would refund guesses.
func (a *Account) Tidy(now time.Time) {
	if p := a.Pending; p != nil && !p.ExpiresAt.After(now) {
		a.Pending = nil
	} else if p != nil && p.Replaced != nil && !p.Replaced.ExpiresAt.After(now) {
		p.Replaced = nil
	}
	for i := range a.Issued {
		a.Issued[i].tidy(now)
	}
	a.Guard.tidy(now)
	a.Notices.tidy(now)
	a.Emptied = time.Time{}
	if a.Empty() {
		a.Emptied = now
	}
}
