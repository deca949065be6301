package threats

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// A renewal is something that renewed a budget in a peer. It gets a right
// credential of a kind that is not guessed.
type renewal struct {
	name string
	do   func(on *process, p *person, help factor.Credentials) error
}

var renewals = []renewal{
	{"issue unproven", func(_ *process, p *person, _ factor.Credentials) error {
		for _, k := range mailedKinds {
			p.issue(k)
		}
		return nil
	}},
	{"issue", func(on *process, p *person, help factor.Credentials) error {
		o, err := on.Codes.Issue(ctx, p.id, help)
		p.codes[factor.KindAccount], p.issued = o.Code, append(p.issued, o.Code)
		return err
	}},
	{"verify another kind", func(on *process, p *person, help factor.Credentials) error {
		_, err := on.V.VerifyAny(ctx, p.id, help)
		return err
	}},
	{"prove a reset", func(on *process, p *person, _ factor.Credentials) error {
		return on.Guard.Prove(ctx, p.id, factor.Credentials{PIN: p.pin})
	}},
	{"enrol a device", func(on *process, p *person, help factor.Credentials) error {
		e, err := on.Devices.Enroll(ctx, p.id, uuid.New(), help)
		if err == nil {
			p.others = append(p.others, newGenerator(e))
		}
		return err
	}},
	{"enrol the device anew", func(on *process, p *person, help factor.Credentials) error {
		e, err := on.Devices.Enroll(ctx, p.id, p.device, help)
		if err == nil {
			p.phone = newGenerator(e)
		}
		return err
	}},
	{"confirm an authenticator", func(on *process, p *person, help factor.Credentials) error {
		e, err := on.Auth.Begin(ctx, p.id, help)
		if err != nil {
			return err
		}
		p.app = newGenerator(e)
		return on.Auth.Confirm(ctx, p.id, p.app.code(p.app.step(p.w.clock.Now())))
	}},
	{"have recovery codes made", func(on *process, p *person, help factor.Credentials) error {
		set, err := on.Recovery.Generate(ctx, p.id, help)
		if err == nil {
			p.print(set)
		}
		return err
	}},
	{"remove the recovery codes", func(on *process, p *person, _ factor.Credentials) error {
		return absent(on.Admin.RemoveRecoveryCodes(ctx, p.id))
	}},
	{"issue for a purpose", func(_ *process, p *person, _ factor.Credentials) error {
		for _, k := range mailedKinds {
			p.issueFor(k, "pay", fmt.Sprint(p.guesses))
		}
		return nil
	}},
	{"verify on a view", func(on *process, p *person, help factor.Credentials) error {
		_, err := on.on([]string{"pay"}).V.VerifyAny(ctx, p.id, help)
		return err
	}},
	{"remove the device", func(on *process, p *person, _ factor.Credentials) error {
		return absent(on.Admin.RevokeDevice(ctx, p.id, p.device))
	}},
	{"remove the authenticator", func(on *process, p *person, _ factor.Credentials) error {
		return absent(on.Admin.RemoveAuthenticator(ctx, p.id))
	}},
	{"remove the PIN", func(on *process, p *person, _ factor.Credentials) error {
		return absent(on.Admin.RemovePIN(ctx, p.id))
	}},
	{"restart, sweep, reseal", func(on *process, p *person, _ factor.Credentials) error {
		_, err := p.w.start(nil).Admin.Sweep(ctx)
		return errors.Join(err, on.Admin.Reseal(ctx, p.id))
	}},
}

// enrolAnother enrols one more device.
func (p *person) enrolAnother() {
	p.w.t.Helper()
	e, err := p.w.Devices.Enroll(ctx, p.id, uuid.New(), p.right(factor.KindPassword))
	must(p.w.t, err)
	p.others = append(p.others, newGenerator(e))
}

// absent forgives that there is nothing left to remove.
func absent(err error) error {
	if errors.Is(err, factor.ErrNotEnrolled) || errors.Is(err, factor.ErrUnknownDevice) {
		return nil
	}
	return err
}

