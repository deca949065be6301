package spec

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Malformed returns the malformed fields of a call. Such a call is refused as a
// whole: nothing is looked at or counted. The refusal names any of them.
//
// A code has the form of one of the requested kinds: 6 to 8 ASCII digits, or that
// of a recovery code. A PIN is 4 to 12 ASCII digits, a new PIN 1 to 12. A password
// has 1 to 1,024 bytes, a user 1 to 255 bytes of UTF-8 without NUL, and a part of a
// purpose 1 to 255 bytes of UTF-8. Only a recovery code is trimmed, and only ASCII
// digits are digits.
func (o *Options) Malformed(c *Call) []string {
	var fields []string
	check := func(field string, ok bool) {
		if !ok {
			fields = append(fields, field)
		}
	}
	op := c.Op.Row()
	if !op.Everybody {
		check("user", len(c.User) >= 1 && len(c.User) <= 255 && utf8.ValidString(c.User) && !strings.Contains(c.User, "\x00"))
	}
	check("purpose", c.purposeful())
	o.checkProof(c, check)
	checkArguments(c, check)
	return fields
}

// checkArguments checks the arguments beside the user and the proof.
func checkArguments(c *Call, check func(field string, ok bool)) {
	switch c.Op {
	case VerifyOTP:
		check("kinds", c.kindsOfCode())
	case Unlock:
		check("kinds", c.Kinds == nil || len(c.Kinds) > 0 && !slices.Contains(c.Kinds, NoKind))
	case IssueUnproven:
		check("kinds", c.Kind.Row().Issued)
	case SetPIN, AdminSetPIN:
		check("pin", digits(c.NewPIN, 1, 12))
	case Enroll, Revoke, AdminRevoke:
		check("device", c.Device != 0)
	case Wait:
		check("timeout", c.Timeout >= time.Second && c.Timeout <= time.Minute)
	case Import:
		checkHoldings(&c.Held, check)
	}
}

// checkProof checks the operation's credentials. A credential that is an argument
// must be given; those of a proof are optional.
func (o *Options) checkProof(c *Call, check func(field string, ok bool)) {
	proof := c.Op.Row().Proof
	alone := func(p Proof, given string) bool { return proof == p || proof > OnePassword && given != "" }
	switch {
	case proof == KnownProof && c.OTP != "":
		check("otp", false)
	case alone(OneCode, c.OTP):
		check("otp", slices.ContainsFunc(o.formedAs(c), func(k Kind) bool { return fits(c.OTP, k) }))
	}
	switch {
	case proof == ResetProof && c.Password != "":
		check("password", false)
	case alone(OnePassword, c.Password):
		check("password", o.CheckPassword && len(c.Password) >= 1 && len(c.Password) <= 1024)
	}
	if alone(OnePIN, c.PIN) {
		check("pin", digits(c.PIN, 4, 12))
	}
}

// formedAs returns the kinds whose form the code may have. The guard and Confirm
// take digits alone. If the requested kinds are malformed themselves, either form
// will do.
func (o *Options) formedAs(c *Call) []Kind {
	switch {
	case c.Op == Confirm, c.Op == Prove:
		return DigitKinds
	case c.Op != VerifyOTP:
		return o.ProofKinds
	case !c.kindsOfCode():
		return CodeKinds
	}
	return c.asked()
}

func (c *Call) kindsOfCode() bool {
	return c.Kinds == nil || len(c.Kinds) > 0 && allIn(c.Kinds, CodeKinds)
}

// checkHoldings checks an import for what can never be held: nothing, one device
// twice, or one key in two places, where each code would be accepted twice. The
// specification does not judge a single hash or secret.
func checkHoldings(h *Holdings, check func(field string, ok bool)) {
	check("Import", h.PIN.Digits != "" || h.Authenticator.Secret.Key != 0 || len(h.Devices) > 0)
	keys, ids := []Name{h.Authenticator.Secret.Key}, []Name{0}
	for n, d := range h.Devices {
		check(fmt.Sprintf("Import.Devices[%d].ID", n), !slices.Contains(ids, d.ID))
		check(fmt.Sprintf("Import.Devices[%d].TOTP", n), !slices.Contains(keys, d.Secret.Key))
		keys, ids = append(keys, d.Secret.Key), append(ids, d.ID)
	}
}

func allIn(some, all []Kind) bool {
	return !slices.ContainsFunc(some, func(k Kind) bool { return !slices.Contains(all, k) })
}

// digits reports whether s is least to most ASCII digits.
func digits(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && strings.Trim(s, "0123456789") == ""
}
