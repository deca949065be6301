package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// progressSchema holds the move's progress, beside the old tables: the last user of
// those who have moved, and the refusals. It holds no secret.
const progressSchema = `
CREATE TABLE IF NOT EXISTS move_progress (one INTEGER PRIMARY KEY CHECK (one = 1), after TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS move_refused (
	user_id TEXT NOT NULL, field TEXT NOT NULL, reason TEXT NOT NULL,
	PRIMARY KEY (user_id, field)
);`

// pageSize is the number of users between two notes of the progress. After a crash,
// that many may move again, which changes nothing.
const pageSize = 1000

// A mover moves the users of an old database into factor.
type mover struct {
	old     *sql.DB
	admin   *factor.Admin
	workers int
	// onPage, if not nil, receives the number of users moved in this run, after
	// each page.
	onPage func(moved int)
}

// run moves up to most users, from where the last run ended, and returns how many
// it moved.
func (m *mover) run(ctx context.Context, most int) (moved int, err error) {
	if _, err := m.old.ExecContext(ctx, progressSchema); err != nil {
		return 0, err
	}
	var after string
	err = m.old.QueryRowContext(ctx, `SELECT after FROM move_progress`).Scan(&after)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	for moved < most {
		page, err := m.page(ctx, after, min(pageSize, most-moved))
		if err != nil || len(page) == 0 {
			return moved, err
		}
		refused, err := m.movePage(ctx, page)
		if err != nil {
			return moved, err
		}
		after = page[len(page)-1].id
		if err := m.note(ctx, after, refused); err != nil {
			return moved, err
		}
		moved += len(page)
		if m.onPage != nil {
			m.onPage(moved)
		}
	}
	return moved, nil
}

// page reads the next users, each with the phones.
func (m *mover) page(ctx context.Context, after string, limit int) ([]legacyUser, error) {
	rows, err := m.old.QueryContext(ctx, `
		SELECT u.id, u.pin_hash, u.pin_set_at, u.totp_secret, u.totp_used_at, p.id, p.url, p.registered_at
		FROM (SELECT * FROM users WHERE id > ? ORDER BY id LIMIT ?) u LEFT JOIN phones p ON p.user_id = u.id
		ORDER BY u.id, p.registered_at`, after, limit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var page []legacyUser
	for rows.Next() {
		var (
			u          legacyUser
			phone, url sql.NullString
			registered sql.NullInt64
		)
		if err := rows.Scan(&u.id, &u.pinHash, &u.pinSetAt, &u.secret, &u.usedAt, &phone, &url, &registered); err != nil {
			return nil, err
		}
		if len(page) == 0 || page[len(page)-1].id != u.id {
			page = append(page, u)
		}
		if phone.Valid {
			id, err := uuid.Parse(phone.String)
			if err != nil {
				return nil, fmt.Errorf("phone of %s: %w", u.id, err)
			}
			last := &page[len(page)-1]
			last.phones = append(last.phones, legacyPhone{id, url.String, registered.Int64})
		}
	}
	return page, rows.Err()
}

// holdings translates a user's rows. It is the only function that knows both sides.
func holdings(u legacyUser) factor.Import {
	var held factor.Import
	if u.pinHash.Valid {
		held.PIN = &factor.ImportedPIN{Hash: u.pinHash.String, SetAt: time.Unix(u.pinSetAt.Int64, 0)}
	}
	if u.secret.Valid {
		held.Authenticator = &factor.ImportedTOTP{Secret: u.secret.String}
		if u.usedAt.Valid {
			// The old table knows when a code was right, but not its step. With
			// pquerna/otp's skew of one, it may have been the next step's.
			held.Authenticator.LastStep = u.usedAt.Int64/30 + 1
		}
	}
	for _, p := range u.phones {
		held.Devices = append(held.Devices, factor.ImportedDevice{
			ID: p.id, TOTP: factor.ImportedTOTP{URL: p.url}, EnrolledAt: time.Unix(p.registeredAt, 0),
		})
	}
	return held
}

// A refusal is a part of a user's row that Import refused.
type refusal struct{ user, field, reason string }

// moveUser imports what a user holds. It leaves out and notes a refused part, so
// that the rest can move: the user enrols that part again.
func (m *mover) moveUser(ctx context.Context, u legacyUser) (refused []refusal, err error) {
	held := holdings(u)
	for held.PIN != nil || held.Authenticator != nil || len(held.Devices) > 0 {
		err := m.admin.Import(ctx, u.id, held)
		var malformed *factor.MalformedError
		var enrolled *factor.AlreadyEnrolledError
		switch {
		case err == nil:
			return refused, nil
		case errors.As(err, &malformed):
			refused = append(refused, refusal{u.id, malformed.Field, malformed.Reason})
			if !leaveOut(&held, malformed.Field) {
				return nil, err // the user's ID itself
			}
		case errors.As(err, &enrolled):
			// The user was faster: the newer one stays.
			return append(refused, refusal{u.id, "Import", "the user holds another: " + string(enrolled.Kind)}), nil
		default:
			return nil, err
		}
	}
	return refused, nil
}

var deviceField = regexp.MustCompile(`^Import\.Devices\[(\d+)\]`)

// leaveOut removes the part that holds a field.
func leaveOut(held *factor.Import, field string) bool {
	switch index := deviceField.FindStringSubmatch(field); {
	case strings.HasPrefix(field, "Import.PIN."):
		held.PIN = nil
	case strings.HasPrefix(field, "Import.Authenticator."):
		held.Authenticator = nil
	case index != nil:
		var n int
		_, _ = fmt.Sscan(index[1], &n)
		held.Devices = append(held.Devices[:n:n], held.Devices[n+1:]...)
	default:
		return false
	}
	return true
}

// movePage moves a page with several workers, because the store has time for others
// while one seals. The first fault ends it.
func (m *mover) movePage(ctx context.Context, page []legacyUser) (refused []refusal, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var mu sync.Mutex
	var workers sync.WaitGroup
	users := make(chan legacyUser)
	for range m.workers {
		workers.Go(func() {
			for u := range users {
				parts, err := m.moveUser(ctx, u)
				if err != nil {
					stop(fmt.Errorf("moving %s: %w", u.id, err))
					return
				}
				mu.Lock()
				refused = append(refused, parts...)
				mu.Unlock()
			}
		})
	}
	for _, u := range page {
		select {
		case users <- u:
		case <-ctx.Done():
		}
	}
	close(users)
	workers.Wait()
	return refused, context.Cause(ctx)
}

// note stores the progress and the refusals in one transaction.
func (m *mover) note(ctx context.Context, after string, refused []refusal) error {
	tx, err := m.old.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, r := range refused {
		_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO move_refused VALUES (?, ?, ?)`, r.user, r.field, r.reason)
		if err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO move_progress VALUES (1, ?)`, after); err != nil {
		return err
	}
	return tx.Commit()
}
