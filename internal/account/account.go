// Package account holds all the rules: what is remembered about one user, what
// changes it, and its encoding. An Account is a value. Its methods take the time,
// the limits and the drawn secrets as values, and use no store, clock or random
// generator. The package knows nothing of records, callers and events.
package account

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

const (
	// pendingTTL is how long an authenticator waits for its first code, and
	// pendingTries the wrong codes it takes.
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

// An Account is everything remembered about one user. The zero value is the account
// of an unknown user. All times in it are UTC in whole milliseconds; a zero time
// means none.
type Account struct {
	PIN           *PIN                    // nil: none
	Devices       []Device                // in order of first enrolment
	Authenticator *Authenticator          // in force
	Pending       *Pending                // waits for its first code: see PendingAt
	Issued        [len(IssuedKinds)]Codes // in the order of IssuedKinds: see Codes
	Recovery      *Recovery               // nil: none
	Budgets       [len(Kinds)]Budget      // in the order of Kinds: see Budget
	Guard         Guard
	Notices       Notices   // not yet told
	Marks         []Mark    // what Import no longer binds
	Emptied       time.Time // the last write, while the account is empty
	// PasswordChanges counts the times that the host changed the password or forgot
	// the user. After either, a password that was right before pays for nothing. It
	// keeps no record by itself.
	PasswordChanges int64
}

// A Hash is an Argon2id hash of a PIN with its parameters, or the hash of another
// system, which has only a Sum: its text.
type Hash struct {
	Memory  uint32 // KiB, at most MaxHashMemory
	Time    uint32 // passes, at most MaxHashTime
	Threads uint8
	Salt    []byte
	Sum     []byte
}

// Imported reports whether another system made the hash.
func (h Hash) Imported() bool { return h.Threads == 0 }

// wellFormed reports whether the fields are possible. It does not check the text of
// an imported hash.
func (h Hash) wellFormed() bool {
	if h.Imported() {
		return h.Memory == 0 && h.Time == 0 && len(h.Salt) == 0 && len(h.Sum) > 0
	}
	return h.Time > 0 && len(h.Sum) > 0
}

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

// An Authenticator is a confirmed authenticator.
type Authenticator struct {
	TOTP
	ConfirmedAt time.Time // zero: stored by a release that did not keep it
}

// A Pending is an authenticator that has not shown its first code.
type Pending struct {
	TOTP
	ExpiresAt time.Time
	Wrong     int       // wrong codes, of pendingTries
	Replaced  *Replaced // the one it replaced, or nil
}

// A Replaced is a pending authenticator that the user replaced by starting again. A
// user who has scanned it gets a stale code.
type Replaced struct {
	TOTP
	ExpiresAt time.Time
}

// An Actor changes what a user holds.
type Actor int

const (
	// User gave a proof or needed none: perhaps a thief.
	User Actor = iota
	// Host acts without a proof.
	Host
)

// PendingAt returns the authenticator that waits for its first code, or nil.
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

// SetPIN binds a PIN, replacing an earlier one.
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

// Enroll binds a device, replacing one with the same ID.
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

// Begin makes an authenticator wait for its first code, replacing a pending one.
// The confirmed one stays.
func (a *Account) Begin(s TOTP, now time.Time) *Pending {
	next := &Pending{TOTP: s, ExpiresAt: now.Add(pendingTTL)}
	if p := a.PendingAt(now); p != nil {
		next.Replaced = &Replaced{p.TOTP, p.ExpiresAt}
	}
	a.Pending = next
	return next
}

// Confirm judges the first code of the pending authenticator, which must exist. A
// right code is spent and puts the authenticator in force. Wrong codes have a count
// beside the budget; left is the rest of it. A code of the authenticator that this
// one replaced is stale and right for neither: otherwise the holder of the replaced
// secret could guess at this one, uncounted.
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

// RemoveAuthenticator removes the confirmed and the pending authenticator.
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

// bound must be called when a PIN or a device was bound.
//
// Earlier guesses tell nothing about a new secret, so the count of its kind starts
// at zero, unless an older secret of that kind stays in force.
func (a *Account) bound(k Kind) {
	if k != KindDeviceTOTP || len(a.Devices) == 1 {
		a.Budget(k).reset()
	}
	a.Guard.bound()
}

// MarkWipe marks the wipe, due at once, and removes what could prove a reset. The
// confirmed authenticator and the recovery codes stay, because they still guard the
// login.
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

// Budget returns the budget of a kind.
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

// Tidy drops expired state, and stamps an empty account. The caller runs it before
// each write. Counts stay: dropping one would refund guesses.
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
