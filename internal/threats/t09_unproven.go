package threats

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// resetStates are the states in which a reset may be asked for.
var resetStates = map[string]func(t *testing.T, w *world, p *person){
	"quiet":       func(*testing.T, *world, *person) {},
	"just proven": func(t *testing.T, w *world, p *person) { must(t, w.Guard.Prove(ctx, p.id, p.right(factor.KindPIN))) },
	"just refused": func(t *testing.T, w *world, p *person) {
		mustBe(t, w.Guard.Prove(ctx, p.id, p.wrong(factor.KindPIN)), factor.ErrMismatch)
	},
	"signed in": func(t *testing.T, w *world, p *person) {
		must(t, w.V.VerifyPIN(ctx, p.id, p.pin))
		must(t, w.V.VerifyPassword(ctx, p.id, p.password))
	},
	"device used elsewhere": func(t *testing.T, w *world, p *person) {
		_, err := w.V.VerifyOTP(ctx, p.id, p.right(factor.KindDeviceTOTP).OTP)
		must(t, err)
	},
	"PIN changed": func(t *testing.T, w *world, p *person) { must(t, w.Admin.SetPIN(ctx, p.id, newPIN)) },
	"device enrolled anew": func(t *testing.T, w *world, p *person) {
		_, err := w.Devices.Enroll(ctx, p.id, p.device, p.right(factor.KindPassword))
		must(t, err)
	},
	"only a device": func(t *testing.T, w *world, p *person) { must(t, w.Admin.RemovePIN(ctx, p.id)) },
	"only a PIN":    func(t *testing.T, w *world, p *person) { must(t, w.Admin.RevokeDevice(ctx, p.id, p.device)) },
	"forgotten":     func(t *testing.T, w *world, p *person) { must(t, w.Admin.Forget(ctx, p.id)) },
	"wiped":         func(t *testing.T, w *world, p *person) { must(t, w.Guard.Forfeit(ctx, p.id)) },
	"wiped and sealed anew": func(t *testing.T, w *world, p *person) {
		must(t, w.Guard.Forfeit(ctx, p.id))
		must(t, w.Admin.Reseal(ctx, p.id))
	},
}

// Threat09UnprovenReset brings users into every state and offers the guard all
// that is not a right proof: it never returns nil.
func Threat09UnprovenReset(t *testing.T, env Env) {
	for name, reach := range resetStates {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, env, nil)
			other := w.person()
			for i := range unproven(t, w.person(), other) {
				if env.skips(i+len(name), 4) {
					continue
				}
				p := w.person()
				reach(t, w, p)
				proof := unproven(t, p, other)[i]
				if proof.right != nil && proof.right(name) {
					continue
				}
				if err := w.Guard.Prove(ctx, p.id, proof.given); err == nil {
					t.Fatalf("Prove accepted %s", proof.name)
				}
			}
		})
	}
	t.Run("wipe pending", func(t *testing.T) { proveWhileWipePends(t, env) })
	t.Run("waiting or young", func(t *testing.T) { proveTooEarly(t, env) })
}

// A proof is what is offered to the guard. Where right is set, it says in which
// state the guard has to take it.
type proof struct {
	name  string
	given factor.Credentials
	right func(state string) bool
}

