package threats

import (
	"context"
	"slices"

	"github.com/knowhave/factor"
)

// forPay is a purpose, and forMore another.
var forPay, forMore = []string{"pay", "ann", "10"}, []string{"pay", "ann", "100"}

// viewUses are uses of views with a purpose.
func viewUses() []use {
	verify := func(purpose []string) func(ctx context.Context, on *process, p *person) error {
		return func(ctx context.Context, on *process, p *person) error {
			_, err := on.on(purpose).V.VerifyOTP(ctx, p.id, p.given.OTP)
			return err
		}
	}
	pay := func(p *person) {
		p.codes[factor.KindAccount], p.purpose = p.issueFor(factor.KindAccount, forPay...).Code, forPay
		p.given = p.right(factor.KindAccount)
	}
	account := []factor.Kind{factor.KindAccount}
	us := []use{
		{name: "Verifier.VerifyOTP: of the purpose", right: true, prepare: pay, run: verify(forPay)},
		{name: "Verifier.VerifyOTP: of another purpose", charges: account, prepare: pay, run: verify(forMore)},
		{name: "Verifier.VerifyOTP: of a purpose, on none", charges: proofKinds, prepare: pay, run: verify(nil)},
		{name: "AuthenticatorEnroller.Remove: of the purpose", right: true, prepare: pay, run: func(ctx context.Context, on *process, p *person) error {
			return on.on(forPay).Auth.Remove(ctx, p.id, p.given)
		}},
		{name: "PINs.Set: of another purpose, wrong password", charges: slices.Concat(proofKinds, []factor.Kind{factor.KindPassword}),
			prepare: func(p *person) { pay(p); p.given = both(p.given, p.wrong(factor.KindPassword)) },
			run: func(ctx context.Context, on *process, p *person) error {
				return on.on(forMore).PINs.Set(ctx, p.id, newPIN, p.given)
			}},
		{name: "OTPIssuer.IssueUnproven: for a purpose", right: true, prepare: asIs, run: func(ctx context.Context, on *process, p *person) error {
			_, err := on.on(forPay).Codes.IssueUnproven(ctx, p.id, factor.KindAccount)
			return err
		}},
		{name: "OTPIssuer.IssueUnproven: pushing one out", right: true,
			prepare: func(p *person) {
				for _, to := range []string{"ann", "bob", "cid", "dan"} {
					p.issueFor(factor.KindLogin, "pay", to)
				}
			},
			run: func(ctx context.Context, on *process, p *person) error {
				_, err := on.on(forPay).Codes.IssueUnproven(ctx, p.id, factor.KindLogin)
				return err
			}},
	}
	for i := range us {
		us[i].makesView = true
	}
	return us
}
