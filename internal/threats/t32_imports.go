package threats

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// A mover is a user from another system, whose old rows may be imported again.
type mover struct {
	*person
	t    *testing.T
	name string          // of what the user does
	dead map[string]bool // what the user has replaced or removed, by the names of works
	used map[factor.Kind][]string
}

// A change is what the user does after the move.
type change struct {
	name string
	do   func(m *mover)
}

var changes = []change{
	{"nothing", func(*mover) {}},
	{"use everything", (*mover).use},
	{"set the PIN", (*mover).setPIN},
	{"remove the PIN", (*mover).removePIN},
	{"revoke the phone", func(m *mover) { m.revoke(phoneID) }},
	{"revoke the tablet", func(m *mover) { m.revoke(tabletID) }},
	{"enrol the phone anew", func(m *mover) { m.enroll(phoneID) }},
	{"enrol the tablet anew", func(m *mover) { m.enroll(tabletID) }},
	{"confirm another authenticator", (*mover).confirm},
	{"remove the authenticator", (*mover).removeApp},
	{"forfeit", func(m *mover) { m.wiped(m.w.Guard.Forfeit(ctx, m.id)) }},
	{"fail the guard", (*mover).fail},
}

// Threat32UndoingImport has the old rows imported once more after everything that a
// user can do, one act or two, in every spelling and, if they were imported before,
// under every ID: what the user has replaced, removed or used does not come back.
func Threat32UndoingImport(t *testing.T, env Env) {
	i := 0
	for _, authenticator := range []bool{false, true} {
		for _, imported := range []bool{true, false} {
			for _, first := range changes {
				if i++; env.skips(i, 7) {
					continue
				}
				t.Run(fmt.Sprintf("authenticator proves %v, imported before %v, %s", authenticator, imported, first.name), func(t *testing.T) {
					w := newWorld(t, env, func(o *factor.Options) { o.Reset.Authenticator = authenticator })
					for j, second := range changes {
						if env.skips(j+i, 5) {
							continue
						}
						m := newMover(t, w, imported)
						m.name = first.name + ", " + second.name
						first.do(m)
						second.do(m)
						m.sweep()
						m.importAgain(imported)
						m.mustStayDead()
					}
				})
			}
		}
	}
}

// newMover returns a user whose old rows were imported, or were refused because the
// user holds something in each place already.
func newMover(t *testing.T, w *world, imported bool) *mover {
	t.Helper()
	p := w.stranger()
	m := &mover{person: p, t: t, dead: map[string]bool{}, used: map[factor.Kind][]string{}}
	if !imported {
		m.setPIN()
		m.enroll(phoneID)
		m.enroll(tabletID)
		m.confirm()
		mustBe(t, w.Admin.Import(ctx, p.id, oldRows), factor.ErrAlreadyEnrolled)
		return m
	}
	must(t, w.Admin.Import(ctx, p.id, oldRows))
	return m
}

// sweep lets days pass and sweeps, unless a used code is tried again.
func (m *mover) sweep() {
	if len(m.used) > 0 {
		return
	}
	for range 3 {
		m.w.clock.Turn(25 * time.Hour)
		_, err := m.w.Admin.Sweep(ctx)
		must(m.t, err)
	}
}

func (m *mover) fatalf(format string, args ...any) {
	m.t.Helper()
	m.t.Fatalf(m.name+": "+format, args...)
}

func (m *mover) mailed() factor.Credentials {
	return factor.Credentials{OTP: m.issue(factor.KindAccount).Code}
}

// optional ignores that there is nothing to remove.
func (m *mover) optional(err error) {
	m.t.Helper()
	must(m.t, absent(err))
}

func (m *mover) setPIN() {
	must(m.t, m.w.PINs.Set(ctx, m.id, newPIN, m.mailed()))
	m.dead["PIN"] = true
}

func (m *mover) removePIN() {
	m.optional(m.w.PINs.Remove(ctx, m.id, m.mailed()))
	m.dead["PIN"] = true
}

func (m *mover) revoke(id uuid.UUID) {
	m.optional(m.w.Devices.Revoke(ctx, m.id, id, m.mailed()))
	m.dead[id.String()] = true
}

func (m *mover) enroll(id uuid.UUID) {
	e, err := m.w.Devices.Enroll(ctx, m.id, id, m.mailed())
	must(m.t, err)
	m.others = append(m.others, newGenerator(e))
	m.dead[id.String()] = true
}

func (m *mover) confirm() {
	e, err := m.w.Auth.Begin(ctx, m.id, m.mailed())
	must(m.t, err)
	g := newGenerator(e)
	m.others = append(m.others, g)
	must(m.t, m.w.Auth.Confirm(ctx, m.id, g.code(g.step(m.w.clock.Now()))))
	m.dead["authenticator"] = true
}

