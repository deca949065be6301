package translate

import (
	"context"
	"sync"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
)

// Views holds all the views of one Verifier.
type Views struct {
	V        *factor.Verifier
	PINs     *factor.PINs
	Codes    *factor.OTPIssuer
	Devices  *factor.DeviceTOTPEnroller
	Auth     *factor.AuthenticatorEnroller
	Recovery *factor.RecoveryCodes
	Guard    *factor.ResetGuard // nil if the host cannot wipe, or the purpose is malformed
	Admin    *factor.Admin

	unguarded error // why Guard is nil
	mu        sync.Mutex
	purposes  map[spec.Purpose]*Views // of views on V
}

// NewViews returns the views of v. Its guard is nil without Options.Wipe.
func NewViews(v *factor.Verifier) *Views {
	guard, err := factor.NewResetGuard(v)
	return &Views{
		V: v, PINs: factor.NewPINs(v), Codes: factor.NewOTPIssuer(v), Devices: factor.NewDeviceTOTPEnroller(v),
		Auth: factor.NewAuthenticatorEnroller(v), Recovery: factor.NewRecoveryCodes(v), Guard: guard, Admin: factor.NewAdmin(v),
		unguarded: err, purposes: map[spec.Purpose]*Views{},
	}
}

// For returns the views of V.For(purpose...), the same for the same parts.
func (v *Views) For(purpose ...string) *Views {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := spec.PurposeOf(purpose...)
	if v.purposes[p] == nil {
		v.purposes[p] = NewViews(v.V.For(purpose...))
	}
	return v.purposes[p]
}

// A Result is what a call returned. A failed call sets only Err.
type Result struct {
	Err        error
	Match      factor.Match
	Set        bool
	OTP        factor.OTP
	Recovery   []factor.OTP
	Enrollment factor.Enrollment
	Devices    []factor.Device
	Holdings   factor.Holdings
	Status     factor.Status
	Users      []string
	Count      int
}

// Answer returns the result in the specification's terms, and false for a fault of
// the store or the sealer.
func (r *Result) Answer() (a spec.Answer, ok bool) {
	a, ok = Error(r.Err)
	if r.Err == nil {
		a.Kind, a.Device = spec.KindNamed(string(r.Match.Kind)), DeviceName(r.Match.Device)
		if r.OTP.Code != "" {
			a.Kind, a.Until = spec.KindNamed(string(r.OTP.Kind)), At(r.OTP.ExpiresAt)
		}
		a.Set = r.Set
	}
	a.Count = r.Count
	return a, ok
}

// Made returns the code, the secret, or the recovery codes separated by blanks.
func (r *Result) Made() string {
	made := r.OTP.Code + r.Enrollment.Secret
	for i, code := range r.Recovery {
		if i > 0 {
			made += " "
		}
		made += code.Code
	}
	return made
}

// Args holds arguments that only the library needs.
type Args struct {
	Import factor.Import
	After  string // of Users
	Most   int    // of Users, 0: all
	Kind   factor.Kind
	Kinds  []factor.Kind
}

