package threats

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/knowhave/factor"
)

// purposes are no purpose and some different ones.
var purposes = [][]string{
	nil, {"pay", "A 1", "2"}, {"pay", "A", "1 2"}, {"pay"}, {"new address", "ann@example.org"}, {"account"},
	{"pay", "A 1 2"}, {"pay A 1 2"}, {"pay", "A", "1", "2"}, {"pay", "2", "A 1"}, {"pay", "pay"}, {"p", "ay"}, {"PAY"}, {"pay "}, {"pay\x00"},
	{"login"}, {"account", "pay"}, {"123456"}, {"caf\u00e9"}, {"cafe\u0301"}, {strings.Repeat("p", 255)}, {strings.Repeat("p", 254), "p"},
}

// Threat27OtherPurpose issues codes for every purpose and gives them for every other, as
// every kind, to every method: a code is right for its kind and its purpose, and anywhere
// else it is wrong like any other, and charged.
func Threat27OtherPurpose(t *testing.T, env Env) {
	for _, issued := range mailedKinds {
		for _, asked := range digitKinds {
			t.Run(fmt.Sprintf("%s as %s", issued, asked), func(t *testing.T) { crossPurposes(t, env, issued, asked) })
		}
	}
	t.Run("new address", func(t *testing.T) { confirmAddress(t, env) })
	t.Run("without a purpose", func(t *testing.T) { proveOnViews(t, env) })
	t.Run("default kinds", func(t *testing.T) { verifyByDefault(t, env) })
	t.Run("guard", func(t *testing.T) { guardOnView(t, env) })
	t.Run("one count", func(t *testing.T) { lockAcrossPurposes(t, env) })
	t.Run("malformed", func(t *testing.T) { misuseFor(t, env) })
	t.Run("changed later", func(t *testing.T) { changeParts(t, env) })
	for _, s := range purposeStalings {
		t.Run("stale/"+s.name, func(t *testing.T) { staleOnlyForItself(t, env, s) })
	}
	t.Run("too many", func(t *testing.T) { pushOut(t, env) })
	PurposesAtOnce(t, env)
}

// PurposesAtOnce is what of Threat27OtherPurpose a store has a part in: calls on views of
// several processes at the same time.
func PurposesAtOnce(t *testing.T, env Env) {
	for _, processes := range []int{1, 2} {
		t.Run(fmt.Sprintf("at once/%d", processes), func(t *testing.T) { redeemForPurposes(t, env, processes) })
	}
	t.Run("slow writers", func(t *testing.T) { raceForPurposes(t, env) })
}

// issueOnly issues a code for a purpose that is not also a code of the phone or the
// app.
func (p *person) issueOnly(kind factor.Kind, purpose []string) string {
	p.w.t.Helper()
	for {
		code := p.issueFor(kind, purpose...).Code
		if now := p.w.clock.Now(); !p.phone.near(code, now) && !p.app.near(code, now) {
			return code
		}
	}
}

// crossPurposes gives codes of one kind, issued for each purpose, to views for each
// purpose, as codes of a kind.
func crossPurposes(t *testing.T, env Env, issued, asked factor.Kind) {
	w := newWorld(t, env, onlyKind(asked))
	p := w.person()
	bare := w.record(p.id)
	i := 0
	for from, purpose := range purposes {
		w.restore(p.id, bare)
		code := p.issueOnly(issued, purpose)
		start := w.record(p.id)
		for to, other := range purposes {
			for _, j := range takers(asked) {
				if i++; env.skips(i, 61) || j.name != verifyOTP.name && (from > 5 || to > 5) {
					continue
				}
				w.restore(p.id, start)
				what := fmt.Sprintf("%s, issued for %q, given for %q", j.name, purpose, other)
				given := factor.Credentials{OTP: code}
				err := j.call(ctx, w.on(other), p, asked, given)
				if from == to && issued == asked {
					mustSpend(t, p, what, err, purpose, issued, code)
				} else {
					mustBeCharged(t, p, what, err, each([]factor.Kind{asked}, 1))
					_, err := w.on(purpose).V.VerifyOTP(ctx, p.id, code, issued)
					must(t, err) // It is still right where it belongs.
				}
			}
		}
	}
}

