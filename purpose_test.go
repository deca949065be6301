package factor_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
)

// malformedPurposes are what For refuses.
var malformedPurposes = map[string][]string{
	"no parts": {}, "an empty part": {""}, "an empty part behind another": {"pay", ""}, "256 bytes": {strings.Repeat("x", 256)},
	"256 bytes of UTF-8": {strings.Repeat("é", 128)}, "no UTF-8": {"pay", "\xff"}, "half a character": {"a\xc3"},
}

// view returns the Verifier's view for a purpose, or the Verifier itself.
func (k *kit) view(purpose ...string) *factor.Verifier {
	if len(purpose) == 0 {
		return k.v
	}
	return k.v.For(purpose...)
}

// issuedFor issues a code for a purpose.
func (k *kit) issuedFor(kind factor.Kind, purpose ...string) string {
	k.Helper()
	o, err := factor.NewOTPIssuer(k.view(purpose...)).IssueUnproven(k.Context(), alice, kind)
	k.ok(err)
	return o.Code
}

// malformedIn fails unless the error names this malformed field.
func malformedIn(t *testing.T, what, field string, err error) {
	t.Helper()
	m, ok := errors.AsType[*factor.MalformedError](err)
	if !ok || m.Field != field || !errors.Is(err, factor.ErrMalformed) {
		t.Errorf("%s: %v, want the field %s", what, err, field)
	}
}

// Each method of each type on a view with a malformed purpose says so, and does
// nothing else, whatever its arguments.
func TestEachCallOnAMalformedViewIsMalformed(t *testing.T) {
	k := newKit(t)
	k.withPIN()
	loads, swaps, lists, observed := k.loads.Load(), k.swaps.Load(), k.lists.Load(), len(k.actions())
	called := map[string]bool{}
	for name, parts := range malformedPurposes {
		v := k.v.For(parts...)
		for _, view := range []any{
			v, factor.NewPINs(v), factor.NewOTPIssuer(v), factor.NewDeviceTOTPEnroller(v), factor.NewAuthenticatorEnroller(v), factor.NewRecoveryCodes(v), factor.NewAdmin(v),
		} {
			of := reflect.ValueOf(view)
			for i := range of.NumMethod() {
				method := of.Type().Elem().Name() + "." + of.Type().Method(i).Name
				if method == "Verifier.For" {
					continue
				}
				called[method] = true
				for given, args := range map[string][]reflect.Value{"well-formed": wellFormed(of.Method(i), method), "zeros": zeros(of.Method(i))} {
					malformedIn(t, name+", "+method+" of "+given, "purpose", errorOf(of.Method(i).Call(args)))
				}
			}
		}
		guard, err := factor.NewResetGuard(v)
		if malformedIn(t, name+", NewResetGuard", "purpose", err); guard != nil {
			t.Errorf("%s: there is a guard", name)
		}
	}
	for _, op := range spec.Operations {
		if !called[op.Name] && !strings.HasPrefix(op.Name, "ResetGuard.") {
			t.Errorf("%s was not called", op.Name)
		}
	}
	if k.loads.Load() != loads || k.swaps.Load() != swaps || k.lists.Load() != lists || len(k.actions()) != observed || k.checks != 0 {
		t.Errorf("the store was called, an event was observed or a password was checked: %v", k.actions()[observed:])
	}
	hashes := k.hashes.Load()
	_ = k.v.For().VerifyPIN(t.Context(), alice, rightPIN)
	if k.hashes.Load() != hashes {
		t.Error("a PIN was hashed")
	}
}

