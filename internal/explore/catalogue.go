package explore

import (
	"slices"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

// Arguments of operations.
type creds = factor.Credentials

var (
	pinKind   = []factor.Kind{factor.KindPIN}
	passKind  = []factor.Kind{factor.KindPassword}
	codeKinds = translate.Kinds(spec.Options{}.Complete().ProofKinds) // a code is judged as these by default
	allKinds  = translate.Kinds(spec.KindsWhere(func(spec.KindRow) bool { return true }))
	// issuedKinds are the kinds whose codes the library draws, and askedKinds those
	// that a code is judged as only on request.
	issuedKinds = translate.Kinds(spec.IssuedKinds)
	askedKinds  = slices.DeleteFunc(translate.Kinds(spec.CodeKinds), func(k factor.Kind) bool { return slices.Contains(codeKinds, k) })
)

// proofCode is the kind of the issued code that serves as a proof.
const proofCode = factor.KindAccount

// payment is the purpose for which users have a code, and another one without a
// code.
var payment, another = []string{"pay", "Anna", "10"}, []string{"pay", "Anna", "100"}

func kinds(sets ...[]factor.Kind) []factor.Kind { return slices.Concat(sets...) }

// operations returns the catalogue. "Right" is right in states that hold the
// credential, and wrong in the others.
func operations() []*operation {
	return slices.Concat(verifyingCodes(), verifying(), issuing(), enrolling(), binding(), recovering(), guarding(), administering())
}

// verifyingCodes returns operations with codes of each kind, and wrong ones.
func verifyingCodes() []*operation {
	otp := func(name string, spends string, code func(h *held) string, kinds ...factor.Kind) *operation {
		o := &operation{name: name, method: "Verifier.VerifyOTP", spends: spends, judges: kinds, run: func(c *caller) answer {
			return matched(c.p.V.VerifyOTP(c.ctx, user, code(&c.held), kinds...))
		}}
		if o.judges == nil {
			o.judges = codeKinds
		}
		if spends != "" {
			o.clears = o.judges
		}
		return o
	}
	var all []*operation
	issued := func(k factor.Kind, asked ...factor.Kind) {
		if slices.Contains(issuedKinds, k) {
			all = append(all, otp(string(k)+" code", string(k), func(h *held) string { return h.issued[k] }, asked...))
		}
	}
	for _, k := range codeKinds {
		issued(k)
	}
	for _, k := range askedKinds {
		issued(k, k)
	}
	return append(all,
		otp("totp code", "totp", func(h *held) string { return h.totp }, factor.KindTOTP),
		otp("device code", "device", func(h *held) string { return h.device }),
		otp("older device code", "older", func(h *held) string { return h.older }),
		otp("recovery code", "recovery", func(h *held) string { return h.recovery }, factor.KindRecovery),
		paying("payment code", "payment", func(h *held) string { return h.payment }),
		paying("account code for a payment", "", func(h *held) string { return h.issued[proofCode] }),
		otp("wrong code everywhere", "", func(*held) string { return wrongCode }, translate.Kinds(spec.CodeKinds)...),
	)
}

// paying verifies a code for a payment, which must be an account code.
func paying(name, spends string, code func(h *held) string) *operation {
	o := &operation{name: name, method: "Verifier.VerifyOTP", spends: spends, judges: []factor.Kind{proofCode}, run: func(c *caller) answer {
		return matched(c.p.For(payment...).V.VerifyOTP(c.ctx, user, code(&c.held)))
	}}
	if spends != "" {
		o.clears = o.judges
	}
	return o
}

func verifying() []*operation {
	any := func(name string, judges, clears []factor.Kind, spends string, proof func(h *held) creds) *operation {
		return &operation{name: name, method: "Verifier.VerifyAny", judges: judges, clears: clears, spends: spends, run: func(c *caller) answer {
			return matched(c.p.V.VerifyAny(c.ctx, user, proof(&c.held)))
		}}
	}
	return []*operation{
		{name: "pin", method: "Verifier.VerifyPIN", judges: pinKind, clears: pinKind, run: func(c *caller) answer {
			return said(c.p.V.VerifyPIN(c.ctx, user, rightPIN))
		}},
		{name: "wrong pin", method: "Verifier.VerifyPIN", judges: pinKind, run: func(c *caller) answer {
			return said(c.p.V.VerifyPIN(c.ctx, user, wrongPIN))
		}},
		{name: "password", method: "Verifier.VerifyPassword", judges: passKind, clears: passKind, run: func(c *caller) answer {
			return said(c.p.V.VerifyPassword(c.ctx, user, password))
		}},
		{name: "wrong password", method: "Verifier.VerifyPassword", judges: passKind, run: func(c *caller) answer {
			return said(c.p.V.VerifyPassword(c.ctx, user, "wrong"))
		}},
		any("any: wrong code, wrong password, pin", kinds(codeKinds, passKind, pinKind), pinKind, "",
			func(*held) creds { return creds{OTP: wrongCode, Password: "wrong", PIN: rightPIN} }),
		any("any: account code, wrong pin", kinds(codeKinds, pinKind), codeKinds, string(proofCode),
			func(h *held) creds { return creds{OTP: h.issued[proofCode], PIN: wrongPIN} }),
		any("any: all wrong", kinds(codeKinds, passKind, pinKind), nil, "",
			func(*held) creds { return creds{OTP: wrongCode, Password: "wrong", PIN: wrongPIN} }),
		any("any: wrong code, password fault", codeKinds, nil, "",
			func(*held) creds { return creds{OTP: wrongCode, Password: faultyPasswd} }),
	}
}

func issuing() []*operation {
	issue := func(name string, kinds, clears []factor.Kind, proof creds) *operation {
		return &operation{name: name, method: "OTPIssuer.Issue", judges: kinds, clears: clears, run: func(c *caller) answer {
			return c.issued(c.p.Codes.Issue(c.ctx, user, proof))
		}}
	}
	unproven := func(name string, kind factor.Kind) *operation {
		return &operation{name: name, method: "OTPIssuer.IssueUnproven", run: func(c *caller) answer {
			return c.issued(c.p.Codes.IssueUnproven(c.ctx, user, kind))
		}}
	}
	all := []*operation{
		{name: "issue account for another purpose", method: "OTPIssuer.IssueUnproven", run: func(c *caller) answer {
			a := c.issued(c.p.For(another...).Codes.IssueUnproven(c.ctx, user, proofCode))
			if a.made != nil {
				a.made.use = asAnother
			}
			return a
		}},
		issue("issue by wrong password, pin", kinds(passKind, pinKind), pinKind, creds{Password: "wrong", PIN: rightPIN}),
	}
	for _, k := range issuedKinds {
		all = append(all, unproven("issue "+string(k), k))
	}
	return all
}
