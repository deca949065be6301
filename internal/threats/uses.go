package threats

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

// A use is one call of an exported method in one situation.
type use struct {
	name    string          // Type.Method, then what is special
	prepare func(p *person) // brings about the situation and sets what is given
	right   bool            // answered with nil when nothing goes wrong
	reads   bool            // changes nothing
	charges []factor.Kind   // the kinds that are guessed at
	strikes int             // the strikes it costs
	wipes   bool            // it marks or finishes a wipe
	// makesView: it makes a view for a purpose of its own.
	makesView bool
	run       func(ctx context.Context, on *process, p *person) error
}

// uses are all exported methods in the situations that matter.
var uses = slices.Concat(judgingUses(), verifyingUses(), viewUses(), guardUses(), confirmingUses(), unprovenUses(), readingUses(), adminUses())

// checkUsed fails if a method is missing among the uses.
func checkUsed(t *testing.T, p *process) {
	t.Helper()
	for name := range p.methods(t) {
		if !slices.ContainsFunc(uses, func(u use) bool { return u.method() == name }) {
			t.Errorf("%s is missing in uses.go", name)
		}
	}
}

// method returns the Type.Method of the use.
func (u use) method() string {
	for i, r := range u.name {
		if r == ':' {
			return u.name[:i]
		}
	}
	return u.name
}

// repeats reports whether VerifyAny makes the same use of the same judging, and
// other uses of the method stand for it.
func (u use) repeats() bool {
	scenario, ok := strings.CutPrefix(u.name, u.method()+": ")
	stand := []string{"right code", "right recovery code", "wrong code and password"}
	return ok && u.method() != verifyAny.name && !slices.Contains(stand, scenario) &&
		slices.ContainsFunc(scenarios, func(s givenAs) bool { return s.name == scenario })
}

// A givenAs is a way to give credentials.
type givenAs struct {
	name    string
	otp     bool // a code is among them
	right   bool
	charges []factor.Kind
	give    func(p *person) factor.Credentials
}

// proofKinds are those of a code that proves.
var proofKinds = translate.Kinds(spec.Options{}.Complete().ProofKinds)

var scenarios = []givenAs{
	{"right password", false, true, nil, func(p *person) factor.Credentials { return p.right(factor.KindPassword) }},
	{"right PIN", false, true, nil, func(p *person) factor.Credentials { return p.right(factor.KindPIN) }},
	{"right code", true, true, nil, func(p *person) factor.Credentials { return p.right(factor.KindAccount) }},
	{"right device code", true, true, nil, func(p *person) factor.Credentials { return p.right(factor.KindDeviceTOTP) }},
	{"wrong password and PIN", false, false, []factor.Kind{factor.KindPassword, factor.KindPIN}, func(p *person) factor.Credentials {
		return both(p.wrong(factor.KindPassword), p.wrong(factor.KindPIN))
	}},
	{"wrong code, right password", true, true, proofKinds, func(p *person) factor.Credentials {
		return both(p.wrong(factor.KindAccount), p.right(factor.KindPassword))
	}},
	{"wrong code and password", true, false, append([]factor.Kind{factor.KindPassword}, proofKinds...), func(p *person) factor.Credentials {
		return both(p.wrong(factor.KindAccount), p.wrong(factor.KindPassword))
	}},
	{"all wrong", true, false, append([]factor.Kind{factor.KindPassword, factor.KindPIN}, proofKinds...), func(p *person) factor.Credentials {
		return both(both(p.wrong(factor.KindAccount), p.wrong(factor.KindPassword)), p.wrong(factor.KindPIN))
	}},
	{"right recovery code", true, true, nil, func(p *person) factor.Credentials { return p.right(factor.KindRecovery) }},
	{"wrong recovery code and PIN", true, false, []factor.Kind{factor.KindRecovery, factor.KindPIN}, func(p *person) factor.Credentials {
		return both(p.wrong(factor.KindRecovery), p.wrong(factor.KindPIN))
	}},
	{"used recovery code and wrong PIN", true, false, []factor.Kind{factor.KindPIN}, func(p *person) factor.Credentials {
		return both(p.usedPaper(), p.wrong(factor.KindPIN))
	}},
	{"used code and wrong PIN", true, false, []factor.Kind{factor.KindPIN}, func(p *person) factor.Credentials {
		return both(p.used(), p.wrong(factor.KindPIN))
	}},
}

