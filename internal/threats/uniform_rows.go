package threats

import (
	"context"
	"regexp"
	"slices"
	"time"

	"github.com/knowhave/factor"
)

const (
	unheld = "A kind that the user does not hold is judged wrong at the same cost, and charged like any other."
	locked = "While a kind is locked nothing is judged, so right and wrong get the same answer."
)

// asHeld are the methods that say whether something is held before they judge
// the proof, as their comments do.
var asHeld = []string{"PINs.Remove", "DeviceTOTPEnroller.Revoke", "AuthenticatorEnroller.Remove", "RecoveryCodes.Remove"}

// samenesses are the promises. Nothing else is promised, such as that a user with
// ten devices costs as little as one without.
var samenesses = slices.Concat(unheldSamenesses(), emptySamenesses(), lockedSamenesses(), unjudgedSamenesses(), enrolSamenesses(), guardSamenesses(), confirmSamenesses())

// right and wrong give a credential of the kind.
func right(p *person, kind factor.Kind) factor.Credentials { return p.right(kind) }
func wrong(p *person, kind factor.Kind) factor.Credentials { return p.wrong(kind) }

// used gives a code that was accepted, from the first call on.
func used(p *person, kind factor.Kind) factor.Credentials {
	if p.given == (factor.Credentials{}) {
		p.given = p.right(kind)
		must(p.w.t, verifyAny.call(ctx, p.w.process, p, kind, p.given))
		delete(p.codes, kind)
	}
	return p.given
}

// bare takes everything from a user but the record.
func bare(p *person, _ factor.Kind) {
	withoutPIN(p, "")
	withoutDevice(p, "")
	withoutAuthenticator(p, "")
	withoutRecovery(p, "")
}

func withoutPIN(p *person, _ factor.Kind) { must(p.w.t, p.w.Admin.RemovePIN(ctx, p.id)) }
func withoutDevice(p *person, _ factor.Kind) {
	must(p.w.t, p.w.Admin.RevokeDevice(ctx, p.id, p.device))
}
func withoutAuthenticator(p *person, _ factor.Kind) {
	must(p.w.t, p.w.Admin.RemoveAuthenticator(ctx, p.id))
}
func withoutRecovery(p *person, _ factor.Kind) {
	must(p.w.t, p.w.Admin.RemoveRecoveryCodes(ctx, p.id))
}
func withCode(p *person, kind factor.Kind) { p.issue(kind) }

// unknown makes a user without a record.
func unknown(p *person, _ factor.Kind) {
	p.w.restore(p.id, factor.Record{})
}

// withNewPaper has the recovery codes replaced by others, and keeps one of the old.
func withNewPaper(p *person, _ factor.Kind) {
	old := p.right(factor.KindRecovery)
	p.generate()
	p.given = old
}

// replaced gives what withNewPaper has kept.
func replaced(p *person, _ factor.Kind) factor.Credentials { return p.given }

// withCodeForPay has a code issued for a purpose, which is then the right one.
func withCodeForPay(p *person, kind factor.Kind) {
	p.codes[kind] = p.issueFor(kind, "pay", "ann", "10").Code
}

// expired lets a live code end, and be forgotten.
func expired(p *person, kind factor.Kind) {
	p.issue(kind)
	p.w.clock.Turn(20 * time.Minute)
}

