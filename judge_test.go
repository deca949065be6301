package factor

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor/internal/pinhash"
	"pgregory.net/rapid"
)

// attemptOn is an attempt on an account at a time, outside of any update.
func attemptOn(t interface {
	Fatal(...any)
	Cleanup(func())
}, a *account, o Options, now time.Time) *attempt {
	o.Now = func() time.Time { return now }
	v, err := NewVerifier(struct{ Store }{}, struct{ Sealer }{}, &o)
	if err != nil {
		t.Fatal(err)
	}
	pinhash.Cheapen(v, nil)
	return &attempt{call: &call{v: v, opts: &v.opts, ctx: context.Background(), user: "user"}, account: a, now: now}
}

// hashed is a PIN as attemptOn hashes it.
func hashed(try *attempt, digits string) *pin {
	h, err := try.v.hasher.Hash(context.Background(), digits)
	if err != nil {
		panic(err)
	}
	return &pin{pinHash(h), noon}
}

// The person who is judged: each text is right for some kinds and spent for
// others, and wrong for the rest.
type person struct {
	account     *account
	right, used map[string][]Kind
}

func newPerson(t *rapid.T, try *attempt) person {
	a := try.account
	live := func(digits string) *code { return &code{digits, noon.Add(time.Minute)} }
	if rapid.Bool().Draw(t, "has codes") {
		a.loginCodes = codes{live: live("000001"), spent: []code{*live("000003"), *live("000005")}}
		a.accountCodes = codes{live: live("000002"), spent: []code{*live("000004"), *live("000005")}}
		if rapid.Bool().Draw(t, "same code twice") {
			a.accountCodes.live = live("000001")
		}
	}
	s := secret{key: []byte("12345678901234567890"), digits: 6, period: 30 * time.Second, step: noon.Unix()/30 - 1}
	other := secret{key: []byte("09876543210987654321"), digits: 6, period: 30 * time.Second, step: noStep}
	if rapid.Bool().Draw(t, "has devices") {
		a.devices = []device{{id: uuid.UUID{1}, secret: other, enrolledAt: noon}, {id: uuid.UUID{2}, secret: s, enrolledAt: noon.Add(time.Hour)}}
	}
	if rapid.Bool().Draw(t, "has authenticator") {
		a.authenticator = &s
	}
	if rapid.Bool().Draw(t, "has PIN") {
		a.pin = hashed(try, "2580")
	}
	for i := range a.budgets {
		wrong := rapid.IntRange(0, 6).Draw(t, "wrong")
		a.budgets[i] = budget{wrong, rapid.SampledFrom([]time.Time{{}, noon, noon.Add(time.Minute), noon.Add(time.Hour)}).Draw(t, "until")}
	}
	p := person{a, map[string][]Kind{}, map[string][]Kind{}}
	add := func(to map[string][]Kind, text string, k Kind) { to[text] = append(to[text], k) }
	if c := a.loginCodes; c.live != nil {
		add(p.right, c.live.digits, KindLogin)
		add(p.used, "000003", KindLogin)
		add(p.used, "000005", KindLogin)
	}
	if c := a.accountCodes; c.live != nil {
		add(p.right, c.live.digits, KindAccount)
		add(p.used, "000004", KindAccount)
		add(p.used, "000005", KindAccount)
	}
	if a.authenticator != nil {
		add(p.right, codeAt(&s, noon.Unix()/30), KindTOTP)
		add(p.used, codeAt(&s, noon.Unix()/30-1), KindTOTP)
	}
	if a.devices != nil {
		add(p.right, codeAt(&s, noon.Unix()/30), KindDeviceTOTP)
		add(p.right, codeAt(&other, noon.Unix()/30-1), KindDeviceTOTP)
		add(p.used, codeAt(&s, noon.Unix()/30-1), KindDeviceTOTP)
	}
	if a.pin != nil {
		add(p.right, "2580", KindPIN)
	}
	add(p.right, "secret", KindPassword)
	return p
}

