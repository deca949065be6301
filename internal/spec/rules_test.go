package spec

import (
	"testing"
	"time"
)

// A scene is a user whom calls are made about, one after the other.
type scene struct {
	*testing.T
	o     Options
	s     State
	now   Time
	out   Outcome
	drawn Name
}

var noon = At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))

func newScene(t *testing.T, change func(*Options)) *scene {
	o := Options{CheckPassword: true, RegisteredAt: true, Wipe: true}
	if change != nil {
		change(&o)
	}
	return &scene{T: t, o: o.Complete(), now: noon, drawn: 100}
}

// A text is right for some issued codes and for the present step of some secrets.
type text struct {
	of  []Name
	now Time
}

func (t text) Is(n Name) bool { return t.has(n) }

func (t text) Fits(s Secret, step int64) bool { return t.has(s.Key) && step == s.Step(t.now) }

func (t text) has(n Name) bool {
	for _, of := range t.of {
		if of == n {
			return true
		}
	}
	return false
}

// do makes a call. code names what the text of its OTP is right for.
func (sc *scene) do(c Call, code ...Name) Answer {
	sc.drawn++
	c.User, c.Draws, c.Code = "ann", sc.drawn, text{code, sc.now}
	if len(code) > 0 {
		c.OTP = "000000"
	}
	if c.Host.Wipe == No {
		c.Host.Wipe = Yes
	}
	sc.s, sc.out = sc.o.Run(sc.s, sc.now, &c)
	return sc.out.Answer
}

// want makes a call and fails if it is not answered so.
func (sc *scene) want(want Answer, c Call, code ...Name) {
	sc.Helper()
	if got := sc.do(c, code...); got != want {
		sc.Fatalf("%s: answered %s, want %s\nleft %s", c.Op, got, want, sc.s)
	}
}

// ok makes a call that has to succeed, and returns the name of what it drew.
func (sc *scene) ok(c Call, code ...Name) Name {
	sc.Helper()
	if a := sc.do(c, code...); a.Err != OK {
		sc.Fatalf("%s: answered %s\nleft %s", c.Op, a, sc.s)
	}
	return sc.drawn
}

func (sc *scene) after(d time.Duration) *scene { sc.now = sc.now.add(d); return sc }

const otherPIN = "4071"

// none stands for a code that is right for nothing.
const none Name = 1

var (
	setPIN     = Call{Op: AdminSetPIN, NewPIN: "8299"}
	mail       = Call{Op: IssueUnproven, Kind: KindAccount}
	tooSoon    = func(until Time) Answer { return Answer{Err: Locked, Until: until, TooSoon: true} }
	mismatch   = func(k Kind, left int) Answer { return Answer{Err: Mismatch, Kind: k, Left: left} }
	staleThere = func(k Kind, left int) Answer { return Answer{Err: Mismatch, Kind: k, Left: left, Stale: true} }
)

// byPassword is a call with a right password for its proof.
func byPassword(c Call) Call {
	c.Password, c.Host.Password = "right", Yes
	return c
}

func enrol(device Name) Call { return byPassword(Call{Op: Enroll, Device: device}) }

func aged(o *Options) { o.Reset.MinAge = time.Hour }

// While only young things are held, no proof is judged until the first is old enough; and
// then it is.
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

// Beside something old, a code of something young is refused, spends nothing, and leaves
// the strikes. A young PIN is not looked at. They exempt only themselves.
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
	sc.want(mismatch(KindPIN, 1), Call{Op: Prove, PIN: otherPIN}, none)
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

// After the last removal or replacement, of however young a one, by anybody but the host,
// the guard waits before it says that nothing is enrolled.
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

// An unproven retry starts anew, and is waited for like a replacement.
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

// With clocks a minute apart a lock holds, and is told to end no later than it can. With
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

// What is bound by a clock that ran ahead is old.
func TestWhatIsBoundInTheFutureIsOld(t *testing.T) {
	sc := newScene(t, aged)
	sc.ok(setPIN)
	sc.now = noon.add(-clockSlack)
	sc.want(tooSoon(sc.now.add(time.Hour)), Call{Op: Prove, PIN: "8299"})
	sc.now--
	sc.want(Answer{}, Call{Op: Prove, PIN: "8299"})
}