// everyProof has every kind prove that one of the uses proves by.
func everyProof(o *factor.Options) {
	o.ProofKinds = slices.Concat(proofKinds, []factor.Kind{factor.KindRecovery})
}

// usedPaper returns a recovery code that was accepted.
func (p *person) usedPaper() factor.Credentials {
	p.w.t.Helper()
	c := p.right(factor.KindRecovery)
	_, err := p.w.V.VerifyOTP(ctx, p.id, c.OTP, factor.KindRecovery)
	must(p.w.t, err)
	delete(p.codes, factor.KindRecovery)
	return c
}

// used returns a device code that was accepted.
func (p *person) used() factor.Credentials {
	p.w.t.Helper()
	c := p.right(factor.KindDeviceTOTP)
	_, err := p.w.V.VerifyOTP(ctx, p.id, c.OTP)
	must(p.w.t, err)
	return c
}

// judgingUses are the methods that take Credentials, in every scenario.
func judgingUses() []use {
	var us []use
	for _, j := range provers {
		for _, s := range scenarios {
			if s.otp && !slices.Contains(j.takes, factor.KindAccount) {
				continue
			}
			us = append(us, use{
				name: j.name + ": " + s.name, right: s.right, charges: s.charges,
				prepare: func(p *person) { p.given = s.give(p) },
				run: func(ctx context.Context, on *process, p *person) error {
					return j.call(ctx, on, p, "", p.given)
				},
			})
		}
	}
	return us
}

// verifyingUses are the methods that take one credential.
func verifyingUses() []use {
	var us []use
	one := func(j judge, kind factor.Kind) {
		run := func(ctx context.Context, on *process, p *person) error { return j.call(ctx, on, p, kind, p.given) }
		us = append(us,
			use{name: j.name + ": right " + string(kind), right: true, run: run, prepare: func(p *person) { p.given = p.right(kind) }},
			use{name: j.name + ": wrong " + string(kind), charges: []factor.Kind{kind}, run: run, prepare: func(p *person) { p.given = p.wrong(kind) }})
	}
	for _, kind := range otpKinds {
		one(verifyOTP, kind)
	}
	one(verifyPIN, factor.KindPIN)
	one(verifyPassword, factor.KindPassword)
	return append(us, use{
		name: "Verifier.VerifyOTP: every kind", charges: digitKinds,
		prepare: func(p *person) { p.given = p.wrong(factor.KindLogin) },
		run: func(ctx context.Context, on *process, p *person) error {
			_, err := on.V.VerifyOTP(ctx, p.id, p.given.OTP, otpKinds...)
			return err
		},
	})
}

// guardUses are the uses of the reset guard.
func guardUses() []use {
	prove := func(ctx context.Context, on *process, p *person) error { return on.Guard.Prove(ctx, p.id, p.given) }
	give := func(strikes int, c func(p *person) factor.Credentials) func(p *person) {
		return func(p *person) {
			for range strikes {
				mustBe(p.w.t, p.w.Guard.Prove(ctx, p.id, p.wrong(factor.KindDeviceTOTP)), factor.ErrMismatch)
			}
			p.given = c(p)
		}
	}
	wrongPIN := func(p *person) factor.Credentials { return p.wrong(factor.KindPIN) }
	const name = "ResetGuard.Prove: "
	return []use{
		{name: name + "right PIN", right: true, run: prove, prepare: give(2, func(p *person) factor.Credentials { return p.right(factor.KindPIN) })},
		{name: name + "right code", right: true, run: prove, prepare: give(2, func(p *person) factor.Credentials { return p.right(factor.KindDeviceTOTP) })},
		{name: name + "wrong code, right PIN", right: true, strikes: 1, run: prove, prepare: give(2, func(p *person) factor.Credentials {
			return both(p.wrong(factor.KindDeviceTOTP), p.right(factor.KindPIN))
		})},
		{name: name + "wrong PIN", strikes: 1, run: prove, prepare: give(0, wrongPIN)},
		{name: name + "wrong code", strikes: 1, run: prove, prepare: give(2, func(p *person) factor.Credentials { return p.wrong(factor.KindDeviceTOTP) })},
		{name: name + "both wrong", strikes: 1, run: prove, prepare: give(1, func(p *person) factor.Credentials {
			return both(p.wrong(factor.KindDeviceTOTP), p.wrong(factor.KindPIN))
		})},
		{name: name + "used code and wrong PIN", strikes: 1, run: prove, prepare: give(0, func(p *person) factor.Credentials {
			return both(p.used(), p.wrong(factor.KindPIN))
		})},
		{name: name + "the strike that wipes", strikes: 1, wipes: true, run: prove, prepare: give(3, wrongPIN)},
		{name: name + "a wipe that pends", wipes: true, run: prove, prepare: func(p *person) { p.pend(); p.given = p.right(factor.KindPIN) }},
		{name: "ResetGuard.Forfeit", right: true, wipes: true, prepare: func(*person) {}, run: func(ctx context.Context, on *process, p *person) error {
			return on.Guard.Forfeit(ctx, p.id)
		}},
		{name: "ResetGuard.Forfeit: a wipe that pends", right: true, wipes: true, prepare: (*person).pend, run: func(ctx context.Context, on *process, p *person) error {
			return on.Guard.Forfeit(ctx, p.id)
		}},
		{name: "PINs.Set: a wipe that pends", right: true, wipes: true, prepare: func(p *person) { p.pend(); p.given = p.right(factor.KindPassword) },
			run: func(ctx context.Context, on *process, p *person) error {
				return on.PINs.Set(ctx, p.id, newPIN, p.given)
			}},
		{name: "Admin.Forget: a wipe that pends", right: true, wipes: true, prepare: (*person).pend, run: func(ctx context.Context, on *process, p *person) error {
			return on.Admin.Forget(ctx, p.id)
		}},
		{name: "Admin.Discard: a wipe that pends", right: true, wipes: true, prepare: (*person).pend, run: func(ctx context.Context, on *process, p *person) error {
			return on.Admin.Discard(ctx, p.id)
		}},
		{name: "Admin.Sweep: a wipe that pends", right: true, wipes: true, prepare: (*person).pend, run: func(ctx context.Context, on *process, p *person) error {
			_, err := on.Admin.Sweep(ctx)
			return err
		}},
	}
}

