package factor

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor/internal/pinhash"
	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/totp"
)

// guardModel is a second implementation of the guard that knows the secrets.
type guardModel struct {
	strikes  int
	lastSeen string    // the last wrong proof, and the time step where it has a code
	wrongAt  time.Time // of the last wrong proof, zero if a right one came after
	wiped    bool
}

// The guard counts one strike for each call with something wrong and nothing right,
// and wipes with the first one beyond Strikes; only a right proof sets the strikes
// back.
func TestGuardStrikesAsTheHistoryOfProofsSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Options{Reset: ResetOptions{
			Strikes:        rapid.IntRange(1, 4).Draw(t, "strikes"),
			Interval:       rapid.SampledFrom([]time.Duration{0, 40 * time.Second}).Draw(t, "interval"),
			ForgiveRepeats: rapid.Bool().Draw(t, "forgive"),
		}}
		s := account.TOTP{Key: totp.Key{Secret: []byte("12345678901234567890"), Digits: 6, Period: 30 * time.Second}, LastStep: account.NoStep}
		a, now := &account.Account{Devices: []account.Device{{TOTP: s, EnrolledAt: accounttest.Noon}}}, accounttest.Noon
		a.PIN = hashed(attemptOn(t, a, o, now), "2580")
		*a.Budget(account.KindPIN), *a.Budget(account.KindDeviceTOTP) = account.Budget{Wrong: 2}, account.Budget{Wrong: 7}
		a.Guard.LastWrong, a.Guard.NotBefore = []byte("of other options"), accounttest.Noon.Add(-time.Second)
		budgets, m, used := a.Budgets, guardModel{}, int64(account.NoStep)
		for range rapid.IntRange(1, 25).Draw(t, "proofs") {
			now = now.Add(rapid.SampledFrom([]time.Duration{0, time.Second, 30 * time.Second, 5 * time.Minute}).Draw(t, "wait"))
			step := now.Unix() / 30
			proof := Credentials{
				OTP: rapid.SampledFrom([]string{"", accounttest.CodeAt(&s, max(0, used)), accounttest.CodeAt(&s, step), "000000", "000001"}).Draw(t, "otp"),
				PIN: rapid.SampledFrom([]string{"", "2580", "0000", "1111"}).Draw(t, "pin"),
			}
			if proof == (Credentials{}) {
				proof.PIN = "0000"
			}
			fresh := proof.OTP == accounttest.CodeAt(&s, step) && step > used
			spent := !fresh && used >= step-1 && proof.OTP == accounttest.CodeAt(&s, used)
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
				if !errors.Is(err, ErrWiped) || marked == nil || marked.ID != a.Guard.Wipe.ID || try.wrong || !try.mustStore {
					t.Fatalf("after the wipe: %v, %v, must be stored %v", marked, err, try.mustStore)
				}
			case o.Reset.Interval > 0 && !m.wrongAt.IsZero() && now.Before(m.wrongAt.Add(o.Reset.Interval)):
				if !errors.As(err, &locked) || *locked != (LockedError{Until: m.wrongAt.Add(o.Reset.Interval)}) || marked != nil || try.wrong {
					t.Fatalf("within the interval: %v, %v", marked, err)
				}
				say(ActionLocked, Event{Err: err, Until: locked.Until})
			case fresh || proof.PIN == "2580":
				if say(ActionResetProven, Event{Kind: KindPIN}); fresh {
					used, want[0].Kind = step, KindDeviceTOTP
				}
				if m = (guardModel{}); err != nil || marked != nil || a.Guard.Strikes != 0 || !a.Guard.Empty() {
					t.Fatalf("a right proof: %v, %v, %+v", marked, err, a.Guard)
				}
			case spent && proof.PIN == "":
				if !errors.As(err, &mismatch) || *mismatch != (MismatchError{KindDeviceTOTP, o.Reset.Strikes - m.strikes, true}) || marked != nil || try.wrong || a.Guard.Strikes != m.strikes {
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
					if !errors.Is(err, ErrWiped) || marked == nil || marked.Reason != ReasonStrikes || !marked.At.Equal(now) || a.PIN != nil || a.Devices != nil {
						t.Fatalf("strike %d of %d: %v, %v", m.strikes, o.Reset.Strikes, marked, err)
					}
					say(ActionWipeMarked, Event{})
					break
				}
				kind := KindDeviceTOTP
				if proof.PIN != "" {
					kind = KindPIN
				}
				if !errors.As(err, &mismatch) || *mismatch != (MismatchError{kind, o.Reset.Strikes - m.strikes, false}) || marked != nil {
					t.Fatalf("strike %d of %d: %v, %v", m.strikes, o.Reset.Strikes, marked, err)
				}
				refused := Event{Kind: kind, Err: err, Remaining: mismatch.Remaining}
				if o.Reset.Interval > 0 {
					refused.Until = now.Add(o.Reset.Interval)
				}
				if say(ActionResetRefused, refused); strike && mismatch.Remaining == 0 {
					say(ActionResetLastChance, Event{Kind: kind})
				}
				if a.Guard.NotBefore != refused.Until || (a.Guard.LastWrong != nil) != o.Reset.ForgiveRepeats {
					t.Fatalf("keeps %+v with %+v", a.Guard, o.Reset)
				}
			}
			if want := fmt.Sprintf("%+v", want); said != want {
				t.Fatalf("reported %s, want %s", said, want)
			}
			if a.Budgets != budgets {
				t.Fatalf("the guard changed a budget: %v", a.Budgets)
			}
		}
	})
}

