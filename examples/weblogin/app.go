package main

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	_ "modernc.org/sqlite"

	"github.com/knowhave/factor"
)

// An app is the web application.
type app struct {
	db   *sql.DB
	log  *slog.Logger
	now  func() time.Time
	base string

	users    *users
	mail     *outbox
	wallet   *wallet
	sessions *scs.SessionManager
	limit    *addressLimit

	verifier       *factor.Verifier
	pins           *factor.PINs
	codes          *factor.OTPIssuer
	authenticators *factor.AuthenticatorEnroller
	recovery       *factor.RecoveryCodes
	guard          *factor.ResetGuard
	admin          *factor.Admin
}

// newApp opens the database and builds the application.
func newApp(ctx context.Context, c config) (*app, error) {
	db, err := sql.Open("sqlite", "file:"+c.Database+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(8) // so that all stay open
	db.SetMaxIdleConns(8)
	a := &app{db: db, log: c.Log, now: c.Now, base: c.Base, sessions: newSessions()}
	if a.now == nil {
		a.now = time.Now
	}
	a.users = &users{db: db, now: a.now}
	a.mail = &outbox{db: db, users: a.users, now: a.now}
	a.wallet = &wallet{db: db, now: a.now}
	a.limit = newAddressLimit(c.Burst, a.now)
	if err = a.createTables(ctx); err == nil {
		err = a.embed(ctx, c.KeyFile)
	}
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return a, nil
}

func (a *app) close() error { return a.db.Close() }

// tables are the application's own. Times are in milliseconds since 1970.
const tables = `
CREATE TABLE IF NOT EXISTS users (
	id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, address TEXT NOT NULL,
	password_hash TEXT NOT NULL, epoch INTEGER NOT NULL,
	epoch_told INTEGER NOT NULL, moves INTEGER NOT NULL, moves_told INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS cards (
	id INTEGER PRIMARY KEY, user_id TEXT NOT NULL, label TEXT NOT NULL, added_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS payments (
	id TEXT PRIMARY KEY, user_id TEXT NOT NULL, payee TEXT NOT NULL, amount TEXT NOT NULL, paid INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS mails (
	id INTEGER PRIMARY KEY, notice TEXT UNIQUE, user_id TEXT, address TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL,
	link TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS reset_links (
	token_hash TEXT PRIMARY KEY, user_id TEXT NOT NULL, epoch INTEGER NOT NULL, moves INTEGER NOT NULL, ends_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS browsers (
	token_hash TEXT PRIMARY KEY, user_id TEXT NOT NULL, epoch INTEGER NOT NULL, ends_at INTEGER NOT NULL);
`

func (a *app) createTables(ctx context.Context) error {
	_, err := a.db.ExecContext(ctx, tables)
	return err
}

// handler returns the whole application. Only a POST changes anything or uses up a
// code or a link: mail scanners and browsers fetch every link they see.
func (a *app) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /style.css", http.FileServerFS(styles))
	a.routeEntrance(mux)
	a.routeAccount(mux)
	a.routeReset(mux)

	// Refuse forms of other sites, by the browser's headers.
	var crossOrigin http.CrossOriginProtection
	return a.headers(a.limit.posts(crossOrigin.Handler(a.sessions.LoadAndSave(mux))))
}

// A router is the part of *http.ServeMux that the routes use.
type router interface {
	Handle(pattern string, handler http.Handler)
}

// routeEntrance adds the pages for sessions that are not past both factors.
func (a *app) routeEntrance(mux router) {
	mux.Handle("GET /{$}", a.anybody(a.showHome))
	mux.Handle("GET /mailbox", a.anybody(a.showMailbox))
	mux.Handle("GET /register", a.at(stageNone, a.showRegister))
	mux.Handle("POST /register", a.at(stageNone, a.register))
	mux.Handle("GET /login", a.at(stageNone, a.showLogin))
	mux.Handle("POST /login", a.at(stageNone, a.login))
	pastPassword := []stage{stageHalf, stageKnown}
	mux.Handle("GET /login/second", a.among(pastPassword, a.showSecond))
	mux.Handle("POST /login/second", a.among(pastPassword, a.second))
	mux.Handle("POST /login/second/mail", a.among(pastPassword, a.mailSecond))
	mux.Handle("POST /logout", a.anybody(a.logout))
}

// routeAccount adds the pages of a logged-in session. Changing the account needs
// both factors: a remembered browser is none.
func (a *app) routeAccount(mux router) {
	loggedIn := []stage{stageKnown, stageFull}
	mux.Handle("GET /account", a.among(loggedIn, a.showAccount))
	mux.Handle("POST /account/pin", a.at(stageFull, a.setPIN))
	mux.Handle("POST /account/authenticator", a.at(stageFull, a.beginAuthenticator))
	mux.Handle("POST /account/authenticator/confirm", a.at(stageFull, a.confirmAuthenticator))
	mux.Handle("POST /account/authenticator/remove", a.at(stageFull, a.removeAuthenticator))
	mux.Handle("POST /account/recovery", a.at(stageFull, a.generateRecovery))
	mux.Handle("POST /account/cards", a.at(stageFull, a.addCard))
	mux.Handle("POST /account/password", a.at(stageFull, a.changePassword))
	mux.Handle("POST /account/address", a.at(stageFull, a.beginAddress))
	mux.Handle("POST /account/address/confirm", a.at(stageFull, a.confirmAddress))
	mux.Handle("GET /pay", a.among(loggedIn, a.showPay))
	mux.Handle("POST /pay", a.among(loggedIn, a.pay))
	mux.Handle("GET /pay/{id}", a.among(loggedIn, a.showPayment))
	mux.Handle("POST /pay/{id}", a.among(loggedIn, a.confirmPayment))
}

// routeReset adds the pages for a forgotten password.
func (a *app) routeReset(mux router) {
	mux.Handle("GET /forgot", a.at(stageNone, a.showForgot))
	mux.Handle("POST /forgot", a.at(stageNone, a.forgot))
	mux.Handle("GET /reset", a.anybody(a.showResetLink))
	mux.Handle("POST /reset", a.anybody(a.followResetLink))
	mux.Handle("GET /reset/proof", a.at(stageReset, a.showProof))
	mux.Handle("POST /reset/proof", a.at(stageReset, a.prove))
	mux.Handle("POST /reset/forfeit", a.at(stageReset, a.forfeit))
	mux.Handle("GET /reset/password", a.at(stageProven, a.showNewPassword))
	mux.Handle("POST /reset/password", a.at(stageProven, a.resetPassword))
}