// unproven returns what is no proof.
func unproven(t *testing.T, p, other *person) []proof {
	t.Helper()
	now := p.phone.step(p.w.clock.Now())
	forgotten := func(states ...string) func(string) bool {
		return func(state string) bool { return !slices.Contains(states, state) }
	}
	proofs := []proof{
		{name: "nothing"},
		{name: "a wrong PIN", given: p.wrong(factor.KindPIN)},
		{name: "a wrong code", given: p.wrong(factor.KindDeviceTOTP)},
		{name: "both wrong", given: both(p.wrong(factor.KindPIN), p.wrong(factor.KindDeviceTOTP))},
		{name: "the password", given: p.right(factor.KindPassword)},
		{name: "the password beside a wrong PIN", given: both(p.right(factor.KindPassword), p.wrong(factor.KindPIN))},
		{name: "the authenticator's code", given: p.right(factor.KindTOTP)},
		{name: "a recovery code", given: p.right(factor.KindRecovery)},
		{name: "a recovery code beside a wrong PIN", given: both(p.right(factor.KindRecovery), p.wrong(factor.KindPIN))},
		{name: "a code that is too old", given: factor.Credentials{OTP: p.phone.code(now - 2)}},
		{name: "a code that is too new", given: factor.Credentials{OTP: p.phone.code(now + 2)}},
		{name: "another user's code", given: other.right(factor.KindDeviceTOTP)},
		{name: "the secret", given: factor.Credentials{OTP: p.phone.secret}},
		{name: "another PIN's digits", given: factor.Credentials{PIN: p.pin + "0"}},
		{name: "the PIN as a code", given: factor.Credentials{OTP: p.pin}},
		{name: "an empty-looking PIN", given: factor.Credentials{PIN: "0000"}},
		{name: "the PIN where it is not held", given: p.right(factor.KindPIN),
			right: forgotten("PIN changed", "only a device", "forgotten", "wiped", "wiped and sealed anew")},
		{name: "the code where it is not held", given: p.right(factor.KindDeviceTOTP),
			right: forgotten("device used elsewhere", "device enrolled anew", "only a PIN", "forgotten", "wiped", "wiped and sealed anew")},
	}
	for _, kind := range mailedKinds {
		proofs = append(proofs,
			proof{name: "the " + string(kind) + " code", given: factor.Credentials{OTP: p.issue(kind).Code}},
			proof{name: "the " + string(kind) + " code of a purpose", given: factor.Credentials{OTP: p.issueFor(kind, "reset").Code}})
	}
	return proofs
}

// proveWhileWipePends lets the host's wipe fail: no proof is taken and nothing is
// bound until it is done.
func proveWhileWipePends(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	p := w.person()
	on := w.start(newScript(func(_ int, name string) fault {
		if name == "Wipe" {
			return fails
		}
		return nothing
	}))
	err := on.Guard.Forfeit(ctx, p.id)
	mustBe(t, err, factor.ErrWipePending)
	for _, kind := range []factor.Kind{factor.KindPIN, factor.KindDeviceTOTP} {
		err := on.Guard.Prove(ctx, p.id, p.right(kind))
		mustBe(t, err, factor.ErrWipePending)
		mustBe(t, err, errFault)
		if errors.Is(err, factor.ErrWiped) {
			t.Fatalf("%v lets the reset go on while the data is there", err)
		}
	}
	mustBe(t, on.PINs.Set(ctx, p.id, newPIN, p.right(factor.KindPassword)), factor.ErrWipePending)
	mustBe(t, on.Admin.SetPIN(ctx, p.id, newPIN), factor.ErrWipePending)
	mustBe(t, on.Admin.Forget(ctx, p.id), factor.ErrWipePending)
	_, err = on.Devices.Enroll(ctx, p.id, p.device, p.right(factor.KindPassword))
	mustBe(t, err, factor.ErrWipePending)
	if s := w.status(p.id); s.PIN || len(s.Devices) != 0 || w.host.isFinished(s.Wipe.ID) {
		t.Fatalf("bound before the wipe was done: %+v", s)
	}
	mustBe(t, w.Guard.Prove(ctx, p.id, p.right(factor.KindPIN)), factor.ErrWiped)
	if s := w.status(p.id); !w.host.isFinished(s.Wipe.ID) {
		t.Fatal("the next guard call did not finish the wipe")
	}
}

// proveTooEarly tries right proofs during Interval and before MinAge.
func proveTooEarly(t *testing.T, env Env) {
	w := newWorld(t, env, func(o *factor.Options) {
		o.Reset.Interval = time.Minute
		o.Reset.MinAge = 24 * time.Hour
	})
	p := w.person()
	mustBe(t, w.Guard.Prove(ctx, p.id, p.right(factor.KindPIN)), factor.ErrLocked)
	mustBe(t, w.Guard.Prove(ctx, p.id, p.right(factor.KindDeviceTOTP)), factor.ErrLocked)
	w.clock.Turn(24 * time.Hour)
	mustBe(t, w.Guard.Prove(ctx, p.id, p.wrong(factor.KindPIN)), factor.ErrMismatch)
	mustBe(t, w.Guard.Prove(ctx, p.id, p.right(factor.KindPIN)), factor.ErrLocked)
	w.clock.Turn(time.Minute - time.Millisecond)
	mustBe(t, w.Guard.Prove(ctx, p.id, p.right(factor.KindDeviceTOTP)), factor.ErrLocked)
	w.clock.Turn(time.Millisecond)
	must(t, w.Guard.Prove(ctx, p.id, p.right(factor.KindPIN)))
}