// mustSpend fails unless a code was accepted, and is now used.
func mustSpend(t *testing.T, p *person, what string, err error, purpose []string, kind factor.Kind, code string) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: answered %v", what, err)
	}
	_, err = p.w.on(purpose).V.VerifyOTP(ctx, p.id, code, kind)
	mustBeStale(t, err)
	mustCountAll(t, p, nil)
}

// mustBeCharged fails unless a code was refused as wrong, charged to these kinds,
// and changed nothing else.
func mustBeCharged(t *testing.T, p *person, what string, err error, counts map[factor.Kind]int) {
	t.Helper()
	if m, ok := errors.AsType[*factor.MismatchError](err); !ok || m.Stale {
		t.Fatalf("%s: answered %v, want a MismatchError without Stale", what, err)
	}
	mustCountAll(t, p, counts)
	if s := p.w.status(p.id); !s.PIN || !s.Authenticator || s.AuthenticatorPending || len(s.Devices) != 1 || s.RecoveryCodes != 10 || s.Strikes != 0 {
		t.Fatalf("%s: refused, and left %+v", what, s)
	}
}

// confirmAddress mails a code to a new address: its reader confirms that address
// with it, and can do nothing else, neither to the account nor to confirm another
// address.
func confirmAddress(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	p := w.person()
	address := []string{"new address", "thief@example.org"}
	code := p.issueOnly(factor.KindAccount, address)
	start := w.record(p.id)
	for _, other := range [][]string{nil, {"new address", "ann@example.org"}, {"new address"}, {"thief@example.org"}} {
		for _, j := range takers(factor.KindAccount) {
			w.restore(p.id, start)
			err, counts := j.call(ctx, w.on(other), p, factor.KindAccount, factor.Credentials{OTP: code}), each(proofKinds, 1)
			if j.name == verifyOTP.name {
				counts = each([]factor.Kind{factor.KindAccount}, 1)
			}
			mustBeCharged(t, p, fmt.Sprintf("%s for %q", j.name, other), err, counts)
		}
	}
	w.restore(p.id, start)
	m, err := w.on(address).V.VerifyOTP(ctx, p.id, code)
	if err != nil || m.Kind != factor.KindAccount {
		t.Fatalf("the address was not confirmed: %v, %v", m, err)
	}
}

// proveOnViews proves with credentials without a purpose: a view judges them as its
// Verifier does, if their kind is requested.
func proveOnViews(t *testing.T, env Env) {
	for _, kind := range allKinds {
		if slices.Contains(mailedKinds, kind) {
			continue
		}
		w := newWorld(t, env, func(o *factor.Options) {
			onlyKind(kind)(o)
			sameLimit(o, three)
		})
		for i, j := range takers(kind) {
			if env.skips(i, 3) {
				continue
			}
			p := w.person()
			view := w.on(purposes[1+i%5])
			for n := 1; n <= 2; n++ {
				mustBe(t, j.call(ctx, view, p, kind, p.wrong(kind)), factor.ErrMismatch)
				mustCountAll(t, p, map[factor.Kind]int{kind: n})
			}
			right := p.right(kind)
			if err := j.call(ctx, view, p, kind, right); err != nil {
				t.Fatalf("%s on a view answered %v to the right %s", j.name, err, kind)
			}
			if j.name == verifyOTP.name {
				_, err := w.V.VerifyOTP(ctx, p.id, right.OTP, kind)
				mustBeStale(t, err) // Used on the view is used everywhere.
			}
		}
	}
}

