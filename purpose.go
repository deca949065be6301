package factor

import (
	"unicode/utf8"

	"github.com/knowhave/factor/internal/account"
)

// maxPart bounds a part of a purpose, in bytes.
const maxPart = 255

// For returns a view of v for one purpose, such as a payment (to a payee, of an
// amount) or a new address. All the parts together make the purpose. The view
// issues codes for that purpose. An issued code is right only for the purpose it
// was issued for, which may be none; for any other it is wrong, and charged.
// Confirm an act with VerifyOTP on a view, never with VerifyAny. If you mail a code
// to a new address, name the address in the purpose; otherwise the code proves any
// other address too.
//
//	payment := v.For("pay", payee, amount)
//	code, err := factor.NewOTPIssuer(payment).IssueUnproven(ctx, user, factor.KindAccount)
//	// later, with the same payee and amount
//	_, err = payment.VerifyOTP(ctx, user, typed)
//
// A right code sets the count of its kind back to zero, whatever its purpose. So
// issue a code that somebody else may read, such as one mailed to an unproven
// address, as KindLogin, and a code that confirms an act as KindAccount. Otherwise
// an attacker who has their own codes mailed can guess at the others without end.
//
// Only issued codes have a purpose: a view judges passwords, PINs, recovery codes
// and the codes of devices and authenticators as v does. All views share counts,
// OTPOptions.Interval, Admin and Holdings. For on a view starts over.
//
// There is at least one part, and each has 1 to 255 bytes of UTF-8; otherwise
// NewResetGuard and each call on the view return ErrMalformed with the field
// purpose. Parts are compared byte by byte, so 10 is not 10.00. They are no secret:
// fmt prints those of a view.
func (v *Verifier) For(purpose ...string) *Verifier {
	return &Verifier{core: v.core, purpose: account.NewPurpose(purpose), malformed: checkPurpose(purpose)}
}

func checkPurpose(parts []string) error {
	if len(parts) == 0 {
		return malformed("purpose", "must have at least one part")
	}
	for _, part := range parts {
		if part == "" || len(part) > maxPart || !utf8.ValidString(part) {
			return malformed("purpose", "must have parts of 1 to 255 bytes of UTF-8")
		}
	}
	return nil
}
