package factor_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// ready says why this process should get no requests. It issues a code to a user of
// its own, who cannot log in, and so loads, opens, seals and swaps a record.
func ready(ctx context.Context, issuer *factor.OTPIssuer) error {
	_, err := issuer.IssueUnproven(ctx, "health-check", factor.KindLogin)
	if errors.Is(err, factor.ErrLocked) { // within OTPOptions.Interval of the last one
		return nil
	}
	return err
}

// A health check goes all the way to the store and back.
func Example_healthCheck() {
	ctx := context.Background()
	store := memstore.New()
	start := func() *factor.OTPIssuer {
		keyring, err := factor.NewKeyring(exampleKey())
		if err != nil {
			log.Fatal(err)
		}
		verifier, err := factor.NewVerifier(store, keyring, &factor.Options{OTP: factor.OTPOptions{Interval: time.Second}})
		if err != nil {
			log.Fatal(err)
		}
		return factor.NewOTPIssuer(verifier)
	}
	issuer := start()
	fmt.Println("ready:", ready(ctx, issuer))
	fmt.Println("again:", ready(ctx, issuer))
	fmt.Println("with another key:", errors.Is(ready(ctx, start()), factor.ErrUnsealed))
	// Output:
	// ready: <nil>
	// again: <nil>
	// with another key: true
}
