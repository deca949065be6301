package factor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor/internal/pinhash"
	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/commit"
	"github.com/knowhave/factor/internal/totp"
)

// attemptOn returns an attempt on an account outside any update.
func attemptOn(t interface {
	Fatal(...any)
	Cleanup(func())
}, a *account.Account, o Options, now time.Time) *attempt {
	o.Now = func() time.Time { return now }
	v, err := NewVerifier(struct{ Store }{}, struct{ Sealer }{}, &o)
	if err != nil {
		t.Fatal(err)
	}
	pinhash.Cheapen(v, nil)
	c := v.newCall(context.Background(), "user", commit.How{})
	return &attempt{call: &c, account: a, now: now}
}

// hashed returns a PIN as attemptOn hashes it.
func hashed(try *attempt, digits string) *account.PIN {
	h, err := try.v.hasher.Hash(context.Background(), digits)
	if err != nil {
		panic(err)
	}
	return &account.PIN{Hash: account.Hash(h), SetAt: accounttest.Noon}
}

// A person holds credentials: each text is right for some kinds, stale for others,
// and wrong for the rest.
type person struct {
	account      *account.Account
	right, stale map[string][]Kind
}

func newPerson(t *rapid.T, try *attempt) person {
	a := try.account
	code := func(digits string) account.Code {
		return account.Code{Digits: digits, ExpiresAt: accounttest.Noon.Add(time.Minute)}
	}
	codes := func(digits ...string) (all []account.Code) {
		for _, d := range digits {
			all = append(all, code(d))
		}
		return all
	}
	if rapid.Bool().Draw(t, "has codes") {
		login, other := a.Codes(account.KindLogin), a.Codes(account.KindAccount)
		*login = account.Codes{Live: codes("000001"), Stale: codes("000003", "000005", "000006")}
		*other = account.Codes{Live: codes("000002"), Stale: codes("000004", "000005")}
		if rapid.Bool().Draw(t, "same code twice") {
			other.Live = codes(rapid.SampledFrom([]string{"000001", "000006"}).Draw(t, "same"))
		}
	}
	shown := (&account.Account{}).GenerateRecovery(account.RecoverySeed{25: 1})
	if rapid.Bool().Draw(t, "has recovery codes") {
		a.GenerateRecovery(account.RecoverySeed{25: 1})
		a.Recovery.Used = 1
	}
	s := account.TOTP{Key: totp.Key{Secret: []byte("12345678901234567890"), Digits: 6, Period: 30 * time.Second}, LastStep: accounttest.Noon.Unix()/30 - 1}
	other := account.TOTP{Key: totp.Key{Secret: []byte("09876543210987654321"), Digits: 6, Period: 30 * time.Second}, LastStep: account.NoStep}
	if rapid.Bool().Draw(t, "has devices") {
		a.Devices = []account.Device{{ID: uuid.UUID{1}, TOTP: other, EnrolledAt: accounttest.Noon}, {ID: uuid.UUID{2}, TOTP: s, EnrolledAt: accounttest.Noon.Add(time.Hour)}}
	}
	if rapid.Bool().Draw(t, "has authenticator") {
		a.Authenticator = &account.Authenticator{TOTP: s}
	}
	if rapid.Bool().Draw(t, "has PIN") {
		a.PIN = hashed(try, "2580")
	}
	for i := range a.Budgets {
		wrong := rapid.IntRange(0, 6).Draw(t, "wrong")
		a.Budgets[i] = account.Budget{Wrong: wrong, Until: rapid.SampledFrom([]time.Time{{}, accounttest.Noon, accounttest.Noon.Add(time.Minute), accounttest.Noon.Add(time.Hour)}).Draw(t, "until")}
	}
	p := person{a, map[string][]Kind{}, map[string][]Kind{}}
	add := func(to map[string][]Kind, text string, k Kind) { to[text] = append(to[text], k) }
	for _, k := range []Kind{KindLogin, KindAccount} {
		c := a.Codes(account.Kind(k))
		for _, live := range c.Live {
			add(p.right, live.Digits, k)
		}
		for _, old := range c.Stale {
			add(p.stale, old.Digits, k)
		}
	}
	if a.Authenticator != nil {
		add(p.right, accounttest.CodeAt(&s, accounttest.Noon.Unix()/30), KindTOTP)
		add(p.stale, accounttest.CodeAt(&s, accounttest.Noon.Unix()/30-1), KindTOTP)
	}
	if a.Devices != nil {
		add(p.right, accounttest.CodeAt(&s, accounttest.Noon.Unix()/30), KindDeviceTOTP)
		add(p.right, accounttest.CodeAt(&other, accounttest.Noon.Unix()/30-1), KindDeviceTOTP)
		add(p.stale, accounttest.CodeAt(&s, accounttest.Noon.Unix()/30-1), KindDeviceTOTP)
	}
	if a.PIN != nil {
		add(p.right, "2580", KindPIN)
	}
	if a.Recovery != nil {
		add(p.stale, shown[0], KindRecovery)
		add(p.right, strings.ToUpper(shown[1]), KindRecovery)
	}
	add(p.right, "secret", KindPassword)
	return p
}

