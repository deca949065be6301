package factor_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor"
)

// importsAuthenticator imports an authenticator, and returns what is refused.
func (k *kit) importsAuthenticator(held factor.ImportedTOTP) (refused *factor.MalformedError) {
	k.Helper()
	err := k.admin.Import(k.Context(), alice, factor.Import{Authenticator: &held})
	if err != nil && !errors.As(err, &refused) {
		k.Fatal(err)
	}
	return refused
}

// What a URL says decides about the codes, in whichever case it says it: a
// parameter that is not read must not become a default.
func TestImportReadsTheParametersOfAURL(t *testing.T) {
	of := func(algorithm string, digits int, period time.Duration) factor.Enrollment {
		return factor.Enrollment{Secret: appSecret, Algorithm: algorithm, Digits: digits, Period: period}
	}
	const halfMinute = 30 * time.Second
	for url, codes := range map[string]factor.Enrollment{
		"otpauth://totp/a?secret=" + appSecret + "&Algorithm=SHA256":                                 of("SHA256", 6, halfMinute),
		"otpauth://totp/a?SECRET=" + appSecret + "&ALGORITHM=sha512&DIGITS=8&PERIOD=60":              of("SHA512", 8, time.Minute),
		"otpauth://totp/a?Secret=" + appSecret + "&algorithm=SHA-1&digits=7":                         of("SHA1", 7, halfMinute),
		"otpauth://totp/a?secret=" + appSecret + "&algorithm=HmacSHA256":                             of("SHA256", 6, halfMinute),
		"otpauth://totp/a?secret=" + appSecret + "&issuer=A&Image=https%3A%2F%2Fa&icon=b&color=red":  of("SHA1", 6, halfMinute),
		"otpauth://totp/a?digits=8&&secret=" + appSecret + "&":                                       of("SHA1", 8, halfMinute),
		"otpauth://totp/Shop #1:alice?secret=" + appSecret + "&digits=8":                             of("SHA1", 8, halfMinute),
		"otpauth://totp/a?issuer=Shop #1&digits=8&secret=" + appSecret:                               of("SHA1", 8, halfMinute),
		"otpauth://totp/100% Shop:alice?secret=" + appSecret + "&digits=8":                           of("SHA1", 8, halfMinute),
		"otpauth://totp/A & B:alice?issuer=A%20&%20B&secret=" + appSecret + "&digits=8":              of("SHA1", 8, halfMinute),
		"otpauth://totp/?secret=" + appSecret + "&digits=8":                                          of("SHA1", 8, halfMinute),
		"otpauth://totp?secret=" + appSecret + "&digits=8":                                           of("SHA1", 8, halfMinute),
		"otpauth://totp/a?secret=" + appSecret + "%3D%3D&digits=8\n":                                 of("SHA1", 8, halfMinute),
		"otpauth://totp/a?secret=" + strings.ToLower(appSecret[:4]+"-"+appSecret[4:]) + "&digits=8 ": of("SHA1", 8, halfMinute),
		"otpauth://totp/a?secret=" + appSecret[:8] + "+" + appSecret[8:16] + "%20" + appSecret[16:]:  of("SHA1", 6, halfMinute),
	} {
		k := newKit(t)
		if refused := k.importsAuthenticator(factor.ImportedTOTP{URL: url}); refused != nil {
			t.Errorf("%s: %v", url, refused)
		} else if _, err := k.v.VerifyOTP(t.Context(), alice, k.code(codes), factor.KindTOTP); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// A URL that says a thing twice, or one that is not known, may mean other codes
// than were read. The refusal names the parameter.
func TestImportNamesTheParameterThatIsRefused(t *testing.T) {
	url := func(query string) string { return "otpauth://totp/Shop:alice?" + query }
	secret := "secret=" + appSecret
	seen := map[string]string{}
	for given, says := range map[string]string{
		url(secret + "&secret=" + phoneSecret):           "secret twice",
		url(secret + "&digits=6&Digits=8"):               "digits twice",
		url(secret + "&algorithm=SHA1&Algorithm=SHA256"): "algorithm twice",
		url(secret + "&issuer=A&issuer=B"):               "issuer twice",
		url(secret + "&counter=1"):                       "the parameter counter",
		url(secret + "&timestep=60"):                     "the parameter timestep",
		url(secret + "&amp;digits=8"):                    "&amp;",
		url(secret + "&" + phoneSecret + "=1"):           "a parameter that is not known",
		url(secret + "&d%69gits%3d8"):                    "%3D",
		url(secret + "&algorithm=MD5"):                   "SHA1, SHA256 or SHA512",
		url(secret + "&algorithm="):                      "a value for algorithm",
		url(secret + "&algorithm=SHA512/256"):            "SHA1, SHA256 or SHA512",
		url(secret + "&digits=5"):                        "6 to 8 digits",
		url(secret + "&digits="):                         "a value for digits",
		url(secret + "&period=180"):                      "2 min",
		url(secret + "#&digits=8"):                       "a raw # in its secret",
		url(secret + "&digits=8#x"):                      "a raw # in its digits",
		url(secret + "&period"):                          "a value for period",
		url(secret + "&digits=%"):                        "% in its digits",
		url(secret + "&d%zz=1"):                          "%25",
		url("digits=8"):                                  "must have a secret",
		url("secret="):                                   "must have a secret",
		url("secret=" + appSecret[:16]):                  "112 bits",
		url("secret=" + appSecret + "1"):                 "base32",
		"otpauth://hotp/a?counter=1&" + secret:           "hotp",
		"otpauth-migration://offline?data=CjEKCkhlbGxv":  "one at a time",
		"https://example.com/a?" + secret:                "otpauth://totp/",
		appSecret:                                        "Secret",
	} {
		k := newKit(t)
		refused := k.importsAuthenticator(factor.ImportedTOTP{URL: given})
		if refused == nil || refused.Field != "Import.Authenticator.URL" || !strings.Contains(refused.Reason, says) {
			t.Errorf("%s: %v, want it to say %q", given, refused, says)
			continue
		}
		for _, part := range []string{appSecret[:12], phoneSecret[:12], "Shop", "alice", "MD5"} {
			if strings.Contains(strings.ToUpper(refused.Error()), strings.ToUpper(part)) {
				t.Errorf("%s repeats what was given: %v", given, refused)
			}
		}
		if other, twice := seen[refused.Reason]; twice && other != says {
			t.Errorf("%q and %q are one reason: %s", says, other, refused.Reason)
		}
		seen[refused.Reason] = says
	}
}

// The names that other systems give to the algorithms mean what they say.
func TestImportKnowsTheNamesOfAlgorithms(t *testing.T) {
	for name, algorithm := range map[string]string{
		"": "SHA1", "SHA1": "SHA1", "sha-1": "SHA1", "HmacSHA1": "SHA1", "HMAC-SHA-1": "SHA1", "hmac_sha1": "SHA1", "SHA1   ": "SHA1",
		"SHA-256": "SHA256", "HmacSHA256": "SHA256", "sha256": "SHA256", "SHA-512": "SHA512", "HMACSHA512": "SHA512",
		"MD5": "", "SHA": "", "SHA2": "", "SHA224": "", "SHA3-256": "", "SHA512/256": "", "HMAC": "", "-": "", " ": "", "SHA 1": "",
	} {
		k := newKit(t)
		refused := k.importsAuthenticator(factor.ImportedTOTP{Secret: appSecret, Algorithm: name})
		if algorithm == "" {
			if refused == nil || refused.Field != "Import.Authenticator.Algorithm" {
				t.Errorf("%q: %v", name, refused)
			}
			continue
		}
		if refused != nil {
			t.Errorf("%q: %v", name, refused)
			continue
		}
		e := factor.Enrollment{Secret: appSecret, Algorithm: algorithm, Digits: 6, Period: 30 * time.Second}
		if _, err := k.v.VerifyOTP(t.Context(), alice, k.code(e), factor.KindTOTP); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}
