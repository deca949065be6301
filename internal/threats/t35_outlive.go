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

// atLimit is a limit that locks at 3, and for good at 6.
var atLimit = factor.Limit{Tries: 3, Delay: time.Minute, MaxDelay: time.Hour, Final: 6}

// guess makes n judged guesses at a kind, and waits for each lock to end.
func (p *person) guess(kind factor.Kind, times int) {
	p.w.t.Helper()
	for judged := 0; judged < times; {
		var err error
		if kind == factor.KindPassword || kind == factor.KindPIN {
			_, err = p.w.V.VerifyAny(ctx, p.id, p.wrong(kind))
		} else {
			_, err = p.w.V.VerifyOTP(ctx, p.id, p.wrong(kind).OTP, kind)
		}
		if l, ok := errors.AsType[*factor.LockedError](err); ok {
			p.w.clock.Set(l.Until)
			continue
		}
		mustBe(p.w.t, err, factor.ErrMismatch)
		judged++
	}
}

// A renewing binds a secret of a kind.
type renewing struct {
	name string
	kind factor.Kind
	only bool // it is to be done where no older secret of the kind stays
	do   func(p *person) error
}

// bindings are all the ways to bind.
var bindings = []renewing{
	{"set the PIN", factor.KindPIN, true, func(p *person) error {
		return p.w.PINs.Set(ctx, p.id, newPIN, factor.Credentials{Password: p.password})
	}},
	{"have the PIN set", factor.KindPIN, true, func(p *person) error { return p.w.Admin.SetPIN(ctx, p.id, newPIN) }},
	{"have the PIN imported", factor.KindPIN, true, func(p *person) error {
		return p.w.Admin.Import(ctx, p.id, factor.Import{PIN: oldRows.PIN})
	}},
	{"confirm an authenticator", factor.KindTOTP, true, func(p *person) error {
		p.begin()
		return p.w.Auth.Confirm(ctx, p.id, p.pending.code(p.pending.step(p.w.clock.Now())))
	}},
	{"have an authenticator imported", factor.KindTOTP, true, func(p *person) error {
		return p.w.Admin.Import(ctx, p.id, factor.Import{Authenticator: oldRows.Authenticator})
	}},
	{"have recovery codes made", factor.KindRecovery, true, func(p *person) error {
		_, err := p.w.Recovery.Generate(ctx, p.id, factor.Credentials{Password: p.password})
		return err
	}},
	{"enrol a device", factor.KindDeviceTOTP, false, func(p *person) error { return p.enrollAs(otherID, p.password) }},
	{"enrol a device without proof", factor.KindDeviceTOTP, false, func(p *person) error {
		p.w.host.register(p.id, p.password, p.w.clock.Now())
		return p.enrollAs(otherID, "")
	}},
	{"have a device imported", factor.KindDeviceTOTP, false, func(p *person) error {
		return p.w.Admin.Import(ctx, p.id, factor.Import{Devices: oldRows.Devices[:1]})
	}},
	{"have two devices imported", factor.KindDeviceTOTP, false, func(p *person) error {
		return p.w.Admin.Import(ctx, p.id, factor.Import{Devices: oldRows.Devices})
	}},
}

func (p *person) enrollAs(id uuid.UUID, password string) error {
	e, err := p.w.Devices.Enroll(ctx, p.id, id, factor.Credentials{Password: password})
	if err == nil {
		p.others = append(p.others, newGenerator(e))
	}
	return err
}

// Threat35OutlivingLock brings every count to its limits, and changes what it
// protected: where no older secret of the kind stays in force, the count goes with the
// old one, and else a lock stays. What was mailed for an old address or under an old
// password is void.
func Threat35OutlivingLock(t *testing.T, env Env) {
	for i, b := range bindings {
		if env.skips(i, 3) {
			continue
		}
		for _, wrong := range []int{1, 3, 6} {
			name := fmt.Sprintf("%s, %d wrong/", b.name, wrong)
			t.Run(name+"first", func(t *testing.T) { bindFirst(t, env, b, wrong) })
			t.Run(name+"after all were removed", func(t *testing.T) { bindAfterRemoval(t, env, b, wrong) })
			t.Run(name+"after a wipe", func(t *testing.T) { bindAfterWipe(t, env, b, wrong) })
			if !b.only {
				t.Run(name+"one more", func(t *testing.T) { bindOneMore(t, env, b, wrong) })
			}
		}
	}
	t.Run("in the place of the old", func(t *testing.T) { bindInPlace(t, env) })
	t.Run("not bound yet", func(t *testing.T) { beginOnly(t, env) })
	for _, wrong := range []int{0, 1, 3, 6} {
		t.Run(fmt.Sprintf("password changed, %d wrong", wrong), func(t *testing.T) { changeSecret(t, env, wrong, true) })
		t.Run(fmt.Sprintf("address changed, %d wrong", wrong), func(t *testing.T) { changeSecret(t, env, wrong, false) })
	}
}