var judgeLimit = Limit{Tries: 3, Delay: time.Minute, MaxDelay: time.Hour, Final: 6}

var judgeOptions = Options{
	CheckPassword: func(_ context.Context, _, password string) (bool, error) { return password == "secret", nil },
	Password:      judgeLimit, PIN: PINOptions{Limit: judgeLimit}, OTP: OTPOptions{Limit: judgeLimit}, TOTP: TOTPOptions{Limit: judgeLimit},
}

// Those given are judged in the order OTP, password, PIN, until one is right; a
// code that is right for no kind is charged once to each that is not locked,
// unless it was right for one of them before.
func TestJudgeChargesWhatWasJudgedWrong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		try := attemptOn(t, &account{}, judgeOptions, noon)
		p := newPerson(t, try)
		before := cloned(t, p.account)
		texts := []string{"", "999999", "000001", "000002", "000003", "000004", "000005"}
		for _, all := range []map[string][]Kind{p.right, p.used} {
			for text := range all {
				if len(text) == 6 && checkDigits("otp", text, 6, 6) == nil {
					texts = append(texts, text)
				}
			}
		}
		slices.Sort(texts) // for the same draw each time
		given := Credentials{
			OTP:      rapid.SampledFrom(texts).Draw(t, "otp"),
			Password: rapid.SampledFrom([]string{"", "secret", "wrong"}).Draw(t, "password"),
			PIN:      rapid.SampledFrom([]string{"", "2580", "0000"}).Draw(t, "pin"),
		}
		if given == (Credentials{}) {
			given.PIN = "2580"
		}
		asked := rapid.Permutation([]Kind{KindLogin, KindAccount, KindTOTP, KindDeviceTOTP}).Draw(t, "kinds")
		asked = asked[:rapid.IntRange(1, 4).Draw(t, "asked")]

		var right, last Kind
		var charged, judged []Kind
		var said []string
		for _, c := range []struct {
			text  string
			kinds []Kind
		}{{given.OTP, asked}, {given.Password, []Kind{KindPassword}}, {given.PIN, []Kind{KindPIN}}} {
			if c.text == "" || right != "" {
				continue
			}
			var open []Kind
			used := false
			for _, k := range c.kinds {
				if before.budget(k).locked(judgeLimit, noon) {
					said = append(said, "locked "+string(k))
					continue
				}
				if slices.Contains(p.right[c.text], k) {
					right, open = k, nil
					said = append(said, "verified "+string(k))
					break
				}
				open, used = append(open, k), used || slices.Contains(p.used[c.text], k)
			}
			for _, k := range open {
				last, judged, said = k, append(judged, k), append(said, "refused "+string(k))
				if !used {
					charged = append(charged, k)
				}
			}
		}

		m, err := try.judge(given, asked)
		want := before.budgets
		for _, k := range charged {
			b := &want[slices.Index(kinds[:], k)]
			*b = b.charge(judgeLimit, noon)
		}
		if right != "" {
			want[slices.Index(kinds[:], right)] = budget{}
		}
		if p.account.budgets != want {
			t.Fatalf("the counts are %v, want %v", p.account.budgets, want)
		}
		if try.wrong != (len(charged) > 0) {
			t.Fatalf("must be stored: %v, charged %v", try.wrong, charged)
		}
		if got := heard(t, try); !slices.Equal(got, said) {
			t.Fatalf("reported %v, want %v", got, said)
		}
		speaks := charged
		if len(charged) == 0 {
			speaks = judged
		}
		left := 100
		for _, k := range speaks {
			left = min(left, p.account.budget(k).remaining(judgeLimit, noon))
		}
		var mismatch *MismatchError
		switch {
		case right != "":
			if err != nil || m.Kind != right || (m.Device != uuid.Nil) != (right == KindDeviceTOTP) {
				t.Fatalf("%v, %v; want %s", m, err, right)
			}
			if right.isOTP() {
				if again, err := try.judge(Credentials{OTP: given.OTP}, []Kind{right}); !errors.Is(err, ErrMismatch) {
					t.Fatalf("the code is right a second time: %v, %v", again, err)
				}
			}
			for _, d := range p.account.devices {
				if used := d.usedAt.Equal(noon); used != (d.id == m.Device) {
					t.Fatalf("device %v used %v, matched %v", d.id, used, m.Device)
				}
			}
		case len(judged) == 0:
			if !errors.Is(err, ErrLocked) {
				t.Fatalf("%v, want locked", err)
			}
		case !errors.As(err, &mismatch) || *mismatch != (MismatchError{last, left}) || m != (Match{}):
			t.Fatalf("%v, %v; want %s with %d left", m, err, last, left)
		}
	})
}

