package main

import (
	"context"

	"golang.org/x/crypto/bcrypt"
)

// setPassword changes the password. By the new epoch the same statement ends every
// session and every remembered browser of the user, and says that factor has to hear of
// it: should the process end here, settleChanges does the rest.
func (a *app) setPassword(ctx context.Context, who user, password string) error {
	if err := checkNewPassword(password); err != nil {
		return err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcryptCost)
	if err != nil {
		return err
	}
	_, err = a.db.ExecContext(ctx, `UPDATE users SET password_hash = ?, epoch = epoch + 1 WHERE id = ?`,
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
// because whoever had the old password may have asked for them. It lifts a lock of the
// password.
func (a *app) settlePassword(ctx context.Context, id string) error {
	var epoch int64 // a later one is told apart
	if err := a.db.QueryRowContext(ctx, `SELECT epoch FROM users WHERE id = ?`, id).Scan(&epoch); err != nil {
		return err
	}
	if err := a.admin.PasswordChanged(ctx, id); err != nil {
		return err
	}
	_, err := a.db.ExecContext(ctx, `UPDATE users SET epoch_told = max(epoch_told, ?) WHERE id = ?`, epoch, id)
	return err
}

// setAddress changes the address that codes are mailed to, and tells the old one.
func (a *app) setAddress(ctx context.Context, who user, address string) error {
	_, err := a.db.ExecContext(ctx, `UPDATE users SET address = ?, moves = moves + 1 WHERE id = ?`, address, who.ID)
	if err != nil {
		return err
	}
	if err := a.settleAddress(ctx, who.ID); err != nil {
		return err
	}
	return a.mail.send(ctx, letter{To: who.Address, Subject: "Your address was changed", Body: "Mail goes to another address now. If it was not you, write to us."})
}

// settleAddress voids the codes that were mailed, because whoever reads the old address
// may have asked for them.
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

// settleChanges finishes what was cut off between a change and its telling factor.
func (a *app) settleChanges(ctx context.Context) error {
	if err := a.settleEach(ctx, `SELECT id FROM users WHERE epoch_told < epoch`, a.settlePassword); err != nil {
		return err
	}
	return a.settleEach(ctx, `SELECT id FROM users WHERE moves_told < moves`, a.settleAddress)
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
