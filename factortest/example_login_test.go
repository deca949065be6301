package factortest_test

import (
	"context"
	"fmt"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/factortest"
)

// A payment is confirmed with a code that is for its payee and its amount.
func ExampleEngine_MailedCode() {
	ctx := context.Background()
	e := factortest.New(t, nil)
	code := e.MailedCode("alice", factor.KindAccount, "pay", "Bob", "12.50")

	_, err := e.Verifier.For("pay", "Mallory", "9000").VerifyOTP(ctx, "alice", code)
	fmt.Println(err)
	_, err = e.Verifier.For("pay", "Bob", "12.50").VerifyOTP(ctx, "alice", code)
	fmt.Println(err)
	// Output:
	// factor: account code does not match, tries left: 4
	// <nil>
}

// A recovery code logs in once, and the user is told.
func ExampleEngine_RecoveryCodes() {
	ctx := context.Background()
	e := factortest.New(t, &factor.Options{
		Notify: func(context.Context, factor.Notice) error { return nil }, // your mail
	})
	code := e.RecoveryCodes("alice")[0]

	_, err := e.Verifier.VerifyOTP(ctx, "alice", code, factor.KindTOTP, factor.KindRecovery)
	fmt.Println(err)
	for _, n := range e.Notices() {
		fmt.Println("told:", n.Event.Action, n.Event.Kind)
	}
	// Output:
	// <nil>
	// told: verified recovery
}
