package model

import (
	"fmt"
	"strings"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
	"pgregory.net/rapid"
)

func (m *machine) prove(t *rapid.T) {
	if !m.cfg.guard {
		return
	}
	guarded := func(u *user) bool { return u.state.Wipe.Stage != spec.NotWiped || hasPIN(u) || hasDevice(u) }
	if !m.someone(guarded) && !rare(t, "prove nothing", 5) {
		m.enroll(t)
		return
	}
	a := m.act(spec.Prove, m.drawUserWho(t, guarded))
	fields := []string{"otp", "otp", "otp", "otp", "pin", "pin", "pin", "pin", "otp pin", "otp pin", "otp pin", "otp pin", "", "password pin"}
	if m.env.RarePINs {
		fields = []string{"otp", "otp", "otp", "otp", "otp", "pin", "", "otp password"}
	}
	a.prove(t, fields...)
	if u := m.users[a.User]; u != nil && hasDevice(u) && rare(t, "used code", 5) {
		if s := u.state.Devices[0].Secret; s.Last != spec.NoStep {
			a.OTP = m.drawn.At(s, s.Last)
			a.label("the last used device code instead")
		}
	}
	a.make()
	for m.cfg.opts.Reset.ForgiveRepeats && rare(t, "again", 3) {
		if rare(t, "later", 2) {
			m.moveClock(t)
		}
		a.make()
	}
}

func (m *machine) forfeit(t *rapid.T) {
	if m.cfg.guard {
		m.act(spec.Forfeit, m.drawUser(t)).make()
	}
}

func (m *machine) unlock(t *rapid.T) {
	name := m.drawUser(t)
	var ks []given
	for _, r := range spec.Kinds {
		ks = append(ks, given{r.Name, r.Name})
	}
	k := factor.Kind(one(t, "kind", ks, 20, literal("", "sms", "PIN")).text)
	a := m.act(spec.Unlock, name)
	a.args.Kinds = pick(t, "kinds", []factor.Kind{k}, []factor.Kind{k}, nil, []factor.Kind{},
		[]factor.Kind{k, factor.KindPIN}, []factor.Kind{factor.KindAccount, k})
	a.label("%q", a.args.Kinds)
	a.Kinds = translate.KindsOf(a.args.Kinds)
	a.make()
}

// status looks at a user outside of the invariant.
func (m *machine) status(t *rapid.T) {
	name := one(t, "user", literal("nobody", "aNN", "Ann "), 2, badUsers)
	a := m.act(spec.Status, name)
	if a.make() && translate.View(m.views.Do(t.Context(), &a.Call, nil).Status) != (spec.View{}) {
		m.t.Fatalf("%s(%v): a status out of nothing", a.Op, name)
	}
}

// erases is Forget or Discard. It is rare, or no user grows old.
func erases(op spec.Op) func(*machine, *rapid.T) {
	return func(m *machine, t *rapid.T) {
		if rare(t, "erase", 3) {
			m.act(op, m.drawUser(t)).make()
		}
	}
}

func (m *machine) listUsers(t *rapid.T) {
	a := m.act(spec.Users, given{})
	a.args.After = pick(t, "after", "", "A", "Ann", "ann", "ann ", "b")
	a.args.Most = pick(t, "stop after", 1, 2, 3, 4)
	o := m.do(fmt.Sprintf("%s%s(%q)", a.view, a.Op, a.args.After), &a.Call, &a.args)
	if m.malformed(o, &a.Call) {
		return
	}
	var want []string
	for _, name := range m.names {
		if m.users[name].state.Stored && name > a.args.After && len(want) < a.args.Most {
			want = append(want, name)
		}
	}
	if o.Err != nil || strings.Join(o.Users, "|") != strings.Join(want, "|") {
		m.t.Fatalf("%s: %q, %v, want %q", o.label, o.Users, o.Err, want)
	}
}
