package main

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// payments holds the critical data that the reset guard protects.
type payments struct{ db *database }

// add saves a payment method.
func (p *payments) add(ctx context.Context, user, label string, at time.Time) error {
	_, err := p.db.ExecContext(ctx,
		p.db.bind(`INSERT INTO userapi_payment_methods (id, user_id, label, added_at) VALUES (?, ?, ?, ?)`),
		uuid.NewString(), user, label, at.UnixMilli())
	return err
}

// list returns the labels, oldest first.
func (p *payments) list(ctx context.Context, user string) ([]string, error) {
	rows, err := p.db.QueryContext(ctx,
		p.db.bind(`SELECT label FROM userapi_payment_methods WHERE user_id = ? ORDER BY added_at, label`), user)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	labels := []string{}
	for rows.Next() {
		var label string
		if err := rows.Scan(&label); err != nil {
			return nil, err
		}
		labels = append(labels, label)
	}
	return labels, rows.Err()
}

// wipe is factor.Options.Wipe. It deletes what existed when the wipe was marked,
// and nothing that the user has saved since. It is idempotent per ID. Both matter,
// because factor calls it until it returns nil: from several processes at once, or
// a day later.
func (p *payments) wipe(ctx context.Context, w factor.Wipe) error {
	err := p.wipeOnce(ctx, w)
	if err != nil {
		// The row of an earlier or faster call may be in the way.
		if done, again := p.wiped(ctx, w.ID); again == nil && done {
			return nil
		}
	}
	return err
}

// wipeOnce fails if the wipe already has a row.
func (p *payments) wipeOnce(ctx context.Context, w factor.Wipe) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx,
		p.db.bind(`INSERT INTO userapi_wipes (id, user_id, reason, at) VALUES (?, ?, ?, ?)`),
		w.ID.String(), w.User, string(w.Reason), w.At.UnixMilli()); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx,
		p.db.bind(`DELETE FROM userapi_payment_methods WHERE user_id = ? AND added_at <= ?`),
		w.User, w.At.UnixMilli()); err != nil {
		return err
	}
	return tx.Commit()
}

// wiped reports whether the wipe is done.
func (p *payments) wiped(ctx context.Context, id uuid.UUID) (bool, error) {
	var done int
	err := p.db.QueryRowContext(ctx, p.db.bind(`SELECT COUNT(*) FROM userapi_wipes WHERE id = ?`), id.String()).Scan(&done)
	return done > 0, err
}
