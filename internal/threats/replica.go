package threats

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/knowhave/factor"
)

// goneStates are states in which the guard lets a reset go on.
var goneStates = map[string]func(t *testing.T, w *world, p *person){
	"nothing is known": func(*testing.T, *world, *person) {},
	"emptied": func(t *testing.T, w *world, p *person) {
		must(t, w.Admin.SetPIN(ctx, p.id, p.pin))
		must(t, w.Admin.Forget(ctx, p.id))
	},
	"only counts": func(t *testing.T, w *world, p *person) {
		mustBe(t, w.V.VerifyPIN(ctx, p.id, "8642"), factor.ErrMismatch)
	},
	"only a login code": func(t *testing.T, w *world, p *person) { p.issue(factor.KindLogin) },
	"wiped":             func(t *testing.T, w *world, p *person) { must(t, w.Guard.Forfeit(ctx, p.id)) },
	"wipe pending":      func(_ *testing.T, _ *world, p *person) { p.pend() },
	"wiped by strikes": func(t *testing.T, w *world, p *person) {
		must(t, w.Admin.SetPIN(ctx, p.id, p.pin))
		for range 4 {
			_ = w.Guard.Prove(ctx, p.id, p.wrong(factor.KindPIN))
		}
	},
}

// proveOnReplica serves the guard the state from before a binding: it does not let
// the reset go on, whether the load lags once or for ever, because letting a reset
// go on takes a swap.
func proveOnReplica(t *testing.T, env Env, authenticator bool) {
	for name := range goneStates {
		for _, forEver := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				w, p, s := bindBehind(t, env, name, forEver, authenticator)
				newest := w.status(p.id)
				err := w.start(s).Guard.Prove(ctx, p.id, p.wrong(factor.KindPIN))
				if err == nil || errors.Is(err, factor.ErrNotEnrolled) || errors.Is(err, factor.ErrWiped) {
					t.Fatalf("%s, and then a PIN was set: an old record was answered with %v", name, err)
				}
				if after := w.status(p.id); after.PIN != newest.PIN || after.Wipe != nil {
					t.Fatalf("%s: an old record was written back: %+v", name, after)
				}
			})
		}
	}
}

// forfeitOnReplica serves Forfeit the state from before a binding: if it lets the
// reset go on, it has wiped the current state.
func forfeitOnReplica(t *testing.T, env Env, authenticator bool) {
	for name := range goneStates {
		for _, forEver := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				w, p, s := bindBehind(t, env, name, forEver, authenticator)
				err := w.start(s).Guard.Forfeit(ctx, p.id)
				after := w.status(p.id)
				if err == nil && (after.Wipe == nil || !w.host.isFinished(after.Wipe.ID) || after.PIN) {
					t.Fatalf("%s, and then a PIN was set: Forfeit let the reset go on, and left %+v", name, after)
				}
				if err == nil == forEver {
					t.Fatalf("%s: Forfeit answered %v, where loads lag for ever: %v", name, err, forEver)
				}
			})
		}
	}
}

// bindBehind brings a user into a state and sets a PIN that the script's loads do
// not show: the first one alone, or all.
func bindBehind(t *testing.T, env Env, state string, forEver, authenticator bool) (*world, *person, *script) {
	t.Helper()
	w := newWorld(t, env, func(o *factor.Options) { o.Reset.Authenticator = authenticator })
	p := w.stranger()
	goneStates[state](t, w, p)
	s := newScript(nth(1, "Store.Load", serves))
	if forEver {
		s = newScript(everyFrom(1, "Store.Load", serves))
	}
	s.old = w.record(p.id)
	must(t, w.Admin.SetPIN(ctx, p.id, p.pin))
	return w, p, s
}
