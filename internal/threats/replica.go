package threats

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/knowhave/factor"
)

// goneStates are states of a user in which the guard lets a reset go on.
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
	"wiped by strikes": func(t *testing.T, w *world, p *person) {
		must(t, w.Admin.SetPIN(ctx, p.id, p.pin))
		for range 4 {
			_ = w.Guard.Prove(ctx, p.id, p.wrong(factor.KindPIN))
		}
	},
}

// proveOnReplica serves the guard what the user was before something was bound: it
// does not let the reset go on, whether the load lags once or for ever, because what
// lets a reset go on is a swap.
func proveOnReplica(t *testing.T, env Env, authenticator bool) {
	for name, reach := range goneStates {
		for _, lags := range []func(int, string) fault{nth(1, "Store.Load", serves), everyFrom(1, "Store.Load", serves)} {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, env, func(o *factor.Options) { o.Reset.Authenticator = authenticator })
				p := w.stranger()
				reach(t, w, p)
				s := newScript(lags)
				s.old = w.record(p.id)
				must(t, w.Admin.SetPIN(ctx, p.id, p.pin))
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
