package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// users is the host's own table of users. factor keeps no passwords and knows
// nobody's address: it asks here.
type users struct {
	db   *database
	cost int // of bcrypt
}

// create adds a user, and reports false if there is one of that ID.
func (u *users) create(ctx context.Context, id, mail, password string, registered time.Time) (created bool, err error) {
	if _, err := u.byID(ctx, id); !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), u.cost)
	if err != nil {
		return false, err
	}
	_, err = u.db.ExecContext(ctx,
		u.db.bind(`INSERT INTO userapi_users (id, mail, password_hash, token_hash, registered_at) VALUES (?, ?, ?, ?, ?)`),
		id, mail, string(hash), hashed(rand.Text()), registered.UnixMilli())
	return err == nil, err
}

// newToken gives the user a bearer token, in the place of the one before. The
// table holds its hash only, for which SHA-256 will do: nobody guesses 130 random
// bits.
func (u *users) newToken(ctx context.Context, id string) (string, error) {
	token := rand.Text()
	_, err := u.db.ExecContext(ctx, u.db.bind(`UPDATE userapi_users SET token_hash = ? WHERE id = ?`), hashed(token), id)
	return token, err
}

func hashed(token string) string {
	hash := sha256.Sum256([]byte(token))
	return hex.EncodeToString(hash[:])
}

// link links the identity that the identity provider has of a user, in the place
// of the one before. Without one, no operation serves the user.
func (u *users) link(ctx context.Context, id, identity string) error {
	tx, err := u.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, u.db.bind(`DELETE FROM userapi_identities WHERE user_id = ?`), id); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx,
		u.db.bind(`INSERT INTO userapi_identities (user_id, identity) VALUES (?, ?)`), id, identity); err != nil {
		return err
	}
	return tx.Commit()
}

// linked reports whether the user has a linked identity.
func (u *users) linked(ctx context.Context, id string) (bool, error) {
	var n int
	err := u.row(ctx, &n, `SELECT COUNT(*) FROM userapi_identities WHERE user_id = ?`, id)
	return n > 0, err
}

// byToken returns whose token it is, sql.ErrNoRows if nobody's.
func (u *users) byToken(ctx context.Context, token string) (id string, err error) {
	err = u.row(ctx, &id, `SELECT id FROM userapi_users WHERE token_hash = ?`, hashed(token))
	return id, err
}

// byID returns the ID as the table has it, sql.ErrNoRows if it has not: factor
// is given none that came from a request, and none of users who do not exist.
func (u *users) byID(ctx context.Context, named string) (id string, err error) {
	err = u.row(ctx, &id, `SELECT id FROM userapi_users WHERE id = ?`, named)
	return id, err
}

// address is where the user's mail goes.
func (u *users) address(ctx context.Context, id string) (mail string, err error) {
	err = u.row(ctx, &mail, `SELECT mail FROM userapi_users WHERE id = ?`, id)
	return mail, err
}

// registeredAt is factor.Options.RegisteredAt.
func (u *users) registeredAt(ctx context.Context, id string) (time.Time, error) {
	var ms int64
	if err := u.row(ctx, &ms, `SELECT registered_at FROM userapi_users WHERE id = ?`, id); err != nil {
		return time.Time{}, err
	}
	return time.UnixMilli(ms), nil
}

// checkPassword is factor.Options.CheckPassword. An error is a fault and costs
// no try; a wrong password is none.
func (u *users) checkPassword(ctx context.Context, id, password string) (bool, error) {
	var hash string
	if err := u.row(ctx, &hash, `SELECT password_hash FROM userapi_users WHERE id = ?`, id); err != nil {
		return false, err
	}
	if len(password) > 72 {
		return false, nil // bcrypt hashes no longer one, and compares the first 72 bytes only
	}
	err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	return err == nil, err
}

// row reads the one value of a query.
func (u *users) row(ctx context.Context, value any, query string, arg any) error {
	return u.db.QueryRowContext(ctx, u.db.bind(query), arg).Scan(value)
}