// wellFormed returns arguments that a call would accept.
func wellFormed(f reflect.Value, method string) (args []reflect.Value) {
	args = zeros(f)
	texts := map[string]string{"Verifier.VerifyPIN": rightPIN, "PINs.Set": rightPIN, "Admin.SetPIN": rightPIN}
	for i, arg := range args {
		switch arg.Interface().(type) {
		case string:
			args[i] = reflect.ValueOf(alice)
			if i > 1 {
				args[i] = reflect.ValueOf("123456")
			}
			if text := texts[method]; i > 1 && text != "" {
				args[i] = reflect.ValueOf(text)
			}
		case factor.Credentials:
			args[i] = reflect.ValueOf(factor.Credentials{Password: rightPW})
		case uuid.UUID:
			args[i] = reflect.ValueOf(phone)
		case time.Duration:
			args[i] = reflect.ValueOf(time.Second)
		case factor.Kind:
			args[i] = reflect.ValueOf(factor.KindLogin)
		case factor.Import:
			args[i] = reflect.ValueOf(row())
		}
	}
	return args
}

// zeros returns a context and zero arguments.
func zeros(f reflect.Value) (args []reflect.Value) {
	for i := range f.Type().NumIn() {
		if i == 0 {
			args = append(args, reflect.ValueOf(context.Background()))
			continue
		}
		if f.Type().IsVariadic() && i == f.Type().NumIn()-1 {
			return args
		}
		args = append(args, reflect.Zero(f.Type().In(i)))
	}
	return args
}

// errorOf returns a call's error, or the last one of its list.
func errorOf(out []reflect.Value) (err error) {
	last := out[len(out)-1].Interface()
	if all, ok := last.(iter.Seq2[string, error]); ok {
		for _, last := range all {
			err = last
		}
		return err
	}
	err, _ = last.(error)
	return err
}

// A part may hold anything of 1 to 255 bytes of UTF-8.
func TestWellFormedPurposes(t *testing.T) {
	k := newKit(t)
	for _, parts := range [][]string{{"x"}, {" "}, {"\x00"}, {strings.Repeat("x", 255)}, {strings.Repeat("é", 127)}, manyParts(), {"pay", "José", "1 €"}} {
		code := k.issuedFor(factor.KindAccount, parts...)
		k.ok(second(k.v.For(parts...).VerifyOTP(t.Context(), alice, code)))
	}
}

func manyParts() (parts []string) {
	for range 100 {
		parts = append(parts, "part")
	}
	return parts
}

// A purpose is what For was given, even if the caller changes the list.
func TestAPurposeIsCopied(t *testing.T) {
	k := newKit(t)
	parts := []string{"pay", "Ben", "10"}
	v := k.v.For(parts...)
	code := k.issuedFor(factor.KindAccount, "pay", "Ben", "10")
	parts[1], parts[2] = "Mallory", ""
	k.ok(second(v.VerifyOTP(t.Context(), alice, code)))
	k.is(second(v.For("pay", "Mallory").VerifyOTP(t.Context(), alice, code)), factor.ErrMismatch)
}

// A code is right for the purpose that it was issued for; for another, and for none, it
// is wrong like any other, and charged.
func TestACodeIsRightForItsPurposeOnly(t *testing.T) {
	payment := []string{"pay", "A 1", "2"}
	for name, c := range map[string]struct{ own, wrong []string }{
		"another":             {payment, []string{"pay", "A", "1 2"}},
		"none":                {payment, nil},
		"one, issued without": {nil, payment},
		"more parts":          {payment, append(payment, "3")},
		"fewer parts":         {payment, payment[:2]},
	} {
		for _, kind := range []factor.Kind{factor.KindLogin, factor.KindAccount} {
			k := newKit(t)
			own, wrong := k.view(c.own...), k.view(c.wrong...)
			otp, err := factor.NewOTPIssuer(own).IssueUnproven(t.Context(), alice, kind)
			k.ok(err)
			m, ok := errors.AsType[*factor.MismatchError](second(wrong.VerifyOTP(t.Context(), alice, otp.Code, kind)))
			if !ok || m.Stale || k.wrong(kind) != 1 {
				t.Errorf("%s: %+v, %d charged", name, m, k.wrong(kind))
			}
			k.ok(second(own.VerifyOTP(t.Context(), alice, otp.Code, kind)))
			k.stale(second(own.VerifyOTP(t.Context(), alice, otp.Code, kind)))
			m, ok = errors.AsType[*factor.MismatchError](second(wrong.VerifyOTP(t.Context(), alice, otp.Code, kind)))
			if !ok || m.Stale || k.wrong(kind) != 1 {
				t.Errorf("%s, once it is used: %+v, %d charged", name, m, k.wrong(kind))
			}
		}
	}
}