// pend marks a wipe that the host fails to carry out.
func (p *person) pend() {
	p.w.t.Helper()
	on := p.w.start(newScript(func(_ int, name string) fault {
		if name == "Wipe" {
			return fails
		}
		return nothing
	}))
	mustBe(p.w.t, on.Guard.Forfeit(ctx, p.id), factor.ErrWipePending)
}

// asIs prepares nothing.
func asIs(*person) {}

// confirmingUses are the uses of Confirm.
func confirmingUses() []use {
	confirm := func(ctx context.Context, on *process, p *person) error {
		return on.Auth.Confirm(ctx, p.id, p.given.OTP)
	}
	return []use{
		{name: "AuthenticatorEnroller.Confirm: right", right: true, run: confirm, prepare: func(p *person) {
			p.begin()
			p.given.OTP = p.pending.code(p.pending.step(p.w.clock.Now()))
		}},
		{name: "AuthenticatorEnroller.Confirm: wrong", run: confirm, prepare: func(p *person) {
			p.begin()
			p.given = p.wrong(factor.KindTOTP)
		}},
	}
}

// unprovenUses are the methods that change something without a proof.
func unprovenUses() []use {
	return []use{
		{name: "OTPIssuer.IssueUnproven", right: true, prepare: asIs, run: func(ctx context.Context, on *process, p *person) error {
			_, err := on.Codes.IssueUnproven(ctx, p.id, factor.KindLogin)
			return err
		}},
		{name: "DeviceTOTPEnroller.Enroll: without proof", right: true,
			prepare: func(p *person) { p.w.host.register(p.id, p.password, p.w.clock.Now()) },
			run: func(ctx context.Context, on *process, p *person) error {
				_, err := on.Devices.Enroll(ctx, p.id, uuid.New(), factor.Credentials{})
				return err
			}},
	}
}

// readingUses are the methods that change nothing.
func readingUses() []use {
	return []use{
		{name: "DeviceTOTPEnroller.Devices", right: true, reads: true, prepare: asIs, run: func(ctx context.Context, on *process, p *person) error {
			_, err := on.Devices.Devices(ctx, p.id)
			return err
		}},
		{name: "Verifier.Holdings", right: true, reads: true, prepare: asIs, run: func(ctx context.Context, on *process, p *person) error {
			_, err := on.V.Holdings(ctx, p.id)
			return err
		}},
		{name: "PINs.IsSet", right: true, reads: true, prepare: asIs, run: func(ctx context.Context, on *process, p *person) error {
			_, err := on.PINs.IsSet(ctx, p.id)
			return err
		}},
		{name: "PINs.Wait", right: true, reads: true, prepare: asIs, run: func(ctx context.Context, on *process, p *person) error {
			_, err := on.PINs.Wait(ctx, p.id, time.Second)
			return err
		}},
		{name: "Admin.Status", right: true, reads: true, prepare: asIs, run: func(ctx context.Context, on *process, p *person) error {
			_, err := on.Admin.Status(ctx, p.id)
			return err
		}},
		{name: "Admin.Users", right: true, reads: true, prepare: asIs, run: func(ctx context.Context, on *process, p *person) error {
			for _, err := range on.Admin.Users(ctx, "") {
				if err != nil {
					return err
				}
			}
			return nil
		}},
	}
}

