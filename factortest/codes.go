package factortest

import (
	"context"

	"github.com/knowhave/factor"
)

// MailedCode issues a login or account code, for a purpose if given, and returns
// what the user reads in the mail. The code replaces the live one for the same
// purpose.
func (e *Engine) MailedCode(user string, kind factor.Kind, purpose ...string) string {
	e.t.Helper()
	v := e.Verifier
	if len(purpose) > 0 {
		v = v.For(purpose...)
	}
	code, err := factor.NewOTPIssuer(v).IssueUnproven(context.Background(), user, kind)
	if err != nil {
		e.t.Fatalf("factortest: %v", err)
	}
	return code.Code
}

// RecoveryCodes replaces a user's recovery codes without a proof, an event or a
// notice, and returns the new ones. It sets the count of wrong passwords back to
// zero.
func (e *Engine) RecoveryCodes(user string) []string {
	e.t.Helper()
	const password = "of the test"
	o := e.opts
	o.CheckPassword = func(context.Context, string, string) (bool, error) { return true, nil }
	o.Observe, o.Notify = nil, nil
	v, err := factor.NewVerifier(e.Store, Keyring(), &o)
	if err != nil {
		e.t.Fatalf("factortest: %v", err)
		return nil
	}
	ctx := context.Background()
	if err := factor.NewAdmin(v).Unlock(ctx, user, factor.KindPassword); err != nil {
		e.t.Fatalf("factortest: %v", err)
		return nil
	}
	made, err := factor.NewRecoveryCodes(v).Generate(ctx, user, factor.Credentials{Password: password})
	if err != nil {
		e.t.Fatalf("factortest: %v", err)
	}
	codes := make([]string, 0, len(made))
	for _, code := range made {
		codes = append(codes, code.Code)
	}
	return codes
}
