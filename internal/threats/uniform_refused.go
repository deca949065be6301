package threats

import (
	"context"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

const unjudged = "Everything that can be refused without the proof is refused before it is judged, and spends nothing."

// judging is the work of judging a PIN or a password.
var judging = regexp.MustCompile("^(hash|CheckPassword)")

// lockedAfter brings a lock about, after what prepare does: for a second by two
// wrong answers, for good by four.
func lockedAfter(wrongs int, prepare func(p *person, kind factor.Kind)) func(p *person, kind factor.Kind) {
	return func(p *person, kind factor.Kind) {
		if slices.Contains(mailedKinds, kind) {
			p.issue(kind)
		}
		prepare(p, kind)
		for _, wait := range []time.Duration{0, 0, time.Second, 2 * time.Second}[:wrongs] {
			p.w.clock.Turn(wait)
			mustBe(p.w.t, verifyAny.call(ctx, p.w.process, p, kind, p.wrong(kind)), factor.ErrMismatch)
		}
	}
}

// lockedSamenesses: nothing can be guessed while it is locked.
func lockedSamenesses() []sameness {
	nothing := func(*person, factor.Kind) {}
	usedOne := func(p *person, kind factor.Kind) { used(p, kind) }
	var all []sameness
	for wrongs, name := range map[int]string{2: "locked for a time", 4: "locked for good"} {
		judgeNone := sameness{promise: locked, want: factor.ErrLocked, never: judging}
		wrongOne := situation{"wrong", lockedAfter(wrongs, nothing), wrong}

		s := judgeNone
		s.name, s.kinds, s.sizes = name, allKinds, true
		s.situations = []situation{wrongOne, {"right", lockedAfter(wrongs, nothing), right}}
		all = append(all, s)

		s = judgeNone
		s.name, s.kinds, s.sizes = name+", for another purpose", mailedKinds, true
		s.situations = []situation{{"wrong", lockedAfter(wrongs, withCodeForPay), wrong}, {"right for another purpose", lockedAfter(wrongs, withCodeForPay), right}}
		all = append(all, s)

		s = judgeNone
		s.name, s.kinds = name+", used code", otpKinds
		s.situations = []situation{wrongOne, {"used", lockedAfter(wrongs, usedOne), used}}
		all = append(all, s)

		s = judgeNone
		s.name, s.kinds, s.tells = name+", nothing held", allKinds, asHeld
		s.situations = []situation{wrongOne, {"nothing held", func(p *person, kind factor.Kind) {
			lockedAfter(wrongs, nothing)(p, kind)
			bare(p, kind)
		}, wrong}}
		all = append(all, s)
	}
	return all
}

// unjudgedSamenesses: what is refused anyway tells nothing about the proof.
func unjudgedSamenesses() []sameness {
	weak := judge{"PINs.Set", allKinds, func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		return on.PINs.Set(ctx, p.id, "1234", c)
	}}
	unknownDevice := judge{"DeviceTOTPEnroller.Revoke", allKinds, func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		return on.Devices.Revoke(ctx, p.id, uuid.UUID{15: 9}, c)
	}}
	enroll, issue := named("DeviceTOTPEnroller.Enroll"), named("OTPIssuer.Issue")

	refused := func(name string, want error, by []judge, kinds []factor.Kind, is func(*person, factor.Kind)) sameness {
		return sameness{
			name: name, promise: unjudged, kinds: kinds, by: by, want: want, sizes: true, never: judging,
			situations: []situation{{"wrong", is, wrong}, {"right", is, right}},
		}
	}
	live := func(p *person, kind factor.Kind) {
		if slices.Contains(mailedKinds, kind) {
			p.issue(kind)
		}
	}
	after := func(is func(*person, factor.Kind)) func(*person, factor.Kind) {
		return func(p *person, kind factor.Kind) { live(p, kind); is(p, kind) }
	}
	but := func(kind factor.Kind) []factor.Kind {
		return slices.DeleteFunc(slices.Clone(allKinds), func(k factor.Kind) bool { return k == kind })
	}
	pends := func(p *person, _ factor.Kind) { p.pend() }
	full := refused("device limit", factor.ErrDeviceLimit, []judge{enroll}, allKinds, live)
	full.options = func(o *factor.Options) { o.Device.Max = 1 }
	interval := refused("issuing interval", factor.ErrLocked, []judge{issue}, issue.takes, func(p *person, _ factor.Kind) { p.issue(factor.KindAccount) })
	interval.options = func(o *factor.Options) { o.OTP.Interval = time.Minute }
	return []sameness{
		refused("weak PIN", factor.ErrWeakPIN, []judge{weak}, allKinds, live),
		refused("removing no PIN", factor.ErrNotEnrolled, []judge{named("PINs.Remove")}, but(factor.KindPIN), after(withoutPIN)),
		refused("revoking no device", factor.ErrUnknownDevice, []judge{unknownDevice}, allKinds, live),
		refused("removing no authenticator", factor.ErrNotEnrolled, []judge{named("AuthenticatorEnroller.Remove")}, but(factor.KindTOTP), after(withoutAuthenticator)),
		refused("pending wipe", factor.ErrWipePending, []judge{failingWipe(named("PINs.Set")), failingWipe(enroll)}, []factor.Kind{factor.KindPassword, factor.KindTOTP}, pends),
		full, interval,
	}
}

// named returns the method of a name.
func named(name string) judge {
	return judges[slices.IndexFunc(judges, func(j judge) bool { return j.name == name })]
}