// Threat06RenewedBudget does between guesses all that ever renewed a budget
// elsewhere: new codes, new secrets, other right credentials, restarts. The
// guesses still lock, and still for good at Final; the guard still wipes.
func Threat06RenewedBudget(t *testing.T, env Env) {
	for i, renewal := range renewals {
		if !env.skips(i, 3) && renewal.name != "prove a reset" && renewal.name != "remove the PIN" {
			t.Run("guard/"+renewal.name, func(t *testing.T) { strikeWhileRenewing(t, env, renewal) })
		}
	}
	for i, kind := range allKinds {
		if env.skips(i, 3) {
			continue
		}
		for _, renewal := range renewals {
			t.Run(fmt.Sprintf("%s/%s", kind, renewal.name), func(t *testing.T) {
				guessWhileRenewing(t, env, kind, renewal)
			})
		}
	}
}

// helperBeside is the kind of the right credential that renews, where another is
// guessed at.
func helperBeside(guessed factor.Kind) factor.Kind {
	if guessed == factor.KindPassword {
		return factor.KindPIN
	}
	return factor.KindPassword
}

func guessWhileRenewing(t *testing.T, env Env, kind factor.Kind, renewal renewal) {
	w := newWorld(t, env, func(o *factor.Options) {
		onlyKind(kind)(o)
		o.Device.Max = 100
		sameLimit(o, factor.Limit{Tries: 3, Delay: time.Second, MaxDelay: time.Second, Final: 6})
	})
	p := w.person()
	p.enrolAnother() // An older secret stays in force, whatever is bound.
	helper := helperBeside(kind)
	if helper == factor.KindPIN && renewal.name == "remove the PIN" {
		return // It would take the credential that helps.
	}
	if kind == factor.KindTOTP && renewal.name == "confirm an authenticator" ||
		kind == factor.KindRecovery && renewal.name == "have recovery codes made" {
		return // Nothing that was guessed before tells of the new one.
	}
	judged := 0
	for range 6 {
		for range 4 { // More guesses than the budget has.
			err := verifyAny.call(ctx, w.process, p, kind, p.wrong(kind))
			if errors.Is(err, factor.ErrMismatch) {
				judged++
			} else {
				mustBe(t, err, factor.ErrLocked)
			}
			must(t, renewal.do(w.process, p, p.right(helper)))
			if n := w.wrong(p.id, kind); n != judged {
				t.Fatalf("%d counted after %d guesses were judged", n, judged)
			}
		}
		if b := budget(w.status(p.id), kind); !b.Locked || b.Wrong != judged {
			t.Fatalf("stored %+v after %d guesses, want locked", b, judged)
		}
		w.clock.Turn(2 * time.Second)
	}
	if judged != 6 {
		t.Fatalf("%d guesses were judged, want 6: Final", judged)
	}
	mustBeLockedForGood(t, w, p, kind)
}

func mustBeLockedForGood(t *testing.T, w *world, p *person, kind factor.Kind) {
	t.Helper()
	w.clock.Turn(365 * 24 * time.Hour)
	b := budget(w.status(p.id), kind)
	if !b.Locked || !b.Until.IsZero() {
		t.Fatalf("stored %+v a year after the last guess, want locked for good", b)
	}
	mustBe(t, verifyAny.call(ctx, w.process, p, kind, p.right(kind)), factor.ErrLocked)
}

// strikeWhileRenewing gives wrong proofs to the guard, and between them does what
// might buy more of them: a mailed code that sets a PIN or enrols a device among
// others.
func strikeWhileRenewing(t *testing.T, env Env, renewal renewal) {
	w := newWorld(t, env, nil)
	p := w.person()
	for left := 2; left >= 0; left-- {
		err := w.Guard.Prove(ctx, p.id, p.wrong(factor.KindPIN))
		m, ok := errors.AsType[*factor.MismatchError](err)
		if !ok || m.Remaining != left {
			t.Fatalf("answered %v, want %d remaining", err, left)
		}
		must(t, renewal.do(w.process, p, p.right(factor.KindPassword)))
		must(t, w.PINs.Set(ctx, p.id, p.pin, factor.Credentials{OTP: p.issue(factor.KindAccount).Code}))
	}
	mustBe(t, w.Guard.Prove(ctx, p.id, p.wrong(factor.KindPIN)), factor.ErrWiped)
}
