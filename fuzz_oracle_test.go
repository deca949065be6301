package factor

import (
	"bytes"
	"errors"
	"reflect"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

// check fails if the method may not have answered err.
func (w *fuzzWorld) check(m fuzzMethod, err error) {
	w.discreet(err)
	malformed := errors.Is(err, ErrMalformed)
	if m.gives != nil {
		malformed = w.malformed(m)
	}
	switch {
	case malformed != errors.Is(err, ErrMalformed):
		w.Fatalf("%s: malformed is %v, answered %v", m.name, malformed, err)
	case malformed && (w.calls > 0 || w.asked > 0):
		w.Fatalf("%s: malformed input reached the store %d times and the host %d times", m.name, w.calls, w.asked)
	case malformed:
		return
	}
	if m.name == "PINs.Wait" { // it may leave before its poll has
		return
	}
	reads := m.name == "Admin.Users" || errors.Is(err, ErrNoCredential) || errors.Is(err, ErrWeakPIN)
	if w.sealed && !reads && m.name != "Admin.Forget" && (!errors.Is(err, ErrUnsealed) || w.swaps > 0) {
		w.Fatalf("%s: a record that does not open is answered %v, with %d swaps", m.name, err, w.swaps)
	}
	if !w.sealed && errors.Is(err, ErrUnsealed) {
		w.Fatalf("%s: %v, though the record opens", m.name, err)
	}
	if allowed := m.allowed(w); !w.sealed && (err == nil && !allowed || m.exact && err != nil && allowed) {
		w.Fatalf("%s: right is %v, answered %v", m.name, allowed, err)
	}
	if err != nil && !errors.Is(err, ErrWiped) && !strings.HasPrefix(m.name, "Admin.") {
		w.keeps(m)
	}
}

// keeps fails if a refusal refunded a guess or changed what the user holds.
func (w *fuzzWorld) keeps(m fuzzMethod) {
	if w.swaps == 0 || w.before.Guard.Wipe.Pending() {
		return
	}
	after, err := accounttest.Decode(w.stored.Data)
	if err != nil {
		w.Fatal(err)
	}
	for i, b := range after.Budgets {
		if b.Wrong < w.before.Budgets[i].Wrong {
			w.Fatalf("%s was refused and refunded %s", m.name, kinds[i])
		}
	}
	if after.Guard.Strikes < w.before.Guard.Strikes {
		w.Fatalf("%s was refused and refunded a strike", m.name)
	}
	for _, held := range []func(*account.Account) any{
		func(a *account.Account) any { return a.PIN }, func(a *account.Account) any { return a.Devices }, func(a *account.Account) any { return a.Authenticator },
	} {
		if !reflect.DeepEqual(held(after), held(w.before)) {
			w.Fatalf("%s was refused and changed what the user holds", m.name)
		}
	}
}

// discreet fails if a text repeats the user or a credential. Only those are
// looked for that no text of the package's own can hold: six digits in a row, or
// something beside letters, digits and plain punctuation.
func (w *fuzzWorld) discreet(err error) {
	texts := w.written
	if err != nil {
		texts = append(texts, err.Error())
	}
	for _, secret := range []string{w.c.user, w.c.otp, w.c.password, w.c.pin} {
		if !unlikeText.MatchString(secret) {
			continue
		}
		for _, text := range texts {
			if strings.Contains(text, secret) {
				w.Fatalf("an error repeats %q: %s", secret, text)
			}
		}
	}
}

var unlikeText = regexp.MustCompile(`[0-9]{6}|[^a-zA-Z0-9 .,:;()*_'+-]`)

// malformed says, from what the documentation says alone, whether an argument
// is not well-formed.
func (w *fuzzWorld) malformed(m fuzzMethod) bool {
	c := w.c
	given, needed := m.gives(c)
	bad := len(c.user) < 1 || len(c.user) > 255 || !utf8.ValidString(c.user) || strings.Contains(c.user, "\x00")
	bad = bad || given.OTP != "" && !sixToEight.MatchString(given.OTP)
	bad = bad || len(given.Password) > 1024
	bad = bad || given.PIN != "" && !fourToTwelve.MatchString(given.PIN)
	for _, field := range needed {
		bad = bad || field == "otp" && c.otp == "" || field == "pin" && c.pin == "" || field == "password" && c.password == "" ||
			field == "new pin" && !oneToTwelve.MatchString(c.pin)
	}
	if m.name == "Verifier.VerifyOTP" {
		for _, k := range c.kinds() {
			bad = bad || k != KindLogin && k != KindAccount && k != KindTOTP && k != KindDeviceTOTP
		}
	}
	if m.name == "DeviceTOTPEnroller.Enroll" || m.name == "DeviceTOTPEnroller.Revoke" || m.name == "Admin.RevokeDevice" {
		bad = bad || w.device() == uuid.Nil
	}
	return bad
}

var (
	sixToEight   = regexp.MustCompile(`\A[0-9]{6,8}\z`)
	fourToTwelve = regexp.MustCompile(`\A[0-9]{4,12}\z`)
	oneToTwelve  = regexp.MustCompile(`\A[0-9]{1,12}\z`)
)

func (w *fuzzWorld) locked(k Kind, l Limit) bool {
	b := w.before.Budget(account.Kind(k))
	now := w.c.now()
	return b.Wrong >= l.Final || b.Until.After(now) && b.Until.Sub(now) <= l.MaxDelay
}

func (w *fuzzWorld) rightPassword() bool {
	return strings.HasPrefix(w.c.password, "right") && !w.locked(KindPassword, w.opts.Password)
}

func (w *fuzzWorld) pinMatches() bool {
	return w.before.PIN != nil && bytes.Equal(w.before.PIN.Sum, fuzzHash([]byte(w.c.pin)))
}

func (w *fuzzWorld) rightPIN() bool { return w.pinMatches() && !w.locked(KindPIN, w.opts.PIN.Limit) }

// given is right where the credential was given.
func (w *fuzzWorld) given(field string, right func() bool) bool {
	text := map[string]string{"otp": w.c.otp, "password": w.c.password, "pin": w.c.pin}[field]
	return text != "" && right()
}

func (w *fuzzWorld) rightProof() bool {
	return w.acceptedBy() != ""
}

// acceptedBy is the first given credential that is right.
func (w *fuzzWorld) acceptedBy() string {
	switch {
	case w.given("otp", func() bool { return w.rightOTP(w.opts.ProofKinds) }):
		return "otp"
	case w.given("password", w.rightPassword):
		return "password"
	case w.given("pin", w.rightPIN):
		return "pin"
	}
	return ""
}

func (w *fuzzWorld) rightOTP(asked []Kind) bool {
	now := w.c.now()
	for _, k := range asked {
		limit := w.opts.OTP.Limit
		if k == KindTOTP || k == KindDeviceTOTP {
			limit = w.opts.TOTP.Limit
		}
		if w.locked(k, limit) {
			continue
		}
		switch k {
		case KindLogin, KindAccount:
			live, ttl := w.before.AccountCodes.Live, w.opts.OTP.AccountTTL
			if k == KindLogin {
				live, ttl = w.before.LoginCodes.Live, w.opts.OTP.LoginTTL
			}
			if live != nil && live.Digits == w.c.otp && live.ExpiresAt.After(now) && live.ExpiresAt.Sub(now) <= ttl+time.Minute {
				return true
			}
		case KindTOTP:
			if w.before.Authenticator != nil && w.fresh(w.before.Authenticator) {
				return true
			}
		case KindDeviceTOTP:
			for i := range w.before.Devices {
				if w.fresh(&w.before.Devices[i].TOTP) {
					return true
				}
			}
		}
	}
	return false
}

// fresh reports whether the code is that of a step around now which is later
// than the last accepted one, as another library computes it.
func (w *fuzzWorld) fresh(s *account.TOTP) bool {
	if len(w.c.otp) != s.Digits {
		return false
	}
	seconds, period := w.c.now().Unix(), int64(s.Period/time.Second)
	current := (seconds - ((seconds%period)+period)%period) / period
	for step := current - int64(w.opts.TOTP.Skew); step <= current+int64(w.opts.TOTP.Skew); step++ {
		if step >= 0 && step > s.LastStep && accounttest.CodeAt(s, step) == w.c.otp {
			return true
		}
	}
	return false
}

func (w *fuzzWorld) rightConfirmation() bool {
	p := w.before.Pending
	now := w.c.now()
	return p != nil && p.ExpiresAt.After(now) && p.ExpiresAt.Sub(now) <= 15*time.Minute && w.fresh(&p.TOTP)
}

func (w *fuzzWorld) rightResetProof() bool {
	old := func(at time.Time) bool { return w.opts.Reset.MinAge == 0 || w.c.now().Sub(at) >= w.opts.Reset.MinAge }
	if w.before.Guard.Wipe != nil {
		return false
	}
	if w.given("pin", w.pinMatches) && old(w.before.PIN.SetAt) {
		return true
	}
	for i := range w.before.Devices {
		if d := &w.before.Devices[i]; w.c.otp != "" && old(d.EnrolledAt) && w.fresh(&d.TOTP) {
			return true
		}
	}
	return false
}

func methodsOf(view any) []string {
	typ := reflect.TypeOf(view)
	var all []string
	for i := range typ.NumMethod() {
		all = append(all, typ.Elem().Name()+"."+typ.Method(i).Name)
	}
	return all
}