// For on a view starts over, and leaves that view as it is.
func TestForOnAViewStartsOver(t *testing.T) {
	k := newKit(t)
	first := k.v.For("first")
	again := first.For("second")
	code := k.issuedFor(factor.KindAccount, "second")
	k.is(second(first.VerifyOTP(t.Context(), alice, code)), factor.ErrMismatch)
	k.is(second(first.For("first", "second").VerifyOTP(t.Context(), alice, code)), factor.ErrMismatch)
	k.ok(second(again.VerifyOTP(t.Context(), alice, code)))
	code = k.issuedFor(factor.KindAccount, "first")
	k.ok(second(first.VerifyOTP(t.Context(), alice, code)))
	// A malformed one too.
	code = k.issuedFor(factor.KindAccount, "second")
	k.ok(second(k.v.For().For("second").VerifyOTP(t.Context(), alice, code)))
	malformedIn(t, "For of nothing on a view", "purpose", second(again.For().VerifyOTP(t.Context(), alice, code)))
}

// Without kinds a view accepts only a code issued for its purpose: a device code
// does not answer the question. A named kind is judged as usual.
func TestAViewJudgesAccountCodesAlone(t *testing.T) {
	k := newKit(t)
	device := k.code(k.enroll())
	recovery := k.generate()[0]
	v := k.v.For("pay")
	login := k.issuedFor(factor.KindLogin, "pay")
	for _, code := range []string{device, login} {
		k.is(second(v.VerifyOTP(t.Context(), alice, code)), factor.ErrMismatch)
	}
	malformedIn(t, "a recovery code", "otp", second(v.VerifyOTP(t.Context(), alice, recovery)))
	if a, d := k.wrong(factor.KindAccount), k.wrong(factor.KindDeviceTOTP); a != 2 || d != 0 {
		t.Fatalf("charged %d for account codes and %d for devices, want 2 and 0", a, d)
	}
	for kind, code := range map[factor.Kind]string{factor.KindDeviceTOTP: device, factor.KindLogin: login, factor.KindRecovery: recovery} {
		m, err := v.VerifyOTP(t.Context(), alice, code, kind)
		if k.ok(err); m.Kind != kind {
			t.Errorf("%s is %+v", kind, m)
		}
	}
	k.ok(second(v.VerifyOTP(t.Context(), alice, k.issuedFor(factor.KindAccount, "pay"))))
	// The Verifier itself goes on to judge both.
	k.Turn(time.Minute)
	e := k.enroll()
	k.ok(second(k.v.VerifyOTP(t.Context(), alice, k.code(e))))
}

