package spec

import (
	"slices"
	"strings"
	"testing"
)

const paper = "k7m2-q9xw-4d3f-zpt8"

var (
	generate  = byPassword(Call{Op: GenerateRecovery})
	byPaper   = Call{Op: VerifyOTP, Kinds: []Kind{KindRecovery}}
	onPaper   = func(o *Options) { o.ProofKinds = []Kind{KindRecovery, KindAccount} }
	removeAll = byPassword(Call{Op: RemoveRecovery})
)

func TestTheFormOfARecoveryCode(t *testing.T) {
	const code = "k7m2q9xw4d3fzpt8"
	for _, text := range []string{
		code, paper, strings.ToUpper(paper), "K7M2 q9xw 4D3F zpt8", " -k7m2q9xw4d3fzpt8- ", code[:1] + strings.Repeat("-", 48) + code[1:],
	} {
		if got, ok := RecoveryCode(text); !ok || got != code {
			t.Errorf("%q is %q, %v", text, got, ok)
		}
	}
	if got, ok := RecoveryCode("OoIiLl-0000000000"); !ok || got != "0011110000000000" {
		t.Errorf("o, i and l are %q, %v", got, ok)
	}
	for _, text := range []string{
		"", "123456", "12345678", code[1:], code + "0", strings.Repeat("-", 16), code[:1] + strings.Repeat("-", 49) + code[1:],
		"u" + code[1:], "_" + code[1:], code + "\t", code + "\n", code + "\u00a0", code + "\u2010", "\uff10" + code[1:], "ı" + code[1:], "\u212a" + code[1:], code + "\x00", code + "\xff",
	} {
		if got, ok := RecoveryCode(text); ok {
			t.Errorf("%q is the code %q", text, got)
		}
	}
}

// A code without the form of a requested kind is malformed. The guard and Confirm
// take digits alone.
func TestACodeHasTheFormOfAKindAskedFor(t *testing.T) {
	const number = "123456"
	for name, c := range map[string]struct {
		call          Call
		proof         []Kind
		number, paper bool
	}{
		"by default":              {Call{Op: VerifyOTP}, nil, true, false},
		"by default, on a view":   {on(Call{Op: VerifyOTP}, "pay"), nil, true, false},
		"whatever is a proof":     {Call{Op: VerifyOTP}, []Kind{KindRecovery}, true, false},
		"recovery":                {byPaper, nil, false, true},
		"both":                    {Call{Op: VerifyOTP, Kinds: []Kind{KindRecovery, KindTOTP}}, nil, true, true},
		"a proof":                 {Call{Op: VerifyAny}, nil, true, false},
		"a proof of both":         {Call{Op: VerifyAny}, []Kind{KindRecovery, KindTOTP}, true, true},
		"a proof by recovery":     {Call{Op: VerifyAny}, []Kind{KindRecovery}, false, true},
		"enrolment":               {Call{Op: Enroll, Device: 1}, []Kind{KindRecovery}, false, true},
		"generating":              {Call{Op: GenerateRecovery}, []Kind{KindRecovery}, false, true},
		"the guard":               {Call{Op: Prove}, []Kind{KindRecovery}, true, false},
		"an authenticator":        {Call{Op: Confirm}, []Kind{KindRecovery}, true, false},
		"issuing, which has none": {Call{Op: Issue}, []Kind{KindRecovery, KindTOTP}, false, false},
	} {
		o := Options{CheckPassword: true, ProofKinds: c.proof}.Complete()
		for text, want := range map[string]bool{number: c.number, paper: c.paper, "12345": false, paper + "0": false} {
			call := c.call
			call.User, call.OTP = "ann", text
			var bad []string
			if !want {
				bad = []string{"otp"}
			}
			if got := o.Malformed(&call); !slices.Equal(got, bad) {
				t.Errorf("%s: %q: malformed in %q, want %q", name, text, got, bad)
			}
		}
	}
}

// A code is judged, charged and reported as locked only for the kinds of its form.
func TestACodeIsJudgedAsWhatItLooksLike(t *testing.T) {
	sc := newScene(t, func(o *Options) { o.OTP.Limit = Limit{1, 1e12, 1e12, 9} })
	set := sc.ok(generate)
	both := Call{Op: VerifyOTP, Kinds: []Kind{KindRecovery, KindAccount}}
	sc.want(mismatch(KindAccount, 0), both, none)
	if n := sc.s.Budgets[KindRecovery].Wrong; n != 0 {
		t.Errorf("digits were charged as a recovery code: %d", n)
	}
	until := sc.now.add(1e12)
	sc.want(Answer{Err: Locked, Kind: KindAccount, Until: until}, both, none)
	if len(sc.out.Events) != 1 {
		t.Errorf("told are %v", sc.out.Events)
	}
	sc.want(Answer{Kind: KindRecovery}, both, recovery(set, 3))
	sc.want(mismatch(KindRecovery, 0), both, recovery(set+1, 3))
	sc.want(Answer{Err: Locked, Kind: KindRecovery, Until: until}, both, recovery(set, 4))
}

