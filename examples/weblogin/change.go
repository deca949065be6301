package main

import (
	"context"

	"golang.org/x/crypto/bcrypt"
)

// setPassword changes the password. The same statement ends every session and every
// remembered browser of the user, and notes that factor has to hear of it: should the
// process end here, settleChanges does the rest.
func (a *app) setPassword(ctx context.Context, who user, password string) error {
	if err := checkNewPassword(password); err != nil {
		return err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcryptCost)
	if err != nil {
		return err
	}
	_, err = a.db.ExecContext(ctx, `UPDATE users SET password_hash = ?, epoch = epoch + 1, password_changed = 1 WHERE id = ?`,
		string(hash), who.ID)
	if err != nil {
		return err
	}
	if err := a.settlePassword(ctx, who.ID); err != nil {
		return err
	}
	return a.mail.send(ctx, letter{To: who.Address, Subject: "Your password was changed", Body: "If it was not you, reset it at " + a.base + "/forgot."})
}

// settlePassword voids the codes that were mailed, and the authenticator that waits,
// because whoever had the old password may have asked for them. It takes a lock of the
// password off.
func (a *app) settlePassword(ctx context.Context, id string) error {
	if err := a.admin.PasswordChanged(ctx, id); err != nil {
		return err
	}
	_, err := a.db.ExecContext(ctx, `UPDATE users SET password_changed = 0 WHERE id = ?`, id)
	return err
}

// setAddress changes the address that codes are mailed to, and tells the old one.
func (a *app) setAddress(ctx context.Context, who user, address string) error {
	_, err := a.db.ExecContext(ctx, `UPDATE users SET address = ?, address_changed = 1 WHERE id = ?`, address, who.ID)
	if err != nil {
		return err
	}
	if err := a.settleAddress(ctx, who.ID); err != nil {
		return err
	}
	return a.mail.send(ctx, letter{To: who.Address, Subject: "Your address was changed", Body: "Mail goes to another address now. If it was not you, write to us."})
}

// settleAddress voids the codes that were mailed: who reads the old address may have
// asked for them.
func (a *app) settleAddress(ctx context.Context, id string) error {
	if err := a.admin.VoidCodes(ctx, id); err != nil {
		return err
	}
	_, err := a.db.ExecContext(ctx, `UPDATE users SET address_changed = 0 WHERE id = ?`, id)
	return err
}

// settleChanges finishes what was cut off between a change and its telling factor.
func (a *app) settleChanges(ctx context.Context) error {
	if err := a.settleEach(ctx, `SELECT id FROM users WHERE password_changed = 1`, a.settlePassword); err != nil {
		return err
	}
	return a.settleEach(ctx, `SELECT id FROM users WHERE address_changed = 1`, a.settleAddress)
}

func (a *app) settleEach(ctx context.Context, query string, settle func(ctx context.Context, id string) error) error {
	ids, err := stringsOf(a.db.QueryContext(ctx, query))
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := settle(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