// bounded returns a world in which every kind has the same limit.
func bounded(t *testing.T, env Env) *world {
	t.Helper()
	return newWorld(t, env, func(o *factor.Options) { sameLimit(o, atLimit) })
}

// mustCount fails unless the count is n, and the other kinds count nothing else.
func mustCount(t *testing.T, p *person, kind factor.Kind, want int) {
	t.Helper()
	mustCountAll(t, p, map[factor.Kind]int{kind: want})
}

func bindFirst(t *testing.T, env Env, b renewing, wrong int) {
	w := bounded(t, env)
	p := w.stranger()
	p.guess(b.kind, wrong)
	must(t, b.do(p))
	mustCount(t, p, b.kind, 0)
}

// clear removes everything that the user could guess at, as the user does.
func (p *person) clear() {
	p.w.t.Helper()
	proof := factor.Credentials{Password: p.password}
	must(p.w.t, absent(p.w.PINs.Remove(ctx, p.id, proof)))
	must(p.w.t, absent(p.w.Auth.Remove(ctx, p.id, proof)))
	must(p.w.t, absent(p.w.Recovery.Remove(ctx, p.id, proof)))
	for _, d := range p.w.status(p.id).Devices {
		must(p.w.t, p.w.Devices.Revoke(ctx, p.id, d.ID, proof))
	}
}

// imports reports whether a binding takes the place of what was held: Import does not.
func (b renewing) imports() bool {
	return slices.Contains([]string{
		"have the PIN imported", "have an authenticator imported", "have a device imported", "have two devices imported",
	}, b.name)
}

// bindAfterRemoval removes all and binds: removing alone refunds nothing.
func bindAfterRemoval(t *testing.T, env Env, b renewing, wrong int) {
	w := bounded(t, env)
	p := w.person()
	p.enrolAnother()
	p.guess(b.kind, wrong)
	p.clear()
	mustCount(t, p, b.kind, wrong)
	if b.imports() && b.kind != factor.KindDeviceTOTP {
		return // The place was filled: nothing is taken over.
	}
	must(t, b.do(p))
	mustCount(t, p, b.kind, 0)
}

func bindAfterWipe(t *testing.T, env Env, b renewing, wrong int) {
	w := bounded(t, env)
	p := w.person()
	p.guess(b.kind, wrong)
	must(t, w.Guard.Forfeit(ctx, p.id))
	mustCount(t, p, b.kind, wrong)
	if b.imports() && b.kind != factor.KindDeviceTOTP {
		return
	}
	must(t, b.do(p))
	mustCount(t, p, b.kind, 0)
}

// bindOneMore binds one more beside one or two that stay in force: what was guessed
// tells of those. Once the old ones are revoked, the next one starts anew.
func bindOneMore(t *testing.T, env Env, b renewing, wrong int) {
	for _, two := range []bool{false, true} {
		w := bounded(t, env)
		p := w.pinless()
		if two {
			p.enrolAnother()
		}
		p.guess(b.kind, wrong)
		must(t, b.do(p))
		mustCount(t, p, b.kind, wrong)
		if locked := budget(w.status(p.id), b.kind).Locked; locked != (wrong >= 3) {
			t.Fatalf("locked %v after %d wrong and one more device", locked, wrong)
		}
		old := w.status(p.id).Devices
		for i, d := range old {
			must(t, w.Devices.Revoke(ctx, p.id, d.ID, factor.Credentials{Password: p.password}))
			must(t, p.enrollAs(uuid.New(), p.password))
			if i < len(old)-1 {
				mustCount(t, p, b.kind, wrong) // One of the old is still guessed at, or one that was enrolled beside it.
			}
		}
		for _, d := range w.status(p.id).Devices {
			must(t, w.Devices.Revoke(ctx, p.id, d.ID, factor.Credentials{Password: p.password}))
		}
		must(t, p.enrollAs(uuid.New(), p.password))
		mustCount(t, p, b.kind, 0)
	}
}

