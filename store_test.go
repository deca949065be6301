package factor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
)

// An uncontended call is one Load and one swap; a refusal that changes nothing is
// one Load; malformed input is none. Only a call that runs a wipe needs more.
func TestCallsOfTheStore(t *testing.T) {
	ctx := t.Context()
	const one, read, none = "1 load, 1 swap", "1 load, 0 swaps", "0 loads, 0 swaps"
	device := uuid.MustParse("738e379f-fe30-45ab-819c-ba88804b6368")
	pin, password := factor.Credentials{PIN: rightPIN}, factor.Credentials{Password: rightPW}
	cases := []struct {
		method, when, want string
		setup              func(k *kit) string // may return a code
		call               func(k *kit, code string) error
		err                error
	}{
		{"Verifier.VerifyOTP", "right", one, (*kit).deviceCode, verifyOTP, nil},
		{"Verifier.VerifyOTP", "wrong", one, nothing, func(k *kit, _ string) error { return verifyOTP(k, "000000") }, factor.ErrMismatch},
		{"Verifier.VerifyOTP", "used", read, (*kit).usedCode, verifyOTP, factor.ErrMismatch},
		{"Verifier.VerifyOTP", "locked", read, (*kit).lockedOTP, verifyOTP, factor.ErrLocked},
		{"Verifier.VerifyOTP", "malformed", none, nothing, verifyOTP, factor.ErrMalformed},
		{"Verifier.VerifyPIN", "right", one, (*kit).withPIN, func(k *kit, _ string) error { return k.v.VerifyPIN(ctx, alice, rightPIN) }, nil},
		{"Verifier.VerifyPIN", "wrong", one, (*kit).withPIN, func(k *kit, _ string) error { return k.v.VerifyPIN(ctx, alice, wrongPIN) }, factor.ErrMismatch},
		{"Verifier.VerifyPIN", "no PIN", one, nothing, func(k *kit, _ string) error { return k.v.VerifyPIN(ctx, alice, wrongPIN) }, factor.ErrMismatch},
		{"Verifier.VerifyPIN", "locked", read, (*kit).lockedPIN, func(k *kit, _ string) error { return k.v.VerifyPIN(ctx, alice, rightPIN) }, factor.ErrLocked},
		{"Verifier.VerifyPIN", "malformed", none, nothing, func(k *kit, _ string) error { return k.v.VerifyPIN(ctx, alice, "12a4") }, factor.ErrMalformed},
		{"Verifier.VerifyPassword", "right", one, nothing, func(k *kit, _ string) error { return k.v.VerifyPassword(ctx, alice, rightPW) }, nil},
		{"Verifier.VerifyPassword", "wrong", one, nothing, func(k *kit, _ string) error { return k.v.VerifyPassword(ctx, alice, "x") }, factor.ErrMismatch},
		{"Verifier.VerifyPassword", "malformed", none, nothing, func(k *kit, _ string) error { return k.v.VerifyPassword(ctx, alice, "") }, factor.ErrMalformed},
		{"Verifier.VerifyAny", "all wrong but the last", one, (*kit).withPIN, func(k *kit, _ string) error {
			_, err := k.v.VerifyAny(ctx, alice, factor.Credentials{OTP: "000000", Password: "x", PIN: rightPIN})
			return err
		}, nil},
		{"Verifier.VerifyAny", "nothing given", none, nothing, func(k *kit, _ string) error {
			_, err := k.v.VerifyAny(ctx, alice, factor.Credentials{})
			return err
		}, factor.ErrNoCredential},
		{"PINs.Set", "right", one, (*kit).withPIN, func(k *kit, _ string) error { return k.pins.Set(ctx, alice, "4711", pin) }, nil},
		{"PINs.Set", "wrong", one, (*kit).withPIN, func(k *kit, _ string) error {
			return k.pins.Set(ctx, alice, "4711", factor.Credentials{PIN: wrongPIN})
		}, factor.ErrMismatch},
		{"PINs.Set", "weak", none, (*kit).withPIN, func(k *kit, _ string) error { return k.pins.Set(ctx, alice, "1234", pin) }, factor.ErrWeakPIN},
		{"PINs.Set", "malformed", none, (*kit).withPIN, func(k *kit, _ string) error { return k.pins.Set(ctx, alice, "", pin) }, factor.ErrMalformed},
		{"PINs.Remove", "right", one, (*kit).withPIN, func(k *kit, _ string) error { return k.pins.Remove(ctx, alice, pin) }, nil},
		{"PINs.Remove", "no PIN", read, nothing, func(k *kit, _ string) error { return k.pins.Remove(ctx, alice, pin) }, factor.ErrNotEnrolled},
		{"PINs.IsSet", "set", read, (*kit).withPIN, func(k *kit, _ string) error { return second(k.pins.IsSet(ctx, alice)) }, nil},
		{"PINs.Wait", "set", read, (*kit).withPIN, func(k *kit, _ string) error { return second(k.pins.Wait(ctx, alice, time.Second)) }, nil},
		{"PINs.Wait", "malformed", none, (*kit).withPIN, func(k *kit, _ string) error { return second(k.pins.Wait(ctx, alice, time.Hour)) }, factor.ErrMalformed},
		{"OTPIssuer.Issue", "right", one, (*kit).withPIN, func(k *kit, _ string) error { return second(k.codes.Issue(ctx, alice, pin)) }, nil},
		{"OTPIssuer.Issue", "an OTP", none, nothing, func(k *kit, _ string) error {
			return second(k.codes.Issue(ctx, alice, factor.Credentials{OTP: "123456"}))
		}, factor.ErrMalformed},
		{"OTPIssuer.IssueUnproven", "account", one, nothing, func(k *kit, _ string) error {
			return second(k.codes.IssueUnproven(ctx, alice, factor.KindAccount))
		}, nil},
		{"OTPIssuer.IssueUnproven", "pin", none, nothing, func(k *kit, _ string) error {
			return second(k.codes.IssueUnproven(ctx, alice, factor.KindPIN))
		}, factor.ErrMalformed},
		{"DeviceTOTPEnroller.Enroll", "in the window", one, nothing, func(k *kit, _ string) error {
			return second(k.dev.Enroll(ctx, alice, device, factor.Credentials{}))
		}, nil},
		{"DeviceTOTPEnroller.Enroll", "with a proof", one, (*kit).withPIN, func(k *kit, _ string) error { return second(k.dev.Enroll(ctx, alice, device, pin)) }, nil},
		{"DeviceTOTPEnroller.Enroll", "nil device", none, nothing, func(k *kit, _ string) error { return second(k.dev.Enroll(ctx, alice, uuid.Nil, pin)) }, factor.ErrMalformed},
		{"DeviceTOTPEnroller.Devices", "none", read, nothing, func(k *kit, _ string) error { return second(k.dev.Devices(ctx, alice)) }, nil},
		{"DeviceTOTPEnroller.Revoke", "right", one, func(k *kit) string { k.setPIN(); return k.enroll().Device.String() }, func(k *kit, id string) error { return k.dev.Revoke(ctx, alice, uuid.MustParse(id), pin) }, nil},
		{"DeviceTOTPEnroller.Revoke", "unknown", read, (*kit).withPIN, func(k *kit, _ string) error { return k.dev.Revoke(ctx, alice, device, pin) }, factor.ErrUnknownDevice},
		{"AuthenticatorEnroller.Begin", "right", one, (*kit).withPIN, func(k *kit, _ string) error { return second(k.auth.Begin(ctx, alice, pin)) }, nil},
		{"AuthenticatorEnroller.Confirm", "right", one, func(k *kit) string { return k.code(k.begin()) }, func(k *kit, c string) error { return k.auth.Confirm(ctx, alice, c) }, nil},
		{"AuthenticatorEnroller.Confirm", "wrong", one, func(k *kit) string { k.begin(); return "" }, func(k *kit, _ string) error { return k.auth.Confirm(ctx, alice, "000000") }, factor.ErrMismatch},
		{"AuthenticatorEnroller.Confirm", "none waits", read, nothing, func(k *kit, _ string) error { return k.auth.Confirm(ctx, alice, "000000") }, factor.ErrNotEnrolled},
		{"AuthenticatorEnroller.Remove", "right", one, func(k *kit) string { k.begin(); return k.withPIN() }, func(k *kit, _ string) error { return k.auth.Remove(ctx, alice, pin) }, nil},
		{"AuthenticatorEnroller.Remove", "none", read, (*kit).withPIN, func(k *kit, _ string) error { return k.auth.Remove(ctx, alice, pin) }, factor.ErrNotEnrolled},
		{"RecoveryCodes.Generate", "the first", one, nothing, func(k *kit, _ string) error { return second(k.recovery.Generate(ctx, alice, password)) }, nil},
		{"RecoveryCodes.Generate", "again", one, (*kit).withRecovery, func(k *kit, _ string) error { return second(k.recovery.Generate(ctx, alice, password)) }, nil},
		{"RecoveryCodes.Generate", "wrong", one, (*kit).withPIN, func(k *kit, _ string) error {
			return second(k.recovery.Generate(ctx, alice, factor.Credentials{PIN: wrongPIN}))
		}, factor.ErrMismatch},
		{"RecoveryCodes.Generate", "nothing given", none, nothing, func(k *kit, _ string) error {
			return second(k.recovery.Generate(ctx, alice, factor.Credentials{}))
		}, factor.ErrNoCredential},
		{"RecoveryCodes.Remove", "right", one, (*kit).withRecovery, func(k *kit, _ string) error { return k.recovery.Remove(ctx, alice, password) }, nil},
		{"RecoveryCodes.Remove", "none", read, nothing, func(k *kit, _ string) error { return k.recovery.Remove(ctx, alice, password) }, factor.ErrNotEnrolled},
		{"Admin.RemoveRecoveryCodes", "held", one, (*kit).withRecovery, func(k *kit, _ string) error { return k.admin.RemoveRecoveryCodes(ctx, alice) }, nil},
		{"Admin.RemoveRecoveryCodes", "none", read, nothing, func(k *kit, _ string) error { return k.admin.RemoveRecoveryCodes(ctx, alice) }, factor.ErrNotEnrolled},
		{"Admin.RemoveRecoveryCodes", "malformed", none, nothing, func(k *kit, _ string) error { return k.admin.RemoveRecoveryCodes(ctx, "") }, factor.ErrMalformed},
		{"Verifier.VerifyOTP", "a recovery code", one, (*kit).withRecovery, (*kit).recover, nil},
		{"Verifier.VerifyOTP", "a used recovery code", read, func(k *kit) string { c := k.withRecovery(); k.ok(k.recover(c)); return c }, (*kit).recover, factor.ErrMismatch},
		{"Verifier.VerifyOTP", "a code for another purpose", one, func(k *kit) string { return k.issuedFor(factor.KindAccount, "pay") }, verifyOTP, factor.ErrMismatch},
		{"Verifier.VerifyOTP", "on a view that is malformed", none, func(k *kit) string { return k.issue(factor.KindAccount) }, func(k *kit, c string) error { return second(k.v.For().VerifyOTP(ctx, alice, c)) }, factor.ErrMalformed},
		{"ResetGuard.Prove", "a recovery code", none, (*kit).withRecovery, func(k *kit, c string) error { return k.guard.Prove(ctx, alice, factor.Credentials{OTP: c}) }, factor.ErrMalformed},
		{"ResetGuard.Prove", "right", one, (*kit).withPIN, func(k *kit, _ string) error { return k.guard.Prove(ctx, alice, pin) }, nil},
		{"ResetGuard.Prove", "wrong", one, (*kit).withPIN, func(k *kit, _ string) error {
			return k.guard.Prove(ctx, alice, factor.Credentials{PIN: wrongPIN})
		}, factor.ErrMismatch},
		{"ResetGuard.Prove", "used code", read, (*kit).usedCode, func(k *kit, c string) error { return k.guard.Prove(ctx, alice, factor.Credentials{OTP: c}) }, factor.ErrMismatch},
		{"ResetGuard.Prove", "nothing held", one, nothing, func(k *kit, _ string) error { return k.guard.Prove(ctx, alice, pin) }, factor.ErrNotEnrolled},
		{"ResetGuard.Prove", "wiped", one, (*kit).forfeited, func(k *kit, _ string) error { return k.guard.Prove(ctx, alice, pin) }, factor.ErrWiped},
		{"ResetGuard.Prove", "a password", none, nothing, func(k *kit, _ string) error {
			return k.guard.Prove(ctx, alice, factor.Credentials{Password: rightPW})
		}, factor.ErrMalformed},
		{"ResetGuard.Forfeit", "mark and done", "2 loads, 2 swaps", (*kit).withPIN, func(k *kit, _ string) error { return k.guard.Forfeit(ctx, alice) }, nil},
		{"ResetGuard.Forfeit", "wiped", one, (*kit).forfeited, func(k *kit, _ string) error { return k.guard.Forfeit(ctx, alice) }, nil},
		{"Admin.Status", "any", read, (*kit).withPIN, func(k *kit, _ string) error { return second(k.admin.Status(ctx, alice)) }, nil},
		{"Admin.Unlock", "locked", one, (*kit).lockedPIN, func(k *kit, _ string) error { return k.admin.Unlock(ctx, alice, factor.KindPIN) }, nil},
		{"Admin.Unlock", "nothing counted", one, (*kit).withPIN, func(k *kit, _ string) error { return k.admin.Unlock(ctx, alice, factor.KindPIN) }, nil},
		{"Verifier.Holdings", "some", read, (*kit).withPIN, func(k *kit, _ string) error { return second(k.v.Holdings(ctx, alice)) }, nil},
		{"Verifier.Holdings", "malformed", none, nothing, func(k *kit, _ string) error { return second(k.v.Holdings(ctx, "")) }, factor.ErrMalformed},
		{"Admin.SetPIN", "right", one, nothing, func(k *kit, _ string) error { return k.admin.SetPIN(ctx, alice, rightPIN) }, nil},
		{"Admin.SetPIN", "weak", none, nothing, func(k *kit, _ string) error { return k.admin.SetPIN(ctx, alice, "1234") }, factor.ErrWeakPIN},
		{"Admin.RemovePIN", "set", one, (*kit).withPIN, func(k *kit, _ string) error { return k.admin.RemovePIN(ctx, alice) }, nil},
		{"Admin.RemovePIN", "none", read, nothing, func(k *kit, _ string) error { return k.admin.RemovePIN(ctx, alice) }, factor.ErrNotEnrolled},
		{"Admin.RemoveAuthenticator", "waiting", one, func(k *kit) string { k.begin(); return "" }, func(k *kit, _ string) error { return k.admin.RemoveAuthenticator(ctx, alice) }, nil},
		{"Admin.RemoveAuthenticator", "none", read, nothing, func(k *kit, _ string) error { return k.admin.RemoveAuthenticator(ctx, alice) }, factor.ErrNotEnrolled},
		{"Admin.RevokeDevice", "enrolled", one, func(k *kit) string { return k.enroll().Device.String() }, func(k *kit, id string) error { return k.admin.RevokeDevice(ctx, alice, uuid.MustParse(id)) }, nil},
		{"Admin.RevokeDevice", "unknown", read, nothing, func(k *kit, _ string) error { return k.admin.RevokeDevice(ctx, alice, device) }, factor.ErrUnknownDevice},
		{"Admin.PasswordChanged", "known", one, (*kit).lockedPIN, func(k *kit, _ string) error { return k.admin.PasswordChanged(ctx, alice) }, nil},
		{"Admin.PasswordChanged", "absent", one, nothing, func(k *kit, _ string) error { return k.admin.PasswordChanged(ctx, alice) }, nil},
		{"Admin.VoidCodes", "a live code", one, func(k *kit) string { return k.issue(factor.KindLogin) }, func(k *kit, _ string) error { return k.admin.VoidCodes(ctx, alice) }, nil},
		{"Admin.VoidCodes", "absent", one, nothing, func(k *kit, _ string) error { return k.admin.VoidCodes(ctx, alice) }, nil},
		{"Admin.Discard", "known", one, (*kit).withPIN, func(k *kit, _ string) error { return k.admin.Discard(ctx, alice) }, nil},
		{"Admin.Discard", "that does not open", one, func(k *kit) string { k.store([]byte("not sealed")); return "" }, func(k *kit, _ string) error { return k.admin.Discard(ctx, alice) }, nil},
		{"Admin.Forget", "that does not open", read, func(k *kit) string { k.store([]byte("not sealed")); return "" }, func(k *kit, _ string) error { return k.admin.Forget(ctx, alice) }, factor.ErrUnsealed},
		{"Admin.Forget", "known", one, (*kit).withPIN, func(k *kit, _ string) error { return k.admin.Forget(ctx, alice) }, nil},
		{"Admin.Forget", "absent", one, nothing, func(k *kit, _ string) error { return k.admin.Forget(ctx, alice) }, nil},
		{"Admin.Import", "new", one, nothing, func(k *kit, _ string) error { return k.admin.Import(ctx, alice, row()) }, nil},
		{"Admin.Import", "again", one, func(k *kit) string { k.imports(row()); return "" }, func(k *kit, _ string) error { return k.admin.Import(ctx, alice, row()) }, nil},
		{"Admin.Import", "another held", read, (*kit).withPIN, func(k *kit, _ string) error { return k.admin.Import(ctx, alice, row()) }, factor.ErrAlreadyEnrolled},
		{"Admin.Import", "malformed", none, nothing, func(k *kit, _ string) error { return k.admin.Import(ctx, alice, factor.Import{}) }, factor.ErrMalformed},
		{"Admin.Reseal", "known", one, (*kit).withPIN, func(k *kit, _ string) error { return k.admin.Reseal(ctx, alice) }, nil},
		{"Admin.Reseal", "absent", one, nothing, func(k *kit, _ string) error { return k.admin.Reseal(ctx, alice) }, nil},
		{"Admin.Users", "a page", none, (*kit).withPIN, func(k *kit, _ string) (err error) {
			for _, err = range k.admin.Users(ctx, "") {
			}
			return err
		}, nil},
		{"Admin.Sweep", "nothing due", none, (*kit).withPIN, func(k *kit, _ string) error { return second(k.admin.Sweep(ctx)) }, nil},
		{"Admin.Sweep", "an expired code", one, func(k *kit) string { k.issue(factor.KindAccount); k.Turn(time.Hour); return "" }, func(k *kit, _ string) error { return second(k.admin.Sweep(ctx)) }, nil},
		{"Admin.Sweep", "an empty record", one, func(k *kit) string { k.withPIN(); k.ok(k.admin.Forget(ctx, alice)); k.Turn(25 * time.Hour); return "" }, func(k *kit, _ string) error { return second(k.admin.Sweep(ctx)) }, nil},
	}
	covered := map[string]bool{}
	for _, c := range cases {
		covered[c.method] = true
		t.Run(c.method+"/"+c.when, func(t *testing.T) {
			k := newKit(t)
			code := c.setup(k)
			loads, swaps := k.loads.Load(), k.swaps.Load()
			if err := c.call(k, code); !errors.Is(err, c.err) {
				t.Fatalf("got %v, want %v", err, c.err)
			}
			got := fmt.Sprintf("%s, %s", plural(k.loads.Load()-loads, "load"), plural(k.swaps.Load()-swaps, "swap"))
			if got != c.want {
				t.Fatalf("got %s, want %s", got, c.want)
			}
			t.Logf("%-32s %-24s %s", c.method, c.when, got)
		})
	}
	for _, op := range spec.Operations {
		if !covered[op.Name] {
			t.Errorf("%s is not in the table", op.Name)
		}
	}
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func second[T any](_ T, err error) error { return err }

func nothing(*kit) string { return "" }

func verifyOTP(k *kit, code string) error { return second(k.v.VerifyOTP(k.Context(), alice, code)) }

func (k *kit) withPIN() string { k.setPIN(); return "" }

func (k *kit) withRecovery() string { return k.generate()[0] }

func (k *kit) deviceCode() string { return k.code(k.enroll()) }

func (k *kit) usedCode() string {
	code := k.deviceCode()
	k.ok(verifyOTP(k, code))
	return code
}

func (k *kit) lockedOTP() string {
	for range 5 {
		k.is(verifyOTP(k, "000000"), factor.ErrMismatch)
	}
	return "000000"
}

func (k *kit) lockedPIN() string {
	k.setPIN()
	for range 3 {
		k.is(k.v.VerifyPIN(k.Context(), alice, wrongPIN), factor.ErrMismatch)
	}
	return ""
}

func (k *kit) forfeited() string {
	k.ok(k.guard.Forfeit(k.Context(), alice))
	return ""
}

// A record without data, or data without a version, is not an empty account.
func TestARecordInPartIsNotAbsent(t *testing.T) {
	for name, rec := range map[string]factor.Record{"no data": {Version: 1}, "no version": {Data: []byte("sealed")}} {
		k := newKit(t)
		k.tap.Store = partial{k.tap.Store, rec}
		if _, err := k.admin.Status(t.Context(), alice); !errors.Is(err, factor.ErrUnsealed) {
			t.Errorf("%s: %v", name, err)
		}
		if err := verifyOTP(k, "000000"); !errors.Is(err, factor.ErrUnsealed) {
			t.Errorf("%s: a code is judged: %v", name, err)
		}
	}
}

// partial is a store that returns one record for everybody.
type partial struct {
	factor.Store
	rec factor.Record
}

func (p partial) Load(context.Context, string) (factor.Record, error) { return p.rec, nil }

// Only the zero Record is none.
func TestARecordWithAnythingInItIsNotZero(t *testing.T) {
	for name, rec := range map[string]factor.Record{
		"data": {Data: []byte{0}}, "version": {Version: 1}, "due": {Due: time.Unix(0, 0)},
		"all but data": {Version: 1, Due: time.Unix(0, 0)}, "all but version": {Data: []byte{0}, Due: time.Unix(0, 0)}, "all but due": {Data: []byte{0}, Version: 1},
	} {
		if rec.IsZero() {
			t.Errorf("a record with %s is zero", name)
		}
	}
	if !(factor.Record{}).IsZero() || !(factor.Record{Data: []byte{}}).IsZero() {
		t.Error("the zero Record is not zero")
	}
}

// A user of any length that is allowed can do everything.
func TestALongUserIsServedLikeAnyOther(t *testing.T) {
	k := newKit(t)
	for _, n := range []int{1, 16, 17, 18, 254, 255} {
		user := strings.Repeat("u", n)
		k.ok(k.v.VerifyPassword(t.Context(), user, rightPW))
		k.is(k.v.VerifyPIN(t.Context(), user, wrongPIN), factor.ErrMismatch)
	}
}