// The guard under MinAge: when it waits, when it judges, and what a wrong proof
// beside one that is too new costs.
func TestGuardJudgesOnlyWhatIsOfAge(t *testing.T) {
	const minAge = time.Hour
	old, fresh := accounttest.Noon.Add(-minAge), accounttest.Noon.Add(-minAge+time.Millisecond)
	key := func(secret string) account.TOTP {
		return account.TOTP{Key: totp.Key{Secret: []byte(secret), Digits: 6, Period: 30 * time.Second}, LastStep: account.NoStep}
	}
	phone, app, none := key("the phone's secret"), key("the app's secret"), key("of nobody")
	now := func(s account.TOTP) string { return accounttest.CodeAt(&s, accounttest.Noon.Unix()/30) }
	waits := func(until time.Time) error { return &LockedError{Until: until, TooSoon: true} }
	refused := func(k Kind, stale bool) error { return &MismatchError{k, 2, stale} }
	struck := func(k Kind) error { return &MismatchError{k, 1, false} }
	type held struct {
		pin, device, app time.Time // when bound, zero: not held
		used             bool      // the code of the device that it shows now
		hold             time.Time
	}
	for _, c := range []struct {
		name  string
		holds held
		proof Credentials
		want  error
	}{
		{"nothing held", held{}, Credentials{PIN: "2580"}, ErrNotEnrolled},
		{"nothing held, but held before", held{hold: accounttest.Noon.Add(minAge)}, Credentials{PIN: "2580"}, waits(accounttest.Noon.Add(minAge))},
		{"all young", held{pin: fresh, device: accounttest.Noon}, Credentials{OTP: now(phone), PIN: "2580"}, waits(accounttest.Noon.Add(time.Millisecond))},
		{"all young, a wrong proof", held{pin: fresh}, Credentials{PIN: "0000"}, waits(accounttest.Noon.Add(time.Millisecond))},
		{"bound by a clock a minute ahead", held{pin: accounttest.Noon.Add(time.Minute)}, Credentials{PIN: "2580"}, waits(accounttest.Noon.Add(minAge))},
		{"bound by a clock that ran ahead", held{pin: accounttest.Noon.Add(time.Hour)}, Credentials{PIN: "2580"}, nil},
		{"the old PIN", held{pin: old, device: fresh}, Credentials{PIN: "2580"}, nil},
		{"the old PIN, after a young code", held{pin: old, device: fresh}, Credentials{OTP: now(phone), PIN: "2580"}, nil},
		{"the old device", held{pin: fresh, device: old}, Credentials{OTP: now(phone)}, nil},
		{"a young PIN is not looked at", held{pin: fresh, device: old}, Credentials{PIN: "2580"}, refused(KindPIN, false)},
		{"nor a wrong one", held{pin: fresh, device: old}, Credentials{PIN: "0000"}, refused(KindPIN, false)},
		{"a young code is no strike", held{pin: old, device: fresh}, Credentials{OTP: now(phone)}, refused(KindDeviceTOTP, false)},
		{"a young code that was used is stale", held{pin: old, device: fresh, used: true}, Credentials{OTP: now(phone)}, refused(KindDeviceTOTP, true)},
		{"an old code that was used is stale", held{pin: fresh, device: old, used: true}, Credentials{OTP: now(phone)}, refused(KindDeviceTOTP, true)},
		{"beside a young PIN too", held{pin: fresh, device: old, used: true}, Credentials{OTP: now(phone), PIN: "0000"}, refused(KindDeviceTOTP, true)},
		{"a wrong PIN beside a young code is a strike", held{pin: old, device: fresh}, Credentials{OTP: now(phone), PIN: "0000"}, struck(KindPIN)},
		{"a wrong PIN beside a stale code is a strike", held{pin: old, device: old, used: true}, Credentials{OTP: now(phone), PIN: "0000"}, struck(KindPIN)},
		{"a wrong code beside a young PIN is a strike", held{pin: fresh, device: old}, Credentials{OTP: now(none), PIN: "2580"}, struck(KindDeviceTOTP)},
		{"a PIN where none is set is a strike", held{device: old}, Credentials{PIN: "2580"}, struck(KindPIN)},
		{"the old authenticator", held{app: old}, Credentials{OTP: now(app)}, nil},
		{"a young authenticator's code is no strike", held{pin: old, app: fresh}, Credentials{OTP: now(app)}, refused(KindDeviceTOTP, false)},
		{"an authenticator alone, young", held{app: fresh}, Credentials{OTP: now(app)}, waits(accounttest.Noon.Add(time.Millisecond))},
		{"a code that is not the authenticator's", held{app: old}, Credentials{OTP: now(phone)}, struck(KindDeviceTOTP)},
	} {
		a := &account.Account{Guard: account.Guard{Strikes: 1, HoldUntil: c.holds.hold}}
		try := attemptOn(t, a, Options{Reset: ResetOptions{MinAge: minAge, Authenticator: true}}, accounttest.Noon)
		if !c.holds.pin.IsZero() {
			a.PIN = hashed(try, "2580")
			a.PIN.SetAt = c.holds.pin
		}
		if !c.holds.device.IsZero() {
			a.Devices = []account.Device{{ID: uuid.UUID{1}, TOTP: phone, EnrolledAt: c.holds.device}}
			if c.holds.used {
				a.Devices[0].LastStep = accounttest.Noon.Unix() / 30
			}
		}
		if !c.holds.app.IsZero() {
			a.Authenticator = &account.Authenticator{TOTP: app, ConfirmedAt: c.holds.app}
		}
		_, err := try.proveReset(c.proof)
		if c.want == nil || errors.Is(c.want, ErrNotEnrolled) {
			if !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		} else if !reflect.DeepEqual(err, c.want) {
			t.Errorf("%s: %#v, want %#v", c.name, err, c.want)
		}
		strikes := 1
		switch mismatch, ok := c.want.(*MismatchError); {
		case c.want == nil:
			strikes = 0
		case ok && mismatch.Remaining == 1:
			strikes = 2
		}
		if a.Guard.Strikes != strikes {
			t.Errorf("%s: %d strikes, want %d", c.name, a.Guard.Strikes, strikes)
		}
		if stored := strikes == 2 || errors.Is(c.want, ErrNotEnrolled); (try.wrong || try.mustStore) != stored {
			t.Errorf("%s: must be stored %v", c.name, !stored)
		}
	}
}

