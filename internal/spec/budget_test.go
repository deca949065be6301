package spec

import (
	"testing"
	"time"
)

// With clocks a minute apart a lock holds, and its reported end is possible. With
// more it is void.
func TestClocksAreAMinuteApart(t *testing.T) {
	sc := newScene(t, func(o *Options) { o.PIN.Limit = Limit{1, time.Minute, time.Minute, 3} })
	sc.ok(setPIN)
	sc.after(clockSlack).want(mismatch(KindPIN, 0), Call{Op: VerifyPIN, PIN: otherPIN})
	sc.now = noon
	sc.want(Answer{Err: Locked, Kind: KindPIN, Until: noon.add(time.Minute)}, Call{Op: VerifyPIN, PIN: "8299"})
	sc.now = noon - 1
	sc.want(Answer{}, Call{Op: VerifyPIN, PIN: "8299"})
}

// A binding sets the count of its kind back if no older one is in force.
func TestCountsEndWithWhatTheyProtect(t *testing.T) {
	sc := newScene(t, nil)
	wrong := func(k Kind) int { return sc.s.Budgets[k].Wrong }
	guesses := func() {
		for range 3 {
			sc.do(Call{Op: VerifyOTP, Kinds: []Kind{KindDeviceTOTP, KindTOTP}}, none)
		}
	}
	guesses()
	sc.ok(enrol(1))
	if wrong(KindDeviceTOTP) != 0 || wrong(KindTOTP) != 3 {
		t.Errorf("a first device left %v", sc.s.Budgets)
	}
	sc.ok(Call{Op: Confirm}, sc.ok(byPassword(Call{Op: Begin})))
	if wrong(KindTOTP) != 0 {
		t.Errorf("a first authenticator left %v", sc.s.Budgets)
	}
	guesses()
	sc.ok(enrol(2))
	if wrong(KindDeviceTOTP) != 3 {
		t.Errorf("a second device left %v", sc.s.Budgets)
	}
	sc.ok(Call{Op: AdminRevoke, Device: 1})
	sc.ok(enrol(2))
	if wrong(KindDeviceTOTP) != 0 {
		t.Errorf("the only device, enrolled again, left %v", sc.s.Budgets)
	}
}