// unheldSamenesses: what is set cannot be found out by guessing.
func unheldSamenesses() []sameness {
	pin, device, app := []factor.Kind{factor.KindPIN}, []factor.Kind{factor.KindDeviceTOTP}, []factor.Kind{factor.KindTOTP}
	paper := []factor.Kind{factor.KindRecovery}
	return []sameness{
		{
			name: "no PIN", promise: "A user without a PIN costs one dummy hash wherever a PIN is judged.", kinds: pin, beside: true, tells: asHeld[:1],
			situations: []situation{{"a wrong PIN", nil, wrong}, {"the PIN that was removed", withoutPIN, right}, {"no PIN was ever set", withoutPIN, wrong}},
		},
		{
			name: "no device", promise: unheld, kinds: device, beside: true, tells: asHeld[1:2],
			situations: []situation{{"a wrong code", nil, wrong}, {"a code of the device that was revoked", withoutDevice, right}, {"no device", withoutDevice, wrong}},
		},
		{
			name: "no authenticator", promise: unheld, kinds: app, beside: true, tells: asHeld[2:3],
			situations: []situation{
				{"a wrong code", nil, wrong}, {"a code of the one that was removed", withoutAuthenticator, right}, {"no authenticator", withoutAuthenticator, wrong},
			},
		},
		{
			name: "no recovery codes", promise: unheld, kinds: paper, beside: true, tells: asHeld[3:],
			situations: []situation{{"a wrong code", nil, wrong}, {"a code of those that were removed", withoutRecovery, right}, {"no codes", withoutRecovery, wrong}},
		},
		{
			name: "replaced recovery codes", promise: "A code of a set that was replaced is wrong like any other.", kinds: paper, beside: true,
			situations: []situation{{"a wrong code", nil, wrong}, {"a code of the old set", withNewPaper, replaced}},
		},
		{
			name: "other purpose", promise: "A code is right only for the purpose that it was issued for, none included: for another it is wrong like any other.", kinds: mailedKinds, beside: true,
			situations: []situation{{"a wrong code", withCodeForPay, wrong}, {"the code of the purpose", withCodeForPay, right}},
		},
		{
			name: "no code live", promise: unheld, kinds: mailedKinds, beside: true,
			situations: []situation{{"another code live", withCode, wrong}, {"none live", nil, wrong}},
		},
		{
			name: "expired code", promise: "A code that has expired is wrong like any other once it is forgotten, ten minutes later.", kinds: mailedKinds, beside: true,
			situations: []situation{{"a wrong code", expired, wrong}, {"the code that expired", expired, right}},
		},
		{
			name: "pending authenticator", promise: "An authenticator counts once it is confirmed.", kinds: app, beside: true,
			situations: []situation{
				{"a wrong code", func(p *person, _ factor.Kind) { p.begin() }, wrong},
				{"a code of the one that waits", func(p *person, _ factor.Kind) { p.begin() }, func(p *person, _ factor.Kind) factor.Credentials {
					return factor.Credentials{OTP: p.pending.code(p.pending.step(p.w.clock.Now()))}
				}},
			},
		},
	}
}

// emptySamenesses: nor can it be found out whether anything is.
func emptySamenesses() []sameness {
	everyKind := judge{name: verifyOTP.name, takes: otpKinds, call: func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		_, err := on.V.VerifyOTP(ctx, p.id, c.OTP, otpKinds...)
		return err
	}}
	beside := func(p *person, k factor.Kind) factor.Credentials {
		return both(used(p, factor.KindDeviceTOTP), wrong(p, k))
	}
	return []sameness{
		{
			name: "holds nothing", promise: unheld, kinds: allKinds, beside: true, tells: asHeld,
			situations: []situation{{"holds everything", withEverything, wrong}, {"holds nothing", bare, wrong}},
		},
		{
			name: "no record", promise: unheld, kinds: allKinds, beside: true, tells: asHeld,
			situations: []situation{{"holds everything", withEverything, wrong}, {"no record", unknown, wrong}},
			unlike:     regexp.MustCompile(`^Decrypt: .*|old (true|false)`), differs: "Where there is no record there is nothing to open.",
		},
		{
			name: "code of every kind", promise: unheld, kinds: []factor.Kind{factor.KindLogin, factor.KindRecovery}, by: []judge{everyKind},
			situations: []situation{{"holds everything", withEverything, wrong}, {"holds nothing", bare, wrong}},
		},
		{
			name: "used code beside a PIN", promise: "A used code exempts only itself.", kinds: []factor.Kind{factor.KindPIN}, by: codeTakers(), tells: asHeld[:1],
			situations: []situation{{"a wrong PIN", nil, beside}, {"no PIN", withoutPIN, beside}},
		},
	}
}

// withEverything has a code of each mailed kind live, beside what a person holds.
func withEverything(p *person, _ factor.Kind) {
	for _, kind := range mailedKinds {
		p.issue(kind)
	}
}

// codeTakers are the methods that take a PIN and a code.
func codeTakers() []judge {
	return slices.DeleteFunc(takers(factor.KindPIN), func(j judge) bool { return !slices.Contains(j.takes, factor.KindDeviceTOTP) })
}
