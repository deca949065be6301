package factor_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// A device enrolled without a proof gets a new secret in the same way while its
// window lasts and it has shown no code: the first answer may be lost.
func TestEnrollAgainWithoutAProof(t *testing.T) {
	const window = 5 * time.Minute
	start := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, c := range []struct {
		name       string
		registered time.Duration // after the first Enroll
		later      time.Duration // the second Enroll
		between    func(k *kit, e factor.Enrollment)
		want       error
	}{
		{"at once", 0, 0, nil, nil},
		{"at the end of the window", 0, window, nil, nil},
		{"after the window", 0, window + time.Millisecond, nil, factor.ErrNoCredential},
		{"in a window that began up to a minute later", time.Minute, 2 * time.Minute, nil, nil},
		{"in a later window", time.Minute + time.Millisecond, 2 * time.Minute, nil, factor.ErrNoCredential},
		{"once it has shown a code", 0, time.Minute, func(k *kit, e factor.Enrollment) { k.accepts(k.code(e), factor.KindDeviceTOTP) }, factor.ErrNoCredential},
		{"once it has shown a wrong code", 0, time.Minute, func(k *kit, _ factor.Enrollment) { k.is(verifyOTP(k, "000000"), factor.ErrMismatch) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			registered := start
			k := newKit(t, func(o *factor.Options) {
				o.RegisteredAt = func(context.Context, string) (time.Time, error) { return registered, nil }
				o.Device.Grace = window
			})
			first, err := k.dev.Enroll(t.Context(), alice, phone, factor.Credentials{})
			k.ok(err)
			if c.between != nil {
				c.between(k, first)
			}
			registered = start.Add(c.registered)
			k.Turn(c.later)
			again, err := k.dev.Enroll(t.Context(), alice, phone, factor.Credentials{})
			k.is(err, c.want)
			want := start
			if c.want == nil {
				want = k.Now()
				k.is(verifyOTP(k, k.code(first)), factor.ErrMismatch)
				k.accepts(k.code(again), factor.KindDeviceTOTP)
			}
			if d := k.status().Devices; len(d) != 1 || !d[0].EnrolledAt.Equal(want) {
				t.Fatalf("%+v, want one that was enrolled at %v", d, want)
			}
		})
	}
}

// For MinAge, a repeated enrolment is a replacement, and it needs no place.
func TestEnrollAgainReplacesAndNeedsNoPlace(t *testing.T) {
	k := newKit(t, withMinAge, func(o *factor.Options) { o.Device.Max = 1 })
	for range 2 {
		k.ok(second(k.dev.Enroll(t.Context(), alice, phone, factor.Credentials{})))
	}
	k.is(second(k.dev.Enroll(t.Context(), alice, uuid.New(), factor.Credentials{})), factor.ErrDeviceLimit)
	over := k.Now().Add(minAge)
	k.ok(k.admin.RevokeDevice(t.Context(), alice, phone))
	k.tooSoon(k.prove(rightPIN), over)
}

// An imported device is not replaced without a proof, although it has shown no code
// here: it may have been in use for years.
func TestAnImportedDeviceIsNotReplacedWithoutAProof(t *testing.T) {
	k := newKit(t)
	k.imports(factor.Import{Devices: []factor.ImportedDevice{{ID: phone, TOTP: factor.ImportedTOTP{Secret: phoneSecret}}}})
	k.is(second(k.dev.Enroll(t.Context(), alice, phone, factor.Credentials{})), factor.ErrNoCredential)
	k.accepts(k.codeOf(phoneSecret), factor.KindDeviceTOTP)
}
