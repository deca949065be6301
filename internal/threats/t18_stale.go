package threats

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// A removal takes something away from a person while a writer is on its way.
type removal struct {
	name string
	do   func(w *world, p *person) error
	dead string // what must not work afterwards: pin phone app recovery account login
}

// everything is what a person holds, in the words of removal.dead.
var everything = "pin phone app recovery " + mailed

// mailed are the codes of the mailed kinds, in the words of removal.dead.
var mailed = strings.Trim(fmt.Sprint(mailedKinds), "[]")

var removals = []removal{
	{"forget", func(w *world, p *person) error { return w.Admin.Forget(ctx, p.id) }, everything},
	{"forget and create anew", func(w *world, p *person) error {
		err := errors.Join(w.Admin.Forget(ctx, p.id), w.Admin.SetPIN(ctx, p.id, "1593"))
		e, enrolled := w.Devices.Enroll(ctx, p.id, p.device, factor.Credentials{Password: p.password})
		p.pending = newGenerator(e)
		return errors.Join(err, enrolled)
	}, everything},
	{"forget, remove and create anew", func(w *world, p *person) error {
		err := w.Admin.Forget(ctx, p.id)
		w.clock.Turn(25 * time.Hour)
		_, swept := w.Admin.Sweep(ctx)
		return errors.Join(err, swept, w.Admin.SetPIN(ctx, p.id, "1593"))
	}, everything},
	{"wipe", func(w *world, p *person) error { return w.Guard.Forfeit(ctx, p.id) }, "pin phone " + mailed},
	{"remove the PIN", func(w *world, p *person) error { return w.Admin.RemovePIN(ctx, p.id) }, "pin"},
	{"change the PIN", func(w *world, p *person) error { return w.Admin.SetPIN(ctx, p.id, "1593") }, "pin"},
	{"revoke the device", func(w *world, p *person) error { return w.Admin.RevokeDevice(ctx, p.id, p.device) }, "phone"},
	{"enrol the device anew", func(w *world, p *person) error {
		for { // until what is wrong is not right by chance
			e, err := w.Devices.Enroll(ctx, p.id, p.device, factor.Credentials{Password: p.password})
			if p.pending = newGenerator(e); err != nil || !p.pending.near(p.given.OTP, w.clock.Now()) {
				return err
			}
		}
	}, "phone"},
	{"remove the authenticator", func(w *world, p *person) error { return w.Admin.RemoveAuthenticator(ctx, p.id) }, "app"},
	{"remove the recovery codes", func(w *world, p *person) error { return w.Admin.RemoveRecoveryCodes(ctx, p.id) }, "recovery"},
	{"have other recovery codes made", func(w *world, p *person) error {
		_, err := w.Recovery.Generate(ctx, p.id, factor.Credentials{Password: p.password})
		return err
	}, "recovery"},
	{"use up the recovery codes", func(w *world, p *person) error {
		for _, code := range append(p.paper, p.right(factor.KindRecovery).OTP) {
			if _, err := w.V.VerifyOTP(ctx, p.id, code, factor.KindRecovery); err != nil {
				return err
			}
		}
		return nil
	}, "recovery"},
	{"spend the code", func(w *world, p *person) error {
		_, err := w.on(p.purpose).V.VerifyOTP(ctx, p.id, p.codes[factor.KindAccount])
		return err
	}, "account"},
	{"issue another code", func(w *world, p *person) error {
		_, err := w.on(p.purpose).Codes.IssueUnproven(ctx, p.id, factor.KindAccount)
		return err
	}, "account"},
}

