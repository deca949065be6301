package main

import (
	"database/sql"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/knowhave/factor"
)

func (a *app) showHome(w http.ResponseWriter, r *http.Request, v visitor) error {
	return a.show(w, r, v, "home", nil)
}

func (a *app) showRegister(w http.ResponseWriter, r *http.Request, v visitor) error {
	return a.show(w, r, v, "register", nil)
}

// register adds a user, who is then past the password but not past the mailbox.
func (a *app) register(w http.ResponseWriter, r *http.Request, v visitor) error {
	name := spelled(r.PostFormValue("name"))
	created, err := a.users.create(r.Context(), name, r.PostFormValue("address"), r.PostFormValue("password"))
	if err != nil {
		return a.refuse(w, r, v, "register", nil, err)
	}
	return a.pastPassword(w, r, created)
}

func (a *app) showLogin(w http.ResponseWriter, r *http.Request, v visitor) error {
	return a.show(w, r, v, "login", nil)
}

// login is the first factor. It reads the user before it judges the password: if
// the password changes meanwhile, the session belongs to the old epoch and is over.
//
// A wrong password and an unknown name get the same answer. But a lock tells that
// the name exists, as register does. A service that hides its users must lock
// unknown names in the same way.
func (a *app) login(w http.ResponseWriter, r *http.Request, v visitor) error {
	const notRight = inputError("Name or password is not right.")
	password := r.PostFormValue("password")
	if password == "" || len(password) > longest { // no password is this long
		return a.refuse(w, r, v, "login", nil, notRight)
	}
	who, err := a.users.named(r.Context(), spelled(r.PostFormValue("name")))
	if errors.Is(err, sql.ErrNoRows) { // never pass factor a user who does not exist
		noPassword(password)
		return a.refuse(w, r, v, "login", nil, notRight)
	}
	if err == nil {
		err = a.verifier.VerifyPassword(r.Context(), who.ID, password)
	}
	if errors.Is(err, factor.ErrMismatch) {
		err = notRight
	}
	if err != nil {
		return a.refuse(w, r, v, "login", nil, err)
	}
	return a.pastPassword(w, r, who)
}

// pastPassword goes on to the second factor, or skips it in a remembered browser.
func (a *app) pastPassword(w http.ResponseWriter, r *http.Request, who user) error {
	remembered, err := a.isRemembered(r, who)
	if err != nil {
		return err
	}
	if remembered {
		return a.open(w, r, who, stageKnown, factor.KindPassword)
	}
	if err := a.enter(r.Context(), who, stageHalf); err != nil {
		return err
	}
	return a.next(w, r, "/login/second", "")
}

// A secondForm holds the kinds offered as the second factor.
type secondForm struct{ Kinds []factor.Kind }

// Has reports whether the page offers a kind.
func (f secondForm) Has(kind string) bool { return slices.Contains(f.Kinds, factor.Kind(kind)) }

// secondForm looks up what the user holds, only past the first factor: before that
// it would tell strangers. It offers no mailed code beside an authenticator, or the
// mailbox would be as good.
func (a *app) secondForm(r *http.Request, v visitor) (secondForm, error) {
	held, err := a.verifier.Holdings(r.Context(), v.ID)
	kinds := []factor.Kind{factor.KindLogin}
	if held.Authenticator {
		kinds = []factor.Kind{factor.KindTOTP}
	}
	if held.RecoveryCodes > 0 {
		kinds = append(kinds, factor.KindRecovery)
	}
	return secondForm{kinds}, err
}

func (a *app) showSecond(w http.ResponseWriter, r *http.Request, v visitor) error {
	form, err := a.secondForm(r, v)
	if err != nil {
		return err
	}
	return a.show(w, r, v, "second", form)
}

// mailSecond mails a code for the login.
func (a *app) mailSecond(w http.ResponseWriter, r *http.Request, v visitor) error {
	form, err := a.secondForm(r, v)
	if err != nil {
		return err
	}
	if !form.Has("login") {
		return a.next(w, r, "/login/second", "")
	}
	code, err := a.codes.IssueUnproven(r.Context(), v.ID, factor.KindLogin)
	if err == nil {
		err = a.mail.code(r.Context(), v.ID, "to log in", code)
	}
	if err != nil {
		return a.refuse(w, r, v, "second", form, err)
	}
	return a.next(w, r, "/login/second", "A code is in your mailbox.")
}

// second is the second factor: it accepts only the offered kinds.
func (a *app) second(w http.ResponseWriter, r *http.Request, v visitor) error {
	form, err := a.secondForm(r, v)
	if err != nil {
		return err
	}
	match, err := a.verifier.VerifyOTP(r.Context(), v.ID, factor.CleanCode(r.PostFormValue("code")), form.Kinds...)
	if err != nil {
		return a.refuse(w, r, v, "second", form, err)
	}
	if r.PostFormValue("remember") != "" {
		if err := a.remember(w, r, v.user); err != nil {
			return err
		}
	}
	return a.open(w, r, v.user, stageFull, factor.KindPassword, match.Kind)
}

// open opens the session and keeps how the user logged in, as RFC 8176 values.
func (a *app) open(w http.ResponseWriter, r *http.Request, who user, to stage, by ...factor.Kind) error {
	if err := a.enter(r.Context(), who, to); err != nil {
		return err
	}
	var amr []string
	for _, kind := range by {
		amr = append(amr, kind.AMR())
	}
	a.sessions.Put(r.Context(), keyAMR, strings.Join(amr, " "))
	return a.next(w, r, "/account", "You are logged in.")
}

func (a *app) logout(w http.ResponseWriter, r *http.Request, _ visitor) error {
	if err := a.leave(r.Context()); err != nil {
		return err
	}
	return a.next(w, r, "/", "You are logged out.")
}

// showMailbox shows all mail to everybody, so that the example needs no mail
// server.
func (a *app) showMailbox(w http.ResponseWriter, r *http.Request, v visitor) error {
	letters, err := a.mail.letters(r.Context(), r.FormValue("to"))
	if err != nil {
		return err
	}
	return a.show(w, r, v, "mailbox", letters)
}