var judgeLimit = Limit{Tries: 3, Delay: time.Minute, MaxDelay: time.Hour, Final: 6}

var judgeOptions = Options{
	CheckPassword: func(_ context.Context, _, password string) (bool, error) { return password == "secret", nil },
	Password:      judgeLimit, PIN: PINOptions{Limit: judgeLimit}, OTP: OTPOptions{Limit: judgeLimit}, TOTP: TOTPOptions{Limit: judgeLimit},
}

// Given credentials are judged in the order OTP, password, PIN, until one is right.
// A code that is right for no kind is charged once to each that is not locked. One
// that is stale for any is right for none and charged to none.
func TestJudgeChargesWhatWasJudgedWrong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		try := attemptOn(t, &account.Account{}, judgeOptions, accounttest.Noon)
		p := newPerson(t, try)
		before := accounttest.Clone(t, p.account)
		texts := []string{"", "999999", "000001", "000002", "000003", "000004", "000005", "000006", "zzzz-zzzz-zzzz-zzzz"}
		for _, all := range []map[string][]Kind{p.right, p.stale} {
			for text := range all {
				if KindAccount.hasFormOf(text) || KindRecovery.hasFormOf(text) {
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
		asked := rapid.Permutation(otpKinds[:]).Draw(t, "kinds")
		asked = asked[:rapid.IntRange(1, len(asked)).Draw(t, "asked")]
		if given.OTP != "" && checkOTP(given.OTP, asked) != nil {
			return // malformed, and so never judged
		}
		couldBe := func(k Kind) bool { return (k == KindRecovery) == (len(given.OTP) != 6) }

		var right, last Kind
		var charged, judged []Kind
		var said []string
		for _, c := range []struct {
			text  string
			kinds []Kind
		}{{given.OTP, slices.DeleteFunc(slices.Clone(asked), func(k Kind) bool { return !couldBe(k) })}, {given.Password, []Kind{KindPassword}}, {given.PIN, []Kind{KindPIN}}} {
			if c.text == "" || right != "" {
				continue
			}
			var open []Kind
			for _, k := range c.kinds {
				if !before.Budget(account.Kind(k)).Locked(account.Limit(judgeLimit), accounttest.Noon) {
					open = append(open, k)
				}
			}
			isStale := slices.ContainsFunc(open, func(k Kind) bool { return slices.Contains(p.stale[c.text], k) })
			first := slices.IndexFunc(open, func(k Kind) bool { return !isStale && slices.Contains(p.right[c.text], k) })
			for _, k := range c.kinds {
				if !slices.Contains(open, k) {
					said = append(said, "locked "+string(k))
				}
			}
			if first >= 0 {
				right = open[first]
				said = append(said, "verified "+string(right))
				break
			}
			for _, k := range open {
				last, judged, said = k, append(judged, k), append(said, "refused "+string(k))
				if isStale {
					continue
				}
				charged = append(charged, k)
				if before.Budget(account.Kind(k)).Wrong == judgeLimit.Final-1 {
					said = append(said, "locked-out "+string(k))
				}
			}
		}

		m, err := try.judge(given, asked)
		want := before.Budgets
		for _, k := range charged {
			b := &want[slices.Index(account.Kinds[:], account.Kind(k))]
			*b = b.Charge(account.Limit(judgeLimit), accounttest.Noon)
		}
		if right != "" {
			want[slices.Index(account.Kinds[:], account.Kind(right))] = account.Budget{}
		}
		if p.account.Budgets != want {
			t.Fatalf("the counts are %v, want %v", p.account.Budgets, want)
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
			left = min(left, p.account.Budget(account.Kind(k)).Remaining(account.Limit(judgeLimit), accounttest.Noon))
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
			for _, d := range p.account.Devices {
				if used := d.UsedAt.Equal(accounttest.Noon); used != (d.ID == m.Device) {
					t.Fatalf("device %v used %v, matched %v", d.ID, used, m.Device)
				}
			}
		case len(judged) == 0:
			if !errors.Is(err, ErrLocked) {
				t.Fatalf("%v, want locked", err)
			}
		case !errors.As(err, &mismatch) || *mismatch != (MismatchError{last, left, len(charged) == 0}) || m != (Match{}):
			t.Fatalf("%v, %v; want %s with %d left, stale %v", m, err, last, left, len(charged) == 0)
		}
	})
}