// Threat18StaleWriter stops each call before its swap, removes what it has read,
// and lets it go on: nothing that was removed comes back. A refused call leaves
// everything as it was.
func Threat18StaleWriter(t *testing.T, env Env) {
	for _, r := range removals {
		t.Run(r.name, func(t *testing.T) {
			w := newWorld(t, env, everyProof)
			for i, u := range uses {
				if u.reads || u.wipes || !env.Cheap && u.repeats() || env.skips(i, 13) {
					continue
				}
				raceRemoval(t, w, u, r)
			}
		})
	}
	t.Run("reads are not believed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { serveOldRecords(t, env) })
	})
	t.Run("proof comes first", func(t *testing.T) { refuseWithoutTrace(t, env) })
}

// serveOldRecords makes each call on a store whose loads are all out of date:
// nothing is accepted, and nothing written. It runs inside a synctest bubble,
// where retrying takes no time.
func serveOldRecords(t *testing.T, env Env) {
	w := newWorld(t, env, everyProof)
	for i, u := range uses {
		if u.reads || env.skips(i, 4) {
			continue
		}
		p := w.person()
		u.prepare(p)
		s := newScript(everyFrom(1, "Store.Load", serves))
		s.old = w.record(p.id)
		must(t, w.Admin.Reseal(ctx, p.id))
		newest := w.record(p.id)
		if err := u.run(ctx, w.start(s), p); err == nil {
			t.Fatalf("%s was accepted on a record that is out of date", u.name)
		}
		if w.record(p.id).Version != newest.Version {
			t.Fatalf("%s wrote over a record that it had not read", u.name)
		}
	}
}

func raceRemoval(t *testing.T, w *world, u use, r removal) {
	t.Helper()
	p := w.person()
	u.prepare(p)
	if u.method() != "Admin.Sweep" { // It would find nothing left to do.
		p.right(factor.KindAccount) // Now there is a live code.
	} else if r.dead == "account" {
		return
	}
	proofs := proofs(p)
	s := newScript(nth(1, "Store.CompareAndSwap", pauses))
	on := w.start(s)
	answer := make(chan error, 1)
	go func() { answer <- u.run(ctx, on, p) }()
	s.awaitPause(t, answer)
	must(t, r.do(w, p))
	close(s.resumed)
	err := <-answer
	if err == nil && !u.right {
		t.Fatalf("%s was accepted", u.name)
	}
	taken := func(proof string) bool { return strings.Contains(r.dead, proof) }
	if err == nil && len(proofs) > 0 && !slices.ContainsFunc(proofs, func(proof string) bool { return !taken(proof) }) {
		t.Fatalf("%s was accepted after %q took its proof", u.name, r.name)
	}
	mustBeDead(t, w, p, u, r)
}

// proofs returns what of the given credentials is right, in the words of
// removal.dead.
func proofs(p *person) []string {
	var right []string
	for name, kind := range map[string]factor.Kind{
		"password": factor.KindPassword, "pin": factor.KindPIN, "phone": factor.KindDeviceTOTP, "app": factor.KindTOTP, "recovery": factor.KindRecovery,
	} {
		if c := p.right(kind); c.OTP != "" && c.OTP == p.given.OTP || c.PIN != "" && c.PIN == p.given.PIN ||
			c.Password != "" && c.Password == p.given.Password {
			right = append(right, name)
		}
	}
	for _, kind := range mailedKinds {
		if p.given.OTP != "" && p.given.OTP == p.codes[kind] {
			right = append(right, string(kind))
		}
	}
	return right
}