// verifyByDefault calls a view without kinds: only a code for its purpose confirms
// the act, and nothing else is spent or charged.
func verifyByDefault(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	p := w.person()
	for n, code := range []string{p.right(factor.KindDeviceTOTP).OTP, p.right(factor.KindTOTP).OTP, p.issueOnly(factor.KindAccount, nil), p.issueOnly(factor.KindLogin, forPay)} {
		_, err := w.on(forPay).V.VerifyOTP(ctx, p.id, code)
		mustBeCharged(t, p, "VerifyOTP without kinds", err, map[factor.Kind]int{factor.KindAccount: n + 1})
	}
	_, err := w.on(forPay).V.VerifyOTP(ctx, p.id, p.right(factor.KindRecovery).OTP)
	mustBe(t, err, factor.ErrMalformed)
	w.unlock(p.id)
	m, err := w.V.VerifyOTP(ctx, p.id, p.right(factor.KindDeviceTOTP).OTP)
	if err != nil || m.Kind != factor.KindDeviceTOTP {
		t.Fatalf("the device's code was spent on a view: %v, %v", m, err)
	}
	_, err = w.on(forPay).V.VerifyOTP(ctx, p.id, p.issueOnly(factor.KindAccount, forPay))
	must(t, err)
}

// guardOnView has a guard made from a view: what is mailed for its purpose proves no reset,
// and confirms no authenticator.
func guardOnView(t *testing.T, env Env) {
	w := newWorld(t, env, nil)
	p := w.person()
	reset := []string{"reset"}
	for n, kind := range slices.Concat(mailedKinds, []factor.Kind{factor.KindRecovery}) {
		given, want := p.right(factor.KindRecovery), factor.ErrMalformed
		if kind != factor.KindRecovery {
			given.OTP, want = p.issueOnly(kind, reset), factor.ErrMismatch
		}
		mustBe(t, w.on(reset).Guard.Prove(ctx, p.id, given), want)
		p.begin()
		mustBe(t, w.on(reset).Auth.Confirm(ctx, p.id, given.OTP), want)
		if s := w.status(p.id).Strikes; s != min(n+1, len(mailedKinds)) {
			t.Fatalf("%d strikes after %d wrong proofs", s, n+1)
		}
	}
	must(t, w.on(reset).Guard.Prove(ctx, p.id, p.right(factor.KindDeviceTOTP)))
	must(t, w.on(reset).Auth.Confirm(ctx, p.id, p.pending.code(p.pending.step(w.clock.Now()))))
}

// lockAcrossPurposes guesses for one purpose after the other: the guesses add up, the lock
// holds for all, and OTPOptions.Interval is one for all.
func lockAcrossPurposes(t *testing.T, env Env) {
	for _, kind := range mailedKinds {
		w := newWorld(t, env, func(o *factor.Options) {
			onlyKind(kind)(o)
			sameLimit(o, three)
		})
		for _, j := range takers(kind) {
			p := w.person()
			code := p.issueOnly(kind, purposes[4])
			for n, purpose := range purposes[:3] {
				mustBe(t, j.call(ctx, w.on(purpose), p, kind, p.wrong(kind)), factor.ErrMismatch)
				mustCountAll(t, p, map[factor.Kind]int{kind: n + 1})
			}
			before := w.record(p.id)
			for _, purpose := range purposes[:6] {
				mustBe(t, j.call(ctx, w.on(purpose), p, kind, factor.Credentials{OTP: code}), factor.ErrLocked)
				mustBe(t, j.call(ctx, w.on(purpose), p, kind, p.wrong(kind)), factor.ErrLocked)
			}
			if w.record(p.id).Version != before.Version {
				t.Fatalf("%s wrote something while %s is locked", j.name, kind)
			}
			w.unlock(p.id)
			must(t, j.call(ctx, w.on(purposes[4]), p, kind, factor.Credentials{OTP: code}))
		}
		w = newWorld(t, env, func(o *factor.Options) { o.OTP.Interval = three.Delay })
		p := w.person()
		first := p.issueOnly(kind, forPay)
		for _, purpose := range purposes[:6] {
			_, err := w.on(purpose).Codes.IssueUnproven(ctx, p.id, kind)
			if l, ok := errors.AsType[*factor.LockedError](err); !ok || !l.TooSoon || l.Kind != kind {
				t.Fatalf("a code for %q was answered %v within the interval of another", purpose, err)
			}
		}
		_, err := w.on(forPay).V.VerifyOTP(ctx, p.id, first, kind)
		must(t, err)
	}
}
