package factor

import (
	"testing"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/pinhash"
)

// What this package and internal/account both name means the same in both: only
// the types that have fields are checked by the compiler.
func TestNamesMeanTheSameOnBothSidesOfTheBoundary(t *testing.T) {
	if len(kinds) != len(account.Kinds) {
		t.Fatalf("%d kinds, and %d below", len(kinds), len(account.Kinds))
	}
	for i, k := range account.Kinds {
		if kinds[i] != Kind(k) {
			t.Errorf("%q is below %q", kinds[i], k)
		}
	}
	if ReasonStrikes != WipeReason(account.ReasonStrikes) || ReasonForfeited != WipeReason(account.ReasonForfeited) {
		t.Error("the reasons of a wipe differ")
	}
	if pinhash.MaxMemory != account.MaxHashMemory || pinhash.MaxTime != account.MaxHashTime {
		t.Error("a hash may cost more than a record can say")
	}
}
