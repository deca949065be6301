package factor

import (
	"testing"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/pinhash"
)

// Names that this package and internal/account share mean the same: the compiler
// checks only types with fields.
func TestNamesMeanTheSameOnBothSidesOfTheBoundary(t *testing.T) {
	if len(kinds) != len(account.Kinds) {
		t.Fatalf("%d kinds, and %d below", len(kinds), len(account.Kinds))
	}
	for i, k := range account.Kinds {
		if kinds[i] != Kind(k) {
			t.Errorf("%q is below %q", kinds[i], k)
		}
	}
	if len(issuedKinds) != len(account.IssuedKinds) {
		t.Fatalf("%d issued kinds, and %d below", len(issuedKinds), len(account.IssuedKinds))
	}
	for i, k := range account.IssuedKinds {
		if issuedKinds[i] != Kind(k) {
			t.Errorf("%q is below %q", issuedKinds[i], k)
		}
	}
	if ReasonStrikes != WipeReason(account.ReasonStrikes) || ReasonForfeited != WipeReason(account.ReasonForfeited) {
		t.Error("the reasons of a wipe differ")
	}
	if pinhash.MaxMemory != account.MaxHashMemory || pinhash.MaxTime != account.MaxHashTime {
		t.Error("a hash may cost more than a record can say")
	}
}

// The values are those that RFC 8176 registers.
func TestAMRIsOfRFC8176(t *testing.T) {
	want := map[Kind]string{KindPassword: "pwd", KindPIN: "pin", "": "", "fingerprint": ""}
	for _, k := range otpKinds {
		want[k] = "otp"
	}
	for k, amr := range want {
		if k.AMR() != amr {
			t.Errorf("%q: %q, want %q", k, k.AMR(), amr)
		}
	}
	for _, k := range kinds {
		if k.AMR() == "" {
			t.Errorf("%q has no value", k)
		}
	}
}
