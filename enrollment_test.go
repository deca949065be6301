package factor_test

import (
	"context"
	"encoding/base32"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/pquerna/otp"

	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
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

// FuzzEnrollment reads the URL of an enrolment with another library, for
// arbitrary names of issuers and users: nothing of it is lost or mistaken.
func FuzzEnrollment(f *testing.F) {
	for _, seed := range []string{"ann", "ann@example.org", "a:b", " a ", "a+b", "a%20b", "é 👩‍💻", "a/b?c#d&e=f", "%", ":", "a\nb", "&secret=AAAA"} {
		f.Add("", seed, uint8(0))
		f.Add("Example & Co", seed, uint8(1))
		f.Add(seed, "ann", uint8(5))
	}
	f.Fuzz(func(t *testing.T, issuer, user string, choice uint8) {
		if !utf8.ValidString(issuer) {
			return // no host names itself so
		}
		algorithm := []string{"SHA1", "SHA256", "SHA512"}[choice%3]
		o := &factor.Options{
			TOTP:         factor.TOTPOptions{Issuer: issuer, Algorithm: algorithm, Digits: 6 + int(choice/3%3), Period: time.Duration(1+choice%120) * time.Second},
			RegisteredAt: func(context.Context, string) (time.Time, error) { return time.Now(), nil },
		}
		v, err := factor.NewVerifier(memstore.New(), keyring(t), o)
		if (err != nil) != (strings.Contains(issuer, ":") || len(issuer) > 128) {
			t.Fatalf("issuer %q: %v", issuer, err)
		}
		if err != nil {
			return
		}
		e, err := factor.NewDeviceTOTPEnroller(v).Enroll(t.Context(), user, uuid.UUID{1}, factor.Credentials{})
		if err != nil {
			return // FuzzUser says which users are none
		}
		key, err := otp.NewKeyFromURL(e.URL)
		if err != nil {
			t.Fatalf("%s: %v", e.URL, err)
		}
		account, byIssuer := key.AccountName(), key.Issuer()
		if account != strings.TrimPrefix(user, "/") && account != user || byIssuer != issuer {
			t.Fatalf("%s names %q of %q, want %q of %q", e.URL, account, byIssuer, user, issuer)
		}
		if key.Type() != "totp" || key.Secret() != e.Secret || key.Digits().Length() != e.Digits || key.Algorithm().String() != e.Algorithm ||
			key.Period() != uint64(e.Period/time.Second) || e.Algorithm != algorithm {
			t.Fatalf("%s does not say what %d digits, %s, %v say", e.URL, e.Digits, e.Algorithm, e.Period)
		}
		if raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(e.Secret); err != nil || len(raw) != 20 {
			t.Fatalf("the secret is %d bytes, %v", len(raw), err)
		}
	})
}
