package totp

import (
	"bytes"
	"encoding/base32"
	"reflect"
	"strings"
	"testing"
	"time"
)

// Secrets in base32, the first of 12345678901234567890.
const (
	appSecret   = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	phoneSecret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
)

// A URL determines the codes, in upper or lower case: an unread parameter must not
// become a default.
func TestParseReadsTheParametersOfAURL(t *testing.T) {
	of := func(alg Algorithm, digits int, period time.Duration) Key {
		return Key{Secret: []byte("12345678901234567890"), Algorithm: alg, Digits: digits, Period: period}
	}
	const halfMinute = 30 * time.Second
	for url, want := range map[string]Key{
		"otpauth://totp/a?secret=" + appSecret + "&Algorithm=SHA256":                                 of(SHA256, 6, halfMinute),
		"otpauth://totp/a?SECRET=" + appSecret + "&ALGORITHM=sha512&DIGITS=8&PERIOD=60":              of(SHA512, 8, time.Minute),
		"otpauth://totp/a?Secret=" + appSecret + "&algorithm=SHA-1&digits=7":                         of(SHA1, 7, halfMinute),
		"otpauth://totp/a?secret=" + appSecret + "&algorithm=HmacSHA256":                             of(SHA256, 6, halfMinute),
		"otpauth://totp/a?secret=" + appSecret + "&issuer=A&Image=https%3A%2F%2Fa&icon=b&color=red":  of(SHA1, 6, halfMinute),
		"otpauth://totp/a?digits=8&&secret=" + appSecret + "&":                                       of(SHA1, 8, halfMinute),
		"otpauth://totp/Shop #1:alice?secret=" + appSecret + "&digits=8":                             of(SHA1, 8, halfMinute),
		"otpauth://totp/a?issuer=Shop #1&digits=8&secret=" + appSecret:                               of(SHA1, 8, halfMinute),
		"otpauth://totp/100% Shop:alice?secret=" + appSecret + "&digits=8":                           of(SHA1, 8, halfMinute),
		"otpauth://totp/A & B:alice?issuer=A%20&%20B&secret=" + appSecret + "&digits=8":              of(SHA1, 8, halfMinute),
		"otpauth://totp/?secret=" + appSecret + "&digits=8":                                          of(SHA1, 8, halfMinute),
		"otpauth://totp?secret=" + appSecret + "&digits=8":                                           of(SHA1, 8, halfMinute),
		"otpauth://totp/a?secret=" + appSecret + "%3D%3D&digits=8\n":                                 of(SHA1, 8, halfMinute),
		"otpauth://totp/a?secret=" + strings.ToLower(appSecret[:4]+"-"+appSecret[4:]) + "&digits=8 ": of(SHA1, 8, halfMinute),
		"otpauth://totp/a?secret=" + appSecret[:8] + "+" + appSecret[8:16] + "%20" + appSecret[16:]:  of(SHA1, 6, halfMinute),
	} {
		got, field, reason := Description{URL: url}.Parse()
		if reason != "" || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %s %s; want %+v", url, got, field, reason, want)
		}
	}
}

// A URL with a repeated or unknown parameter may mean other codes. The refusal
// names the parameter.
func TestParseNamesTheParameterThatIsRefused(t *testing.T) {
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
		url(secret + "&" + phoneSecret + "=1"):           "an unknown parameter",
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
		_, field, reason := Description{URL: given}.Parse()
		if field != "URL" || !strings.Contains(reason, says) {
			t.Errorf("%s: %s %s, want it to say %q", given, field, reason, says)
			continue
		}
		for _, part := range []string{appSecret[:12], phoneSecret[:12], "Shop", "alice", "MD5"} {
			if strings.Contains(strings.ToUpper(reason), strings.ToUpper(part)) {
				t.Errorf("%s repeats what was given: %v", given, reason)
			}
		}
		if other, twice := seen[reason]; twice && other != says {
			t.Errorf("%q and %q are one reason: %s", says, other, reason)
		}
		seen[reason] = says
	}
}

// Other systems' names of the algorithms are understood.
func TestParseKnowsTheNamesOfAlgorithms(t *testing.T) {
	for name, algorithm := range map[string]string{
		"": "SHA1", "SHA1": "SHA1", "sha-1": "SHA1", "HmacSHA1": "SHA1", "HMAC-SHA-1": "SHA1", "hmac_sha1": "SHA1", "SHA1   ": "SHA1",
		"SHA-256": "SHA256", "HmacSHA256": "SHA256", "sha256": "SHA256", "SHA-512": "SHA512", "HMACSHA512": "SHA512",
		"MD5": "", "SHA": "", "SHA2": "", "SHA224": "", "SHA3-256": "", "SHA512/256": "", "HMAC": "", "-": "", " ": "", "SHA 1": "",
	} {
		key, field, reason := Description{Secret: appSecret, Algorithm: name}.Parse()
		if taken := reason == ""; taken != (algorithm != "") || taken && key.Algorithm.String() != algorithm || !taken && field != "Algorithm" {
			t.Errorf("%q: %v, %s %s", name, key.Algorithm, field, reason)
		}
	}
}

