package factor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// longUser is the longest user, each byte of which takes three in a URL.
var longUser = strings.Repeat("é", 126) + "漢"

// Whoever may be a user can scan a QR code, whatever the issuer is called.
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

// What a dependency says of what it was given often quotes it. No error of ours
// does: neither the secret nor the user.
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