func (m *mover) removeApp() {
	m.optional(m.w.Auth.Remove(ctx, m.id, m.mailed()))
	m.dead["authenticator"] = true
}

// wiped records what a wipe removes. The authenticator stays.
func (m *mover) wiped(err error) {
	must(m.t, err)
	m.dead["PIN"], m.dead[phoneID.String()], m.dead[tabletID.String()] = true, true, true
}

func (m *mover) fail() {
	for range 4 {
		if err := m.w.Guard.Prove(ctx, m.id, factor.Credentials{PIN: "7531"}); errors.Is(err, factor.ErrNotEnrolled) {
			return
		}
	}
	m.wiped(nil)
}

// use uses the PIN, whose hash is made anew by that, and a code of everything that is
// in force.
func (m *mover) use() {
	if !m.dead["PIN"] {
		must(m.t, m.w.V.VerifyPIN(ctx, m.id, oldPIN))
	}
	for _, k := range []struct {
		name string
		kind factor.Kind
		key  []byte
	}{
		{"authenticator", factor.KindTOTP, appKey},
		{phoneID.String(), factor.KindDeviceTOTP, phoneKey},
		{tabletID.String(), factor.KindDeviceTOTP, tabletKey},
	} {
		g := generatorOf(k.key)
		code := g.code(g.step(m.w.clock.Now()))
		if m.dead[k.name] || slices.Contains(m.used[k.kind], code) {
			continue
		}
		_, err := m.w.V.VerifyOTP(ctx, m.id, code, k.kind)
		must(m.t, err)
		m.used[k.kind] = append(m.used[k.kind], code)
	}
}

// importAgain has the old rows imported once more. Each import is refused or changes
// nothing, and is no event.
func (m *mover) importAgain(imported bool) {
	m.t.Helper()
	before, events := shown(m.t, m.w.status(m.id)), m.w.host.told(m.id, factor.ActionImported)
	for i, later := range laterImports(imported) {
		if m.w.env.skips(i, 9) {
			continue
		}
		if err := m.w.Admin.Import(ctx, m.id, later); !errors.Is(err, factor.ErrAlreadyEnrolled) {
			must(m.t, err)
		}
		if after := shown(m.t, m.w.status(m.id)); after != before {
			m.fatalf("import %d changed\n%s to\n%s", i, before, after)
		}
	}
	if n := m.w.host.told(m.id, factor.ActionImported); n != events {
		m.fatalf("%d imports are told of that took nothing over", n-events)
	}
}

// isNew reports whether a code is, by chance, that of a secret that was made here.
func (m *mover) isNew(code string) bool {
	return slices.ContainsFunc(m.others, func(g generator) bool { return g.near(code, m.w.clock.Now()) })
}

// mustStayDead tries what was used, replaced and removed, and what is in force.
func (m *mover) mustStayDead() {
	m.t.Helper()
	for kind, codes := range m.used {
		for _, code := range codes {
			if _, err := m.w.V.VerifyOTP(ctx, m.id, code, kind); err == nil && !m.isNew(code) {
				m.fatalf("a code of the %s works twice", kind)
			}
		}
	}
	if m.w.status(m.id).Wipe != nil {
		mustBe(m.t, m.w.Guard.Prove(ctx, m.id, factor.Credentials{PIN: oldPIN}), factor.ErrWiped)
	}
	m.w.clock.Turn(5 * time.Minute)
	m.w.unlock(m.id)
	for slices.ContainsFunc([][]byte{appKey, phoneKey, tabletKey}, func(key []byte) bool {
		g := generatorOf(key)
		return m.isNew(g.code(g.step(m.w.clock.Now())))
	}) {
		m.w.clock.Turn(30 * time.Second)
	}
	code := func(key []byte, kinds ...factor.Kind) error {
		g := generatorOf(key)
		_, err := m.w.V.VerifyOTP(ctx, m.id, g.code(g.step(m.w.clock.Now())), kinds...)
		m.w.unlock(m.id)
		return err
	}
	for name, err := range map[string]error{
		"PIN":             m.w.V.VerifyPIN(ctx, m.id, oldPIN),
		"authenticator":   code(appKey, factor.KindTOTP, factor.KindDeviceTOTP),
		phoneID.String():  code(phoneKey, factor.KindDeviceTOTP, factor.KindTOTP),
		tabletID.String(): code(tabletKey, factor.KindDeviceTOTP, factor.KindTOTP),
	} {
		if (err != nil) != m.dead[name] {
			m.fatalf("the old %s answers %v, and is to be gone: %v", name, err, m.dead[name])
		}
	}
}
