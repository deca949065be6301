package spec

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// on returns the call on a view.
func on(c Call, purpose ...string) Call {
	c.OnView, c.Purpose = true, purpose
	return c
}

var verifyAccount = Call{Op: VerifyOTP, Kinds: []Kind{KindAccount}}

// The same parts joined otherwise are another purpose.
func TestPurposesKeepTheirParts(t *testing.T) {
	eleven := strings.Repeat("1", 11)
	all := [][]string{
		nil, {"pay", "A 1", "2"}, {"pay", "A", "1 2"}, {"pay", "A", "1", "2"}, {"pay A 1 2"}, {"pay", "A 1 2"},
		{"2", "A 1", "pay"}, {"3:pay,"}, {"pay"}, {"pay", "pay"}, {"1:a,1:b"}, {"a", "b"}, {"a,1:b"}, {"a", "b,"}, {"a,b"}, {"a,b,"}, {"ab"},
		{eleven, eleven}, slices.Repeat([]string{"1"}, 13),
	}
	seen := map[Purpose][]string{}
	for _, parts := range all {
		if same, ok := seen[PurposeOf(parts...)]; ok {
			t.Errorf("%q and %q are one purpose", parts, same)
		}
		seen[PurposeOf(parts...)] = parts
	}
}

// Every call on a view whose purpose is malformed is malformed.
func TestMalformedPurposes(t *testing.T) {
	long := strings.Repeat("x", 255)
	for _, op := range Operations {
		for _, purpose := range [][]string{nil, {}, {""}, {"pay", ""}, {long + "x"}, {"pay", "\xff"}} {
			c := on(callOf(op.Op), purpose...)
			o := Options{CheckPassword: true}.Complete()
			if got := o.Malformed(&c); !slices.Equal(got, []string{"purpose"}) {
				t.Errorf("%s for %q: malformed in %q", op.Name, purpose, got)
			}
			if c.OnView = false; len(o.Malformed(&c)) > 0 {
				t.Errorf("%s without a view: malformed for %q", op.Name, purpose)
			}
		}
		if c := on(callOf(op.Op), "\x00", long, "ä"); len((&Options{CheckPassword: true}).Malformed(&c)) > 0 && op.Proof <= OnePassword {
			t.Errorf("%s: a purpose of any characters is malformed", op.Name)
		}
	}
}

// A code is right for the purpose it was issued for, which may be none. For another
// it is wrong, and charged.
func TestACodeIsRightForItsPurposeAlone(t *testing.T) {
	purposes := [][]string{nil, {"pay"}, {"pay", "ann"}, {"address"}}
	at := func(c Call, purpose []string) Call {
		if purpose == nil {
			return c
		}
		return on(c, purpose...)
	}
	for _, issuedFor := range purposes {
		for _, givenFor := range purposes {
			for _, op := range []Call{verifyAccount, {Op: VerifyAny}, {Op: SetPIN, NewPIN: otherPIN}, {Op: Begin}} {
				sc := newScene(t, nil)
				code := sc.ok(at(mail, issuedFor))
				right := PurposeOf(issuedFor...) == PurposeOf(givenFor...)
				if a := sc.do(at(op, givenFor), code); a.Err == OK != right {
					t.Errorf("%s: a code for %q, given for %q: %s", op.Op, issuedFor, givenFor, a)
				}
				if n := sc.s.Budgets[KindAccount].Wrong; n == 0 != right {
					t.Errorf("%s: a code for %q, given for %q, left %d wrong answers", op.Op, issuedFor, givenFor, n)
				}
				if !right {
					sc.ok(at(op, issuedFor), code)
				}
			}
		}
	}
}

// A code that a proof pays for has the view's purpose; the proof has none.
func TestIssueOnAView(t *testing.T) {
	sc := newScene(t, nil)
	sc.ok(setPIN)
	code := sc.ok(on(Call{Op: Issue, PIN: "8299"}, "pay"))
	sc.want(mismatch(KindAccount, 4), verifyAccount, code)
	sc.want(Answer{Kind: KindAccount}, on(verifyAccount, "pay"), code)
}

