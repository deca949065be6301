package factor_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// An authenticator counts once it is confirmed, and everything until it is removed.
func TestHoldingsAreWhatCanBeProven(t *testing.T) {
	k := newKit(t)
	is := func(want factor.Holdings) {
		t.Helper()
		if got, err := k.v.Holdings(t.Context(), alice); err != nil || got != want {
			t.Fatalf("got %+v, %v, want %+v", got, err, want)
		}
	}
	is(factor.Holdings{})
	k.issue(factor.KindLogin)
	k.begin()
	is(factor.Holdings{})
	k.withPIN()
	phone, tablet := k.enroll(), k.enroll()
	k.imports(factor.Import{Authenticator: row().Authenticator})
	is(factor.Holdings{PIN: true, Authenticator: true, Devices: 2})
	k.ok(k.recover(k.generate()[0]))
	is(factor.Holdings{PIN: true, Authenticator: true, Devices: 2, RecoveryCodes: 9})
	k.ok(k.admin.RemoveRecoveryCodes(t.Context(), alice))
	for _, id := range []uuid.UUID{phone.Device, tablet.Device} {
		k.ok(k.admin.RevokeDevice(t.Context(), alice, id))
	}
	k.ok(k.admin.RemovePIN(t.Context(), alice))
	is(factor.Holdings{Authenticator: true})
	k.ok(k.admin.RemoveAuthenticator(t.Context(), alice))
	is(factor.Holdings{})
}
