package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net/http"
	"time"

	"github.com/knowhave/factor"
)

const (
	linkLife  = 30 * time.Minute
	linkPause = time.Minute // between two links to a user
)

func (a *app) showForgot(w http.ResponseWriter, r *http.Request, v visitor) error {
	return a.show(w, r, v, "forgot", nil)
}

// forgot mails a link. Its answer does not tell whether the user exists.
func (a *app) forgot(w http.ResponseWriter, r *http.Request, _ visitor) error {
	who, err := a.users.named(r.Context(), spelled(r.PostFormValue("name")))
	if err == nil {
		err = a.mailLink(r.Context(), who)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return a.next(w, r, "/forgot", "If there is such a user, a link is in the mailbox.")
}

// mailLink mails a link, unless the user got one just now.
func (a *app) mailLink(ctx context.Context, who user) error {
	token, ends := rand.Text(), a.now().Add(linkLife)
	done, err := a.db.ExecContext(ctx, `INSERT INTO reset_links (token_hash, user_id, epoch, moves, ends_at) SELECT ?, ?, ?, ?, ?
		WHERE NOT EXISTS (SELECT 1 FROM reset_links WHERE user_id = ? AND ends_at > ?)`,
		hashed(token), who.ID, who.Epoch, who.Moves, ends.UnixMilli(), who.ID, ends.Add(-linkPause).UnixMilli())
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return a.mail.send(ctx, letter{To: who.Address, Subject: "Reset your password", Body: "Follow this link within 30 minutes.", Link: a.base + "/reset?token=" + token})
}

// showResetLink is the page of the link. It changes nothing: mail scanners follow
// links.
func (a *app) showResetLink(w http.ResponseWriter, r *http.Request, v visitor) error {
	return a.show(w, r, v, "reset", r.FormValue("token"))
}

// followResetLink uses up the link, unless the password or the address has changed
// since it was mailed. Only past the link does the application call the reset
// guard: a caller who could reach the guard freely could destroy other users'
// cards.
func (a *app) followResetLink(w http.ResponseWriter, r *http.Request, v visitor) error {
	ctx := r.Context()
	var id string
	err := a.db.QueryRowContext(ctx, `DELETE FROM reset_links AS l WHERE token_hash = ? AND ends_at > ? AND EXISTS (
		SELECT 1 FROM users AS u WHERE u.id = l.user_id AND u.epoch = l.epoch AND u.moves = l.moves) RETURNING user_id`,
		hashed(r.PostFormValue("token")), a.now().UnixMilli()).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return a.refuse(w, r, v, "reset", "", inputError("This link was used or is too old. Ask for another one."))
	}
	if err != nil {
		return err
	}
	who, err := a.users.byID(ctx, id)
	if err != nil {
		return err
	}
	if err := a.enter(ctx, who, stageReset); err != nil {
		return err
	}
	return a.next(w, r, "/reset/proof", "")
}

func (a *app) showProof(w http.ResponseWriter, r *http.Request, v visitor) error {
	return a.show(w, r, v, "proof", nil)
}

// prove asks the guard. The reset goes on only after three answers: the PIN is
// right, there was nothing to prove, or the cards are deleted.
func (a *app) prove(w http.ResponseWriter, r *http.Request, v visitor) error {
	err := a.guard.Prove(r.Context(), v.ID, factor.Credentials{PIN: factor.CleanCode(r.PostFormValue("pin"))})
	var mismatch *factor.MismatchError
	switch {
	case err == nil:
		return a.goOn(w, r, v, "The PIN is right: you keep your cards.")
	case errors.Is(err, factor.ErrWipePending): // before ErrWiped
		return a.refuse(w, r, v, "proof", nil, err)
	case errors.Is(err, factor.ErrWiped):
		return a.goOn(w, r, v, "Your cards were deleted.")
	case errors.Is(err, factor.ErrNotEnrolled):
		return a.goOn(w, r, v, "There was nothing to prove.")
	case errors.As(err, &mismatch) && mismatch.Remaining == 0:
		return a.refuse(w, r, v, "proof", nil, inputError("This is not right. With the next wrong PIN we delete your cards."))
	}
	return a.refuse(w, r, v, "proof", nil, err)
}

// forfeit gives the cards up.
func (a *app) forfeit(w http.ResponseWriter, r *http.Request, v visitor) error {
	if r.PostFormValue("sure") == "" {
		return a.refuse(w, r, v, "proof", nil, inputError("Say that you give up your cards."))
	}
	if err := a.guard.Forfeit(r.Context(), v.ID); err != nil {
		return a.refuse(w, r, v, "proof", nil, err)
	}
	return a.goOn(w, r, v, "Your cards were deleted.")
}

func (a *app) goOn(w http.ResponseWriter, r *http.Request, v visitor, say string) error {
	if err := a.enter(r.Context(), v.user, stageProven); err != nil {
		return err
	}
	return a.next(w, r, "/reset/password", say)
}

func (a *app) showNewPassword(w http.ResponseWriter, r *http.Request, v visitor) error {
	return a.show(w, r, v, "newpassword", nil)
}

// resetPassword ends all sessions of the user, this one too. The user logs in with the
// new password, and with the second factor.
func (a *app) resetPassword(w http.ResponseWriter, r *http.Request, v visitor) error {
	if err := a.setPassword(r.Context(), v.user, r.PostFormValue("new")); err != nil {
		return a.refuse(w, r, v, "newpassword", nil, err)
	}
	if err := a.leave(r.Context()); err != nil {
		return err
	}
	return a.next(w, r, "/login", "The password is changed. Log in with it.")
}