// On a view no kinds mean account codes alone. A named kind is judged as usual.
func TestAViewWithoutKinds(t *testing.T) {
	sc := newScene(t, nil)
	key := sc.ok(enrol(1))
	sc.want(mismatch(KindAccount, 4), on(Call{Op: VerifyOTP}, "pay"), key)
	if n := sc.s.Budgets[KindDeviceTOTP].Wrong; n != 0 {
		t.Errorf("a device was judged %d times", n)
	}
	sc.want(Answer{Kind: KindDeviceTOTP, Device: 1}, on(Call{Op: VerifyOTP, Kinds: []Kind{KindDeviceTOTP}}, "pay"), key)
	sc.after(time.Minute).want(Answer{Kind: KindDeviceTOTP, Device: 1}, on(Call{Op: VerifyAny}, "pay"), key)
	set := sc.ok(byPassword(Call{Op: GenerateRecovery}))
	sc.want(Answer{Kind: KindRecovery}, on(Call{Op: VerifyOTP, Kinds: []Kind{KindRecovery}}, "pay"), recovery(set, 0))
}

// Four codes of a kind are live, each for another purpose. One more pushes out the
// oldest; one for a purpose with a live code replaces that, as the newest.
func TestFourPurposesAtOnce(t *testing.T) {
	sc := newScene(t, nil)
	at := func(i int) string { return string(rune('a' + i)) }
	var codes []Name
	for i := range LiveKept {
		codes = append(codes, sc.ok(on(mail, at(i))))
	}
	again := sc.ok(on(mail, at(0)))
	login := sc.ok(on(Call{Op: IssueUnproven, Kind: KindLogin}, at(1))) // counted apart
	sc.want(staleThere(KindAccount, 5), on(verifyAccount, at(0)), codes[0])
	fifth := sc.ok(on(mail, at(4)))
	sc.want(staleThere(KindAccount, 5), on(verifyAccount, at(1)), codes[1])
	sc.want(mismatch(KindAccount, 4), on(verifyAccount, at(2)), codes[1])
	for i, code := range []Name{2: codes[2], 3: codes[3], 4: fifth, 0: again} {
		if code != 0 {
			sc.want(Answer{Kind: KindAccount}, on(verifyAccount, at(i)), code)
			sc.want(staleThere(KindAccount, 5), on(verifyAccount, at(i)), code)
		}
	}
	sc.want(Answer{Kind: KindLogin}, on(Call{Op: VerifyOTP, Kinds: []Kind{KindLogin}}, at(1)), login)
}

// A used or expired code makes room.
func TestOnlyLiveCodesTakePlaces(t *testing.T) {
	sc := newScene(t, nil)
	first := sc.ok(on(mail, "a"))
	for _, p := range []string{"b", "c", "d"} {
		sc.ok(on(verifyAccount, p), sc.ok(on(mail, p)))
	}
	for _, p := range []string{"b", "c"} {
		sc.ok(on(mail, p))
	}
	last := sc.ok(on(mail, "d"))
	sc.ok(on(verifyAccount, "a"), first)
	for _, p := range []string{"a", "b", "c"} {
		sc.after(time.Minute).ok(on(mail, p))
	}
	sc.now = noon.add(5 * time.Minute) // the end of last
	sc.ok(on(mail, "e"))
	sc.want(staleThere(KindAccount, 5), on(verifyAccount, "d"), last)
	if n := len(sc.s.Account.live()); n != LiveKept {
		t.Errorf("%d live codes, want %d: %s", n, LiveKept, sc.s)
	}
}

// A code of a clock that ran ahead takes no place, and the next code of the kind,
// for any purpose, ends it.
func TestCodesOfAClockAheadTakeNoPlace(t *testing.T) {
	sc := newScene(t, nil)
	oldest := sc.ok(on(mail, "a"))
	sc.ok(on(mail, "b"))
	sc.ok(on(mail, "c"))
	ahead := noon.add(5*time.Minute - time.Millisecond)
	sc.now = ahead
	void := sc.ok(on(mail, "d"))
	sc.now = noon
	sc.ok(on(mail, "e"))
	sc.ok(on(verifyAccount, "a"), oldest)
	sc.now = ahead
	sc.want(staleThere(KindAccount, 5), on(verifyAccount, "d"), void)
}

