package factor_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// Once PasswordChanged has returned, nothing that the old password paid for is
// stored: a call that had accepted it asks again, even for a user without a record.
func TestPasswordChangedEndsCallsThatTheOldPasswordPaysFor(t *testing.T) {
	old := factor.Credentials{Password: "old"}
	for name, call := range map[string]func(k *kit) error{
		"issue":  func(k *kit) error { return second(k.codes.Issue(k.Context(), alice, old)) },
		"begin":  func(k *kit) error { return second(k.auth.Begin(k.Context(), alice, old)) },
		"set":    func(k *kit) error { return k.pins.Set(k.Context(), alice, rightPIN, old) },
		"enroll": func(k *kit) error { return second(k.dev.Enroll(k.Context(), alice, uuid.UUID{7}, old)) },
		"verify": func(k *kit) error { return k.v.VerifyPassword(k.Context(), alice, "old") },
	} {
		for n := range 4 {
			known, forgotten := n%2 == 1, n >= 2
			password, asked := "old", 0
			var k *kit
			k = newKit(t, func(o *factor.Options) {
				o.CheckPassword = func(ctx context.Context, user, given string) (bool, error) {
					right := given == password
					if asked++; asked == 1 { // the host changes it just now
						password = "new"
						k.ok(k.admin.PasswordChanged(ctx, user))
						if forgotten {
							k.ok(k.admin.Forget(ctx, user))
						}
					}
					return right, nil
				}
			})
			if known {
				k.issue(factor.KindLogin)
			}
			k.is(call(k), factor.ErrMismatch)
			s := k.status()
			if asked != 2 || len(s.Live) > 0 || s.AuthenticatorPending || s.PIN || len(s.Devices) > 0 {
				t.Errorf("%s, known %v: asked %d times, left %+v", name, known, asked, s)
			}
		}
	}
}

// A call that loses its swap does not check a right password again.
func TestARightPasswordIsAskedForOnce(t *testing.T) {
	asked := 0
	var k *kit
	k = newKit(t, func(o *factor.Options) {
		o.CheckPassword = func(_ context.Context, user, _ string) (bool, error) {
			asked++
			k.ok(k.admin.Reseal(context.Background(), user))
			return true, nil
		}
	})
	k.withPIN()
	k.ok(k.v.VerifyPassword(t.Context(), alice, "right"))
	if asked != 1 {
		t.Fatalf("asked %d times", asked)
	}
}
