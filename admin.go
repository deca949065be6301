package factor

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/account"
)

// pageSize is how many users one call of Store.List returns.
const pageSize = 500

// Admin holds the host's own acts, which take no proof. Never let a user's request
// reach one. It is safe for use by many goroutines.
type Admin struct{ v *Verifier }

// NewAdmin returns the Admin of v.
func NewAdmin(v *Verifier) *Admin { return &Admin{v} }

// Unlock sets the counts of the named kinds back to zero, or of all kinds if none
// is named, in one swap. It leaves strikes and wipes alone. It reports an event for
// each of these kinds, even if its count was zero, and none for a user without a
// record.
//
// It returns ErrMalformed, with the field kinds, for an unknown kind and for an
// empty list that is not nil. A nil list means all kinds.
func (d *Admin) Unlock(ctx context.Context, user string, named ...Kind) error {
	if err := d.v.checkUser(user); err != nil {
		return err
	}
	if err := checkKinds(named, kinds[:]); err != nil {
		return err
	}
	if named == nil {
		named = kinds[:]
	}
	return d.act(ctx, user, nil, func(a *attempt) void {
		a.remove = a.absent
		if a.absent {
			return void{}
		}
		for _, k := range distinct(named) {
			*a.account.Budget(account.Kind(k)) = account.Budget{}
			a.event(Event{Action: ActionUnlocked, Kind: k})
		}
		return void{}
	})
}

// SetPIN sets the user's PIN, or replaces it. It returns ErrMalformed, ErrWeakPIN
// and ErrWipePending.
func (d *Admin) SetPIN(ctx context.Context, user, pin string) error {
	if err := d.v.checkUser(user); err != nil {
		return err
	}
	if err := checkNewPIN(pin); err != nil {
		return err
	}
	return d.v.setPIN(ctx, user, pin, modeHashing, account.Host, nil)
}

// RemovePIN removes the user's PIN. It returns ErrMalformed, and ErrNotEnrolled
// if none is set.
func (d *Admin) RemovePIN(ctx context.Context, user string) error {
	return d.act(ctx, user, (*attempt).hasPIN, func(a *attempt) void { return a.removePIN(account.Host) })
}

// RemoveAuthenticator removes the confirmed authenticator and a pending secret. It
// returns ErrMalformed, and ErrNotEnrolled if there is neither.
func (d *Admin) RemoveAuthenticator(ctx context.Context, user string) error {
	return d.act(ctx, user, (*attempt).hasAuthenticator, func(a *attempt) void { return a.removeAuthenticator(account.Host) })
}

// RemoveRecoveryCodes removes the recovery codes. It returns ErrMalformed, and
// ErrNotEnrolled if no unused code is left.
func (d *Admin) RemoveRecoveryCodes(ctx context.Context, user string) error {
	return d.act(ctx, user, (*attempt).hasRecovery, (*attempt).removeRecovery)
}

// RevokeDevice removes a device. It returns ErrMalformed and ErrUnknownDevice.
func (d *Admin) RevokeDevice(ctx context.Context, user string, device uuid.UUID) error {
	if err := cmp.Or(d.v.checkUser(user), checkDevice(device)); err != nil {
		return err
	}
	return d.act(ctx, user,
		func(a *attempt) error { return a.hasDevice(device) },
		func(a *attempt) void { return a.revoke(device, account.Host) })
}

// PasswordChanged drops what depends on the old password: it sets the count of
// wrong passwords back to zero, voids the user's live codes and drops a pending
// authenticator, because whoever had the old password may have requested them. Call
// it after each change or reset of the password, once CheckPassword knows the new
// one. A call that accepted the old password and is not stored yet checks the
// password again. PasswordChanged reports ActionUnlocked and ActionCodesVoided if
// there was something to do.
//
// It returns ErrMalformed.
func (d *Admin) PasswordChanged(ctx context.Context, user string) error {
	return d.act(ctx, user, nil, func(a *attempt) void {
		if b := a.account.Budget(account.KindPassword); b.Wrong > 0 {
			*b = account.Budget{}
			a.event(Event{Action: ActionUnlocked, Kind: KindPassword})
		}
		a.voidCodes()
		a.account.PasswordChanges++
		a.remove = false // a concurrent call with the old password must lose its swap
		return void{}
	})
}

