package threats

import (
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// Threat21RetiredKey rotates the key, reseals some users and drops the old key:
// who was resealed has lost nothing, who was not is ErrUnsealed at every method,
// never a user without a PIN.
func Threat21RetiredKey(t *testing.T, env Env) {
	t.Run("nothing is lost", func(t *testing.T) { rotateAndReseal(t, env) })
	t.Run("old key is gone", func(t *testing.T) { dropTheKey(t, env) })
}

func rotateAndReseal(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	p, idle := w.person(), w.person()
	used, written := p.used(), p.usedPaper()
	paid := p.issueFor(factor.KindAccount, forPay...).Code
	p.begin()
	for range 2 {
		mustBe(t, w.Guard.Prove(ctx, p.id, p.wrong(factor.KindPIN)), factor.ErrMismatch)
		mustBe(t, w.V.VerifyPassword(ctx, p.id, p.wrong(factor.KindPassword).Password), factor.ErrMismatch)
	}
	p.issue(factor.KindAccount)
	before := w.status(p.id)

	w.keys = newKeyring(t, 2, 1)
	rotating := w.start(nil)
	must(t, rotating.V.VerifyPassword(ctx, idle.id, idle.password)) // An ordinary write seals under the new key, too.
	n := 0
	for user, err := range rotating.Admin.Users(ctx, "") {
		must(t, err)
		must(t, rotating.Admin.Reseal(ctx, user))
		n++
	}
	if n != 2 {
		t.Fatalf("%d users listed, want 2", n)
	}
	w.keys = newKeyring(t, 2)
	w.process = w.start(nil)
	after := w.status(p.id)
	if after.Strikes != before.Strikes || after.RecoveryCodes != 9 || len(after.Devices) != len(before.Devices) || !after.PIN || !after.Authenticator ||
		len(after.Live) != len(before.Live) || budget(after, factor.KindPassword).Wrong != 2 {
		t.Fatalf("rotation turned\n%+v into\n%+v", before, after)
	}
	for kind, given := range map[factor.Kind]factor.Credentials{factor.KindDeviceTOTP: used, factor.KindRecovery: written} {
		_, err := w.V.VerifyOTP(ctx, p.id, given.OTP, kind)
		mustBeStale(t, err)
	}
	_, err := w.on(forPay).V.VerifyOTP(ctx, p.id, paid)
	must(t, err)
	for _, kind := range []factor.Kind{factor.KindAccount, factor.KindTOTP, factor.KindRecovery} {
		_, err := w.V.VerifyOTP(ctx, p.id, p.right(kind).OTP, kind)
		must(t, err)
	}
	must(t, w.Auth.Confirm(ctx, p.id, p.pending.code(p.pending.step(w.clock.Now()))))
	must(t, w.V.VerifyPIN(ctx, p.id, p.pin))
	must(t, w.V.VerifyPIN(ctx, idle.id, idle.pin))
	w.clock.Turn(p.phone.period)
	must(t, w.Guard.Prove(ctx, p.id, p.right(factor.KindDeviceTOTP)))
}

// dropTheKey makes every use with a keyring that no longer holds the key.
func dropTheKey(t *testing.T, env Env) {
	w := newWorld(t, env, everyProof)
	checkUsed(t, w.process)
	first := w.keys
	w.keys = newKeyring(t, 2)
	later := w.start(nil)
	w.keys = first
	for i, u := range uses {
		if env.skips(i, 3) {
			continue
		}
		p := w.person()
		u.prepare(p)
		mustNotOpen(t, w, later, p, u)
		w.restore(p.id, factor.Record{})
	}
	p := w.person()
	if set, err := later.PINs.IsSet(ctx, p.id); set || err == nil {
		t.Fatalf("IsSet answered %v, %v about a record that does not open", set, err)
	}
	if set, err := later.PINs.Wait(ctx, p.id, time.Second); set || err == nil {
		t.Fatalf("Wait answered %v, %v about a record that does not open", set, err)
	}
	s, err := later.Admin.Status(ctx, p.id)
	mustBe(t, err, factor.ErrUnsealed)
	if s.PIN || s.Devices != nil || s.Budgets != nil || s.Wipe != nil {
		t.Fatalf("Status answered %+v about a record that does not open", s)
	}
	must(t, w.V.VerifyPIN(ctx, p.id, p.pin)) // The right key still opens it.
}
