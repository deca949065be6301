package factortest

import (
	"context"

	"github.com/knowhave/factor"
)

// MailedCode issues a login or an account code for a purpose, or for none, and returns
// what the user reads in the mail. It takes the place of the one that was live for the
// same purpose.
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

// RecoveryCodes gives a user recovery codes without a proof, in place of all that the
// user had, and returns them. There is no event and no notice of it. It sets the count of
// wrong passwords back to zero.
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