// VoidCodes voids the user's live login and account codes and drops a pending
// authenticator. Call it when the address that codes are sent to changes: whoever
// reads the old one may have requested them. Read the address after you issue a
// code, not before, so that a code issued meanwhile goes to the new one. VoidCodes
// reports ActionCodesVoided if there was something to do.
//
// It returns ErrMalformed.
func (d *Admin) VoidCodes(ctx context.Context, user string) error {
	return d.act(ctx, user, nil, (*attempt).voidCodes)
}

func (a *attempt) voidCodes() void {
	a.remove = a.absent
	if a.account.VoidCodes(&a.v.rules, a.now) {
		a.event(Event{Action: ActionCodesVoided})
	}
	return void{}
}

// Reseal seals the user's record again, under the Sealer's primary key. For a user
// without a record it does nothing and reports no event. It returns ErrMalformed
// and ErrUnsealed.
func (d *Admin) Reseal(ctx context.Context, user string) error {
	return d.act(ctx, user, nil, func(a *attempt) void {
		a.remove = a.absent
		if !a.absent {
			a.event(Event{Action: ActionResealed})
		}
		return void{}
	})
}

// act applies a change to a user's record, unless precheck, if not nil, refuses it.
func (d *Admin) act(ctx context.Context, user string, precheck func(*attempt) error, apply func(*attempt) void) error {
	if err := d.v.checkUser(user); err != nil {
		return err
	}
	_, err := update(ctx, d.v, user, modeFast, func(a *attempt) (void, error) {
		if precheck != nil {
			if err := precheck(a); err != nil {
				return void{}, err
			}
		}
		return apply(a), nil
	})
	return err
}

// Forget erases everything kept about the user, including counts and locks. An
// empty record replaces it, which Sweep removes a day later. Forget finishes a
// pending wipe first. It leaves a record that does not open, perhaps only for the
// moment, because a wipe may be pending in it: see Discard.
//
// It returns ErrMalformed, ErrWipePending and ErrUnsealed.
func (d *Admin) Forget(ctx context.Context, user string) error {
	return d.erase(ctx, user, modeFast)
}

// Discard erases a record that does not open, and with it a wipe that may be
// pending. First make sure that the key is lost, and that the user's critical data
// is deleted or may stay. Discard treats a record that opens as Forget does, and
// refuses one in the format of a newer release.
//
// It returns ErrMalformed, ErrWipePending and ErrNewerFormat.
func (d *Admin) Discard(ctx context.Context, user string) error {
	return d.erase(ctx, user, modeOverwrite)
}

func (d *Admin) erase(ctx context.Context, user string, m mode) error {
	if err := d.v.checkUser(user); err != nil {
		return err
	}
	_, kept, err := updateAfterWipeUntold(ctx, d.v, user, m, func(a *attempt) (void, error) {
		// A call that accepted the password before must check it again after this
		// too.
		*a.account = account.Account{PasswordChanges: a.account.PasswordChanges + 1}
		a.remove = a.absent
		a.event(Event{Action: ActionForgotten})
		return void{}, nil
	})
	if err != nil { // on success the notices of a finished wipe are dropped too
		d.v.tell(ctx, user, kept)
	}
	return err
}

// Users yields every user with a record, after the given one in byte order; start
// with "". It loads one page at a time from the store and holds nothing open in
// between. It yields an error once, without a user, and stops; continue after the
// last user it yielded.
func (d *Admin) Users(ctx context.Context, after string) iter.Seq2[string, error] {
	return d.v.users(ctx, after, time.Time{})
}

// errListOrder reports a store whose List would make us loop.
var errListOrder = errors.New("factor: Store.List returned a user out of order: return users in byte order, after the given one")

func (v *Verifier) users(ctx context.Context, after string, due time.Time) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if v.malformed != nil {
			yield("", v.malformed)
			return
		}
		for {
			var page []string
			err := callHost("Store.List", func() (err error) {
				page, err = v.store.List(ctx, after, due, pageSize)
				return err
			})
			if err != nil {
				yield("", err)
				return
			}
			for _, user := range page {
				if user <= after {
					yield("", errListOrder)
					return
				}
				if !yield(user, nil) {
					return
				}
				after = user
			}
			if len(page) == 0 {
				return
			}
		}
	}
}