// Each of the ten is accepted once, in any order. A used one is stale as long as
// its set lasts, and then wrong.
func TestEachRecoveryCodeIsAcceptedOnce(t *testing.T) {
	sc := newScene(t, nil)
	set := sc.ok(generate)
	left := func(want int) {
		t.Helper()
		v := sc.o.View(sc.s, sc.now)
		if v.RecoveryCodes != want || v.Holding().RecoveryCodes != want {
			t.Errorf("%d codes are left, want %d", v.RecoveryCodes, want)
		}
	}
	left(RecoveryCodes)
	for i := range RecoveryCodes {
		code := recovery(set, (i+7)%RecoveryCodes)
		sc.want(Answer{Kind: KindRecovery}, byPaper, code)
		left(RecoveryCodes - 1 - i)
		sc.after(1e15).want(staleThere(KindRecovery, 5), byPaper, code)
	}
	sc.want(mismatch(KindRecovery, 4), byPaper, recovery(set, RecoveryCodes))
	sc.want(refuse(NotEnrolled), removeAll)
	sc.want(refuse(NotEnrolled), Call{Op: AdminRemoveRecovery})
	sc.want(staleThere(KindRecovery, 4), byPaper, recovery(set, 0))
	again := sc.ok(generate)
	left(RecoveryCodes)
	sc.want(mismatch(KindRecovery, 4), byPaper, recovery(set, 0)) // and the count began anew
	sc.want(Answer{Kind: KindRecovery}, byPaper, recovery(again, 0))
}

// Remove removes all; it refuses before it judges the proof if there are none.
func TestRecoveryCodesAreRemoved(t *testing.T) {
	for _, remove := range []Call{removeAll, {Op: AdminRemoveRecovery}} {
		sc := newScene(t, nil)
		wrong := remove
		wrong.Host.Password = No
		sc.want(refuse(NotEnrolled), wrong)
		if sc.out.AskedPassword || sc.out.Touch != Load {
			t.Errorf("%s judged the proof", remove.Op)
		}
		set := sc.ok(generate)
		sc.ok(byPaper, recovery(set, 0))
		sc.ok(remove)
		if last := sc.out.Events[len(sc.out.Events)-1]; last != (Event{Action: recoveryRemoved, Kind: KindRecovery}) {
			t.Errorf("%s told %v", remove.Op, last)
		}
		sc.want(mismatch(KindRecovery, 4), byPaper, recovery(set, 0))
		sc.want(mismatch(KindRecovery, 3), byPaper, recovery(set, 1))
		if sc.s.Recovery != (Recovery{}) {
			t.Errorf("%s left %s", remove.Op, sc.s)
		}
	}
}

// A recovery code is a proof if ProofKinds says so, even for other ones.
func TestARecoveryCodeIsAProof(t *testing.T) {
	sc := newScene(t, onPaper)
	set := sc.ok(generate)
	sc.want(Answer{Kind: KindRecovery}, Call{Op: VerifyAny}, recovery(set, 0))
	sc.want(mismatch(KindPIN, 2), Call{Op: VerifyAny, PIN: otherPIN}, recovery(set, 0)) // stale, and exempts only itself
	next := sc.ok(Call{Op: GenerateRecovery}, recovery(set, 1))
	if told := sc.out.Events; !slices.Equal(told, []Event{{Action: verified, Kind: KindRecovery}, {Action: recoveryGenerated, Kind: KindRecovery}}) {
		t.Errorf("told are %v", told)
	}
	sc.want(mismatch(KindRecovery, 4), Call{Op: VerifyAny}, recovery(set, 2))
	sc.ok(Call{Op: RemoveRecovery}, recovery(next, 9))
}

// Generating sets the count of its own kind back, and no other.
func TestGeneratingRefundsNothingElse(t *testing.T) {
	sc := newScene(t, nil)
	all := Call{Op: VerifyOTP, Kinds: CodeKinds}
	sc.do(all, none)
	sc.do(all, recovery(9, 0))
	sc.do(Call{Op: VerifyPIN, PIN: otherPIN})
	want := sc.s.Budgets
	sc.ok(Call{Op: GenerateRecovery}, sc.ok(mail))
	want[KindAccount], want[KindRecovery] = Budget{}, Budget{} // the one proved it
	if sc.s.Budgets != want || want[KindLogin].Wrong != 1 {
		t.Errorf("left %v, want %v", sc.s.Budgets, want)
	}
}

// Only Forget, Discard and the user's own acts end a set.
func TestWhatRecoveryCodesOutlive(t *testing.T) {
	for op, kept := range map[Op]bool{
		Forfeit: true, PasswordChanged: true, VoidCodes: true, Sweep: true, Unlock: true, Reseal: true, Import: true, Begin: true, AdminSetPIN: true,
		Forget: false, Discard: false,
	} {
		sc := newScene(t, nil)
		set := sc.ok(generate)
		sc.ok(byPaper, recovery(set, 2))
		before := sc.s.Recovery
		c := byPassword(callOf(op))
		c.OTP = ""
		sc.ok(c)
		if now := sc.s.Recovery; now == before != kept || !kept && now != (Recovery{}) {
			t.Errorf("%s left %+v of %+v", op, now, before)
		}
	}
	sc := newScene(t, nil)
	sc.do(Call{Op: Forfeit, Host: Host{Wipe: Fails}}) // which holds up what binds
	sc.ok(generate)
	sc.ok(removeAll)
	if sc.s.Wipe.Stage != Pending {
		t.Error("the wipe is over")
	}
}

// Without a set, a recovery code costs and tells as much as with one.
func TestNoRecoveryCodesAreJudgedAlike(t *testing.T) {
	with, without := newScene(t, nil), newScene(t, nil)
	with.ok(generate)
	for _, sc := range []*scene{with, without} {
		sc.want(mismatch(KindRecovery, 4), byPaper, recovery(9, 0))
	}
}
