package factor

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/knowhave/factor/internal/pinhash"
	"pgregory.net/rapid"
)

// guardModel is what a bystander who knows the secrets says about the guard.
type guardModel struct {
	strikes  int
	lastSeen string    // the last wrong proof, and the time step where it has a code
	wrongAt  time.Time // of the last wrong proof, zero if a right one came after
	wiped    bool
}

// The guard counts one strike for each call with nothing right in it but
// something wrong, and gives the data up with the first one beyond Strikes; only
// a right proof sets the strikes back.
func TestGuardStrikesAsTheHistoryOfProofsSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Options{Reset: ResetOptions{
			Strikes:        rapid.IntRange(1, 4).Draw(t, "strikes"),
			Interval:       rapid.SampledFrom([]time.Duration{0, 40 * time.Second}).Draw(t, "interval"),
			ForgiveRepeats: rapid.Bool().Draw(t, "forgive"),
		}}
		s := secret{key: []byte("12345678901234567890"), digits: 6, period: 30 * time.Second, step: noStep}
		a, now := &account{devices: []device{{secret: s, enrolledAt: noon}}}, noon
		a.pin = hashed(attemptOn(t, a, o, now), "2580")
		a.budgets[1], a.budgets[5] = budget{wrong: 2}, budget{wrong: 7}
		a.reset.last, a.reset.hold = []byte("of other options"), noon.Add(-time.Second)
		budgets, m, used := a.budgets, guardModel{}, int64(noStep)
		for range rapid.IntRange(1, 25).Draw(t, "proofs") {
			now = now.Add(rapid.SampledFrom([]time.Duration{0, time.Second, 30 * time.Second, 5 * time.Minute}).Draw(t, "wait"))
			step := now.Unix() / 30
			proof := Credentials{
				OTP: rapid.SampledFrom([]string{"", codeAt(&s, max(0, used)), codeAt(&s, step), "000000", "000001"}).Draw(t, "otp"),
				PIN: rapid.SampledFrom([]string{"", "2580", "0000", "1111"}).Draw(t, "pin"),
			}
			if proof == (Credentials{}) {
				proof.PIN = "0000"
			}
			fresh := proof.OTP == codeAt(&s, step) && step > used
			spent := !fresh && used >= step-1 && proof.OTP == codeAt(&s, used)
			try := attemptOn(t, a, o, now)
			marked, err := try.proveReset(proof)
			said, want := fmt.Sprintf("%+v", try.events), []Event(nil)
			say := func(action Action, e Event) {
				e.At, e.User, e.Action = now, "user", action
				want = append(want, e)
			}

			var mismatch *MismatchError
			var locked *LockedError
			switch {
			case m.wiped:
				if !errors.Is(err, ErrWiped) || marked == nil || marked.ID != a.reset.wipe.id || try.wrong {
					t.Fatalf("after the wipe: %v, %v", marked, err)
				}
			case o.Reset.Interval > 0 && !m.wrongAt.IsZero() && now.Before(m.wrongAt.Add(o.Reset.Interval)):
				if !errors.As(err, &locked) || *locked != (LockedError{"", m.wrongAt.Add(o.Reset.Interval)}) || marked != nil || try.wrong {
					t.Fatalf("within the interval: %v, %v", marked, err)
				}
				say(ActionLocked, Event{Err: err, Until: locked.Until})
			case fresh || proof.PIN == "2580":
				if say(ActionResetProven, Event{Kind: KindPIN}); fresh {
					used, want[0].Kind = step, KindDeviceTOTP
				}
				if m = (guardModel{}); err != nil || marked != nil || a.reset.strikes != 0 || !a.reset.empty() {
					t.Fatalf("a right proof: %v, %v, %+v", marked, err, a.reset)
				}
			case spent && proof.PIN == "":
				if !errors.As(err, &mismatch) || mismatch.Remaining != o.Reset.Strikes-m.strikes || marked != nil || try.wrong || a.reset.strikes != m.strikes {
					t.Fatalf("nothing but a spent code: %v, %v, must be stored %v", marked, err, try.wrong)
				}
				say(ActionResetRefused, Event{Kind: KindDeviceTOTP, Err: err, Remaining: mismatch.Remaining})
			default:
				seen := proof.OTP + "/" + proof.PIN
				if proof.OTP != "" {
					seen += fmt.Sprint("/", step)
				}
				strike := !o.Reset.ForgiveRepeats || seen != m.lastSeen
				if strike {
					m.strikes++
				}
				m.lastSeen, m.wrongAt = seen, now
				if !try.wrong {
					t.Fatal("a strike that need not be stored")
				}
				if m.wiped = m.strikes > o.Reset.Strikes; m.wiped {
					if !errors.Is(err, ErrWiped) || marked == nil || marked.Reason != ReasonStrikes || !marked.At.Equal(now) || a.pin != nil || a.devices != nil {
						t.Fatalf("strike %d of %d: %v, %v", m.strikes, o.Reset.Strikes, marked, err)
					}
					say(ActionWipeMarked, Event{})
					break
				}
				kind := KindDeviceTOTP
				if proof.PIN != "" {
					kind = KindPIN
				}
				if !errors.As(err, &mismatch) || *mismatch != (MismatchError{kind, o.Reset.Strikes - m.strikes}) || marked != nil {
					t.Fatalf("strike %d of %d: %v, %v", m.strikes, o.Reset.Strikes, marked, err)
				}
				refused := Event{Kind: kind, Err: err, Remaining: mismatch.Remaining}
				if o.Reset.Interval > 0 {
					refused.Until = now.Add(o.Reset.Interval)
				}
				if say(ActionResetRefused, refused); strike && mismatch.Remaining == 0 {
					say(ActionResetLastChance, Event{Kind: kind})
				}
				if a.reset.hold != refused.Until || (a.reset.last != nil) != o.Reset.ForgiveRepeats {
					t.Fatalf("keeps %+v with %+v", a.reset, o.Reset)
				}
			}
			if want := fmt.Sprintf("%+v", want); said != want {
				t.Fatalf("reported %s, want %s", said, want)
			}
			if a.budgets != budgets {
				t.Fatalf("the guard changed a budget: %v", a.budgets)
			}
		}
	})
}