// A record that does not open is left alone, but by Discard.
func TestOnlyDiscardErasesWhatDoesNotOpen(t *testing.T) {
	sc := newScene(t, nil)
	sc.ok(setPIN)
	for _, op := range Operations {
		for _, why := range []Err{Unsealed, NewerFormat} {
			c := callOf(op.Op)
			left, out := sc.o.Unopened(sc.s, sc.now, why, &c)
			if op.Op == Discard && why == Unsealed {
				if !left.Empty() || out.Answer.Err != OK || out.Touch != Swap {
					t.Errorf("%s left %s, %s", op.Name, left, out.Answer)
				}
				continue
			}
			want := refuse(why)
			if op.Op == Users {
				want = Answer{}
			}
			if left != sc.s || out.Answer != want || out.Touch != Load {
				t.Errorf("%s of a record that is %s left %s, %s", op.Name, why, left, out.Answer)
			}
		}
	}
}

func row(id, key Name, mark Marks) Call {
	s := Secret{Key: key, Last: NoStep, Period: 30, Digits: 6}
	return Call{Op: Import, Held: Holdings{Devices: []HeldElsewhere{{ID: id, Secret: s, Since: noon.add(-time.Hour), Mark: mark}}}}
}

// A place is taken once, and not once it was filled and emptied here.
func TestAnImportUndoesNothing(t *testing.T) {
	pin := Call{Op: Import, Held: Holdings{PIN: HeldElsewhere{Digits: otherPIN, Mark: 1}}}
	device, moved, other := row(1, 50, 2), row(2, 50, 4), row(1, 51, 8)
	held := Answer{Err: AlreadyEnrolled, Kind: KindDeviceTOTP, Device: 1}
	for name, life := range map[string]func(sc *scene){
		"PIN, refused, then removed": func(sc *scene) {
			sc.ok(setPIN)
			sc.want(Answer{Err: AlreadyEnrolled, Kind: KindPIN}, pin)
			sc.ok(Call{Op: AdminRemovePIN})
			sc.ok(pin)
		},
		"PIN, after a wipe":        func(sc *scene) { sc.ok(setPIN); sc.ok(Call{Op: Forfeit}); sc.ok(pin) },
		"device, revoked":          func(sc *scene) { sc.ok(enrol(1)); sc.ok(Call{Op: AdminRevoke, Device: 1}); sc.ok(device) },
		"device, under another id": func(sc *scene) { sc.ok(device); sc.ok(Call{Op: AdminRevoke, Device: 1}); sc.ok(moved); sc.ok(device) },
		"device, another secret":   func(sc *scene) { sc.ok(device); sc.ok(Call{Op: AdminRevoke, Device: 1}); sc.ok(other) },
		"device, refused before": func(sc *scene) {
			sc.ok(enrol(1))
			sc.want(held, device)
			sc.want(held, device)
			sc.ok(Call{Op: AdminRevoke, Device: 1})
			sc.ok(moved)
		},
	} {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, nil)
			life(sc)
			if len(sc.out.Events) > 0 || sc.s.PIN.Digits != "" || sc.s.deviceCount() > 0 {
				t.Errorf("%v, left %s", sc.out.Events, sc.s)
			}
			sc.ok(Call{Op: Forget})
			sc.ok(pin)
			sc.ok(device)
			sc.want(Answer{Err: AlreadyEnrolled, Kind: KindDeviceTOTP, Device: 1}, moved)
			sc.ok(byPassword(Call{Op: SetPIN, NewPIN: "8299"}))
			sc.ok(pin) // the same row again is no error
		})
	}
}

// A binding sets the count of its kind back where no older one is in force.
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