// adminUses are the methods of Admin that change something.
func adminUses() []use {
	return []use{
		{name: "Admin.Sweep", right: true, prepare: func(p *person) { p.issue(factor.KindLogin); p.w.clock.Turn(2 * time.Hour); clear(p.codes) },
			run: func(ctx context.Context, on *process, p *person) error {
				_, err := on.Admin.Sweep(ctx)
				return err
			}},
		{name: "Admin.Unlock", right: true,
			prepare: func(p *person) {
				mustBe(p.w.t, p.w.V.VerifyPassword(ctx, p.id, "wrong"), factor.ErrMismatch)
			},
			run: func(ctx context.Context, on *process, p *person) error {
				return on.Admin.Unlock(ctx, p.id, factor.KindPassword)
			}},
		{name: "Admin.SetPIN", right: true, prepare: asIs, run: func(ctx context.Context, on *process, p *person) error {
			return on.Admin.SetPIN(ctx, p.id, newPIN)
		}},
		{name: "Admin.RemovePIN", right: true, prepare: asIs, run: func(ctx context.Context, on *process, p *person) error {
			return on.Admin.RemovePIN(ctx, p.id)
		}},
		{name: "Admin.RemoveAuthenticator", right: true, prepare: asIs, run: func(ctx context.Context, on *process, p *person) error {
			return on.Admin.RemoveAuthenticator(ctx, p.id)
		}},
		{name: "Admin.RemoveRecoveryCodes", right: true, prepare: asIs, run: func(ctx context.Context, on *process, p *person) error {
			return on.Admin.RemoveRecoveryCodes(ctx, p.id)
		}},
		{name: "Admin.RevokeDevice", right: true, prepare: asIs, run: func(ctx context.Context, on *process, p *person) error {
			return on.Admin.RevokeDevice(ctx, p.id, p.device)
		}},
		{name: "Admin.Import", right: true, prepare: asIs, run: func(ctx context.Context, on *process, p *person) error {
			return on.Admin.Import(ctx, p.id, tabletOf(p))
		}},
		{name: "Admin.Reseal", right: true, prepare: asIs, run: func(ctx context.Context, on *process, p *person) error {
			return on.Admin.Reseal(ctx, p.id)
		}},
		{name: "Admin.PasswordChanged", right: true, prepare: (*person).suspect, run: func(ctx context.Context, on *process, p *person) error {
			return on.Admin.PasswordChanged(ctx, p.id)
		}},
		{name: "Admin.VoidCodes", right: true, prepare: (*person).suspect, run: func(ctx context.Context, on *process, p *person) error {
			return on.Admin.VoidCodes(ctx, p.id)
		}},
		{name: "Admin.Discard", right: true, prepare: asIs, run: func(ctx context.Context, on *process, p *person) error {
			return on.Admin.Discard(ctx, p.id)
		}},
		{name: "Admin.Forget", right: true, prepare: asIs, run: func(ctx context.Context, on *process, p *person) error {
			return on.Admin.Forget(ctx, p.id)
		}},
	}
}

// suspect leaves what somebody with the old password or address could have begun:
// live codes, and a pending authenticator.
func (p *person) suspect() {
	for _, kind := range mailedKinds {
		p.issue(kind)
		p.issueFor(kind, forPay...)
	}
	p.begin()
	clear(p.codes) // They are void soon.
}

// tabletOf is a device that the person holds in another system.
func tabletOf(p *person) factor.Import {
	return factor.Import{Devices: []factor.ImportedDevice{{
		ID: uuid.NewSHA1(p.device, []byte("tablet")), TOTP: factor.ImportedTOTP{Secret: "KRUGKIDROVUWG2ZAMJZG653OEBTG66BA"},
	}}}
}
