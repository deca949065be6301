package factor_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/knowhave/factor"
)

// Only a PIN that is taken over ends the wait for one: no other holding does, nor
// an import that is refused.
func TestImportWithoutAPINWakesNobody(t *testing.T) {
	for name, c := range map[string]struct {
		given factor.Import
		want  error
	}{
		"a device only":   {factor.Import{Devices: row().Devices}, nil},
		"a PIN, refused":  {factor.Import{PIN: row().PIN, Authenticator: row().Authenticator}, factor.ErrAlreadyEnrolled},
		"no PIN, refused": {factor.Import{Authenticator: row().Authenticator}, factor.ErrAlreadyEnrolled},
	} {
		synctest.Test(t, func(t *testing.T) {
			k := newKit(t)
			if c.want != nil {
				k.ok(k.auth.Confirm(k.Context(), alice, k.code(k.begin())))
			}
			waiter := k.waiting(t.Context(), 5*time.Second)
			synctest.Wait()
			k.is(k.admin.Import(t.Context(), alice, c.given), c.want)
			if w := <-waiter; w.set || w.err != nil || w.after != 5*time.Second {
				t.Errorf("%s: %+v", name, w)
			}
		})
	}
}
