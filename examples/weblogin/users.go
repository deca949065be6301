package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"
)

// A user is a row of the application's own table. factor keeps no passwords and no
// addresses.
type user struct {
	// ID never changes and is never given to another user. It is factor's name for
	// the user.
	ID      string
	Name    string
	Address string
	// Epoch counts changes of the password, and Moves changes of the address. A
	// change ends earlier sessions: see visitor.
	Epoch, Moves int64
}

type users struct {
	db  *sql.DB
	now func() time.Time
}

// bcryptCost is lower in tests.
var bcryptCost = bcrypt.DefaultCost

// longest is the most bytes of a password that bcrypt reads.
const longest = 72

// An inputError is an error that a person can correct in a form.
type inputError string

func (e inputError) Error() string { return string(e) }

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,31}$`)

// spelled returns the one spelling of a name: Alice and alice are the same user.
func spelled(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

func checkAddress(address string) error {
	if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address || !shows(address, 200) {
		return inputError("Give an address such as alice@example.com.")
	}
	return nil
}

func checkNewPassword(password string) error {
	if len(password) < 8 || len(password) > longest {
		return inputError("A password has 8 to 72 bytes: characters, where they are plain letters and digits.")
	}
	return nil
}

// create adds a user.
func (u *users) create(ctx context.Context, name, address, password string) (user, error) {
	if !namePattern.MatchString(name) {
		return user{}, inputError("A name has 2 to 32 letters, digits, dots, hyphens and underscores.")
	}
	if err := errors.Join(checkAddress(address), checkNewPassword(password)); err != nil {
		return user{}, err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcryptCost)
	if err != nil {
		return user{}, err
	}
	created := user{ID: uuid.NewString(), Name: name, Address: address}
	done, err := u.db.ExecContext(ctx, `INSERT INTO users (id, name, address, password_hash, epoch, epoch_told, moves, moves_told)
		VALUES (?, ?, ?, ?, 0, 0, 0, 0) ON CONFLICT DO NOTHING`, created.ID, name, address, string(hash))
	if err != nil {
		return user{}, err
	}
	if n, err := done.RowsAffected(); n == 0 {
		return user{}, errors.Join(inputError("This name is taken."), err)
	}
	return created, nil
}

// named returns the user of a spelled name, byID that of an ID. Without one they
// return sql.ErrNoRows.
func (u *users) named(ctx context.Context, name string) (user, error) {
	return u.row(ctx, `SELECT id, name, address, epoch, moves FROM users WHERE name = ?`, name)
}

func (u *users) byID(ctx context.Context, id string) (user, error) {
	return u.row(ctx, `SELECT id, name, address, epoch, moves FROM users WHERE id = ?`, id)
}

func (u *users) row(ctx context.Context, query string, arg any) (found user, err error) {
	err = u.db.QueryRowContext(ctx, query, arg).Scan(&found.ID, &found.Name, &found.Address, &found.Epoch, &found.Moves)
	return found, err
}

// checkPassword is factor.Options.CheckPassword. An error is a fault and costs no try.
func (u *users) checkPassword(ctx context.Context, id, password string) (bool, error) {
	var hash string
	if err := u.db.QueryRowContext(ctx, `SELECT password_hash FROM users WHERE id = ?`, id).Scan(&hash); err != nil {
		return false, err
	}
	if len(password) > longest {
		return false, nil
	}
	err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	return err == nil, err
}

// noPassword takes as long as checkPassword, for unknown names.
func noPassword(password string) {
	_ = bcrypt.CompareHashAndPassword(nobodysHash(), []byte(password))
}

var nobodysHash = sync.OnceValue(func() []byte {
	hash, _ := bcrypt.GenerateFromPassword([]byte("nobody's"), bcryptCost) // fails only for long ones
	return hash
})

// hashed returns a token's hash for the tables. Nobody guesses 130 random bits, so
// SHA-256 is good enough.
func hashed(token string) string {
	hash := sha256.Sum256([]byte(token))
	return hex.EncodeToString(hash[:])
}
