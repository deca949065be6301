package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"
)

const (
	rememberCookie = "weblogin-browser"
	rememberFor    = 30 * 24 * time.Hour
)

// remember gives the browser a token that stands for the second factor of this user,
// until the password changes. The table holds its hash only.
func (a *app) remember(w http.ResponseWriter, r *http.Request, who user) error {
	token, ends := rand.Text(), a.now().Add(rememberFor)
	_, err := a.db.ExecContext(r.Context(), `INSERT INTO browsers (token_hash, user_id, epoch, ends_at) VALUES (?, ?, ?, ?)`,
		hashed(token), who.ID, who.Epoch, ends.UnixMilli())
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{
		Name: rememberCookie, Value: token, Path: "/login", MaxAge: int(rememberFor / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: false, // true behind TLS
	})
	return nil
}

// forgetBrowsers has every browser asked again, after a change of the second factor.
func (a *app) forgetBrowsers(ctx context.Context, id string) error {
	_, err := a.db.ExecContext(ctx, `DELETE FROM browsers WHERE user_id = ?`, id)
	return err
}

// isRemembered reports whether the browser has such a token of this user. Ask only once
// the password was right.
func (a *app) isRemembered(r *http.Request, who user) (remembered bool, err error) {
	cookie, err := r.Cookie(rememberCookie)
	if err != nil {
		return false, nil
	}
	err = a.db.QueryRowContext(r.Context(), `SELECT EXISTS (
		SELECT 1 FROM browsers WHERE token_hash = ? AND user_id = ? AND epoch = ? AND ends_at > ?)`,
		hashed(cookie.Value), who.ID, who.Epoch, a.now().UnixMilli()).Scan(&remembered)
	return remembered, err
}
