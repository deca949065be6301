package factor_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/knowhave/factor"
)

// A code that confirms a payment confirms no other payment and no change of
// address.
func ExampleVerifier_For() {
	ctx := context.Background()
	verifier := exampleVerifier(nil)

	// The mail says what the code is for: 20 euros to Ben.
	mailed, err := factor.NewOTPIssuer(verifier.For("pay", "Ben", "20 EUR")).IssueUnproven(ctx, "alice", factor.KindAccount)
	if err != nil {
		log.Fatal(err)
	}

	for _, asked := range [][]string{{"pay", "Mallory", "20 EUR"}, {"new address", "mallory@example.org"}, {"pay", "Ben", "20 EUR"}} {
		// From the act that is to be done, never from the request for the code.
		_, err := verifier.For(asked...).VerifyOTP(ctx, "alice", mailed.Code)
		fmt.Println(asked, "confirmed:", err == nil)
	}

	_, err = verifier.For("pay", "").VerifyOTP(ctx, "alice", mailed.Code)
	fmt.Println("a payee who is missing is noticed:", errors.Is(err, factor.ErrMalformed))
	// Output:
	// [pay Mallory 20 EUR] confirmed: false
	// [new address mallory@example.org] confirmed: false
	// [pay Ben 20 EUR] confirmed: true
	// a payee who is missing is noticed: true
}
