package factor

import (
	"unicode/utf8"

	"github.com/knowhave/factor/internal/account"
)

// maxPart is the most bytes of a part of a purpose.
const maxPart = 255

// For returns a view of v for one purpose, which all of its parts make: a payment to a
// payee of an amount, or a new address. What is made from the view issues codes for
// that purpose, and an issued code is right only for the purpose that it was issued
// for, none included. For any other it is wrong, and charged. Confirm an act with
// VerifyOTP on a view and never with VerifyAny. Where a code is mailed to a new
// address, name that address in the purpose: else it proves any other one too.
//
//	payment := v.For("pay", payee, amount)
//	code, err := factor.NewOTPIssuer(payment).IssueUnproven(ctx, user, factor.KindAccount)
//	// later, with the same payee and amount
//	_, err = payment.VerifyOTP(ctx, user, typed)
//
// A right code sets the count of its kind back, whatever it was for. So a code that
// somebody else may read, such as one that is mailed to an address which is not proven
// yet, is issued as KindLogin, and what confirms an act as KindAccount: else whoever has
// their own codes mailed guesses at the others without end.
//
// Only issued codes have a purpose: a view judges passwords, PINs, recovery codes and
// codes of devices and of the authenticator as v does. Counts, OTPOptions.Interval,
// Admin and Holdings are the same on all views. For on a view starts over.
//
// A part has 1 to 255 bytes of UTF-8, and there is at least one: else each call on the
// view is ErrMalformed with the field purpose, as is NewResetGuard. Parts are compared
// byte by byte, so 10 is not 10.00, and are no secret: fmt prints those of a view.
func (v *Verifier) For(purpose ...string) *Verifier {
	return &Verifier{core: v.core, purpose: account.NewPurpose(purpose), malformed: checkPurpose(purpose)}
}

func checkPurpose(parts []string) error {
	if len(parts) == 0 {
		return malformed("purpose", "must have at least one part")
	}
	for _, part := range parts {
		if part == "" || len(part) > maxPart || !utf8.ValidString(part) {
			return malformed("purpose", "must be parts of 1 to 255 bytes of UTF-8 each")
		}
	}
	return nil
}
