package factor_test

import (
	"context"
	"encoding/base32"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
	"github.com/pquerna/otp"
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

// Another label is the same key, and apps read the names as they were given.
func TestEnrollmentWithLabel(t *testing.T) {
	k := newKit(t, func(o *factor.Options) {
		o.TOTP = factor.TOTPOptions{Issuer: "Acme", Algorithm: "SHA256", Digits: 8, Period: time.Minute}
	})
	e := k.enroll()
	for _, c := range []struct{ issuer, account, path string }{
		{"Acme & Söhne", "ann+x@example.org", "/Acme%20&%20S%C3%B6hne:ann+x@example.org"},
		{"", "ann b", "/ann%20b"},
		{strings.Repeat("é", 64), strings.Repeat("ü", 127), "/" + strings.Repeat("%C3%A9", 64) + ":" + strings.Repeat("%C3%BC", 127)},
	} {
		got, err := e.WithLabel(c.issuer, c.account)
		k.ok(err)
		key, err := otp.NewKeyFromURL(got.URL)
		k.ok(err)
		if key.Issuer() != c.issuer || key.AccountName() != c.account || key.Secret() != e.Secret || key.Period() != 60 || int(key.Digits()) != 8 || key.Algorithm().String() != "SHA256" {
			t.Errorf("%q of %q is read as %q of %q: %s", c.account, c.issuer, key.AccountName(), key.Issuer(), got.URL)
		}
		if !strings.HasPrefix(got.URL, "otpauth://totp"+c.path+"?") || strings.Contains(strings.SplitN(got.URL, "?", 2)[1], "+") {
			t.Errorf("the URL is %s", got.URL)
		}
		if _, err := got.QR(512); err != nil {
			t.Errorf("%s: %v", got.URL, err)
		}
		if got.URL = e.URL; got != e {
			t.Errorf("more than the URL is other: %+v", got)
		}
	}
}

func TestEnrollmentRefusesLabels(t *testing.T) {
	e := newKit(t).enroll()
	for _, c := range []struct{ issuer, account, field string }{
		{"Ac:me", "ann", "issuer"}, {strings.Repeat("a", 129), "ann", "issuer"}, {"\xff", "ann", "issuer"},
		{"Acme", "an:n", "account"}, {"Acme", "", "account"}, {"Acme", strings.Repeat("a", 256), "account"}, {"Acme", "\xff", "account"},
	} {
		got, err := e.WithLabel(c.issuer, c.account)
		var malformed *factor.MalformedError
		if !errors.As(err, &malformed) || malformed.Field != c.field || got != (factor.Enrollment{}) {
			t.Errorf("%q of %q: %v", c.account, c.issuer, err)
		}
	}
	for name, damaged := range map[string]factor.Enrollment{"zero": {}, "damaged": {Secret: "1", Digits: 6, Period: time.Second, Algorithm: "SHA1"}} {
		if _, err := damaged.WithLabel("Acme", "ann"); err == nil || errors.Is(err, factor.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzEnrollment reads the URL of an enrolment with another library, for arbitrary
// issuers and users.
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

// The error for a size tells whether it is too small for the modules or out of
// bounds.
func TestQRSaysWhatIsWrongWithItsSize(t *testing.T) {
	e := newKit(t).begin()
	for pixels, outside := range map[int]bool{-1: true, 0: true, 1: false, 4097: true} {
		_, err := e.QR(pixels)
		if err == nil || strings.Contains(err.Error(), "1 to 4096") != outside {
			t.Errorf("%d pixels: %v", pixels, err)
		}
	}
	if _, err := e.QR(4096); err != nil {
		t.Errorf("4096 pixels: %v", err)
	}
}

// longUser is the longest user, whose bytes each take three in a URL.
var longUser = strings.Repeat("é", 126) + "漢"

// Every user's URL fits in a QR code, with any issuer.
func TestTheLongestNamesFitInAQRCode(t *testing.T) {
	k := newKit(t, func(o *factor.Options) {
		o.TOTP = factor.TOTPOptions{Issuer: strings.Repeat("é", 64), Algorithm: "SHA512", Digits: 8, Period: 2 * time.Minute}
	})
	device, err := k.dev.Enroll(t.Context(), longUser, uuid.New(), factor.Credentials{})
	k.ok(err)
	app, err := k.auth.Begin(t.Context(), longUser, factor.Credentials{Password: rightPW})
	k.ok(err)
	for _, e := range []factor.Enrollment{device, app} {
		if _, err := e.QR(200); err != nil {
			t.Errorf("a URL of %d bytes: %v", len(e.URL), err)
		}
	}
}

func TestTheIssuerHasABound(t *testing.T) {
	for issuer, ok := range map[string]bool{
		strings.Repeat("a", 128): true, strings.Repeat("é", 64): true,
		strings.Repeat("a", 129): false, strings.Repeat("é", 65): false, "\xff": false, "a:b": false,
	} {
		_, err := factor.NewVerifier(newKit(t).Store, keyring(t), &factor.Options{TOTP: factor.TOTPOptions{Issuer: issuer}})
		if (err == nil) != ok || !ok && !strings.Contains(err.Error(), "Options.TOTP.Issuer must be") {
			t.Errorf("an issuer of %d bytes: %v", len(issuer), err)
		}
	}
}

// Errors of dependencies often quote their arguments. None of ours quotes the
// secret or the user.
func TestNoErrorQuotesWhatADependencyWasGiven(t *testing.T) {
	const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	long := strings.Repeat("a", 2400)
	admin := newKit(t).admin
	totp := func(i factor.ImportedTOTP) error {
		return admin.Import(t.Context(), alice, factor.Import{Authenticator: &i})
	}
	pin := func(hash string) error {
		return admin.Import(t.Context(), alice, factor.Import{PIN: &factor.ImportedPIN{Hash: hash}})
	}
	qr := func(url string, pixels int) error {
		return second(factor.Enrollment{URL: url, Secret: secret}.QR(pixels))
	}
	for name, err := range map[string]error{
		"QR, too long":         qr("otpauth://totp/"+alice+"?secret="+secret+"&pad="+long, 4096),
		"QR, no URL":           qr("otpauth://totp/"+alice+"%zz?secret="+secret, 200),
		"QR, too long to read": qr("otpauth://totp/"+alice+"%zz?secret="+secret+long, 200),
		"QR, no scheme":        qr(":"+alice+secret, 200),
		"QR, too small":        qr("otpauth://totp/"+alice+"?secret="+secret, 10),
		"QR, out of bounds":    qr("otpauth://totp/"+alice+"?secret="+secret, 0),
		"URL, no URL":          totp(factor.ImportedTOTP{URL: alice + secret}),
		"URL, type":            totp(factor.ImportedTOTP{URL: "otpauth://" + alice + "/x?secret=" + secret}),
		"URL, control":         totp(factor.ImportedTOTP{URL: "otpauth://totp/x?secret=" + secret + "\x01" + alice}),
		"URL, query":           totp(factor.ImportedTOTP{URL: "otpauth://totp/" + alice + "?secret=" + secret + "&x=%zz" + secret}),
		"URL, semicolon":       totp(factor.ImportedTOTP{URL: "otpauth://totp/" + alice + "?a;secret=" + secret}),
		"URL, digits":          totp(factor.ImportedTOTP{URL: "otpauth://totp/" + alice + "?secret=" + secret + "&digits=" + secret}),
		"URL, period":          totp(factor.ImportedTOTP{URL: "otpauth://totp/" + alice + "?secret=" + secret + "&period=" + secret}),
		"secret, base32":       totp(factor.ImportedTOTP{Secret: secret + "1" + alice}),
		"algorithm":            totp(factor.ImportedTOTP{Secret: secret, Algorithm: secret + alice}),
		"hash, bcrypt":         pin("$2a$99$" + secret + secret[:21]),
		"hash, Argon2":         pin("$argon2id$v=19$m=65536,t=3,p=4$" + secret + "$" + secret + alice + "\n"),
		"hash, other":          pin(secret + alice),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if text := err.Error(); strings.Contains(text, alice) || strings.Contains(text, secret) || strings.Contains(text, "aaaa") {
			t.Errorf("%s: %.300s", name, text)
		}
	}
}