// heard lists what an attempt reports, each with what the account now says.
func heard(t *rapid.T, try *attempt) (said []string) {
	for _, e := range try.events {
		said = append(said, string(e.Action)+" "+string(e.Kind))
		b := *try.account.budget(e.Kind)
		want := Event{At: noon, User: "user", Action: e.Action, Kind: e.Kind, Device: e.Device}
		switch e.Action {
		case ActionLocked:
			want.Until, want.Err = b.end(judgeLimit), e.Err
		case ActionRefused:
			want.Remaining, want.Err = b.remaining(judgeLimit, noon), e.Err
			if b.locked(judgeLimit, noon) {
				want.Until = b.end(judgeLimit)
			}
		}
		if e != want || (e.Err == nil) != (e.Action == ActionVerified) {
			t.Fatalf("reported %+v, want %+v", e, want)
		}
	}
	return said
}

// What was judged before a fault stays charged; what the fault hit is not.
func TestJudgeKeepsWhatItChargedBeforeAFault(t *testing.T) {
	broken := errors.New("broken")
	for name, check := range map[string]func(context.Context, string, string) (bool, error){
		"error": func(context.Context, string, string) (bool, error) { return true, broken },
		"panic": func(context.Context, string, string) (bool, error) { panic(broken) },
	} {
		o := judgeOptions
		o.CheckPassword = check
		try := attemptOn(t, &account{}, o, noon)
		m, err := try.judge(Credentials{OTP: "999999", Password: "secret", PIN: "0000"}, defaultKinds())
		if !errors.Is(err, broken) || m != (Match{}) || !try.wrong {
			t.Errorf("%s: %v, %v, must be stored %v", name, m, err, try.wrong)
		}
		if want := ([6]budget{3: {wrong: 1}, 5: {wrong: 1}}); try.account.budgets != want {
			t.Errorf("%s: %v", name, try.account.budgets)
		}
	}
}

// What remains is what remains of a charged kind, though an uncharged one beside
// it has less.
func TestJudgeSpeaksOfWhatItCharged(t *testing.T) {
	a := &account{accountCodes: codes{spent: []code{{"000004", noon.Add(time.Minute)}}}}
	a.budgets[3] = budget{wrong: 2}
	for _, c := range []struct {
		given Credentials
		want  MismatchError
	}{
		{Credentials{OTP: "000004"}, MismatchError{KindAccount, 1}},
		{Credentials{OTP: "000004", PIN: "0000"}, MismatchError{KindPIN, 2}},
		{Credentials{OTP: "000004", Password: "wrong", PIN: "0000"}, MismatchError{KindPIN, 1}},
		{Credentials{OTP: "000005", Password: "wrong"}, MismatchError{KindPassword, 0}},
	} {
		_, err := attemptOn(t, a, judgeOptions, noon).judge(c.given, []Kind{KindAccount})
		var mismatch *MismatchError
		if !errors.As(err, &mismatch) || *mismatch != c.want {
			t.Errorf("%v, want %+v", err, c.want)
		}
	}
}
