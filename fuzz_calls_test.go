package factor

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/account"
)

// FuzzCalls calls one method of the public API with arbitrary arguments, at an
// arbitrary time, on a user whose record is arbitrary. Whatever they are, it must
// not panic, accept what is not right, read the store for malformed input, store
// what does not open again, refund a guess on a refusal, or repeat a secret or
// the user in an error. What is right is worked out from the record without the
// rules: see check.
func FuzzCalls(f *testing.F) {
	for i := range fuzzMethods {
		for _, c := range fuzzSeeds() {
			f.Add(c.record, uint8(i), c.user, c.otp, c.password, c.pin, c.choices, c.at)
		}
	}
	f.Fuzz(func(t *testing.T, record []byte, method uint8, user, otp, password, pin string, choices uint64, at int64) {
		m := fuzzMethods[int(method)%len(fuzzMethods)]
		c := fuzzCall{record: record, user: user, otp: otp, password: password, pin: pin, choices: choices, at: at}
		w := newFuzzWorld(t, c)
		if w.before.PIN != nil && w.before.PIN.Imported() {
			return // its hash is real, and slow
		}
		err := m.call(t.Context(), w)
		w.check(m, err)
		if err == nil && m.repeats {
			if again := m.call(t.Context(), w); again == nil && w.acceptedBy() == "otp" {
				t.Fatalf("%s accepted the same code twice", m.name)
			}
		}
	})
}

// fuzzCall is what is arbitrary.
type fuzzCall struct {
	record                   []byte // as it is encoded; empty: none
	user, otp, password, pin string
	choices                  uint64 // see the methods of fuzzCall
	at                       int64  // the time in Unix milliseconds, within about 10,000 years
}

func (c fuzzCall) now() time.Time {
	const years = 10_000 * 365 * 24 * 3600 * 1000
	return time.UnixMilli(c.at % years).UTC()
}

func (c fuzzCall) bit(n int) bool { return c.choices>>n&1 == 1 }

// kinds are up to four, known and unknown ones.
func (c fuzzCall) kinds() []Kind {
	of := []Kind{"", KindLogin, KindAccount, KindTOTP, KindDeviceTOTP, KindPIN, KindPassword, "sms"}
	var all []Kind
	for n := range 4 {
		if k := of[c.choices>>(4*n)&7]; k != "" {
			all = append(all, k)
		}
	}
	return all
}

// device is none, one of the enrolled ones or another one.
func (c fuzzCall) device(a *account.Account) uuid.UUID {
	switch n := int(c.choices >> 16 & 3); {
	case n == 0:
		return uuid.Nil
	case n < 3 && len(a.Devices) > 0:
		return a.Devices[(n-1)*(len(a.Devices)-1)].ID
	}
	return uuid.UUID{15: 1}
}

// options vary what changes a rule.
func (c fuzzCall) options() Options {
	var o Options
	if c.bit(24) {
		o.OTP.Interval, o.Reset.Interval = time.Minute, time.Minute
	}
	if c.bit(25) {
		o.Reset.MinAge = time.Hour
	}
	if c.bit(26) {
		o.ProofKinds = []Kind{KindTOTP, KindLogin}
	}
	o.Reset.ForgiveRepeats = c.bit(27)
	if c.bit(28) {
		o.TOTP.Skew = -1
	}
	if c.bit(29) {
		o.Device.Max = 1
	}
	return o
}

func (c fuzzCall) proof() Credentials {
	return Credentials{OTP: c.otp, Password: c.password, PIN: c.pin}
}

// fuzzMethod is a method of the public API. It takes from the call what it has
// arguments for; gives says which of the proof these are.
type fuzzMethod struct {
	name string
	call func(ctx context.Context, w *fuzzWorld) error
	// gives returns the credentials that the method is given, and those of them
	// that it must be given.
	gives func(c fuzzCall) (given Credentials, needed []string)
	// allowed reports whether a nil error is right, beside what is malformed.
	allowed func(w *fuzzWorld) bool
	exact   bool // nil if and only if allowed
	repeats bool // a code that it accepted is not accepted again
}

