package main

import (
	"context"
	"errors"

	"golang.org/x/crypto/bcrypt"
)

// setPassword changes the password. The same statement raises the epoch, which ends
// every session and remembered browser of the user and records that factor does not
// know yet: if the process ends here, settleChanges does the rest. It refuses a
// change that began with an older password.
func (a *app) setPassword(ctx context.Context, who user, password string) error {
	if err := checkNewPassword(password); err != nil {
		return err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcryptCost)
	if err != nil {
		return err
	}
	told := letter{To: who.Address, Subject: "Your password was changed", Body: "If it was not you, reset it at " + a.base + "/forgot."}
	err = a.change(ctx, told, `UPDATE users SET password_hash = ?, epoch = epoch + 1 WHERE id = ? AND epoch = ?`,
		string(hash), who.ID, who.Epoch)
	if err != nil {
		return err
	}
	return a.settlePassword(ctx, who.ID)
}

// settlePassword voids mailed codes and drops a pending authenticator, because
// whoever had the old password may have requested them. It lifts a lock of the
// password.
func (a *app) settlePassword(ctx context.Context, id string) error {
	var epoch int64 // to notice a later change
	if err := a.db.QueryRowContext(ctx, `SELECT epoch FROM users WHERE id = ?`, id).Scan(&epoch); err != nil {
		return err
	}
	if err := a.admin.PasswordChanged(ctx, id); err != nil {
		return err
	}
	_, err := a.db.ExecContext(ctx, `UPDATE users SET epoch_told = max(epoch_told, ?) WHERE id = ?`, epoch, id)
	return err
}

// setAddress changes the address that codes are mailed to, mails the old one, and
// ends every session: one may have begun with a link mailed to the old address.
func (a *app) setAddress(ctx context.Context, who user, address string) error {
	told := letter{To: who.Address, Subject: "Your address was changed", Body: "Mail goes to another address now. If it was not you, write to us."}
	err := a.change(ctx, told, `UPDATE users SET address = ?, moves = moves + 1 WHERE id = ? AND epoch = ? AND moves = ?`,
		address, who.ID, who.Epoch, who.Moves)
	if err != nil {
		return err
	}
	return a.settleAddress(ctx, who.ID)
}

// settleAddress voids mailed codes, because whoever reads the old address may have
// requested them.
func (a *app) settleAddress(ctx context.Context, id string) error {
	var moves int64
	if err := a.db.QueryRowContext(ctx, `SELECT moves FROM users WHERE id = ?`, id).Scan(&moves); err != nil {
		return err
	}
	if err := a.admin.VoidCodes(ctx, id); err != nil {
		return err
	}
	_, err := a.db.ExecContext(ctx, `UPDATE users SET moves_told = max(moves_told, ?) WHERE id = ?`, moves, id)
	return err
}

// change updates a user and sends a letter about it: both, or neither.
func (a *app) change(ctx context.Context, told letter, query string, args ...any) error {
	tx, err := a.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	done, err := tx.ExecContext(ctx, query, args...)
	if err := changedOne(done, err, "Your account has changed meanwhile. Begin again."); err != nil {
		return err
	}
	if err := a.mail.sendIn(ctx, tx, told); err != nil {
		return err
	}
	return tx.Commit()
}

// settleChanges tells factor of changes that were cut off before that. A user whose
// record does not open holds up nobody else.
func (a *app) settleChanges(ctx context.Context) error {
	return errors.Join(
		a.settleEach(ctx, `SELECT id FROM users WHERE epoch_told < epoch`, a.settlePassword),
		a.settleEach(ctx, `SELECT id FROM users WHERE moves_told < moves`, a.settleAddress))
}

func (a *app) settleEach(ctx context.Context, query string, settle func(ctx context.Context, id string) error) error {
	ids, err := stringsOf(a.db.QueryContext(ctx, query))
	failed := []error{err}
	for _, id := range ids {
		failed = append(failed, settle(ctx, id))
	}
	return errors.Join(failed...)
}
