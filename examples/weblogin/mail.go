package main

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/knowhave/factor"
)

// An outbox keeps each mail in a table that the page /mailbox shows. A real one
// would hand it to a queue that keeps it until it is sent.
type outbox struct {
	db    *sql.DB
	users *users
	now   func() time.Time
}

// A letter is a mail. Link is an optional link in it.
type letter struct {
	To, Subject, Body, Link string
	At                      time.Time
}

// An execer is a *sql.DB or a *sql.Tx.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func (o *outbox) send(ctx context.Context, l letter) error { return o.sendIn(ctx, o.db, l) }

// sendIn sends a letter within a transaction.
func (o *outbox) sendIn(ctx context.Context, in execer, l letter) error {
	_, err := in.ExecContext(ctx, `INSERT INTO mails (address, subject, body, link, at) VALUES (?, ?, ?, ?, ?)`,
		l.To, l.Subject, l.Body, l.Link, o.now().UnixMilli())
	return err
}

// code mails a code to the address on record. It reads the address only now: a code
// issued before the address changed is void.
func (o *outbox) code(ctx context.Context, id, what string, code factor.OTP) error {
	to, err := o.users.byID(ctx, id)
	if err != nil {
		return err
	}
	return o.send(ctx, codeLetter(to.Address, what, code))
}

func codeLetter(to, what string, code factor.OTP) letter {
	return letter{To: to, Subject: "Your code " + what, Body: "Your code " + what + " is " + code.Code +
		". It is good once, until " + clockTime(code.ExpiresAt) + ". Nobody of us will ever ask you for it."}
}

// notices maps actions to texts for the user.
var notices = map[factor.Action]string{
	factor.ActionPINSet:                 "A PIN was set.",
	factor.ActionPINRemoved:             "The PIN was removed.",
	factor.ActionEnrolled:               "A device was enrolled.",
	factor.ActionRevoked:                "A device was revoked.",
	factor.ActionAuthenticatorConfirmed: "An authenticator was added.",
	factor.ActionAuthenticatorRemoved:   "The authenticator was removed.",
	factor.ActionRecoveryGenerated:      "New recovery codes were made. The old ones are void.",
	factor.ActionRecoveryRemoved:        "The recovery codes were removed.",
	factor.ActionVerified:               "A recovery code was used.",
	factor.ActionLockedOut:              "There were too many wrong tries. Write to us to unlock it.",
	factor.ActionResetLastChance:        "Somebody is resetting your password. With one more wrong PIN we delete your cards.",
	factor.ActionWipeMarked:             "Your cards are being deleted, because your password was reset without the PIN.",
	factor.ActionWipeDone:               "Your cards were deleted.",
}

// notify mails a notice of factor. factor calls it with the same ID until it
// returns nil; the mail is sent once. Nobody wants the notices of a user who is
// gone.
func (o *outbox) notify(ctx context.Context, n factor.Notice) error {
	to, err := o.users.byID(ctx, n.Event.User)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	text, known := notices[n.Event.Action]
	if !known {
		text = "Something changed: " + string(n.Event.Action) + "."
	}
	_, err = o.db.ExecContext(ctx, `INSERT INTO mails (notice, user_id, address, subject, body, link, at) VALUES (?, ?, ?, ?, ?, '', ?)
		ON CONFLICT (notice) DO NOTHING`,
		n.ID.String(), to.ID, to.Address, text, text+" If it was not you, change your password.", n.Event.At.UnixMilli())
	return err
}

// letters returns the mails to an address, or all for "", newest first.
func (o *outbox) letters(ctx context.Context, to string) ([]letter, error) {
	return o.query(ctx, `SELECT address, subject, body, link, at FROM mails WHERE ? IN ('', address) ORDER BY id DESC LIMIT 50`, to)
}

// told returns the newest notices mailed to a user, at any address.
func (o *outbox) told(ctx context.Context, id string) ([]letter, error) {
	return o.query(ctx, `SELECT address, subject, body, link, at FROM mails
		WHERE notice IS NOT NULL AND user_id = ? ORDER BY id DESC LIMIT 8`, id)
}

func (o *outbox) query(ctx context.Context, query string, arg any) (all []letter, err error) {
	rows, err := o.db.QueryContext(ctx, query, arg)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var l letter
		var ms int64
		if err := rows.Scan(&l.To, &l.Subject, &l.Body, &l.Link, &ms); err != nil {
			return nil, err
		}
		l.At = time.UnixMilli(ms)
		all = append(all, l)
	}
	return all, rows.Err()
}