// Once the address or the password has changed, no code that was on its way is accepted.
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
		if sc.ok(Call{Op: op}); sc.s.Stored {
			t.Errorf("%s left a record of a user without one", op)
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

// Of many stale codes the last 8 are known. One that claims to end later than a code can
// is not.
func TestEightStaleCodesAreKnown(t *testing.T) {
	sc := newScene(t, nil)
	var codes []Name
	for range StaleKept + 2 { // the last of which is live
		codes = append(codes, sc.ok(mail))
	}
	sc.want(mismatch(KindAccount, 4), Call{Op: VerifyOTP}, codes[0])
	sc.want(staleThere(KindAccount, 4), Call{Op: VerifyOTP}, codes[1])
	sc.now = noon.add(-clockSlack) - 1
	sc.want(mismatch(KindAccount, 3), Call{Op: VerifyOTP}, codes[1])
}

// A code that is stale for one kind that is asked for and not locked is judged right for
// none, and charged to none. It exempts only itself.
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

// Codes of an authenticator that was begun again are stale until its own end.
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

// A kept authenticator proves nothing after a wipe, until something is bound anew.
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

// What merely ends is due at a full hour, whatever it is.
func TestDueTellsLittle(t *testing.T) {
	at := func(d time.Duration) Time { return noon.add(d) }
	long := func(o *Options) {
		o.OTP.Interval, o.Reset.Interval, o.Reset.MinAge = 3*time.Hour+time.Millisecond, 5*time.Hour, 30*time.Hour
	}
	for name, c := range map[string]struct {
		change func(*Options)
		life   func(sc *scene)
		want   Time
	}{
		"nothing ends":        {nil, func(sc *scene) { sc.ok(setPIN) }, 0},
		"a code":              {nil, func(sc *scene) { sc.ok(mail) }, at(time.Hour)},
		"a code, half past":   {nil, func(sc *scene) { sc.after(35 * time.Minute).ok(mail) }, at(time.Hour)},
		"a code, later":       {nil, func(sc *scene) { sc.after(35*time.Minute + 1e6).ok(mail) }, at(2 * time.Hour)},
		"a used code":         {nil, func(sc *scene) { sc.ok(Call{Op: VerifyOTP}, sc.ok(mail)) }, at(time.Hour)},
		"an authenticator":    {nil, func(sc *scene) { sc.ok(byPassword(Call{Op: Begin})) }, at(time.Hour)},
		"a code and Interval": {long, func(sc *scene) { sc.ok(mail) }, at(time.Hour)},
		"Interval": {long, func(sc *scene) {
			sc.ok(mail)
			sc.after(20 * time.Minute).ok(Call{Op: Reseal})
		}, at(4 * time.Hour)},
		"the guard's Interval": {long, func(sc *scene) {
			sc.ok(Call{Op: Import, Held: Holdings{PIN: HeldElsewhere{Digits: "8299", Since: noon.add(-30 * time.Hour), Mark: 1}}})
			sc.do(Call{Op: Prove, PIN: otherPIN})
		}, at(5 * time.Hour)},
		"MinAge": {long, func(sc *scene) { sc.ok(setPIN); sc.ok(byPassword(Call{Op: RemovePIN})) }, at(30 * time.Hour)},
		"an end soon": {aged, func(sc *scene) {
			sc.ok(setPIN)
			sc.ok(byPassword(Call{Op: RemovePIN}))
			sc.after(40 * time.Minute).ok(Call{Op: Reseal})
		}, at(2 * time.Hour)},
		"empty":  {nil, func(sc *scene) { sc.after(time.Second).ok(setPIN); sc.ok(Call{Op: Forget}) }, at(25 * time.Hour)},
		"a wipe": {nil, func(sc *scene) { sc.after(time.Second).do(Call{Op: Forfeit, Host: Host{Wipe: Fails}}) }, at(time.Minute)},
		"a wipe, put off": {nil, func(sc *scene) {
			sc.after(time.Second).do(Call{Op: Forfeit, Host: Host{Wipe: Fails}})
			sc.after(time.Minute).do(Call{Op: Sweep, Host: Host{Wipe: Fails}})
		}, at(3 * time.Minute)},
	} {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, c.change)
			c.life(sc)
			if got := sc.s.Due(); got != c.want {
				t.Errorf("due at %s, want %s\nleft %s", got, c.want, sc.s)
			}
		})
	}
}

func TestNames(t *testing.T) {
	var all Names
	for _, n := range []Name{5, 3, 5, 9, 1} {
		all.add(n)
	}
	if all != (Names{1, 3, 5, 9}) || all.has(4) || !all.has(9) {
		t.Errorf("%v", all)
	}
	for n := range Name(NamesKept) {
		all.add(100 + n)
	}
	if !all.has(4) {
		t.Error("a full set has not every name in it")
	}
}
