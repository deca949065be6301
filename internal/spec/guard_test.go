package spec

import (
	"testing"
	"time"
)

// While the user holds only young things, no proof is judged until the first is old
// enough.
func TestWhatIsTooYoungProvesNothing(t *testing.T) {
	sc := newScene(t, aged)
	key := sc.ok(enrol(1))
	sc.after(10 * time.Minute).ok(setPIN)
	sc.want(tooSoon(noon.add(time.Hour)), Call{Op: Prove, PIN: "8299"})
	sc.want(tooSoon(noon.add(time.Hour)), Call{Op: Prove, PIN: otherPIN})
	if sc.out.Touch != Load || sc.s.Guard != (Guard{}) {
		t.Errorf("an unjudged proof left %s, touch %d", sc.s, sc.out.Touch)
	}
	sc.now = noon.add(time.Hour)
	sc.want(Answer{}, Call{Op: Prove}, key)
}

// Beside something old, a code of something young is refused, spends nothing, and
// leaves the strikes. A young PIN is ignored. They exempt only themselves.
func TestWhatIsYoungIsJudgedFirst(t *testing.T) {
	sc := newScene(t, aged)
	old := sc.ok(enrol(1))
	sc.after(time.Hour)
	young := sc.ok(enrol(2))
	sc.ok(setPIN)
	sc.want(mismatch(KindDeviceTOTP, 2), Call{Op: Prove}, none)
	before := sc.s
	sc.want(mismatch(KindDeviceTOTP, 2), Call{Op: Prove}, young)
	sc.want(mismatch(KindDeviceTOTP, 2), Call{Op: Prove}, young, old) // judged against no other
	sc.want(mismatch(KindPIN, 2), Call{Op: Prove, PIN: "8299"})
	sc.want(mismatch(KindPIN, 2), Call{Op: Prove, PIN: otherPIN})
	if sc.s != before {
		t.Fatalf("what is young left %s, want %s", sc.s, before)
	}
	sc.want(mismatch(KindDeviceTOTP, 1), Call{Op: Prove, PIN: otherPIN}, none) // the PIN was not judged
	sc.ok(Call{Op: VerifyOTP}, young)
	sc.want(staleThere(KindDeviceTOTP, 1), Call{Op: Prove}, young, old)
	sc.want(Answer{}, Call{Op: Prove}, old)
}

// A right code of something young does not excuse a wrong PIN that is old.
func TestWhatIsYoungExcusesNothingElse(t *testing.T) {
	sc := newScene(t, aged)
	sc.ok(setPIN)
	sc.after(time.Hour)
	young := sc.ok(enrol(1))
	sc.want(mismatch(KindPIN, 2), Call{Op: Prove, PIN: otherPIN}, young)
	sc.want(Answer{}, Call{Op: Prove, PIN: "8299"}, young)
}

// After the last removal or replacement by anybody but the host, at any age, the
// guard waits before it answers that nothing is enrolled.
func TestRemovalsAreWaitedFor(t *testing.T) {
	for name, c := range map[string]struct {
		life   func(sc *scene)
		waits  bool
		change func(*Options)
	}{
		"a PIN removed":  {func(sc *scene) { sc.ok(setPIN); sc.ok(byPassword(Call{Op: RemovePIN})) }, true, aged},
		"by the host":    {func(sc *scene) { sc.ok(setPIN); sc.ok(Call{Op: AdminRemovePIN}) }, false, aged},
		"without an age": {func(sc *scene) { sc.ok(setPIN); sc.ok(byPassword(Call{Op: RemovePIN})) }, false, nil},
		"a PIN replaced": {func(sc *scene) {
			sc.ok(setPIN)
			sc.ok(byPassword(Call{Op: SetPIN, NewPIN: otherPIN}))
			sc.ok(Call{Op: AdminRemovePIN})
		}, true, aged},
		"a first PIN": {func(sc *scene) {
			sc.ok(byPassword(Call{Op: SetPIN, NewPIN: otherPIN}))
			sc.ok(Call{Op: AdminRemovePIN})
		}, false, aged},
		"a device revoked":        {func(sc *scene) { sc.ok(enrol(1)); sc.ok(byPassword(Call{Op: Revoke, Device: 1})) }, true, aged},
		"a device enrolled again": {func(sc *scene) { sc.ok(enrol(1)); sc.ok(enrol(1)); sc.ok(Call{Op: AdminRevoke, Device: 1}) }, true, aged},
		"forgotten":               {func(sc *scene) { sc.ok(setPIN); sc.ok(byPassword(Call{Op: RemovePIN})); sc.ok(Call{Op: Forget}) }, false, aged},
		"an authenticator that proves nothing": {func(sc *scene) {
			sc.ok(Call{Op: Confirm}, sc.ok(byPassword(Call{Op: Begin})))
			sc.ok(byPassword(Call{Op: RemoveAuthenticator}))
		}, false, aged},
		"an authenticator that proves": {func(sc *scene) {
			sc.ok(Call{Op: Confirm}, sc.ok(byPassword(Call{Op: Begin})))
			sc.ok(byPassword(Call{Op: RemoveAuthenticator}))
		}, true, func(o *Options) { aged(o); o.Reset.Authenticator = true }},
		"an authenticator replaced": {func(sc *scene) {
			sc.ok(Call{Op: Confirm}, sc.ok(byPassword(Call{Op: Begin})))
			sc.ok(Call{Op: Confirm}, sc.ok(byPassword(Call{Op: Begin})))
			sc.ok(Call{Op: AdminRemoveAuthenticator})
		}, true, func(o *Options) { aged(o); o.Reset.Authenticator = true }},
	} {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, c.change)
			c.life(sc)
			if c.waits {
				if sc.s.Empty() {
					t.Fatal("the record is empty, and may be removed")
				}
				sc.after(time.Hour-time.Millisecond).want(tooSoon(noon.add(time.Hour)), Call{Op: Prove, PIN: otherPIN})
				sc.after(time.Millisecond)
			}
			sc.want(refuse(NotEnrolled), Call{Op: Prove, PIN: otherPIN})
			if sc.out.Touch != Swap {
				t.Error("that nothing is enrolled was answered on a read alone")
			}
		})
	}
}

