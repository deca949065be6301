package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/knowhave/factor"
)

const (
	rememberCookie = "weblogin-browser"
	rememberFor    = 30 * 24 * time.Hour
)

// remember gives the browser a token that stands for this user's second factor
// until the password or the authenticator changes. The table holds only its hash.
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

// notify is factor.Options.Notify. After a change of authenticators it makes
// remembered browsers ask for the second factor again. factor repeats a notice
// until notify returns nil, even if the process ends in between.
func (a *app) notify(ctx context.Context, n factor.Notice) error {
	switch n.Event.Action {
	case factor.ActionAuthenticatorConfirmed, factor.ActionAuthenticatorRemoved:
		_, err := a.db.ExecContext(ctx, `DELETE FROM browsers WHERE user_id = ? AND ends_at <= ?`,
			n.Event.User, n.Event.At.Add(rememberFor).UnixMilli())
		if err != nil {
			return err
		}
	}
	return a.mail.notify(ctx, n)
}

// isRemembered reports whether the browser has such a token of this user. Call it
// only after a right password.
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