// Without ResetOptions.Authenticator an authenticator proves nothing, of whatever age.
func TestAuthenticatorProvesAResetOnlyWhereItIsAsked(t *testing.T) {
	s := account.TOTP{Key: totp.Key{Secret: []byte("12345678901234567890"), Digits: 6, Period: 30 * time.Second}, LastStep: account.NoStep}
	code := Credentials{OTP: accounttest.CodeAt(&s, accounttest.Noon.Unix()/30)}
	for _, proves := range []bool{false, true} {
		a := &account.Account{Authenticator: &account.Authenticator{TOTP: s}}
		try := attemptOn(t, a, Options{Reset: ResetOptions{Authenticator: proves}}, accounttest.Noon)
		_, err := try.proveReset(code)
		if proves && err != nil || !proves && !errors.Is(err, ErrNotEnrolled) {
			t.Errorf("asked %v: %v", proves, err)
		}
		if proves && (len(try.events) != 1 || try.events[0].Kind != KindTOTP || try.events[0].Action != ActionResetProven) {
			t.Errorf("reported %+v", try.events)
		}
	}
}

// A code beside a PIN that could not be judged is a strike all the same; a PIN
// alone that could not be is none.
func TestGuardCountsWhatWasJudgedBeforeAFault(t *testing.T) {
	o := Options{Reset: ResetOptions{Strikes: 1}}
	broken := func([]byte, []byte, uint32, uint32, uint8, uint32) []byte { panic("broken") }
	a := &account.Account{Devices: []account.Device{{TOTP: account.TOTP{Key: totp.Key{Secret: []byte{1}, Digits: 6, Period: time.Second}, LastStep: account.NoStep}}}}
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
		try := attemptOn(t, a, o, accounttest.Noon)
		pinhash.Replace(try.v, broken)
		marked, err := try.proveReset(c.proof)
		if err == nil || errors.Is(err, ErrMismatch) || (marked != nil) != c.wiped || errors.Is(err, ErrWiped) != c.wiped {
			t.Errorf("proof %d: %v, %v", i, marked, err)
		}
		if try.wrong != (c.proof.OTP != "") || a.Guard.Strikes != c.strikes {
			t.Errorf("proof %d: %d strikes, must be stored %v", i, a.Guard.Strikes, try.wrong)
		}
	}
}

