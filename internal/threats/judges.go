package threats

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

// A judge is an exported method that judges a credential within the budgets. With
// one kind in ProofKinds, every method judges codes against that kind only.
type judge struct {
	name  string
	takes []factor.Kind // as the specification says
	// call calls the method in this process. VerifyOTP asks for kind.
	call func(ctx context.Context, on *process, p *person, kind factor.Kind, c factor.Credentials) error
}

// judges are all of them.
var judges = []judge{
	{"Verifier.VerifyOTP", kindsOf("Verifier.VerifyOTP"), func(ctx context.Context, on *process, p *person, kind factor.Kind, c factor.Credentials) error {
		_, err := on.V.VerifyOTP(ctx, p.id, c.OTP, kind)
		return err
	}},
	{"Verifier.VerifyPIN", kindsOf("Verifier.VerifyPIN"), func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		return on.V.VerifyPIN(ctx, p.id, c.PIN)
	}},
	{"Verifier.VerifyPassword", kindsOf("Verifier.VerifyPassword"), func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		return on.V.VerifyPassword(ctx, p.id, c.Password)
	}},
	{"Verifier.VerifyAny", kindsOf("Verifier.VerifyAny"), func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		_, err := on.V.VerifyAny(ctx, p.id, c)
		return err
	}},
	{"PINs.Set", kindsOf("PINs.Set"), func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		return on.PINs.Set(ctx, p.id, newPIN, c)
	}},
	{"PINs.Remove", kindsOf("PINs.Remove"), func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		return on.PINs.Remove(ctx, p.id, c)
	}},
	{"OTPIssuer.Issue", kindsOf("OTPIssuer.Issue"), func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		_, err := on.Codes.Issue(ctx, p.id, c)
		return err
	}},
	{"DeviceTOTPEnroller.Enroll", kindsOf("DeviceTOTPEnroller.Enroll"), func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		_, err := on.Devices.Enroll(ctx, p.id, uuid.New(), c)
		return err
	}},
	{"DeviceTOTPEnroller.Revoke", kindsOf("DeviceTOTPEnroller.Revoke"), func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		return on.Devices.Revoke(ctx, p.id, p.device, c)
	}},
	{"AuthenticatorEnroller.Begin", kindsOf("AuthenticatorEnroller.Begin"), func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		_, err := on.Auth.Begin(ctx, p.id, c)
		return err
	}},
	{"AuthenticatorEnroller.Remove", kindsOf("AuthenticatorEnroller.Remove"), func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		return on.Auth.Remove(ctx, p.id, c)
	}},
	{"RecoveryCodes.Generate", kindsOf("RecoveryCodes.Generate"), func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		_, err := on.Recovery.Generate(ctx, p.id, c)
		return err
	}},
	{"RecoveryCodes.Remove", kindsOf("RecoveryCodes.Remove"), func(ctx context.Context, on *process, p *person, _ factor.Kind, c factor.Credentials) error {
		return on.Recovery.Remove(ctx, p.id, c)
	}},
}

// kindsOf returns the kinds that a method judges if ProofKinds has all.
func kindsOf(method string) []factor.Kind {
	op, ok := spec.OpNamed(method)
	if !ok || !op.Row().Budgeted {
		panic("threats: " + method + " judges nothing within the budgets, says the specification")
	}
	return translate.Kinds(op.Row().Judges(spec.CodeKinds))
}

// The first four only verify; the others need the proof for something else.
var verifyOTP, verifyPIN, verifyPassword, verifyAny, provers = judges[0], judges[1], judges[2], judges[3], judges[3:]

// takers returns the judges that take a kind, those that only verify first.
func takers(kind factor.Kind) []judge {
	var js []judge
	for _, j := range judges {
		if slices.Contains(j.takes, kind) {
			js = append(js, j)
		}
	}
	return js
}

// newPIN is what PINs.Set sets.
const newPIN = "4679"

// unlike are the judging methods with their own limit. TestThreat05UnlimitedPath
// tests it.
var unlike = spec.NamesWhere(func(o spec.Operation) bool { return o.Proof != spec.NoProof && !o.Budgeted })

// unjudging are the methods that judge nothing, so that nobody can guess at them.
var unjudging = spec.NamesWhere(func(o spec.Operation) bool { return o.Proof == spec.NoProof })

// views returns one value of each type whose methods act on a user.
func (p *process) views() []any {
	return []any{p.V, p.PINs, p.Codes, p.Devices, p.Auth, p.Recovery, p.Guard, p.Admin}
}

// Views are the names of the types whose methods act on a user. This package does
// not test others.
var Views = []string{
	"Admin", "AuthenticatorEnroller", "DeviceTOTPEnroller", "OTPIssuer", "PINs", "RecoveryCodes", "ResetGuard", "Verifier",
}

// userless are the methods that act on no user.
var userless = []string{"Verifier.For"}

// methods returns every exported method of the views that acts on users, as
// Type.Method.
func (p *process) methods(t testing.TB) map[string]reflect.Method {
	t.Helper()
	found := map[string]reflect.Method{}
	for _, v := range p.views() {
		typ := reflect.TypeOf(v)
		if !slices.Contains(Views, typ.Elem().Name()) {
			t.Fatalf("%s is not listed in Views", typ)
		}
		for i := range typ.NumMethod() {
			if name := typ.Elem().Name() + "." + typ.Method(i).Name; !slices.Contains(userless, name) {
				found[name] = typ.Method(i)
			}
		}
	}
	return found
}

// checkListed fails if an exported method is in none of the lists above, or a
// listed one does not exist.
func checkListed(t *testing.T, p *process) {
	t.Helper()
	listed := append(slices.Clone(unlike), unjudging...)
	for _, j := range judges {
		listed = append(listed, j.name)
	}
	found := p.methods(t)
	for name, method := range found {
		if !slices.Contains(listed, name) {
			t.Errorf("%s is not listed: if it judges a credential within the budgets, call it in judges.go", name)
		}
		if slices.Contains(unjudging, name) && takesCredentials(method.Type) {
			t.Errorf("%s takes Credentials, so it cannot be one that judges nothing", name)
		}
	}
	for _, name := range listed {
		if _, ok := found[name]; !ok {
			t.Errorf("%s is listed and does not exist", name)
		}
	}
}

func takesCredentials(method reflect.Type) bool {
	for i := range method.NumIn() {
		if method.In(i) == reflect.TypeFor[factor.Credentials]() {
			return true
		}
	}
	return false
}

// onlyKind makes only this kind of code a proof, so that each method can be tried
// with each kind alone.
func onlyKind(kind factor.Kind) func(*factor.Options) {
	return func(o *factor.Options) {
		if slices.Contains(otpKinds, kind) {
			o.ProofKinds = []factor.Kind{kind}
		}
	}
}

// sameLimit gives every kind the same limit.
func sameLimit(o *factor.Options, l factor.Limit) {
	o.Password, o.PIN.Limit, o.OTP.Limit, o.TOTP.Limit = l, l, l, l
}
