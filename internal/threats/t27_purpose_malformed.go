package threats

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/translate"
)

// onMalformed makes a use on a view whose purpose is malformed.
func onMalformed(u use, on *process, p *person, purpose ...string) error {
	view := on.V.For(purpose...)
	if strings.HasPrefix(u.name, "ResetGuard.") {
		_, err := factor.NewResetGuard(view)
		return err
	}
	return u.run(ctx, &process{translate.NewViews(view), on.script}, p)
}

// misuseFor makes every use on views whose purposes are malformed, as those are that a
// request has left empty: each is refused before anything is asked.
func misuseFor(t *testing.T, env Env) {
	w := newWorld(t, env, everyProof)
	checkUsed(t, w.process)
	s := newScript(nil)
	on := w.start(s)
	for _, purpose := range [][]string{{}, {""}, {"pay", ""}, {"", "pay"}, {"pay", strings.Repeat("p", 256)}, {"pay\xff"}} {
		for i, u := range uses {
			if u.makesView || env.skips(i, 7) {
				continue
			}
			p := w.person()
			u.prepare(p)
			s.reset(nil)
			err := onMalformed(u, on, p, purpose...)
			if m, ok := errors.AsType[*factor.MalformedError](err); !ok || m.Field != "purpose" {
				t.Fatalf("%s for %q answered %v, want a MalformedError of purpose", u.name, purpose, err)
			}
			if calls := slices.DeleteFunc(s.calls(), func(name string) bool { return name == "Now" }); len(calls) > 0 {
				t.Fatalf("%s for %q called %q", u.name, purpose, calls)
			}
		}
	}
	p := w.person()
	code := p.issueOnly(factor.KindAccount, forPay)
	_, err := w.V.For().For(forPay...).VerifyOTP(ctx, p.id, code)
	must(t, err)
}

// changeParts changes the slice that a purpose was made of: the view stays what it was.
func changeParts(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	p := w.person()
	parts := slices.Clone(forPay)
	view := w.on(parts)
	code, err := view.Codes.IssueUnproven(ctx, p.id, factor.KindAccount)
	must(t, err)
	parts[1] = "thief"
	_, err = w.on([]string{forPay[0], "thief", forPay[2]}).V.VerifyOTP(ctx, p.id, code.Code)
	mustBe(t, err, factor.ErrMismatch)
	_, err = view.V.VerifyOTP(ctx, p.id, code.Code)
	must(t, err)
	parts[1] = ""
	_, err = view.Codes.IssueUnproven(ctx, p.id, factor.KindAccount)
	must(t, err)
}
