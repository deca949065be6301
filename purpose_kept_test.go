package factor_test

import (
	"testing"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/factortest"
)

// A view keeps its purpose where the caller uses the slice of parts again.
func TestForKeepsItsOwnParts(t *testing.T) {
	e := factortest.New(t, nil)
	parts := []string{"pay", "Anna", "10"}
	view := e.Verifier.For(parts...)
	code, err := factor.NewOTPIssuer(view).IssueUnproven(t.Context(), "ann", factor.KindAccount)
	if err != nil {
		t.Fatal(err)
	}
	parts[2] = ""
	if _, err := view.VerifyOTP(t.Context(), "ann", code.Code); err != nil {
		t.Errorf("for the purpose of the code, whose parts the caller has changed: %v", err)
	}
}
