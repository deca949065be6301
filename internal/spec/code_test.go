package spec

import (
	"testing"
	"time"
)

// Once the address or the password has changed, no code on its way is accepted.
func TestCodesEndWithTheAddress(t *testing.T) {
	for _, op := range []Op{VoidCodes, PasswordChanged} {
		sc := newScene(t, func(o *Options) { o.OTP.Interval = time.Minute })
		begun := sc.ok(byPassword(Call{Op: Begin}))
		code := sc.ok(mail)
		sc.want(mismatch(KindPassword, 4), Call{Op: VerifyPassword, Password: "wrong"})
		sc.ok(Call{Op: op})
		if n := sc.s.Budgets[KindPassword].Wrong; (n == 0) != (op == PasswordChanged) {
			t.Errorf("%s left %d wrong passwords", op, n)
		}
		sc.want(staleThere(KindAccount, 5), Call{Op: VerifyOTP}, code)
		sc.want(refuse(NotEnrolled), Call{Op: Confirm}, begun)
		sc.want(Answer{Err: Locked, Kind: KindAccount, Until: noon.add(time.Minute), TooSoon: true}, mail)
		sc.ok(Call{Op: op})
		if len(sc.out.Events) > 0 || sc.out.Touch != Swap {
			t.Errorf("%s with nothing to do: %v", op, sc.out.Events)
		}
		sc.s = State{}
		if sc.ok(Call{Op: op}); sc.s.Stored != (op == PasswordChanged) {
			t.Errorf("%s left a record of a user without one: %v", op, sc.s.Stored)
		}
	}
}

// A code that was right once is refused and not charged, until 10 minutes after its end.
func TestStaleCodes(t *testing.T) {
	verify := Call{Op: VerifyOTP, Kinds: []Kind{KindAccount}}
	for name, ends := range map[string]func(sc *scene, code Name){
		"used":     func(sc *scene, code Name) { sc.ok(verify, code) },
		"replaced": func(sc *scene, _ Name) { sc.ok(mail) },
		"voided":   func(sc *scene, _ Name) { sc.ok(Call{Op: VoidCodes}) },
		"wiped":    func(sc *scene, _ Name) { sc.ok(Call{Op: Forfeit}) },
		"expired":  func(*scene, Name) {},
	} {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, nil)
			code := sc.ok(mail)
			ends(sc, code)
			sc.now = noon.add(15*time.Minute - 1)
			sc.want(staleThere(KindAccount, 5), verify, code)
			sc.ok(Call{Op: VoidCodes}) // a write between
			sc.want(staleThere(KindAccount, 5), verify, code)
			sc.now++
			sc.want(mismatch(KindAccount, 4), verify, code)
		})
	}
}

// The last 8 stale codes are known. One that ends later than possible is not.
func TestEightStaleCodesAreKnown(t *testing.T) {
	sc := newScene(t, nil)
	var codes []Name
	for range StaleKept + 2 { // the last one is live
		codes = append(codes, sc.ok(mail))
	}
	sc.want(mismatch(KindAccount, 4), Call{Op: VerifyOTP}, codes[0])
	sc.want(staleThere(KindAccount, 4), Call{Op: VerifyOTP}, codes[1])
	sc.now = noon.add(-clockSlack) - 1
	sc.want(mismatch(KindAccount, 3), Call{Op: VerifyOTP}, codes[1])
}

// A code that is stale for one requested kind that is not locked is right for none,
// and charged to none. It exempts only itself.
func TestAStaleCodeSheltersNothing(t *testing.T) {
	sc := newScene(t, func(o *Options) { o.OTP.Limit = Limit{1, time.Minute, time.Minute, 9} })
	key, other := sc.ok(enrol(1)), sc.ok(enrol(2))
	used := sc.ok(mail)
	live := sc.ok(mail)
	sc.want(staleThere(KindAccount, 1), Call{Op: VerifyOTP}, used, key)
	sc.want(staleThere(KindAccount, 1), Call{Op: VerifyOTP}, used, live)
	sc.ok(Call{Op: VerifyOTP}, key)
	sc.want(staleThere(KindAccount, 1), Call{Op: VerifyOTP}, key, other)
	sc.want(mismatch(KindPIN, 2), Call{Op: VerifyAny, PIN: otherPIN}, used)
	sc.ok(setPIN)
	sc.want(Answer{Kind: KindPIN}, Call{Op: VerifyAny, PIN: "8299"}, used)
	sc.want(mismatch(KindAccount, 0), Call{Op: VerifyOTP, Kinds: []Kind{KindAccount}}, none)
	sc.want(mismatch(KindDeviceTOTP, 4), Call{Op: VerifyOTP}, used) // of a locked kind
}

// Codes of a replaced pending authenticator are stale until its own end.
func TestBeginAgain(t *testing.T) {
	begin := byPassword(Call{Op: Begin})
	sc := newScene(t, nil)
	lost := sc.ok(begin)
	first := sc.after(time.Minute).ok(begin)
	second := sc.after(time.Minute).ok(begin)
	for range 9 {
		sc.want(staleThere(KindTOTP, 5), Call{Op: Confirm}, first, second)
	}
	sc.want(mismatch(KindTOTP, 4), Call{Op: Confirm}, lost)
	sc.now = noon.add(16 * time.Minute)
	sc.want(mismatch(KindTOTP, 3), Call{Op: Confirm}, first)
	sc.want(Answer{}, Call{Op: Confirm}, second)
	sc.want(refuse(NotEnrolled), Call{Op: Confirm}, second)
}
