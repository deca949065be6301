package main

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/alexedwards/scs/v2"
)

// A stage tells how far the visitor of a session has come. A session has one at a
// time, so half a login, or a reset, never counts as a whole login.
type stage string

const (
	stageNone   stage = ""
	stageHalf   stage = "half"   // past the password
	stageKnown  stage = "known"  // past the password, in a remembered browser
	stageFull   stage = "full"   // past both factors
	stageReset  stage = "reset"  // past the link in the mail
	stageProven stage = "proven" // the reset guard has let the reset go on
)

// lifetimes tells how long a stage lasts, and entrances where its visitor goes on.
var (
	lifetimes = map[stage]time.Duration{
		stageHalf: 10 * time.Minute, stageKnown: 12 * time.Hour, stageFull: 12 * time.Hour, stageReset: 15 * time.Minute, stageProven: 15 * time.Minute,
	}
	entrances = map[stage]string{
		stageNone: "/login", stageHalf: "/login/second", stageKnown: "/login/second", stageFull: "/account",
		stageReset: "/reset/proof", stageProven: "/reset/password",
	}
)

// The keys of a session.
const (
	keyUser, keyEpoch, keyMoves, keyStage, keyEnds = "user", "epoch", "moves", "stage", "ends"
	keyFlash, keyNewAddress, keyAMR                = "flash", "new-address", "amr"
)

// sessionLife bounds a session, whatever its stages.
const sessionLife = 12 * time.Hour

// newSessions keeps sessions in memory: they end with the program. scs has stores for
// databases.
func newSessions() *scs.SessionManager {
	m := scs.New()
	m.Lifetime = sessionLife
	m.Cookie.Name = "weblogin"
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Secure = false // true behind TLS
	m.HashTokenInStore = true
	m.Store = neverBack(m.Store)
	return m
}

// A visitor is what a session tells about the sender of a request.
type visitor struct {
	user
	Stage stage
}

// enter takes a visitor to a stage, under a new token, so that a planted or stolen
// token does not come along, and neither does another user's data.
func (a *app) enter(ctx context.Context, who user, to stage) error {
	if a.sessions.GetString(ctx, keyUser) != who.ID {
		if err := a.sessions.Clear(ctx); err != nil {
			return err
		}
	}
	if err := a.sessions.RenewToken(ctx); err != nil {
		return err
	}
	a.sessions.Put(ctx, keyUser, who.ID)
	a.sessions.Put(ctx, keyEpoch, who.Epoch)
	a.sessions.Put(ctx, keyMoves, who.Moves)
	a.sessions.Put(ctx, keyStage, string(to))
	a.sessions.Put(ctx, keyEnds, a.now().Add(lifetimes[to]).UnixMilli())
	return nil
}

// leave ends the session and starts an empty one.
func (a *app) leave(ctx context.Context) error {
	if err := a.sessions.Clear(ctx); err != nil {
		return err
	}
	return a.sessions.RenewToken(ctx)
}

// visitor returns the sender of a request. A session ends with its stage, and when
// the password or the address changes.
func (a *app) visitor(ctx context.Context) (visitor, error) {
	id := a.sessions.GetString(ctx, keyUser)
	if id == "" {
		return visitor{}, nil
	}
	who, err := a.users.byID(ctx, id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return visitor{}, err
	}
	ends := time.UnixMilli(a.sessions.GetInt64(ctx, keyEnds))
	changed := who.Epoch != a.sessions.GetInt64(ctx, keyEpoch) || who.Moves != a.sessions.GetInt64(ctx, keyMoves)
	if err != nil || changed || !a.now().Before(ends) {
		return visitor{}, a.leave(ctx)
	}
	return visitor{user: who, Stage: stage(a.sessions.GetString(ctx, keyStage))}, nil
}

// A view serves a request. An error gets its own page.
type view func(w http.ResponseWriter, r *http.Request, v visitor) error

func (a *app) anybody(serve view) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := a.visitor(r.Context())
		if err == nil {
			err = serve(w, r, v)
		}
		if err != nil {
			a.fail(w, r, v, err)
		}
	})
}

// at serves visitors at one stage, and sends all others to where they can go on.
func (a *app) at(only stage, serve view) http.Handler { return a.among([]stage{only}, serve) }

// among serves visitors at one of several stages, and sends all others on.
func (a *app) among(stages []stage, serve view) http.Handler {
	return a.anybody(func(w http.ResponseWriter, r *http.Request, v visitor) error {
		if !slices.Contains(stages, v.Stage) {
			http.Redirect(w, r, entrances[v.Stage], http.StatusSeeOther)
			return nil
		}
		return serve(w, r, v)
	})
}

// next redirects the browser to another page, which shows a message once.
func (a *app) next(w http.ResponseWriter, r *http.Request, path, say string) error {
	if say != "" {
		a.sessions.Put(r.Context(), keyFlash, say)
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}