// calls has one function for each operation. A missing one panics when called.
var calls = [spec.OpCount]func(ctx context.Context, v *Views, c *spec.Call, a *Args, r *Result){
	spec.VerifyOTP: func(ctx context.Context, v *Views, c *spec.Call, a *Args, r *Result) {
		r.Match, r.Err = v.V.VerifyOTP(ctx, c.User, c.OTP, a.kinds(c)...)
	},
	spec.VerifyPIN: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.V.VerifyPIN(ctx, c.User, c.PIN)
	},
	spec.VerifyPassword: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.V.VerifyPassword(ctx, c.User, c.Password)
	},
	spec.VerifyAny: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Match, r.Err = v.V.VerifyAny(ctx, c.User, proof(c))
	},
	spec.Holds: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Holdings, r.Err = v.V.Holdings(ctx, c.User)
	},
	spec.SetPIN: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.PINs.Set(ctx, c.User, c.NewPIN, proof(c))
	},
	spec.RemovePIN: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.PINs.Remove(ctx, c.User, proof(c))
	},
	spec.IsSet: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Set, r.Err = v.PINs.IsSet(ctx, c.User)
	},
	spec.Wait: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Set, r.Err = v.PINs.Wait(ctx, c.User, c.Timeout)
	},
	spec.Issue: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.OTP, r.Err = v.Codes.Issue(ctx, c.User, proof(c))
	},
	spec.IssueUnproven: func(ctx context.Context, v *Views, c *spec.Call, a *Args, r *Result) {
		kind := factor.Kind(c.Kind.String())
		if c.Kind == spec.NoKind {
			kind = a.Kind
		}
		r.OTP, r.Err = v.Codes.IssueUnproven(ctx, c.User, kind)
	},
	spec.Enroll: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Enrollment, r.Err = v.Devices.Enroll(ctx, c.User, DeviceID(c.Device), proof(c))
	},
	spec.Devices: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Devices, r.Err = v.Devices.Devices(ctx, c.User)
	},
	spec.Revoke: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.Devices.Revoke(ctx, c.User, DeviceID(c.Device), proof(c))
	},
	spec.Begin: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Enrollment, r.Err = v.Auth.Begin(ctx, c.User, proof(c))
	},
	spec.Confirm: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.Auth.Confirm(ctx, c.User, c.OTP)
	},
	spec.RemoveAuthenticator: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.Auth.Remove(ctx, c.User, proof(c))
	},
	spec.GenerateRecovery: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Recovery, r.Err = v.Recovery.Generate(ctx, c.User, proof(c))
	},
	spec.RemoveRecovery: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.Recovery.Remove(ctx, c.User, proof(c))
	},
	spec.Prove: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		if r.Err = v.unguarded; v.Guard != nil {
			r.Err = v.Guard.Prove(ctx, c.User, proof(c))
		}
	},
	spec.Forfeit: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		if r.Err = v.unguarded; v.Guard != nil {
			r.Err = v.Guard.Forfeit(ctx, c.User)
		}
	},
	spec.Status: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Status, r.Err = v.Admin.Status(ctx, c.User)
	},
	spec.Unlock: func(ctx context.Context, v *Views, c *spec.Call, a *Args, r *Result) {
		r.Err = v.Admin.Unlock(ctx, c.User, a.kinds(c)...)
	},
	spec.AdminSetPIN: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.Admin.SetPIN(ctx, c.User, c.NewPIN)
	},
	spec.AdminRemovePIN: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.Admin.RemovePIN(ctx, c.User)
	},
	spec.AdminRemoveAuthenticator: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.Admin.RemoveAuthenticator(ctx, c.User)
	},
	spec.AdminRevoke: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.Admin.RevokeDevice(ctx, c.User, DeviceID(c.Device))
	},
	spec.AdminRemoveRecovery: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.Admin.RemoveRecoveryCodes(ctx, c.User)
	},
	spec.Import: func(ctx context.Context, v *Views, c *spec.Call, a *Args, r *Result) {
		r.Err = v.Admin.Import(ctx, c.User, a.Import)
	},
	spec.Forget: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.Admin.Forget(ctx, c.User)
	},
	spec.Discard: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.Admin.Discard(ctx, c.User)
	},
	spec.PasswordChanged: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.Admin.PasswordChanged(ctx, c.User)
	},
	spec.VoidCodes: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.Admin.VoidCodes(ctx, c.User)
	},
	spec.Reseal: func(ctx context.Context, v *Views, c *spec.Call, _ *Args, r *Result) {
		r.Err = v.Admin.Reseal(ctx, c.User)
	},
	spec.Users: func(ctx context.Context, v *Views, _ *spec.Call, a *Args, r *Result) {
		for user, err := range v.Admin.Users(ctx, a.After) {
			if err != nil {
				r.Err = err
				return
			}
			if r.Users = append(r.Users, user); len(r.Users) == a.Most {
				return
			}
		}
	},
	spec.Sweep: func(ctx context.Context, v *Views, _ *spec.Call, _ *Args, r *Result) {
		r.Count, r.Err = v.Admin.Sweep(ctx)
	},
}

var _ = func() struct{} {
	for op, call := range calls {
		if call == nil {
			panic("translate: nobody calls " + spec.Op(op).String())
		}
	}
	return struct{}{}
}()

// Do makes the call, on its view if it has one.
func (v *Views) Do(ctx context.Context, c *spec.Call, a *Args) *Result {
	if a == nil {
		a = &Args{}
	}
	if c.OnView {
		v = v.For(c.Purpose...)
	}
	r := &Result{}
	calls[c.Op](ctx, v, c, a, r)
	return r
}

func proof(c *spec.Call) factor.Credentials {
	return factor.Credentials{OTP: c.OTP, Password: c.Password, PIN: c.PIN}
}

// kinds returns the kinds of the call, including those that the specification
// cannot name.
func (a *Args) kinds(c *spec.Call) []factor.Kind {
	if a.Kinds != nil {
		return a.Kinds
	}
	return Kinds(c.Kinds)
}