// HMAC fills a key with zeros up to its block, so trailing zeros add nothing. One
// may be the last byte of a random key.
func TestParseCountsTheBytesThatHMACSees(t *testing.T) {
	const thirteen = "abcdefghijklm"
	for key, taken := range map[string]bool{
		thirteen:                                    false,
		thirteen + "n":                              true,
		thirteen + "\x00":                           true,
		thirteen + "\x00\x00\x00\x00\x00":           true,
		thirteen[:12] + "\x00\x00":                  false,
		thirteen[:12] + strings.Repeat("\x00", 8):   false,
		"\x00" + thirteen:                           true,
		"\x00" + thirteen[:12] + "\x00":             true,
		"aaaaaaaaaaaaa\x00\x00":                     false, // one byte again and again
		"a" + strings.Repeat("\x00", 70):            false, // hashed, and yet one byte
		thirteen + "n" + strings.Repeat("\x00", 70): true,
	} {
		got, field, reason := Description{Key: []byte(key)}.Parse()
		if (reason == "") != taken || taken && string(got.Secret) != key || !taken && field != "Key" {
			t.Errorf("%q as a key: %s %s", key, field, reason)
		}
		got, field, reason = Description{Secret: base32.StdEncoding.EncodeToString([]byte(key))}.Parse()
		if (reason == "") != taken || taken && string(got.Secret) != key || !taken && field != "Secret" {
			t.Errorf("%q as a secret: %s %s", key, field, reason)
		}
	}
}

// A field that is left out means what it means in a URL, and each has its bounds.
func TestParseBoundsWhatItReads(t *testing.T) {
	key := func(n int) []byte { return bytes.Repeat([]byte("ab"), (n+1)/2)[:n] }
	for name, c := range map[string]struct {
		given Description
		field string // that is refused
	}{
		"the defaults":              {Description{Key: key(20)}, ""},
		"the shortest key":          {Description{Key: key(14)}, ""},
		"a shorter one":             {Description{Key: key(13)}, "Key"},
		"the longest key":           {Description{Key: key(128)}, ""},
		"a longer one":              {Description{Key: key(129)}, "Key"},
		"an empty key":              {Description{Key: []byte{}}, "Key"},
		"nothing":                   {Description{}, "Secret"},
		"no base32":                 {Description{Secret: appSecret + "1"}, "Secret"},
		"a length base32 has not":   {Description{Secret: appSecret + "A"}, "Secret"},
		"groups, padded":            {Description{Secret: " gezd gnbv-gy3t qojq gezd gnbv gy3t qojq ===="}, ""},
		"6 digits":                  {Description{Key: key(20), Digits: 6}, ""},
		"8 digits":                  {Description{Key: key(20), Digits: 8}, ""},
		"5 digits":                  {Description{Key: key(20), Digits: 5}, "Digits"},
		"9 digits":                  {Description{Key: key(20), Digits: 9}, "Digits"},
		"the shortest period":       {Description{Key: key(20), Period: time.Second}, ""},
		"the longest period":        {Description{Key: key(20), Period: 2 * time.Minute}, ""},
		"a longer period":           {Description{Key: key(20), Period: 2*time.Minute + time.Second}, "Period"},
		"a shorter period":          {Description{Key: key(20), Period: time.Millisecond}, "Period"},
		"a period of half a second": {Description{Key: key(20), Period: 1500 * time.Millisecond}, "Period"},
		"a key beside a secret":     {Description{Key: key(20), Secret: appSecret}, "Key"},
		"a key beside a URL":        {Description{Key: key(20), URL: "otpauth://totp/a?secret=" + appSecret}, "Key"},
		"an empty key beside one":   {Description{Key: []byte{}, Secret: appSecret}, ""},
		"digits beside a URL":       {Description{Digits: 6, URL: "otpauth://totp/a?secret=" + appSecret}, "URL"},
		"a period beside a URL":     {Description{Period: time.Minute, URL: "otpauth://totp/a?secret=" + appSecret}, "URL"},
		"an algorithm beside a URL": {Description{Algorithm: "SHA1", URL: "otpauth://totp/a?secret=" + appSecret}, "URL"},
		"a secret beside a URL":     {Description{Secret: appSecret, URL: "otpauth://totp/a?secret=" + appSecret}, "URL"},
	} {
		got, field, reason := c.given.Parse()
		if (reason == "") != (c.field == "") || reason != "" && field != c.field {
			t.Errorf("%s: refused %q: %s; want %q", name, field, reason, c.field)
		}
		if reason != "" {
			continue
		}
		digits, period := max(6, c.given.Digits), max(c.given.Period, 0)
		if period == 0 {
			period = 30 * time.Second
		}
		if got.Digits != digits || got.Period != period || got.Algorithm != SHA1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	// The secret is the caller's again.
	given := key(20)
	got, _, _ := Description{Key: given}.Parse()
	if clear(given); string(got.Secret) != string(key(20)) {
		t.Error("the key shares the caller's bytes")
	}
}
