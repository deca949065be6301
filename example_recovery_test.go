package factor_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/knowhave/factor"
)

// A user with recovery codes gets in without the phone, once with each code.
func ExampleRecoveryCodes() {
	ctx := context.Background()
	verifier := exampleVerifier(&factor.Options{
		CheckPassword: func(_ context.Context, _, password string) (bool, error) { return password == "correct horse", nil },
	})
	codes, err := factor.NewRecoveryCodes(verifier).Generate(ctx, "alice", factor.Credentials{Password: "correct horse"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(codes), "codes to be shown once, each of", len(codes[0].Code), "characters")

	// The login offers them as another way past the second factor.
	typed := " " + strings.ToUpper(codes[3].Code)
	match, err := verifier.VerifyOTP(ctx, "alice", typed, factor.KindTOTP, factor.KindRecovery)
	fmt.Println("typed in capitals:", match.Kind, err)
	_, err = verifier.VerifyOTP(ctx, "alice", typed, factor.KindTOTP, factor.KindRecovery)
	fmt.Println("a second time:", errors.Is(err, factor.ErrMismatch))

	holdings, err := verifier.Holdings(ctx, "alice")
	fmt.Println("left:", holdings.RecoveryCodes, err)
	// Output:
	// 10 codes to be shown once, each of 19 characters
	// typed in capitals: recovery <nil>
	// a second time: true
	// left: 9 <nil>
}
