package cut

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/translate"
)

// An operation is one call of the public API from one state.
type operation struct {
	method string // as in "PINs.Set"
	name   string
	from   string
	run    func(c *caller) answer
	// fails makes the host fail to wipe.
	fails bool
	// pin is the PIN that it sets.
	pin string
}

func (o *operation) String() string { return o.name + " from " + o.from }

// A caller makes the call.
type caller struct {
	*translate.Views
	ctx  context.Context
	held held
}

// An answer is an operation's result, in a form that is equal for equal answers:
// the text leaves out random values.
type answer struct {
	text string
	err  error
	made []credential
}

// A credential is a code, and what it is good for.
type credential struct {
	name string
	kind factor.Kind // empty: of the authenticator that waits
	code string
}

func said(err error) answer { return saying("ok", err) }

func saying(text string, err error) answer {
	if err != nil {
		text = err.Error()
	}
	return answer{text: text, err: err}
}

func matched(m factor.Match, err error) answer {
	return saying(fmt.Sprintf("ok %s %s", m.Kind, m.Device), err)
}

func issued(o factor.OTP, err error) answer {
	a := saying(fmt.Sprintf("ok %s until %s", o.Kind, o.ExpiresAt), err)
	if err == nil {
		a.made = []credential{{"new code", o.Kind, o.Code}}
	}
	return a
}

func printed(codes []factor.OTP, err error) answer {
	a := saying(fmt.Sprintf("ok %d", len(codes)), err)
	if err == nil {
		a.made = []credential{{"new recovery code", factor.KindRecovery, codes[len(codes)-1].Code}}
	}
	return a
}

func enrolled(kind factor.Kind) func(e factor.Enrollment, err error) answer {
	return func(e factor.Enrollment, err error) answer {
		a := saying(fmt.Sprintf("ok %s %s %d %s", e.Device, e.Period, e.Digits, e.Algorithm), err)
		if err == nil {
			a.made = []credential{{"new secret", kind, totp(e.Secret)}}
		}
		return a
	}
}