// An unproven retry starts over, and makes the guard wait like a replacement.
func TestADeviceThatNeverShowedACodeEnrolsAgain(t *testing.T) {
	sc := newScene(t, aged)
	unproven := Call{Op: Enroll, Device: 1, Host: Host{Registered: noon}}
	lost := sc.ok(unproven)
	key := sc.after(time.Minute).ok(unproven)
	if d := sc.s.Devices[0]; d.EnrolledAt != sc.now || d.Secret.Key != key || sc.s.Protected != sc.now.add(time.Hour) {
		t.Fatalf("left %s", sc.s)
	}
	sc.want(mismatch(KindAccount, 4), Call{Op: VerifyOTP}, lost)
	later := unproven
	later.Host.Registered = sc.now.add(clockSlack) + 1 // another window
	sc.after(time.Minute).want(refuse(NoCredential), later)
	sc.ok(Call{Op: VerifyOTP}, key)
	sc.want(refuse(NoCredential), unproven)
}

// A binding by a clock that ran ahead is old.
func TestWhatIsBoundInTheFutureIsOld(t *testing.T) {
	sc := newScene(t, aged)
	sc.ok(setPIN)
	sc.now = noon.add(-clockSlack)
	sc.want(tooSoon(sc.now.add(time.Hour)), Call{Op: Prove, PIN: "8299"})
	sc.now--
	sc.want(Answer{}, Call{Op: Prove, PIN: "8299"})
}

// A spent device code alone is no strike. A wrong PIN beside it is.
func TestASpentCodeIsNoStrike(t *testing.T) {
	sc := newScene(t, nil)
	key := sc.ok(enrol(1))
	sc.ok(setPIN)
	sc.ok(Call{Op: VerifyOTP}, key)
	sc.want(staleThere(KindDeviceTOTP, 3), Call{Op: Prove}, key)
	sc.want(mismatch(KindPIN, 2), Call{Op: Prove, PIN: otherPIN}, key)
	sc.want(Answer{}, Call{Op: Prove, PIN: "8299"}, key)
}

// With Reset.Authenticator an authenticator proves, binds and waits for the wipe.
func TestAnAuthenticatorProvesIfItMay(t *testing.T) {
	for _, may := range []bool{false, true} {
		sc := newScene(t, func(o *Options) { o.Reset.Authenticator = may })
		key := sc.ok(byPassword(Call{Op: Begin}))
		sc.ok(Call{Op: Confirm}, key)
		sc.after(time.Minute)
		if !may {
			sc.want(refuse(NotEnrolled), Call{Op: Prove}, key)
			continue
		}
		sc.want(mismatch(KindDeviceTOTP, 2), Call{Op: Prove}, none)
		sc.want(Answer{}, Call{Op: Prove}, key)
		sc.want(refuse(WipePending), Call{Op: Forfeit, Host: Host{Wipe: Fails}})
		again := sc.ok(byPassword(Call{Op: Begin}))
		sc.want(refuse(WipePending), Call{Op: Confirm, Host: Host{Wipe: Fails}}, again)
		sc.after(time.Minute).ok(Call{Op: Confirm}, again)
		if sc.s.Wipe != (Wipe{}) {
			t.Errorf("a binding left the wipe: %s", sc.s)
		}
		sc.after(time.Minute).want(Answer{}, Call{Op: Prove}, again)
	}
}

// A kept authenticator proves nothing after a wipe, until something is bound.
func TestAKeptAuthenticatorProvesNothing(t *testing.T) {
	sc := newScene(t, func(o *Options) { o.Reset.Authenticator = true })
	key := sc.ok(byPassword(Call{Op: Begin}))
	sc.ok(Call{Op: Confirm}, key)
	sc.ok(Call{Op: Forfeit})
	sc.after(time.Minute).want(refuse(Wiped), Call{Op: Prove}, key)
	if sc.out.Touch != Swap {
		t.Error("that the data is wiped was answered on a read alone")
	}
	sc.ok(setPIN)
	sc.want(Answer{}, Call{Op: Prove}, key)
}

// A binding makes the same wrong proof another guess.
func TestABindingForgetsTheLastProof(t *testing.T) {
	sc := newScene(t, func(o *Options) { o.Reset.ForgiveRepeats = true })
	sc.ok(setPIN)
	sc.want(mismatch(KindPIN, 2), Call{Op: Prove, PIN: otherPIN})
	sc.want(mismatch(KindPIN, 2), Call{Op: Prove, PIN: otherPIN})
	sc.ok(byPassword(Call{Op: SetPIN, NewPIN: "7315"}))
	sc.want(mismatch(KindPIN, 1), Call{Op: Prove, PIN: otherPIN})
}
