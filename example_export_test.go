package factor_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"

	"github.com/knowhave/factor"
)

// Somebody asks what you keep about them. The Status is all that can be told: the
// rest of the record is secrets and counts behind it.
func Example_export() {
	ctx := context.Background()
	verifier := exampleVerifier(nil)
	admin := factor.NewAdmin(verifier)
	if err := admin.SetPIN(ctx, "alice", "8299"); err != nil {
		log.Fatal(err)
	}
	_ = verifier.VerifyPIN(ctx, "alice", "1357")

	status, err := admin.Status(ctx, "alice")
	if err != nil {
		log.Fatal(err)
	}
	text, err := json.Marshal(status)
	fmt.Println(string(text), err)
	// Output:
	// {"pin":true,"authenticator":false,"authenticatorPending":false,"devices":[],"recoveryCodes":0,"live":[],"budgets":[{"kind":"pin","wrong":1,"locked":false}],"strikes":0,"wipePending":false,"notices":0} <nil>
}
