package bench

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// host is a service around one table, whose users are copies of one template.
type host struct {
	now     *clock
	v       *factor.Verifier
	pins    *factor.PINs
	issuer  *factor.OTPIssuer
	devices *factor.DeviceTOTPEnroller
	app     *factor.AuthenticatorEnroller
	guard   *factor.ResetGuard
	admin   *factor.Admin
}

func newHost(store factor.Store, keys factor.Sealer) *host {
	h := &host{now: newClock()}
	v, err := factor.NewVerifier(store, keys, &factor.Options{
		Now:           h.now.now,
		CheckPassword: func(context.Context, string, string) (bool, error) { return true, nil },
		Wipe:          func(context.Context, factor.Wipe) error { return nil },
		Device:        factor.DeviceOptions{Max: 20},
	})
	must(err)
	h.v = v
	h.pins, h.issuer, h.devices = factor.NewPINs(v), factor.NewOTPIssuer(v), factor.NewDeviceTOTPEnroller(v)
	h.app, h.admin = factor.NewAuthenticatorEnroller(v), factor.NewAdmin(v)
	h.guard, err = factor.NewResetGuard(v)
	must(err)
	return h
}

// A visit is one user's use of everything.
type visit struct {
	*host
	ctx    context.Context
	user   string
	secret string // of the last of the user's devices
	device uuid.UUID
	otp    string // issued last
	app    string // the authenticator's secret
}

var password = factor.Credentials{Password: "right"}

// operations are what a visit does, one after the other.
var operations = []struct {
	name   string
	hashes bool // so that the hash is nearly all of its time
	do     func(v *visit) error
}{
	{"PINs.IsSet", false, func(v *visit) error { _, err := v.pins.IsSet(v.ctx, v.user); return err }},
	{"DeviceTOTPEnroller.Devices", false, func(v *visit) error { _, err := v.devices.Devices(v.ctx, v.user); return err }},
	{"Admin.Status", false, func(v *visit) error { _, err := v.admin.Status(v.ctx, v.user); return err }},
	{"OTPIssuer.IssueUnproven", false, func(v *visit) error {
		otp, err := v.issuer.IssueUnproven(v.ctx, v.user, factor.KindAccount)
		v.otp = otp.Code
		return err
	}},
	{"VerifyOTP of an account code", false, func(v *visit) error { _, err := v.v.VerifyOTP(v.ctx, v.user, v.otp, factor.KindAccount); return err }},
	{"OTPIssuer.Issue", false, func(v *visit) error { _, err := v.issuer.Issue(v.ctx, v.user, password); return err }},
	{"VerifyOTP of a device code", false, func(v *visit) error {
		_, err := v.v.VerifyOTP(v.ctx, v.user, codeOf(v.secret, v.now.now()), factor.KindDeviceTOTP)
		return err
	}},
	{"VerifyOTP of a wrong code", false, func(v *visit) error {
		_, err := v.v.VerifyOTP(v.ctx, v.user, codeOf(v.secret, v.now.now().Add(time.Hour)))
		mustMismatch(err)
		return nil
	}},
	{"VerifyPassword", false, func(v *visit) error { return v.v.VerifyPassword(v.ctx, v.user, "right") }},
	{"DeviceTOTPEnroller.Enroll", false, func(v *visit) error { _, err := v.devices.Enroll(v.ctx, v.user, v.device, password); return err }},
	{"DeviceTOTPEnroller.Revoke", false, func(v *visit) error { return v.devices.Revoke(v.ctx, v.user, v.device, password) }},
	{"AuthenticatorEnroller.Begin", false, func(v *visit) error {
		enrolled, err := v.host.app.Begin(v.ctx, v.user, password)
		v.app = enrolled.Secret
		return err
	}},
	{"AuthenticatorEnroller.Confirm", false, func(v *visit) error { return v.host.app.Confirm(v.ctx, v.user, codeOf(v.app, v.now.now())) }},
	{"AuthenticatorEnroller.Remove", false, func(v *visit) error { return v.host.app.Remove(v.ctx, v.user, password) }},
	{"ResetGuard.Prove", false, func(v *visit) error {
		return v.guard.Prove(v.ctx, v.user, factor.Credentials{OTP: codeOf(v.secret, v.now.now().Add(30*time.Second))})
	}},
	{"VerifyPIN", true, func(v *visit) error { return v.v.VerifyPIN(v.ctx, v.user, templatePIN) }},
	{"PINs.Set", true, func(v *visit) error { return v.pins.Set(v.ctx, v.user, templatePIN, password) }},
	{"PINs.Remove", false, func(v *visit) error { return v.pins.Remove(v.ctx, v.user, password) }},
	{"Admin.Unlock", false, func(v *visit) error { return v.admin.Unlock(v.ctx, v.user, factor.KindAccount) }},
	{"Admin.Reseal", false, func(v *visit) error { return v.admin.Reseal(v.ctx, v.user) }},
	{"a page of Admin.Users", false, func(v *visit) error {
		for _, err := range v.admin.Users(v.ctx, "") {
			return err
		}
		return nil
	}},
	{"Admin.Sweep", false, func(v *visit) error { _, err := v.admin.Sweep(v.ctx); return err }},
	{"ResetGuard.Forfeit", false, func(v *visit) error { return v.guard.Forfeit(v.ctx, v.user) }},
	{"Admin.Forget", false, func(v *visit) error { return v.admin.Forget(v.ctx, v.user) }},
}