// A view judges a proof by ProofKinds too, and issued codes by its purpose: so does
// each type made from it.
func TestEachTypeOfAViewHasItsPurpose(t *testing.T) {
	ctx := context.Background()
	for name, act := range map[string]func(v *factor.Verifier, proof factor.Credentials) error{
		"VerifyAny": func(v *factor.Verifier, p factor.Credentials) error { return second(v.VerifyAny(ctx, alice, p)) },
		"PINs.Set": func(v *factor.Verifier, p factor.Credentials) error {
			return factor.NewPINs(v).Set(ctx, alice, "4711", p)
		},
		"PINs.Remove": func(v *factor.Verifier, p factor.Credentials) error { return factor.NewPINs(v).Remove(ctx, alice, p) },
		"Enroll": func(v *factor.Verifier, p factor.Credentials) error {
			return second(factor.NewDeviceTOTPEnroller(v).Enroll(ctx, alice, phone, p))
		},
		"Begin": func(v *factor.Verifier, p factor.Credentials) error {
			return second(factor.NewAuthenticatorEnroller(v).Begin(ctx, alice, p))
		},
		"Generate": func(v *factor.Verifier, p factor.Credentials) error {
			return second(factor.NewRecoveryCodes(v).Generate(ctx, alice, p))
		},
		"Remove, recovery": func(v *factor.Verifier, p factor.Credentials) error {
			return factor.NewRecoveryCodes(v).Remove(ctx, alice, p)
		},
	} {
		k := newKit(t)
		k.withPIN()
		k.generate()
		v := k.v.For("set pin")
		none := factor.Credentials{OTP: k.issue(factor.KindAccount)}
		own := factor.Credentials{OTP: k.issuedFor(factor.KindAccount, "set pin")}
		for _, wrong := range []struct {
			v     *factor.Verifier
			proof factor.Credentials
		}{{v, none}, {k.v, own}, {k.v.For("pay"), own}, {k.v.For("pay"), none}} {
			if err := act(wrong.v, wrong.proof); !errors.Is(err, factor.ErrMismatch) {
				t.Errorf("%s with a code for another purpose: %v", name, err)
			}
		}
		if err := act(v, own); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Issue issues for the purpose, too; what is no code has none.
	k := newKit(t)
	v := k.v.For("set pin")
	otp, err := factor.NewOTPIssuer(v).Issue(ctx, alice, factor.Credentials{Password: rightPW})
	k.ok(err)
	k.ok(v.VerifyPassword(ctx, alice, rightPW))
	k.is(second(k.v.VerifyOTP(ctx, alice, otp.Code, factor.KindAccount)), factor.ErrMismatch)
	k.ok(factor.NewPINs(v).Set(ctx, alice, rightPIN, factor.Credentials{OTP: otp.Code}))
	k.ok(k.v.VerifyPIN(ctx, alice, rightPIN))
	k.ok(k.v.For("pay").VerifyPIN(ctx, alice, rightPIN))
}

// Counts, the Interval, Admin and Holdings know no purpose.
func TestCountsAndIntervalsKnowNoPurpose(t *testing.T) {
	k := newKit(t, func(o *factor.Options) { o.OTP.Interval = time.Minute })
	code := k.issuedFor(factor.KindAccount, "pay")
	for _, v := range []*factor.Verifier{k.v, k.v.For("pay"), k.v.For("new address")} {
		locked, ok := errors.AsType[*factor.LockedError](second(factor.NewOTPIssuer(v).IssueUnproven(t.Context(), alice, factor.KindAccount)))
		if !ok || !locked.TooSoon || !locked.Until.Equal(k.Now().Add(time.Minute)) {
			t.Errorf("issued within the interval: %+v", locked)
		}
	}
	if s := k.status(); len(s.Live) != 1 || s.Live[0] != factor.KindAccount {
		t.Errorf("live are %v", s.Live)
	}
	views := []*factor.Verifier{k.v.For("a"), k.v.For("b"), k.v, k.v.For("c"), k.v.For("d")}
	for i, v := range views {
		m, ok := errors.AsType[*factor.MismatchError](second(v.VerifyOTP(t.Context(), alice, code, factor.KindAccount)))
		if !ok || m.Remaining != 4-i {
			t.Errorf("guess %d: %+v", i, m)
		}
	}
	k.is(second(k.v.For("pay").VerifyOTP(t.Context(), alice, code)), factor.ErrLocked)
	k.ok(factor.NewAdmin(k.v.For("anything")).Unlock(t.Context(), alice))
	holdings, err := k.v.For("anything").Holdings(t.Context(), alice)
	if k.ok(err); holdings != (factor.Holdings{}) {
		t.Errorf("%+v", holdings)
	}
	k.ok(factor.NewAdmin(k.v.For("anything")).VoidCodes(t.Context(), alice))
	k.stale(second(k.v.For("pay").VerifyOTP(t.Context(), alice, code)))
}

// At most four codes of a kind are live, and Status names the kind once. The oldest
// goes first, and is recognised for its purpose.
func TestTheOldestPurposeGoesFirst(t *testing.T) {
	k := newKit(t)
	purposes := []string{"a", "b", "c", "d", "e"}
	var codes []string
	for _, p := range purposes {
		codes = append(codes, k.issuedFor(factor.KindAccount, p))
	}
	if s := k.status(); len(s.Live) != 1 {
		t.Errorf("live are %v", s.Live)
	}
	k.stale(second(k.v.For("a").VerifyOTP(t.Context(), alice, codes[0])))
	for i, p := range purposes[1:] {
		k.ok(second(k.v.For(p).VerifyOTP(t.Context(), alice, codes[i+1])))
	}
	if s := k.status(); len(s.Live) != 0 || len(s.Budgets) != 0 {
		t.Errorf("%+v", s)
	}
}

// Resend is for the purpose: two tabs that request the same thing get the same
// code, and a third with another purpose gets another.
func TestACodeIsSentAgainForItsPurposeOnly(t *testing.T) {
	k := newKit(t, func(o *factor.Options) { o.OTP.Resend = true })
	pay, address := k.issuedFor(factor.KindAccount, "pay"), k.issuedFor(factor.KindAccount, "address")
	for range 3 {
		if p, a := k.issuedFor(factor.KindAccount, "pay"), k.issuedFor(factor.KindAccount, "address"); p != pay || a != address {
			t.Fatalf("another code is sent again")
		}
	}
	k.ok(second(k.v.For("address").VerifyOTP(t.Context(), alice, address)))
	k.ok(second(k.v.For("pay").VerifyOTP(t.Context(), alice, pay)))
}

// Views share the user's lock, and calls that wait share a swap; each is judged by
// its own purpose.
func TestViewsShareASwapAndKeepTheirPurposes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		a, b, c, none := []string{"a"}, []string{"b"}, []string{"c"}, []string(nil)
		codes := map[string]string{}
		for _, p := range [][]string{a, b, c, none} {
			codes[fmt.Sprint(p)] = k.issuedFor(factor.KindAccount, p...)
		}
		var calls []func() error
		var want []error
		for _, given := range []struct {
			of, on []string
			err    error
		}{{a, b, factor.ErrMismatch}, {b, b, nil}, {b, b, factor.ErrMismatch}, {a, none, factor.ErrMismatch}, {none, none, nil}, {c, c, nil}, {a, a, nil}} {
			calls = append(calls, func() error {
				return second(k.view(given.on...).VerifyOTP(t.Context(), alice, codes[fmt.Sprint(given.of)], factor.KindAccount))
			})
			want = append(want, given.err)
		}
		views := [][]string{a, b, c}
		issued := make([]string, len(views))
		for i, p := range views { // issuing is shared too
			calls = append(calls, func() error {
				otp, err := factor.NewOTPIssuer(k.view(p...)).IssueUnproven(t.Context(), alice, factor.KindAccount)
				issued[i] = otp.Code
				return err
			})
			want = append(want, nil)
		}
		var errs []error
		loads, swaps := counting(k, func() { errs = queued(k, calmly, calls...) })
		for i, err := range errs {
			if !errors.Is(err, want[i]) {
				t.Errorf("call %d: %v, want %v", i, err, want[i])
			}
		}
		if loads != 2 || swaps != 2 { // one of each is the first call's
			t.Errorf("%d loads and %d swaps, want 2 and 2", loads, swaps)
		}
		for i, p := range views {
			k.is(second(k.v.VerifyOTP(t.Context(), alice, issued[i], factor.KindAccount)), factor.ErrMismatch)
			k.ok(second(k.view(p...).VerifyOTP(t.Context(), alice, issued[i])))
		}
	})
}

