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
	// emptyKept is how long an empty record is kept after its last write:
	// longer than a write can linger on its way to the store, because a late
	// insert into nothing would bring back what was forgotten.
	emptyKept = 24 * time.Hour
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
	PIN           *PIN     // nil: none is set
	Devices       []Device // in the order of their first enrolment
	Authenticator *TOTP    // the one that counts
	Pending       *Pending // the one that waits for its first code: see PendingAt
	LoginCodes    Codes
	AccountCodes  Codes
	Budgets       [len(Kinds)]Budget // in the order of Kinds: see Budget
	Guard         Guard
	Imported      []ImportMark // of every holding that was ever imported
	Emptied       time.Time    // the last write, while the account is empty
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

// A Pending is an authenticator that has not shown its first code yet.
type Pending struct {
	TOTP
	ExpiresAt time.Time
	Wrong     int // first codes, of pendingTries
}

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

// SetPIN binds a PIN, in the place of one that is set. Its count starts anew.
func (a *Account) SetPIN(h Hash, now time.Time) {
	a.PIN = &PIN{Hash: h, SetAt: now}
	*a.Budget(KindPIN) = Budget{}
	a.Guard.bound()
}

// Enroll binds a device, in the place of the one with its ID if there is one. The
// count of the devices starts anew only if it would lock the device out for good.
func (a *Account) Enroll(id uuid.UUID, s TOTP, r *Rules, now time.Time) {
	d := Device{ID: id, TOTP: s, EnrolledAt: now}
	if i := a.DeviceIndex(id); i >= 0 {
		a.Devices[i] = d
	} else {
		a.Devices = append(a.Devices, d)
	}
	a.unlockIfFinal(KindDeviceTOTP, r)
	a.Guard.bound()
}

// Revoke removes a device, which must be enrolled.
func (a *Account) Revoke(id uuid.UUID) {
	i := a.DeviceIndex(id)
	a.Devices = slices.Delete(a.Devices, i, i+1)
}

// Begin makes an authenticator wait for its first code, in the place of one that
// waits already. The one that counts stays.
func (a *Account) Begin(s TOTP, now time.Time) *Pending {
	a.Pending = &Pending{TOTP: s, ExpiresAt: now.Add(pendingTTL)}
	return a.Pending
}

// Confirm judges the first code of the authenticator that waits, which there must
// be. The right code is spent and puts the authenticator in force. Wrong codes have
// a count of their own beside the budget; left is what remains of it.
func (a *Account) Confirm(code string, r *Rules, now time.Time) (right bool, left int) {
	p := a.Pending
	step, v := p.Match(code, now, r.TOTP.Skew)
	if v != Right {
		p.Wrong++
		if p.Wrong >= pendingTries {
			a.Pending = nil
		}
		return false, pendingTries - p.Wrong
	}
	confirmed := p.TOTP
	confirmed.LastStep = step
	a.Authenticator, a.Pending = &confirmed, nil
	a.unlockIfFinal(KindTOTP, r)
	return true, 0
}

// MarkWipe gives the user's critical data up: it marks the wipe, which is due at
// once, and removes what could prove a reset. The authenticator that counts stays,
// because it still guards the login.
func (a *Account) MarkWipe(id uuid.UUID, reason WipeReason, now time.Time) {
	a.PIN, a.Devices, a.Pending = nil, nil, nil
	a.LoginCodes.Live, a.AccountCodes.Live = nil, nil
	a.Guard = Guard{Wipe: &Wipe{ID: id, At: now, Reason: reason, RetryAt: now}}
}

// Budget returns the count of a kind's wrong answers.
func (a *Account) Budget(k Kind) *Budget { return &a.Budgets[k.index()] }

// unlockIfFinal starts a count anew that has no end.
func (a *Account) unlockIfFinal(k Kind, r *Rules) {
	if b := a.Budget(k); b.Final(r.Limit(k)) {
		*b = Budget{}
	}
}

// Codes returns the issued codes of a kind, nil for a kind that is not issued.
func (a *Account) Codes(k Kind) *Codes {
	switch k {
	case KindLogin:
		return &a.LoginCodes
	case KindAccount:
		return &a.AccountCodes
	}
	return nil
}

// Empty reports whether the account holds nothing.
func (a *Account) Empty() bool {
	return a.PIN == nil && len(a.Devices) == 0 && a.Authenticator == nil && a.Pending == nil &&
		a.LoginCodes.empty() && a.AccountCodes.empty() && a.Guard.Empty() && len(a.Imported) == 0 &&
		a.Budgets == [len(Kinds)]Budget{}
}

// Tidy drops what has ended by now, and stamps an account that is empty. It is called
// before each write. Counts stay: dropping one would refund guesses.
func (a *Account) Tidy(now time.Time) {
	if a.Pending != nil && !a.Pending.ExpiresAt.After(now) {
		a.Pending = nil
	}
	a.LoginCodes.Tidy(now)
	a.AccountCodes.Tidy(now)
	a.Guard.tidy(now)
	a.Emptied = time.Time{}
	if a.Empty() {
		a.Emptied = now
	}
}

// Due returns when the first thing that the account holds ends or has to be tried
// again, zero if nothing does.
func (a *Account) Due() time.Time {
	var due time.Time
	ends := func(t time.Time) {
		if !t.IsZero() && (due.IsZero() || t.Before(due)) {
			due = t
		}
	}
	if a.Pending != nil {
		ends(a.Pending.ExpiresAt)
	}
	for _, c := range []*Codes{&a.LoginCodes, &a.AccountCodes} {
		ends(c.NotBefore)
		if c.Live != nil {
			ends(c.Live.ExpiresAt)
		}
		for _, s := range c.Spent {
			ends(s.ExpiresAt)
		}
	}
	ends(a.Guard.NotBefore)
	if w := a.Guard.Wipe; w.Pending() {
		ends(w.RetryAt)
	}
	if !a.Emptied.IsZero() {
		ends(a.Emptied.Add(emptyKept))
	}
	return due
}
