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

// users is the host's own table of users. factor keeps no passwords and no
// addresses: it calls these methods.
type users struct {
	db   *database
	cost int // of bcrypt
}

// create adds a user. It returns false if the ID is taken.
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

// newToken replaces the user's bearer token. The table holds only its hash; SHA-256
// is good enough, since nobody guesses 130 random bits.
func (u *users) newToken(ctx context.Context, id string) (string, error) {
	token := rand.Text()
	_, err := u.db.ExecContext(ctx, u.db.bind(`UPDATE userapi_users SET token_hash = ? WHERE id = ?`), hashed(token), id)
	return token, err
}

func hashed(token string) string {
	hash := sha256.Sum256([]byte(token))
	return hex.EncodeToString(hash[:])
}

// link replaces the identity that the identity provider has of a user. Without one,
// no operation serves the user.
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

// byToken returns the user of a token, or sql.ErrNoRows.
func (u *users) byToken(ctx context.Context, token string) (id string, err error) {
	err = u.row(ctx, &id, `SELECT id FROM userapi_users WHERE token_hash = ?`, hashed(token))
	return id, err
}

// byID returns the ID as the table has it, or sql.ErrNoRows. So factor gets no ID
// from a request, and none of a user who does not exist.
func (u *users) byID(ctx context.Context, named string) (id string, err error) {
	err = u.row(ctx, &id, `SELECT id FROM userapi_users WHERE id = ?`, named)
	return id, err
}

// address returns the user's mail address.
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

// checkPassword is factor.Options.CheckPassword. An error is a fault and costs no
// try; a wrong password is not an error.
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