// bindInPlace enrols a device anew: alone it starts anew, beside another it does not.
func bindInPlace(t *testing.T, env Env) {
	for _, another := range []bool{false, true} {
		for _, wrong := range []int{1, 3, 6} {
			w := bounded(t, env)
			p := w.pinless()
			want := 0
			if another {
				p.enrolAnother()
				want = wrong
			}
			p.guess(factor.KindDeviceTOTP, wrong)
			must(t, p.enrollAs(p.device, p.password))
			mustCount(t, p, factor.KindDeviceTOTP, want)
		}
	}
}

// beginOnly begins an authenticator and removes it: nothing is bound by that.
func beginOnly(t *testing.T, env Env) {
	for _, wrong := range []int{1, 3, 6} {
		w := bounded(t, env)
		p := w.pinless()
		p.guess(factor.KindTOTP, wrong)
		p.begin()
		mustCount(t, p, factor.KindTOTP, wrong)
		must(t, w.Auth.Remove(ctx, p.id, factor.Credentials{Password: p.password}))
		mustCount(t, p, factor.KindTOTP, wrong)
	}
}

// changeSecret changes the password or the address of a user with everything
// counted, live or waiting.
func changeSecret(t *testing.T, env Env, wrong int, password bool) {
	w := newWorld(t, env, func(o *factor.Options) {
		sameLimit(o, atLimit)
		o.OTP.Interval = 10 * time.Minute
	})
	p := w.person()
	for _, kind := range allKinds {
		p.guess(kind, wrong)
	}
	mustBe(t, w.Guard.Prove(ctx, p.id, p.wrong(factor.KindPIN)), factor.ErrMismatch)
	w.unlock(p.id)
	for _, kind := range mailedKinds {
		p.issue(kind)
	}
	p.begin()
	for _, kind := range allKinds {
		p.guess(kind, min(wrong, 2))
	}
	before := w.host.told(p.id, factor.ActionUnlocked)
	for range 2 { // The second time there is nothing left to do.
		if password {
			must(t, w.Admin.PasswordChanged(ctx, p.id))
		} else {
			must(t, w.Admin.VoidCodes(ctx, p.id))
		}
	}
	voided, unlocked := w.host.told(p.id, factor.ActionCodesVoided), w.host.told(p.id, factor.ActionUnlocked)-before
	if voided != 1 || unlocked > 1 || unlocked == 1 != (password && wrong > 0) {
		t.Fatalf("told %d times of codes and %d of counts", voided, unlocked)
	}
	for _, kind := range allKinds {
		want := min(wrong, 2)
		if kind == factor.KindPassword && password {
			want = 0
		}
		if n := w.wrong(p.id, kind); n != want {
			t.Fatalf("%d counted for %s, want %d", n, kind, want)
		}
	}
	mustBeVoid(t, p)
}

// mustBeVoid fails unless the codes and the pending authenticator are gone, and the
// rest is not.
func mustBeVoid(t *testing.T, p *person) {
	t.Helper()
	w := p.w
	s := w.status(p.id)
	if len(s.Live) > 0 || s.AuthenticatorPending || !s.PIN || !s.Authenticator || len(s.Devices) != 1 || s.Strikes != 1 {
		t.Fatalf("left %+v", s)
	}
	for _, kind := range mailedKinds {
		before := w.wrong(p.id, kind)
		_, err := w.V.VerifyOTP(ctx, p.id, p.codes[kind], kind)
		mustBeStale(t, err)
		if w.wrong(p.id, kind) != before {
			t.Fatalf("the void %s code was charged", kind)
		}
		_, err = w.Codes.IssueUnproven(ctx, p.id, kind)
		if l, ok := errors.AsType[*factor.LockedError](err); !ok || !l.TooSoon {
			t.Fatalf("Interval answered %v, want that it stays", err)
		}
	}
	mustBe(t, w.Auth.Confirm(ctx, p.id, p.pending.code(p.pending.step(w.clock.Now()))), factor.ErrNotEnrolled)
	for _, kind := range []factor.Kind{factor.KindTOTP, factor.KindDeviceTOTP} {
		_, err := w.V.VerifyOTP(ctx, p.id, p.right(kind).OTP, kind)
		must(t, err)
	}
	must(t, w.V.VerifyPIN(ctx, p.id, p.pin))
}