// A device or a PIN younger than MinAge is not held: neither right nor enough to
// be asked for.
func TestGuardDoesNotKnowWhatIsYoung(t *testing.T) {
	o := Options{Reset: ResetOptions{MinAge: time.Hour}}
	old, fresh := noon.Add(-time.Hour), noon.Add(-time.Hour+time.Millisecond)
	s := secret{key: []byte("12345678901234567890"), digits: 6, period: 30 * time.Second, step: noStep}
	code := codeAt(&s, noon.Unix()/30)
	for _, c := range []struct {
		name        string
		pin, device time.Time // when bound, zero: not held
		proof       Credentials
		want        error
	}{
		{"nothing held", time.Time{}, time.Time{}, Credentials{PIN: "2580"}, ErrNotEnrolled},
		{"all young", fresh, fresh, Credentials{OTP: code, PIN: "2580"}, ErrNotEnrolled},
		{"young PIN", fresh, time.Time{}, Credentials{PIN: "2580"}, ErrNotEnrolled},
		{"young device", time.Time{}, fresh, Credentials{OTP: code}, ErrNotEnrolled},
		{"young PIN beside an old device", fresh, old, Credentials{PIN: "2580"}, ErrMismatch},
		{"young device beside an old PIN", old, fresh, Credentials{OTP: code}, ErrMismatch},
		{"old PIN", old, fresh, Credentials{OTP: code, PIN: "2580"}, nil},
		{"old device", fresh, old, Credentials{OTP: code}, nil},
		{"bound by a clock that ran ahead", noon.Add(time.Hour), time.Time{}, Credentials{PIN: "2580"}, ErrNotEnrolled},
	} {
		a := &account{}
		try := attemptOn(t, a, o, noon)
		if !c.pin.IsZero() {
			a.pin = hashed(try, "2580")
			a.pin.setAt = c.pin
		}
		if !c.device.IsZero() {
			a.devices = []device{{secret: s, enrolledAt: c.device}}
		}
		if _, err := try.proveReset(c.proof); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	for name, c := range map[string]struct {
		at     time.Time
		minAge time.Duration
		young  bool
	}{
		"no MinAge": {noon.Add(time.Hour), 0, false}, "exactly of age": {old, time.Hour, false}, "not quite": {fresh, time.Hour, true},
		"just bound": {noon, time.Millisecond, true}, "ages ago": {unixMilli(-1 << 55), longest, false}, "ages ahead": {unixMilli(1 << 55), 1, true},
	} {
		if got := young(c.at, c.minAge, noon); got != c.young {
			t.Errorf("%s: young %v", name, got)
		}
	}
}

// A code beside a PIN that could not be judged is a strike all the same; a PIN
// alone that could not be is none.
func TestGuardCountsWhatWasJudgedBeforeAFault(t *testing.T) {
	o := Options{Reset: ResetOptions{Strikes: 1}}
	broken := func([]byte, []byte, uint32, uint32, uint8, uint32) []byte { panic("broken") }
	a := &account{devices: []device{{secret: secret{key: []byte{1}, digits: 6, period: time.Second, step: noStep}}}}
	for i, c := range []struct {
		proof   Credentials
		strikes int
		wiped   bool
	}{
		{Credentials{PIN: "2580"}, 0, false},
		{Credentials{OTP: "999999", PIN: "2580"}, 1, false},
		{Credentials{PIN: "2580"}, 1, false},
		{Credentials{OTP: "999999", PIN: "2580"}, 0, true},
	} {
		try := attemptOn(t, a, o, noon)
		pinhash.Replace(try.v, broken)
		marked, err := try.proveReset(c.proof)
		if err == nil || errors.Is(err, ErrMismatch) || (marked != nil) != c.wiped || errors.Is(err, ErrWiped) != c.wiped {
			t.Errorf("proof %d: %v, %v", i, marked, err)
		}
		if try.wrong != (c.proof.OTP != "") || a.reset.strikes != c.strikes {
			t.Errorf("proof %d: %d strikes, must be stored %v", i, a.reset.strikes, try.wrong)
		}
	}
}

// The last strike before the wipe is an event of its own, once.
func TestGuardWarnsAtTheLastStrike(t *testing.T) {
	a := &account{devices: make([]device, 1)}
	a.devices[0].secret = secret{key: []byte{1}, digits: 6, period: 2 * time.Minute, step: noStep}
	o := Options{Reset: ResetOptions{Strikes: 2, ForgiveRepeats: true}}
	for i, want := range [][]Action{
		{ActionResetRefused}, {ActionResetRefused}, {ActionResetRefused, ActionResetLastChance}, {ActionResetRefused}, {ActionWipeMarked},
	} {
		try := attemptOn(t, a, o, noon)
		_, _ = try.proveReset(Credentials{OTP: []string{"999991", "999991", "999992", "999992", "999993"}[i]})
		var got []Action
		for _, e := range try.events {
			got = append(got, e.Action)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("proof %d: %v, want %v", i, got, want)
		}
	}
}

// A fingerprint tells proofs apart by code, PIN and, where there is a code, the
// time step of each device.
func TestFingerprintsAreOfOneProofAndStep(t *testing.T) {
	a := &account{devices: []device{{secret: secret{period: 30 * time.Second}}, {secret: secret{period: 45 * time.Second}}}}
	seen := map[string]string{}
	for _, c := range []struct {
		name, otp, pin string
		after          time.Duration
	}{
		{"code", "111111", "", 0}, {"other code", "111112", "", 0}, {"PIN", "", "111111", 0}, {"both", "111111", "2222", 0},
		{"split elsewhere", "1111112", "222", 0}, {"other PIN", "111111", "2223", 0}, {"next step", "111111", "", 30 * time.Second},
		{"next step of the other device", "111111", "", 45 * time.Second},
	} {
		got := string(a.fingerprint(c.otp, c.pin, noon.Add(c.after)))
		if len(got) != 16 {
			t.Errorf("%s: %d bytes", c.name, len(got))
		}
		if other, ok := seen[got]; ok {
			t.Errorf("%s is the same as %s", c.name, other)
		}
		seen[got] = c.name
	}
	if string(a.fingerprint("", "2580", noon)) != string(a.fingerprint("", "2580", noon.Add(time.Hour))) {
		t.Error("a PIN alone depends on the time")
	}
	if string(a.fingerprint("111111", "", noon)) != string(a.fingerprint("111111", "", noon.Add(29*time.Second))) {
		t.Error("a code depends on more than the steps")
	}
}

func TestSweepPutsAWipeOffForTwiceAsLongEachTime(t *testing.T) {
	w := wipe{retryAt: noon}
	for tries, minutes := range []int{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		w.putOff(noon)
		if got := w.retryAt.Sub(noon); got != time.Duration(minutes)*time.Minute || w.tries != tries+1 {
			t.Errorf("try %d: put off for %v, want %d min", w.tries, got, minutes)
		}
	}
}

// Who has more strikes than are allowed since Strikes was lowered has none left;
// the next strike wipes, and nothing that is none does.
func TestGuardWipesNobodyByLoweringStrikes(t *testing.T) {
	s := secret{key: []byte("12345678901234567890"), digits: 6, period: 30 * time.Second, step: noon.Unix() / 30}
	a := &account{devices: []device{{secret: s}}}
	strict := ResetOptions{Strikes: 3, ForgiveRepeats: true}
	a.reset.strikes, a.reset.last = 50, a.fingerprint("999999", "", noon)
	for name, otp := range map[string]string{"a spent code": codeAt(&s, s.step), "a repeat": "999999"} {
		marked, err := attemptOn(t, a, Options{Reset: strict}, noon).proveReset(Credentials{OTP: otp})
		var mismatch *MismatchError
		if !errors.As(err, &mismatch) || mismatch.Remaining != 0 || marked != nil || a.reset.strikes != 50 {
			t.Errorf("%s: %v, %v, %d strikes", name, marked, err, a.reset.strikes)
		}
	}
	if marked, err := attemptOn(t, a, Options{Reset: strict}, noon).proveReset(Credentials{OTP: "999998"}); marked == nil || !errors.Is(err, ErrWiped) {
		t.Errorf("a strike: %v, %v", marked, err)
	}
}
