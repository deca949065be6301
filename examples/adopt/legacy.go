package main

import (
	"context"
	"database/sql"
	"encoding/base32"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"
)

// legacySchema is the schema of a team that checks codes with pquerna/otp and PINs
// with bcrypt: a table of users, and one of the phones that show codes.
const legacySchema = `
CREATE TABLE users (
	id           TEXT PRIMARY KEY,
	pin_hash     TEXT,    -- bcrypt
	pin_set_at   INTEGER, -- Unix seconds
	totp_secret  TEXT,    -- as otp.Key.Secret returned it
	totp_used_at INTEGER  -- Unix seconds of the last code that was right
);
CREATE TABLE phones (
	user_id       TEXT NOT NULL REFERENCES users (id),
	id            TEXT PRIMARY KEY,
	url           TEXT NOT NULL, -- as otp.Key.URL returned it
	registered_at INTEGER NOT NULL
);
CREATE INDEX phones_of_user ON phones (user_id);`

// legacyPIN is everybody's PIN here. A real table has a different hash for each
// user; making 100,000 of them would take longer than moving them.
const legacyPIN = "8299"

// makeLegacy fills a database as years of use would: most users are fine, and some
// rows hold what nobody would write today.
func makeLegacy(ctx context.Context, db *sql.DB, users int, now time.Time) error {
	if _, err := db.ExecContext(ctx, legacySchema); err != nil {
		return err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(legacyPIN), bcrypt.DefaultCost)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	addUser, err := tx.PrepareContext(ctx, `INSERT INTO users VALUES (?, ?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	addPhone, err := tx.PrepareContext(ctx, `INSERT INTO phones VALUES (?, ?, ?, ?)`)
	if err != nil {
		return err
	}
	draw := rand.New(rand.NewPCG(1, 2))
	for n := range users {
		u := drawUser(n, draw, string(hash), now)
		if _, err := addUser.ExecContext(ctx, u.id, u.pinHash, u.pinSetAt, u.secret, u.usedAt); err != nil {
			return err
		}
		for _, p := range u.phones {
			if _, err := addPhone.ExecContext(ctx, u.id, p.id.String(), p.url, p.registeredAt); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}

// A legacyUser is a row of users with its rows of phones.
type legacyUser struct {
	id               string
	pinHash, secret  sql.NullString
	pinSetAt, usedAt sql.NullInt64
	phones           []legacyPhone
}

type legacyPhone struct {
	id           uuid.UUID
	url          string
	registeredAt int64
}

// drawUser draws the n-th user.
func drawUser(n int, draw *rand.Rand, hash string, now time.Time) legacyUser {
	u := legacyUser{id: fmt.Sprintf("user-%07d", n)}
	past := func() int64 { return now.Unix() - 86400 - draw.Int64N(3*365*86400) }
	if draw.IntN(10) > 0 {
		u.pinHash, u.pinSetAt = text(hash), number(past())
		if draw.IntN(100) == 0 {
			u.pinHash = text("5f4dcc3b5aa765d61d8327deb882cf99") // from the year of MD5
		}
	}
	if draw.IntN(10) < 6 {
		u.secret = text(drawSecret(draw, 20))
		switch draw.IntN(100) {
		case 0:
			u.secret = text("") // enabled, but never finished
		case 1, 2, 3:
			u.secret = text(drawSecret(draw, 10)) // 80 bits, once the default of many
		}
		if draw.IntN(2) > 0 {
			u.usedAt = number(now.Unix() - draw.Int64N(30*86400))
		}
	}
	for draw.IntN(4) == 0 && len(u.phones) < 3 {
		p := legacyPhone{registeredAt: past(), url: "otpauth://totp/Shop:" + u.id + "?issuer=Shop&period=30&digits=6&algorithm=SHA1&secret="}
		for i := range p.id {
			p.id[i] = byte(draw.Uint32())
		}
		if draw.IntN(100) == 0 && u.secret.Valid {
			p.url += u.secret.String // copied from the authenticator
		} else {
			p.url += drawSecret(draw, 20)
		}
		u.phones = append(u.phones, p)
	}
	return u
}

// drawSecret draws a secret that is the same for each seed. It is not secret.
func drawSecret(draw *rand.Rand, size int) string {
	key := make([]byte, size)
	for i := range key {
		key[i] = byte(draw.Uint32())
	}
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(key)
}

func text(s string) sql.NullString { return sql.NullString{String: s, Valid: true} }

func number(n int64) sql.NullInt64 { return sql.NullInt64{Int64: n, Valid: true} }