// enrolSamenesses: what is judged where a device is enrolled.
func enrolSamenesses() []sameness {
	again := judge{"DeviceTOTPEnroller.Enroll", allKinds, func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		_, err := on.Devices.Enroll(ctx, p.id, p.device, c)
		return err
	}}
	outside := func(p *person, _ factor.Kind) { p.w.host.register(p.id, p.password, p.w.clock.Now().Add(-time.Hour)) }
	inside := func(p *person, _ factor.Kind) { p.w.host.register(p.id, p.password, p.w.clock.Now()) }
	return []sameness{
		{
			name: "enrolment window", promise: "Any credential that is given is judged, also inside the window.", kinds: allKinds, by: []judge{named("DeviceTOTPEnroller.Enroll")}, beside: true, sizes: true,
			situations: []situation{{"outside", outside, wrong}, {"inside", inside, wrong}}, never: regexp.MustCompile("^RegisteredAt"),
		},
		{
			name: "enrolled device", promise: "A device that is enrolled already gets a new secret for a proof, like a new one.", kinds: allKinds, by: []judge{again},
			situations: []situation{{"enrolled", nil, wrong}, {"not enrolled", withoutDevice, wrong}},
		},
	}
}

// failingWipe calls the method on a host whose Wipe fails.
func failingWipe(j judge) judge {
	call := j.call
	j.call = func(ctx context.Context, _ *process, p *person, kind factor.Kind, c factor.Credentials) error {
		return call(ctx, p.w.start(newScript(everyFrom(1, "Wipe", fails))), p, kind, c)
	}
	return j
}

// guardSamenesses: the guard, which has a count of its own.
func guardSamenesses() []sameness {
	prove := []judge{{"ResetGuard.Prove", []factor.Kind{factor.KindPIN, factor.KindDeviceTOTP}, func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		return on.Guard.Prove(ctx, p.id, c)
	}}}
	pin, device := []factor.Kind{factor.KindPIN}, []factor.Kind{factor.KindDeviceTOTP}
	guarded := []factor.Kind{factor.KindPIN, factor.KindDeviceTOTP}
	const ageing = "A PIN that was bound for less than MinAge is not looked at."
	young := func(p *person, _ factor.Kind) {
		p.w.clock.Turn(24 * time.Hour) // The device is old enough.
		must(p.w.t, p.w.Admin.SetPIN(ctx, p.id, p.pin))
	}
	oldEnough := func(o *factor.Options) { o.Reset.MinAge = 24 * time.Hour }
	struck := func(p *person, _ factor.Kind) {
		mustBe(p.w.t, p.w.Guard.Prove(ctx, p.id, p.wrong(factor.KindPIN)), factor.ErrMismatch)
	}
	wiped := func(p *person, _ factor.Kind) { must(p.w.t, p.w.Guard.Forfeit(ctx, p.id)) }
	return []sameness{
		{
			name: "guard, no PIN", promise: unheld, kinds: pin, by: prove,
			situations: []situation{{"a wrong PIN", nil, wrong}, {"the PIN that was removed", withoutPIN, right}},
		},
		{
			name: "guard, no device", promise: unheld, kinds: device, by: prove,
			situations: []situation{{"a wrong code", nil, wrong}, {"a code of the device that was revoked", withoutDevice, right}},
		},
		{
			name: "guard, young PIN", promise: ageing, kinds: pin, by: prove, options: oldEnough,
			situations: []situation{{"a wrong PIN", young, wrong}, {"the young PIN", young, right}},
		},
		{
			name: "guard, interval", promise: "Within Interval of a wrong proof the next one is not judged.", kinds: guarded, by: prove, want: factor.ErrLocked, never: judging, sizes: true,
			options:    func(o *factor.Options) { o.Reset.Interval = time.Minute },
			situations: []situation{{"wrong", struck, wrong}, {"right", struck, right}},
		},
		{
			name: "guard, wiped", promise: "While the data is wiped no proof is judged.", kinds: guarded, by: prove, want: factor.ErrWiped, never: judging, sizes: true,
			situations: []situation{{"wrong", wiped, wrong}, {"right", wiped, right}},
		},
		{
			name: "guard, nothing held", promise: "Who holds neither a PIN nor a device is told so before the proof is judged.", kinds: guarded, by: prove,
			want: factor.ErrNotEnrolled, never: judging, sizes: true, situations: []situation{{"wrong", bare, wrong}, {"what was right", bare, right}},
		},
	}
}

// confirmSamenesses: Confirm, which has a count of its own too.
func confirmSamenesses() []sameness {
	app := []factor.Kind{factor.KindTOTP}
	confirm := []judge{{"AuthenticatorEnroller.Confirm", app, func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		return on.Auth.Confirm(ctx, p.id, c.OTP)
	}}}
	waiting := func(p *person, _ factor.Kind) { p.begin() }
	return []sameness{
		{
			name: "confirming nothing", promise: "Without an authenticator that waits no code is judged.", kinds: app, by: confirm,
			want: factor.ErrNotEnrolled, sizes: true, situations: []situation{{"wrong", nil, wrong}, {"right for the one in force", nil, right}},
		},
		{
			name: "confirming another", promise: "Confirm judges codes of the authenticator that waits only.", kinds: app, by: confirm, sizes: true,
			situations: []situation{{"wrong", waiting, wrong}, {"right for the one in force", waiting, right}},
		},
	}
}