// heard lists an attempt's reports, each with the account's new state.
func heard(t *rapid.T, try *attempt) (said []string) {
	for _, e := range try.events {
		said = append(said, string(e.Action)+" "+string(e.Kind))
		b := *try.account.Budget(account.Kind(e.Kind))
		want := Event{At: accounttest.Noon, User: "user", Action: e.Action, Kind: e.Kind, Device: e.Device}
		switch e.Action {
		case ActionLocked:
			want.Until, want.Err = b.End(account.Limit(judgeLimit), accounttest.Noon), e.Err
		case ActionRefused:
			want.Remaining, want.Err = b.Remaining(account.Limit(judgeLimit), accounttest.Noon), e.Err
			if b.Locked(account.Limit(judgeLimit), accounttest.Noon) {
				want.Until = b.End(account.Limit(judgeLimit), accounttest.Noon)
			}
		}
		if e != want || (e.Err == nil) != (e.Action == ActionVerified || e.Action == ActionLockedOut) {
			t.Fatalf("reported %+v, want %+v", e, want)
		}
	}
	return said
}

// Charges before a fault stay; the credential that faulted is not charged.
func TestJudgeKeepsWhatItChargedBeforeAFault(t *testing.T) {
	broken := errors.New("broken")
	for name, check := range map[string]func(context.Context, string, string) (bool, error){
		"error": func(context.Context, string, string) (bool, error) { return true, broken },
		"panic": func(context.Context, string, string) (bool, error) { panic(broken) },
	} {
		o := judgeOptions
		o.CheckPassword = check
		try := attemptOn(t, &account.Account{}, o, accounttest.Noon)
		m, err := try.judge(Credentials{OTP: "999999", Password: "secret", PIN: "0000"}, defaultProofKinds())
		if !errors.Is(err, broken) || m != (Match{}) || !try.wrong {
			t.Errorf("%s: %v, %v, must be stored %v", name, m, err, try.wrong)
		}
		var want account.Account
		*want.Budget(account.KindAccount), *want.Budget(account.KindDeviceTOTP) = account.Budget{Wrong: 1}, account.Budget{Wrong: 1}
		if try.account.Budgets != want.Budgets {
			t.Errorf("%s: %v", name, try.account.Budgets)
		}
	}
}

// Remaining is that of a charged kind, even if an uncharged one has less; Stale is
// set only if nothing was charged.
func TestJudgeSpeaksOfWhatItCharged(t *testing.T) {
	a := &account.Account{}
	a.Codes(account.KindAccount).Stale = []account.Code{{Digits: "000004", ExpiresAt: accounttest.Noon.Add(time.Minute)}}
	*a.Budget(account.KindAccount) = account.Budget{Wrong: 2}
	for _, c := range []struct {
		given Credentials
		want  MismatchError
	}{
		{Credentials{OTP: "000004"}, MismatchError{KindAccount, 1, true}},
		{Credentials{OTP: "000004", PIN: "0000"}, MismatchError{KindPIN, 2, false}},
		{Credentials{OTP: "000004", Password: "wrong", PIN: "0000"}, MismatchError{KindPIN, 1, false}},
		{Credentials{OTP: "000005", Password: "wrong"}, MismatchError{KindPassword, 0, false}},
	} {
		_, err := attemptOn(t, a, judgeOptions, accounttest.Noon).judge(c.given, []Kind{KindAccount})
		var mismatch *MismatchError
		if !errors.As(err, &mismatch) || *mismatch != c.want {
			t.Errorf("%v, want %+v", err, c.want)
		}
	}
}

// A locked credential is not judged, and does not change the answer about a stale
// code beside it.
func TestJudgeSaysThatACodeIsStaleBesideALock(t *testing.T) {
	a := &account.Account{}
	a.Codes(account.KindAccount).Stale = []account.Code{{Digits: "000004", ExpiresAt: accounttest.Noon.Add(time.Minute)}}
	*a.Budget(account.KindPIN) = account.Budget{Wrong: 6}
	_, err := attemptOn(t, a, judgeOptions, accounttest.Noon).judge(Credentials{OTP: "000004", PIN: "0000"}, []Kind{KindAccount})
	var mismatch *MismatchError
	if !errors.As(err, &mismatch) || *mismatch != (MismatchError{KindAccount, 3, true}) {
		t.Errorf("%v", err)
	}
}