// mustBeDead tries what was removed.
func mustBeDead(t *testing.T, w *world, p *person, u use, r removal) {
	t.Helper()
	w.unlock(p.id)
	now := w.clock.Now()
	code := func(code string, kind factor.Kind) error {
		if code == "" || p.pending.near(code, now) {
			return factor.ErrMismatch // There is none, or the new secret has the same.
		}
		m, err := w.on(p.purpose).V.VerifyOTP(ctx, p.id, code, kind)
		if err == nil && kind == factor.KindDeviceTOTP && m.Device != p.device {
			return factor.ErrMismatch // Another device has the same.
		}
		return err
	}
	tries := map[string]error{
		"pin":   w.V.VerifyPIN(ctx, p.id, p.pin),
		"phone": code(p.phone.code(p.phone.step(now)+1), factor.KindDeviceTOTP),
		"app":   code(p.app.code(p.app.step(now)+1), factor.KindTOTP),
	}
	for _, k := range mailedKinds {
		tries[string(k)] = code(p.codes[k], k)
	}
	tries["recovery"] = code(p.codes[factor.KindRecovery], factor.KindRecovery)
	for _, unused := range p.paper {
		if tries["recovery"] != nil {
			w.unlock(p.id)
			tries["recovery"] = code(unused, factor.KindRecovery)
		}
	}
	for name, err := range tries {
		if strings.Contains(r.dead, name) && err == nil {
			t.Fatalf("%s, racing with %q, revived the %s", u.name, r.name, name)
		}
	}
}

// refuseWithoutTrace makes every call that is refused and compares what the user
// holds before and after.
func refuseWithoutTrace(t *testing.T, env Env) {
	w := newWorld(t, env, everyProof)
	for i, u := range uses {
		if u.right || u.wipes || env.skips(i, 4) {
			continue
		}
		p := w.person()
		p.issue(factor.KindAccount)
		u.prepare(p)
		before := w.status(p.id)
		err := u.run(ctx, w.process, p)
		mustBe(t, err, factor.ErrMismatch)
		after := w.status(p.id)
		before.Budgets, after.Budgets, before.Strikes, after.Strikes = nil, nil, 0, 0
		if b, a := fmt.Sprintf("%+v", before), fmt.Sprintf("%+v", after); a != b {
			t.Fatalf("%s was refused and changed\n%s to\n%s", u.name, b, a)
		}
		if strings.HasPrefix(u.name, "AuthenticatorEnroller.Begin") {
			mustBe(t, w.Auth.Confirm(ctx, p.id, "123456"), factor.ErrNotEnrolled)
		}
		w.unlock(p.id)
		must(t, w.V.VerifyPIN(ctx, p.id, p.pin))
		_, err = w.on(p.purpose).V.VerifyOTP(ctx, p.id, p.codes[factor.KindAccount])
		must(t, err)
	}
}

// Threat19BurntCode does everything but verify with a live code, as a scanner
// that opens the links of a mail does: only verifying spends a code.
func Threat19BurntCode(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	for _, kind := range mailedKinds {
		p := w.person()
		code := p.issue(kind).Code
		for _, other := range mailedKinds {
			if other != kind {
				p.issue(other)
			}
		}
		for _, u := range uses {
			switch u.name {
			case "PINs.IsSet", "PINs.Wait", "DeviceTOTPEnroller.Devices", "Admin.Status", "Admin.Users", "Admin.Reseal":
				must(t, u.run(ctx, w.process, p))
			}
		}
		_, err := w.start(nil).Admin.Sweep(ctx)
		must(t, err)
		_, err = w.Devices.Enroll(ctx, p.id, uuid.New(), p.right(factor.KindPassword))
		must(t, err)
		for _, c := range []string{code + " ", "", code[:5], p.wrong(kind).OTP} {
			if _, err := w.V.VerifyOTP(ctx, p.id, c, kind); err == nil {
				t.Fatalf("%q was accepted", c)
			}
		}
		for _, k := range digitKinds {
			if k != kind {
				_, err := w.V.VerifyOTP(ctx, p.id, code, k)
				mustBe(t, err, factor.ErrMismatch)
			}
		}
		for _, purpose := range [][]string{forPay, {string(kind)}} {
			_, err := w.on(purpose).V.VerifyOTP(ctx, p.id, code, kind)
			mustBe(t, err, factor.ErrMismatch)
		}
		if _, err := w.V.VerifyOTP(ctx, p.id, code, kind); err != nil {
			t.Fatalf("the %s code was spent by something else: %v", kind, err)
		}
	}
}