// operations are the catalogue: every exported method that uses the store, in each
// way in which it does.
var operations = []*operation{
	{method: "Verifier.VerifyOTP", name: "account code", from: "member", run: func(c *caller) answer { return matched(c.V.VerifyOTP(c.ctx, user, c.held.issued[factor.KindAccount])) }},
	{method: "Verifier.VerifyOTP", name: "login code", from: "member", run: func(c *caller) answer {
		return matched(c.V.VerifyOTP(c.ctx, user, c.held.issued[factor.KindLogin], factor.KindLogin))
	}},
	{method: "Verifier.VerifyOTP", name: "device code", from: "member", run: func(c *caller) answer { return matched(c.V.VerifyOTP(c.ctx, user, c.held.device)) }},
	{method: "Verifier.VerifyOTP", name: "totp code", from: "member", run: func(c *caller) answer { return matched(c.V.VerifyOTP(c.ctx, user, c.held.totp, factor.KindTOTP)) }},
	{method: "Verifier.VerifyOTP", name: "wrong code", from: "fresh", run: wrongEverywhere},
	{method: "Verifier.VerifyOTP", name: "wrong code", from: "member", run: wrongEverywhere},
	{method: "Verifier.VerifyOTP", name: "wrong code", from: "guessed", run: wrongEverywhere},
	{method: "Verifier.VerifyOTP", name: "right code", from: "locked", run: func(c *caller) answer { return matched(c.V.VerifyOTP(c.ctx, user, c.held.issued[factor.KindAccount])) }},
	{method: "Verifier.VerifyOTP", name: "used code", from: "spent", run: func(c *caller) answer { return matched(c.V.VerifyOTP(c.ctx, user, c.held.issued[factor.KindAccount])) }},
	{method: "Verifier.VerifyOTP", name: "recovery code", from: "member", run: func(c *caller) answer {
		return matched(c.V.VerifyOTP(c.ctx, user, c.held.recovery, factor.KindRecovery))
	}},
	{method: "Verifier.VerifyPIN", name: "wrong PIN", from: "member", run: func(c *caller) answer { return said(c.V.VerifyPIN(c.ctx, user, wrongPIN)) }},
	{method: "Verifier.VerifyPIN", name: "PIN of an old hash", from: "member", run: func(c *caller) answer { return said(c.V.VerifyPIN(c.ctx, user, rightPIN)) }},
	{method: "Verifier.VerifyPassword", name: "password", from: "guessed", run: func(c *caller) answer { return said(c.V.VerifyPassword(c.ctx, user, password)) }},
	{method: "Verifier.VerifyPassword", name: "wrong password", from: "fresh", run: func(c *caller) answer { return said(c.V.VerifyPassword(c.ctx, user, "wrong")) }},
	{method: "Verifier.VerifyPassword", name: "wrong password", from: "guessed", run: func(c *caller) answer { return said(c.V.VerifyPassword(c.ctx, user, "wrong")) }},
	{method: "Verifier.VerifyAny", name: "wrong code, right password", from: "member", run: func(c *caller) answer {
		return matched(c.V.VerifyAny(c.ctx, user, creds{OTP: wrongCode, Password: password}))
	}},
	{method: "Verifier.VerifyAny", name: "all wrong", from: "guessed", run: func(c *caller) answer {
		return matched(c.V.VerifyAny(c.ctx, user, creds{OTP: wrongCode, Password: "wrong", PIN: wrongPIN}))
	}},

	{method: "PINs.Set", name: "set PIN by account code", from: "wiped", pin: newPIN, run: func(c *caller) answer {
		return said(c.PINs.Set(c.ctx, user, newPIN, creds{OTP: c.held.issued[factor.KindAccount]}))
	}},
	{method: "PINs.Set", name: "set PIN by password", from: "pending", pin: newPIN, run: func(c *caller) answer { return said(c.PINs.Set(c.ctx, user, newPIN, creds{Password: password})) }},
	{method: "PINs.Set", name: "set PIN by wrong code", from: "member", run: func(c *caller) answer { return said(c.PINs.Set(c.ctx, user, newPIN, creds{OTP: wrongCode})) }},
	{method: "PINs.Remove", name: "remove PIN by password", from: "member", run: func(c *caller) answer { return said(c.PINs.Remove(c.ctx, user, creds{Password: password})) }},
	{method: "PINs.IsSet", name: "is a PIN set", from: "member", run: func(c *caller) answer { return said2(c.PINs.IsSet(c.ctx, user)) }},
	{method: "PINs.Wait", name: "wait for a PIN", from: "member", run: func(c *caller) answer { return said2(c.PINs.Wait(c.ctx, user, time.Minute)) }},

	{method: "OTPIssuer.Issue", name: "issue by password", from: "member", run: func(c *caller) answer { return issued(c.Codes.Issue(c.ctx, user, creds{Password: password})) }},
	{method: "OTPIssuer.Issue", name: "issue by wrong password", from: "member", run: func(c *caller) answer { return issued(c.Codes.Issue(c.ctx, user, creds{Password: "wrong"})) }},
	{method: "OTPIssuer.IssueUnproven", name: "issue login", from: "fresh", run: func(c *caller) answer { return issued(c.Codes.IssueUnproven(c.ctx, user, factor.KindLogin)) }},
	{method: "OTPIssuer.IssueUnproven", name: "issue account", from: "member", run: func(c *caller) answer { return issued(c.Codes.IssueUnproven(c.ctx, user, factor.KindAccount)) }},

	{method: "DeviceTOTPEnroller.Enroll", name: "enroll unproven", from: "fresh", run: func(c *caller) answer { return device(c.Devices.Enroll(c.ctx, user, newDevice, creds{})) }},
	{method: "DeviceTOTPEnroller.Enroll", name: "enroll by account code", from: "member", run: func(c *caller) answer {
		return device(c.Devices.Enroll(c.ctx, user, newDevice, creds{OTP: c.held.issued[factor.KindAccount]}))
	}},
	{method: "DeviceTOTPEnroller.Enroll", name: "enroll anew", from: "spent", run: func(c *caller) answer {
		return device(c.Devices.Enroll(c.ctx, user, oldDevice, creds{Password: password}))
	}},
	{method: "DeviceTOTPEnroller.Enroll", name: "enroll by account code", from: "pending", run: func(c *caller) answer {
		return device(c.Devices.Enroll(c.ctx, user, newDevice, creds{OTP: c.held.issued[factor.KindAccount]}))
	}},
	{method: "DeviceTOTPEnroller.Revoke", name: "revoke by its own code", from: "member", run: func(c *caller) answer {
		return said(c.Devices.Revoke(c.ctx, user, oldDevice, creds{OTP: c.held.device}))
	}},
	{method: "Verifier.Holdings", name: "holdings", from: "member", run: func(c *caller) answer { return said2(c.V.Holdings(c.ctx, user)) }},
	{method: "DeviceTOTPEnroller.Devices", name: "devices", from: "member", run: func(c *caller) answer { return said2(c.Devices.Devices(c.ctx, user)) }},

	{method: "AuthenticatorEnroller.Begin", name: "begin by password", from: "fresh", run: func(c *caller) answer { return waiting(c.Auth.Begin(c.ctx, user, creds{Password: password})) }},
	{method: "AuthenticatorEnroller.Confirm", name: "confirm", from: "waiting", run: func(c *caller) answer { return said(c.Auth.Confirm(c.ctx, user, c.held.pending)) }},
	{method: "AuthenticatorEnroller.Confirm", name: "confirm with a wrong code", from: "waiting", run: func(c *caller) answer { return said(c.Auth.Confirm(c.ctx, user, wrongCode)) }},
	{method: "AuthenticatorEnroller.Remove", name: "remove authenticator by account code", from: "member", run: func(c *caller) answer {
		return said(c.Auth.Remove(c.ctx, user, creds{OTP: c.held.issued[factor.KindAccount]}))
	}},

	{method: "RecoveryCodes.Generate", name: "generate by account code", from: "member", run: func(c *caller) answer {
		return printed(c.Recovery.Generate(c.ctx, user, creds{OTP: c.held.issued[factor.KindAccount]}))
	}},
	{method: "RecoveryCodes.Generate", name: "generate by password", from: "fresh", run: func(c *caller) answer {
		return printed(c.Recovery.Generate(c.ctx, user, creds{Password: password}))
	}},
	{method: "RecoveryCodes.Remove", name: "remove recovery codes by password", from: "member", run: func(c *caller) answer {
		return said(c.Recovery.Remove(c.ctx, user, creds{Password: password}))
	}},

	{method: "ResetGuard.Prove", name: "prove by device code", from: "struck", run: func(c *caller) answer { return said(c.Guard.Prove(c.ctx, user, creds{OTP: c.held.device})) }},
	{method: "ResetGuard.Prove", name: "prove by wrong code", from: "member", run: wrongProof},
	{method: "ResetGuard.Prove", name: "prove by wrong code", from: "struck", run: wrongProof},
	{method: "ResetGuard.Prove", name: "prove by wrong code, wipe failing", from: "struck", fails: true, run: wrongProof},
	{method: "ResetGuard.Prove", name: "prove by wrong code", from: "pending", run: wrongProof},
	{method: "ResetGuard.Prove", name: "prove by wrong PIN", from: "member", run: func(c *caller) answer { return said(c.Guard.Prove(c.ctx, user, creds{PIN: wrongPIN})) }},
	{method: "ResetGuard.Forfeit", name: "forfeit", from: "fresh", run: forfeit},
	{method: "ResetGuard.Forfeit", name: "forfeit", from: "member", run: forfeit},
	{method: "ResetGuard.Forfeit", name: "forfeit", from: "pending", run: forfeit},
	{method: "ResetGuard.Forfeit", name: "forfeit", from: "wiped", run: forfeit},

	{method: "Admin.Status", name: "status", from: "locked", run: func(c *caller) answer {
		s, err := c.Admin.Status(c.ctx, user)
		return saying(translate.Describe(s), err)
	}},
	{method: "Admin.Unlock", name: "unlock", from: "locked", run: func(c *caller) answer { return said(c.Admin.Unlock(c.ctx, user, factor.KindPIN)) }},
	{method: "Admin.SetPIN", name: "admin sets PIN", from: "wiped", pin: newPIN, run: func(c *caller) answer { return said(c.Admin.SetPIN(c.ctx, user, newPIN)) }},
	{method: "Admin.RemovePIN", name: "admin removes PIN", from: "member", run: func(c *caller) answer { return said(c.Admin.RemovePIN(c.ctx, user)) }},
	{method: "Admin.RemoveAuthenticator", name: "admin removes authenticator", from: "member", run: func(c *caller) answer { return said(c.Admin.RemoveAuthenticator(c.ctx, user)) }},
	{method: "Admin.RemoveRecoveryCodes", name: "admin removes recovery codes", from: "member", run: func(c *caller) answer { return said(c.Admin.RemoveRecoveryCodes(c.ctx, user)) }},
	{method: "Admin.RevokeDevice", name: "admin revokes device", from: "member", run: func(c *caller) answer { return said(c.Admin.RevokeDevice(c.ctx, user, oldDevice)) }},
	{method: "Admin.Forget", name: "forget", from: "fresh", run: forget},
	{method: "Admin.Forget", name: "forget", from: "locked", run: forget},
	{method: "Admin.Forget", name: "forget", from: "pending", run: forget},
	{method: "Admin.Discard", name: "discard", from: "locked", run: func(c *caller) answer { return said(c.Admin.Discard(c.ctx, user)) }},
	{method: "Admin.PasswordChanged", name: "password changed", from: "member", run: func(c *caller) answer { return said(c.Admin.PasswordChanged(c.ctx, user)) }},
	{method: "Admin.VoidCodes", name: "void codes", from: "member", run: func(c *caller) answer { return said(c.Admin.VoidCodes(c.ctx, user)) }},
	{method: "Admin.Import", name: "import", from: "fresh", run: func(c *caller) answer {
		a := said(c.Admin.Import(c.ctx, user, factor.Import{Devices: []factor.ImportedDevice{{ID: oldDevice, TOTP: factor.ImportedTOTP{Secret: deviceSecret}}}}))
		if a.err == nil {
			a.made = []credential{{"imported secret", factor.KindDeviceTOTP, totp(deviceSecret)}}
		}
		return a
	}},
	{method: "Admin.Reseal", name: "reseal", from: "member", run: func(c *caller) answer { return said(c.Admin.Reseal(c.ctx, user)) }},
	{method: "Admin.Users", name: "users", from: "member", run: users},
	{method: "Admin.Sweep", name: "sweep", from: "expired", run: sweep},
	{method: "Admin.Sweep", name: "sweep", from: "pending", run: sweep},
	{method: "Admin.Sweep", name: "sweep, wipe failing", from: "pending", fails: true, run: sweep},
	{method: "Admin.Sweep", name: "sweep", from: "forgotten", run: sweep},
}

var (
	device  = enrolled(factor.KindDeviceTOTP)
	waiting = enrolled("")
)

func said2[T any](value T, err error) answer { return saying(fmt.Sprint(value), err) }

func wrongEverywhere(c *caller) answer {
	return matched(c.V.VerifyOTP(c.ctx, user, wrongCode, codeKinds...))
}

func wrongProof(c *caller) answer { return said(c.Guard.Prove(c.ctx, user, creds{OTP: wrongCode})) }

func forfeit(c *caller) answer { return said(c.Guard.Forfeit(c.ctx, user)) }

func forget(c *caller) answer { return said(c.Admin.Forget(c.ctx, user)) }

func users(c *caller) answer {
	var all []string
	for u, err := range c.Admin.Users(c.ctx, "") {
		if err != nil {
			return said(err)
		}
		all = append(all, u)
	}
	return saying(strings.Join(all, " "), nil)
}

func sweep(c *caller) answer { return said2(c.Admin.Sweep(c.ctx)) }