// A stale code is stale for its own purpose, and wrong for any other.
func TestACodeIsStaleForItsPurposeAlone(t *testing.T) {
	for name, ends := range map[string]func(sc *scene, code Name){
		"used":     func(sc *scene, code Name) { sc.ok(on(verifyAccount, "pay"), code) },
		"replaced": func(sc *scene, _ Name) { sc.ok(on(mail, "pay")) },
		"pushed out": func(sc *scene, _ Name) {
			for _, p := range []string{"a", "b", "c", "d"} {
				sc.ok(on(mail, p))
			}
		},
		"voided":               func(sc *scene, _ Name) { sc.ok(Call{Op: VoidCodes}) },
		"voided from a view":   func(sc *scene, _ Name) { sc.ok(on(Call{Op: VoidCodes}, "address")) },
		"the password changed": func(sc *scene, _ Name) { sc.ok(Call{Op: PasswordChanged}) },
		"wiped":                func(sc *scene, _ Name) { sc.ok(Call{Op: Forfeit}) },
		"expired":              func(sc *scene, _ Name) { sc.after(5 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t, nil)
			code := sc.ok(on(mail, "pay"))
			ends(sc, code)
			sc.want(staleThere(KindAccount, 5), on(verifyAccount, "pay"), code)
			sc.want(mismatch(KindAccount, 4), verifyAccount, code)
			sc.want(mismatch(KindAccount, 3), on(verifyAccount, "pay", "x"), code)
		})
	}
}

// Interval, counts and Status belong to the kind, whatever the purpose.
func TestWhatKnowsNoPurpose(t *testing.T) {
	sc := newScene(t, func(o *Options) { o.OTP.Interval = time.Minute })
	sc.ok(on(mail, "a"))
	sc.want(Answer{Err: Locked, Kind: KindAccount, Until: noon.add(time.Minute), TooSoon: true}, on(mail, "b"))
	code := sc.after(time.Minute).ok(mail)
	sc.want(mismatch(KindAccount, 4), on(verifyAccount, "b"), none)
	sc.want(mismatch(KindAccount, 3), verifyAccount, none)
	sc.want(Answer{Kind: KindAccount}, verifyAccount, code)
	if v := sc.o.View(sc.s, sc.now); !v.Live[KindAccount] || v.Live[KindLogin] {
		t.Errorf("live are %v", v.Live)
	}
	sc.ok(Call{Op: VoidCodes})
	if v := sc.o.View(sc.s, sc.now); v.Live[KindAccount] || len(sc.out.Events) != 1 {
		t.Errorf("live are %v after %v", v.Live, sc.out.Events)
	}
}

// Resend sends the code of that kind and purpose.
func TestResendKnowsPurposes(t *testing.T) {
	sc := newScene(t, func(o *Options) { o.OTP.Resend = true })
	code := sc.ok(on(mail, "a"))
	other := sc.ok(on(mail, "b"))
	ends := noon.add(5 * time.Minute)
	sc.after(time.Minute).want(Answer{Kind: KindAccount, Until: ends}, on(mail, "a"))
	sc.want(Answer{Kind: KindAccount, Until: sc.now.add(5 * time.Minute)}, mail)
	sc.want(Answer{Kind: KindAccount}, on(verifyAccount, "a"), code)
	sc.want(Answer{Kind: KindAccount, Until: sc.now.add(5 * time.Minute)}, on(mail, "a"))
	sc.now = noon.add(150*time.Second) + 1
	sc.want(Answer{Kind: KindAccount, Until: sc.now.add(5 * time.Minute)}, on(mail, "b"))
	sc.want(staleThere(KindAccount, 5), on(verifyAccount, "b"), other)
}

// After each write no live code has ended.
func TestEachWriteRetiresWhatHasEnded(t *testing.T) {
	sc := newScene(t, nil)
	for _, p := range []string{"a", "b"} {
		sc.ok(on(mail, p))
	}
	wipe := Wipe{Stage: Pending, ID: 9}
	sc.s.Wipe = wipe
	put := sc.o.PutOff(sc.s, noon.add(5*time.Minute), wipe.ID)
	done, _ := sc.o.WipeDone(sc.s, noon.add(5*time.Minute), wipe.ID, 1)
	for _, s := range []State{put, done} {
		if len(s.Account.live()) > 0 || s.Account.Stale[1].For != PurposeOf("b") {
			t.Errorf("left %s", s)
		}
	}
}
