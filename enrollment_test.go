package factor_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor"
)

// A key keeps the options that it was made with, and no two are the same.
func TestEnrollmentSaysHowCodesAreComputed(t *testing.T) {
	id := uuid.UUID{1}
	for _, name := range []string{"SHA1", "SHA256", "SHA512"} {
		k := newKit(t, func(o *factor.Options) {
			o.TOTP = factor.TOTPOptions{Algorithm: name, Digits: 8, Period: time.Minute}
		})
		e, err := k.dev.Enroll(t.Context(), alice, id, factor.Credentials{})
		k.ok(err)
		if e.Device != id || e.Algorithm != name || e.Digits != 8 || e.Period != time.Minute || len(e.Secret) != 32 || !strings.Contains(e.URL, "secret="+e.Secret) {
			t.Errorf("%s: %+v", name, e)
		}
		if other := k.enroll(); other.Secret == e.Secret {
			t.Errorf("%s: the same secret twice", name)
		}
	}
}

func TestEnrollmentQR(t *testing.T) {
	k := newKit(t, func(o *factor.Options) { o.TOTP.Issuer = strings.Repeat("é", 64) })
	e, err := k.dev.Enroll(t.Context(), "👩‍💻 a user of many bytes "+strings.Repeat("é", 110), uuid.UUID{1}, factor.Credentials{})
	k.ok(err)
	for _, pixels := range []int{200, 256, 4096} {
		img, err := e.QR(pixels)
		if err != nil || img.Bounds().Dx() != pixels || img.Bounds().Dy() != pixels {
			t.Errorf("%d pixels: %v", pixels, err)
		}
	}
	for _, pixels := range []int{math.MinInt, -1, 0, 1, 10, 4097, math.MaxInt} {
		if _, err := e.QR(pixels); err == nil {
			t.Errorf("%d pixels are accepted", pixels)
		}
	}
	for name, bad := range map[string]factor.Enrollment{"zero": {}, "damaged": {URL: "otpauth://totp/%zz"}} {
		if _, err := bad.QR(200); err == nil {
			t.Errorf("a QR code of a %s Enrollment", name)
		}
	}
}