var fuzzMethods = []fuzzMethod{
	{"Verifier.VerifyOTP", func(ctx context.Context, w *fuzzWorld) error {
		_, err := w.v.VerifyOTP(ctx, w.c.user, w.c.otp, w.c.kinds()...)
		return err
	}, onlyOTP, func(w *fuzzWorld) bool {
		kinds := w.c.kinds()
		if len(kinds) == 0 {
			kinds = []Kind{KindDeviceTOTP, KindAccount}
		}
		return w.rightOTP(kinds)
	}, true, true},
	{"Verifier.VerifyPIN", func(ctx context.Context, w *fuzzWorld) error {
		return w.v.VerifyPIN(ctx, w.c.user, w.c.pin)
	}, func(c fuzzCall) (Credentials, []string) { return Credentials{PIN: c.pin}, []string{"pin"} }, (*fuzzWorld).rightPIN, true, false},
	{"Verifier.VerifyPassword", func(ctx context.Context, w *fuzzWorld) error {
		return w.v.VerifyPassword(ctx, w.c.user, w.c.password)
	}, func(c fuzzCall) (Credentials, []string) {
		return Credentials{Password: c.password}, []string{"password"}
	}, (*fuzzWorld).rightPassword, true, false},
	{"Verifier.VerifyAny", func(ctx context.Context, w *fuzzWorld) error {
		_, err := w.v.VerifyAny(ctx, w.c.user, w.c.proof())
		return err
	}, anyProof, (*fuzzWorld).rightProof, true, true},
	{"PINs.Set", func(ctx context.Context, w *fuzzWorld) error {
		return NewPINs(w.v).Set(ctx, w.c.user, "2580", w.c.proof())
	}, anyProof, (*fuzzWorld).rightProof, false, true},
	{"PINs.Remove", func(ctx context.Context, w *fuzzWorld) error {
		return NewPINs(w.v).Remove(ctx, w.c.user, w.c.proof())
	}, anyProof, func(w *fuzzWorld) bool { return w.before.PIN != nil && w.rightProof() }, true, true},
	{"PINs.IsSet", func(ctx context.Context, w *fuzzWorld) error {
		_, err := NewPINs(w.v).IsSet(ctx, w.c.user)
		return err
	}, noProof, always, true, false},
	{"PINs.Wait", func(ctx context.Context, w *fuzzWorld) error {
		gone, cancel := context.WithCancel(ctx)
		cancel()
		_, err := NewPINs(w.v).Wait(gone, w.c.user, time.Minute)
		return err
	}, noProof, always, false, false},
	{"OTPIssuer.Issue", func(ctx context.Context, w *fuzzWorld) error {
		_, err := NewOTPIssuer(w.v).Issue(ctx, w.c.user, Credentials{Password: w.c.password, PIN: w.c.pin})
		return err
	}, func(c fuzzCall) (Credentials, []string) {
		return Credentials{Password: c.password, PIN: c.pin}, nil
	}, func(w *fuzzWorld) bool { return w.given("password", w.rightPassword) || w.given("pin", w.rightPIN) }, false, false},
	{"OTPIssuer.IssueUnproven", func(ctx context.Context, w *fuzzWorld) error {
		_, err := NewOTPIssuer(w.v).IssueUnproven(ctx, w.c.user, KindLogin)
		return err
	}, noProof, always, false, false},
	{"DeviceTOTPEnroller.Enroll", func(ctx context.Context, w *fuzzWorld) error {
		_, err := NewDeviceTOTPEnroller(w.v).Enroll(ctx, w.c.user, w.device(), w.c.proof())
		return err
	}, func(c fuzzCall) (Credentials, []string) { return c.proof(), nil }, func(w *fuzzWorld) bool {
		if w.c.proof() == (Credentials{}) {
			return w.c.bit(20) && w.before.DeviceIndex(w.device()) < 0
		}
		return w.rightProof()
	}, false, true},
	{"DeviceTOTPEnroller.Devices", func(ctx context.Context, w *fuzzWorld) error {
		_, err := NewDeviceTOTPEnroller(w.v).Devices(ctx, w.c.user)
		return err
	}, noProof, always, true, false},
	{"DeviceTOTPEnroller.Revoke", func(ctx context.Context, w *fuzzWorld) error {
		return NewDeviceTOTPEnroller(w.v).Revoke(ctx, w.c.user, w.device(), w.c.proof())
	}, anyProof, func(w *fuzzWorld) bool { return w.before.DeviceIndex(w.device()) >= 0 && w.rightProof() }, true, true},
	{"AuthenticatorEnroller.Begin", func(ctx context.Context, w *fuzzWorld) error {
		_, err := NewAuthenticatorEnroller(w.v).Begin(ctx, w.c.user, w.c.proof())
		return err
	}, anyProof, (*fuzzWorld).rightProof, true, true},
	{"AuthenticatorEnroller.Confirm", func(ctx context.Context, w *fuzzWorld) error {
		return NewAuthenticatorEnroller(w.v).Confirm(ctx, w.c.user, w.c.otp)
	}, onlyOTP, (*fuzzWorld).rightConfirmation, true, true},
	{"AuthenticatorEnroller.Remove", func(ctx context.Context, w *fuzzWorld) error {
		return NewAuthenticatorEnroller(w.v).Remove(ctx, w.c.user, w.c.proof())
	}, anyProof, func(w *fuzzWorld) bool {
		return (w.before.Authenticator != nil || w.before.Pending != nil) && w.rightProof()
	}, false, true},
	{"ResetGuard.Prove", func(ctx context.Context, w *fuzzWorld) error {
		return w.guard.Prove(ctx, w.c.user, Credentials{OTP: w.c.otp, PIN: w.c.pin})
	}, func(c fuzzCall) (Credentials, []string) { return Credentials{OTP: c.otp, PIN: c.pin}, nil }, (*fuzzWorld).rightResetProof, false, false},
	{"ResetGuard.Forfeit", func(ctx context.Context, w *fuzzWorld) error {
		return w.guard.Forfeit(ctx, w.c.user)
	}, noProof, always, false, false},
	{"Admin.Status", func(ctx context.Context, w *fuzzWorld) error {
		_, err := w.admin.Status(ctx, w.c.user)
		return err
	}, noProof, always, true, false},
	{"Admin.Unlock", func(ctx context.Context, w *fuzzWorld) error { return w.admin.Unlock(ctx, w.c.user, KindPIN) }, noProof, always, true, false},
	{"Admin.SetPIN", func(ctx context.Context, w *fuzzWorld) error {
		return w.admin.SetPIN(ctx, w.c.user, w.c.pin)
	}, func(c fuzzCall) (Credentials, []string) { return Credentials{}, []string{"new pin"} }, always, false, false},
	{"Admin.RemovePIN", func(ctx context.Context, w *fuzzWorld) error { return w.admin.RemovePIN(ctx, w.c.user) }, noProof,
		func(w *fuzzWorld) bool { return w.before.PIN != nil }, true, false},
	{"Admin.RemoveAuthenticator", func(ctx context.Context, w *fuzzWorld) error {
		return w.admin.RemoveAuthenticator(ctx, w.c.user)
	}, noProof, func(w *fuzzWorld) bool { return w.before.Authenticator != nil || w.before.Pending != nil }, false, false},
	{"Admin.RevokeDevice", func(ctx context.Context, w *fuzzWorld) error {
		return w.admin.RevokeDevice(ctx, w.c.user, w.device())
	}, noProof, func(w *fuzzWorld) bool { return w.before.DeviceIndex(w.device()) >= 0 }, true, false},
	{"Admin.Reseal", func(ctx context.Context, w *fuzzWorld) error { return w.admin.Reseal(ctx, w.c.user) }, noProof, always, true, false},
	{"Admin.Forget", func(ctx context.Context, w *fuzzWorld) error { return w.admin.Forget(ctx, w.c.user) }, noProof, always, false, false},
	{"Admin.Import", func(ctx context.Context, w *fuzzWorld) error {
		held := Import{PIN: &ImportedPIN{Hash: w.c.password}}
		if w.c.bit(22) {
			held.Authenticator = &ImportedTOTP{URL: w.c.password}
		}
		if w.c.bit(23) {
			held = Import{Devices: []ImportedDevice{{ID: w.device(), TOTP: ImportedTOTP{Secret: w.c.password}}}}
		}
		return w.admin.Import(ctx, w.c.user, held)
	}, nil, always, false, false},
	{"Admin.Users", func(ctx context.Context, w *fuzzWorld) error {
		for _, err := range w.admin.Users(ctx, "") {
			if err != nil {
				return err
			}
		}
		return nil
	}, nil, always, true, false},
	{"Admin.Sweep", func(ctx context.Context, w *fuzzWorld) error {
		_, err := w.admin.Sweep(ctx)
		return err
	}, nil, always, false, false},
}

func always(*fuzzWorld) bool { return true }

func noProof(fuzzCall) (Credentials, []string)    { return Credentials{}, nil }
func onlyOTP(c fuzzCall) (Credentials, []string)  { return Credentials{OTP: c.otp}, []string{"otp"} }
func anyProof(c fuzzCall) (Credentials, []string) { return c.proof(), []string{"any"} }

// The methods that are called are all that there are.
func TestFuzzCallsKnowsEveryMethod(t *testing.T) {
	w := newFuzzWorld(t, fuzzCall{user: "ann"})
	var all, listed []string
	for _, view := range []any{w.v, w.guard, w.admin, NewPINs(w.v), NewOTPIssuer(w.v), NewDeviceTOTPEnroller(w.v), NewAuthenticatorEnroller(w.v)} {
		all = append(all, methodsOf(view)...)
	}
	for _, m := range fuzzMethods {
		listed = append(listed, m.name)
	}
	slices.Sort(all)
	slices.Sort(listed)
	if !slices.Equal(all, listed) {
		t.Fatalf("methods\n%q\nlisted\n%q", all, listed)
	}
}