// The last strike before the wipe is an event of its own, once.
func TestGuardWarnsAtTheLastStrike(t *testing.T) {
	a := &account.Account{Devices: make([]account.Device, 1)}
	a.Devices[0].TOTP = account.TOTP{Key: totp.Key{Secret: []byte{1}, Digits: 6, Period: 2 * time.Minute}, LastStep: account.NoStep}
	o := Options{Reset: ResetOptions{Strikes: 2, ForgiveRepeats: true}}
	for i, want := range [][]Action{
		{ActionResetRefused}, {ActionResetRefused}, {ActionResetRefused, ActionResetLastChance}, {ActionResetRefused}, {ActionWipeMarked},
	} {
		try := attemptOn(t, a, o, accounttest.Noon)
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

// A user with more strikes than allowed, since Strikes was lowered, has none left;
// the next strike wipes, and nothing else does.
func TestGuardWipesNobodyByLoweringStrikes(t *testing.T) {
	s := account.TOTP{Key: totp.Key{Secret: []byte("12345678901234567890"), Digits: 6, Period: 30 * time.Second}, LastStep: accounttest.Noon.Unix() / 30}
	a := &account.Account{Devices: []account.Device{{TOTP: s}}}
	strict := ResetOptions{Strikes: 3, ForgiveRepeats: true}
	a.Strike("999999", "", account.GuardRules{Strikes: 100, ForgiveRepeats: true}, accounttest.Noon)
	a.Guard.Strikes = 50
	for name, otp := range map[string]string{"a spent code": accounttest.CodeAt(&s, s.LastStep), "a repeat": "999999"} {
		marked, err := attemptOn(t, a, Options{Reset: strict}, accounttest.Noon).proveReset(Credentials{OTP: otp})
		var mismatch *MismatchError
		if !errors.As(err, &mismatch) || mismatch.Remaining != 0 || marked != nil || a.Guard.Strikes != 50 {
			t.Errorf("%s: %v, %v, %d strikes", name, marked, err, a.Guard.Strikes)
		}
	}
	if marked, err := attemptOn(t, a, Options{Reset: strict}, accounttest.Noon).proveReset(Credentials{OTP: "999998"}); marked == nil || !errors.Is(err, ErrWiped) {
		t.Errorf("a strike: %v, %v", marked, err)
	}
}