// A PIN that is set on one view wakes those who wait on another, and they share a poll.
func TestViewsShareWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		views := []*factor.Verifier{k.v, k.v.For("a"), k.v.For("b")}
		done := make(chan bool, len(views))
		for _, v := range views {
			go func() {
				set, err := factor.NewPINs(v).Wait(t.Context(), alice, time.Minute)
				done <- set && err == nil
			}()
		}
		synctest.Wait()
		if n := factor.Watched(k.v); n != 1 || factor.Watched(views[1]) != 1 {
			t.Errorf("%d users are watched", n)
		}
		start := time.Now()
		k.ok(factor.NewAdmin(k.v.For("c")).SetPIN(t.Context(), alice, rightPIN))
		for range views {
			if set := <-done; !set {
				t.Error("a waiter was not told")
			}
		}
		if time.Since(start) != 0 {
			t.Errorf("woken after %v", time.Since(start))
		}
	})
}

// A call inside itself is inside on any view.
func TestACallBackOnAViewIsInsideItself(t *testing.T) {
	var k *kit
	var inside []error
	observed, wiped := 0, error(nil)
	k = newKit(t, func(o *factor.Options) {
		o.RegisteredAt = func(ctx context.Context, user string) (time.Time, error) {
			inside = append(inside, second(factor.NewDeviceTOTPEnroller(k.v.For("b")).Enroll(ctx, user, phone, factor.Credentials{})))
			return k.Now(), nil
		}
		o.Wipe = func(ctx context.Context, w factor.Wipe) error {
			wiped = factor.NewAdmin(k.v.For("b")).SetPIN(ctx, w.User, rightPIN)
			return nil
		}
		o.Observe = func(ctx context.Context, e factor.Event) {
			observed++
			_ = k.v.For("b").VerifyPIN(ctx, "bob", wrongPIN)
		}
	})
	k.onCheck = func(ctx context.Context) error {
		inside = append(inside, k.v.For("b").VerifyPassword(ctx, alice, rightPW))
		return nil
	}
	k.ok(k.v.For("a").VerifyPassword(t.Context(), alice, rightPW))
	k.ok(second(factor.NewDeviceTOTPEnroller(k.v.For("a")).Enroll(t.Context(), alice, phone, factor.Credentials{})))
	for _, err := range inside {
		if err == nil || !strings.Contains(err.Error(), "inside itself") {
			t.Errorf("asked inside itself on another view: %v", err)
		}
	}
	if len(inside) != 2 || k.checks != 1 {
		t.Errorf("called back %d times, and asked for a password %d times", len(inside), k.checks)
	}
	guard, err := factor.NewResetGuard(k.v.For("a"))
	k.ok(err)
	k.ok(guard.Forfeit(t.Context(), alice))
	k.is(wiped, factor.ErrWipePending)
	if observed > 10 {
		t.Errorf("Observe was called %d times, inside itself", observed)
	}
}

// Calls on all views share the locks of a user and the hash gate.
func TestViewsShareTheHashGateAndTheLocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		enter, entered := make(chan struct{}), make(chan struct{}, 2)
		k.onCheck = func(context.Context) error { entered <- struct{}{}; <-enter; return nil }
		done := make(chan error, 2)
		for _, v := range []*factor.Verifier{k.v.For("a"), k.v.For("b")} {
			go func() { done <- v.VerifyPassword(t.Context(), alice, rightPW) }()
		}
		synctest.Wait()
		if len(entered) != 1 || factor.LocksHeld(k.v) != factor.LocksHeld(k.v.For("c")) || factor.LocksHeld(k.v) == 0 {
			t.Errorf("%d passwords of one user are checked at once, %d locks", len(entered), factor.LocksHeld(k.v))
		}
		close(enter)
		for range 2 {
			k.ok(<-done)
		}
		hashes := k.hashes.Load()
		k.is(k.v.For("a").VerifyPIN(t.Context(), alice, wrongPIN), factor.ErrMismatch)
		if n := k.hashes.Load() - hashes; n != 1 {
			t.Errorf("a view hashed %d times in the Verifier's gate, want 1", n)
		}
	})
}
