package factor

import (
	"encoding/base64"
	"fmt"
	"math/bits"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// schemePrefix is what frameworks put before a hash whose own text says enough:
// Spring Security, LDAP and Dovecot.
var schemePrefix = regexp.MustCompile(`^(?i:\{(?:bcrypt|argon2(?:id?)?|scrypt|crypt|blf-crypt)(?:@[a-z0-9_]+)?\})`)

// hashForms are the forms that rewriteHash rewrites.
var hashForms = []struct {
	text    *regexp.Regexp
	rewrite func(parts []string) string
}{
	{ // Django: pbkdf2_sha256$iterations$salt$hash
		regexp.MustCompile(`^pbkdf2_sha(1|256|512)\$([0-9]{1,9})\$([^$]+)\$([A-Za-z0-9+/]+=*)$`),
		func(parts []string) string {
			return fmt.Sprintf("$pbkdf2-sha%s$i=%s$%s$%s", parts[1], parts[2], rawBase64(parts[3]), unpadded(parts[4]))
		},
	},
	{ // passlib: $pbkdf2-sha256$iterations$salt$hash, in base64 with . for +
		regexp.MustCompile(`^\$(pbkdf2(?:-sha1|-sha256|-sha512)?)\$([0-9]{1,9})\$([A-Za-z0-9./+]+)\$([A-Za-z0-9./+]+)$`),
		func(parts []string) string {
			plus := strings.NewReplacer(".", "+")
			return fmt.Sprintf("$%s$i=%s$%s$%s", parts[1], parts[2], plus.Replace(parts[3]), plus.Replace(parts[4]))
		},
	},
	{ // Django: scrypt$N$salt$r$p$hash
		regexp.MustCompile(`^scrypt\$([0-9]{1,9})\$([^$]+)\$([0-9]{1,9})\$([0-9]{1,9})\$([A-Za-z0-9+/]+=*)$`),
		func(parts []string) string {
			return scryptOfN(parts[0], parts[1], parts[3], parts[4], rawBase64(parts[2]), unpadded(parts[5]))
		},
	},
	{ // Ory Kratos: $scrypt$ln=N,r=8,p=1$salt$hash, padded; no logarithm has three digits
		regexp.MustCompile(`^\$scrypt\$ln=([0-9]{3,9}),r=([0-9]{1,9}),p=([0-9]{1,9})\$([A-Za-z0-9+/]+=*)\$([A-Za-z0-9+/]+=*)$`),
		func(parts []string) string {
			return scryptOfN(parts[0], parts[1], parts[2], parts[3], unpadded(parts[4]), unpadded(parts[5]))
		},
	},
	{ // Spring Security: $e0801$salt$hash, where 0e is the logarithm of N, 08 is r and 01 is p
		regexp.MustCompile(`^\$([0-9a-f]{1,2})([0-9a-f]{2})([0-9a-f]{2})\$([A-Za-z0-9+/]+=*)\$([A-Za-z0-9+/]+=*)$`),
		func(parts []string) string {
			return fmt.Sprintf("$scrypt$ln=%d,r=%d,p=%d$%s$%s", hexadecimal(parts[1]), hexadecimal(parts[2]), hexadecimal(parts[3]),
				unpadded(parts[4]), unpadded(parts[5]))
		},
	},
	{ // Django: bcrypt$$2b$…
		regexp.MustCompile(`^bcrypt(\$\$2.*)$`),
		func(parts []string) string { return parts[1][1:] },
	},
	{ // Django: argon2$argon2id$…
		regexp.MustCompile(`^argon2(\$argon2.*)$`),
		func(parts []string) string { return parts[1] },
	},
}

// rewriteHash rewrites a hash of a known system to a form that foreignHash reads. It
// returns any other text without the prefix and what stands behind it: white space
// and zero bytes come from columns and buffers of a fixed width, and from files.
func rewriteHash(given string) string {
	text := strings.TrimRightFunc(given, func(r rune) bool { return r == 0 || unicode.IsSpace(r) })
	text = text[len(schemePrefix.FindString(text)):]
	for _, form := range hashForms {
		if parts := form.text.FindStringSubmatch(text); parts != nil {
			return form.rewrite(parts)
		}
	}
	return text
}

// scryptOfN returns a PHC string, or the text as it was if N is no power of 2.
func scryptOfN(text, n, block, parallel, salt, sum string) string {
	cost := uint(decimal(n))
	if bits.OnesCount(cost) != 1 {
		return text
	}
	return fmt.Sprintf("$scrypt$ln=%d,r=%s,p=%s$%s$%s", bits.TrailingZeros(cost), block, parallel, salt, sum)
}

func rawBase64(text string) string { return base64.RawStdEncoding.EncodeToString([]byte(text)) }

func unpadded(text string) string { return strings.TrimRight(text, "=") }

func hexadecimal(digits string) int {
	n, _ := strconv.ParseUint(digits, 16, 8)
	return int(n)
}

const newPIN = ": have the user set a new PIN"

// hashRefusals are the reasons to refuse a text that is in none of the forms. The
// first match decides.
var hashRefusals = []struct {
	text   *regexp.Regexp
	reason string
}{
	{regexp.MustCompile(`^$`), "must not be empty: leave PIN nil for a user who has none"},
	{regexp.MustCompile(`^\s`), "must not begin with white space: cut it off"},
	{regexp.MustCompile(`^!`), "is Django's mark for nothing that can be given right: leave PIN nil"},
	{regexp.MustCompile(`^([0-9]{1,12}$|(?i:\{(noop|plain|cleartext)\}))`), "must be a hash: set a PIN that you have in the clear with Admin.SetPIN"},
	{regexp.MustCompile(`^\$2[aby]\$`), "must have the 60 characters of a bcrypt hash: one that was cut cannot be checked, so have the user set a new PIN"},
	{regexp.MustCompile(`^\$2`), "must be of the bcrypt version 2a, 2b or 2y, not 2 or 2x" + newPIN},
	{regexp.MustCompile(`^\$argon2d\$`), "must be of Argon2i or Argon2id, not Argon2d" + newPIN},
	{regexp.MustCompile(`^\$argon2`), "must be a whole PHC string of Argon2: $argon2id$v=19$m=65536,t=3,p=4$salt$hash"},
	{regexp.MustCompile(`^\$scrypt\$`), "must be a whole PHC string of scrypt: $scrypt$ln=16,r=8,p=1$salt$hash"},
	{regexp.MustCompile(`^\$pbkdf2(-sha(1|256|512))?\$`), "must be a whole PHC string of PBKDF2: $pbkdf2-sha256$i=600000$salt$hash"},
	{regexp.MustCompile(`^\$pbkdf2-`), "must be of PBKDF2 with HMAC of SHA-1, SHA-256 or SHA-512" + newPIN},
	{regexp.MustCompile(`^pbkdf2_`), "must be Django's pbkdf2_sha256$iterations$salt$hash, also with sha1 or sha512, the hash in base64"},
	{regexp.MustCompile(`^scrypt\$`), "must be Django's scrypt$N$salt$r$p$hash, with N a power of 2 and the hash in base64"},
	{regexp.MustCompile(`^(pbkdf2|scrypt):`), "must be rewritten as a PHC string: docs/adopting.md shows how for Werkzeug"},
	{regexp.MustCompile(`^(?i:\{pbkdf2)`), "must be rewritten as a PHC string, because this one does not say its iterations: docs/adopting.md shows how"},
	{regexp.MustCompile(`^\$bcrypt-sha256\$`), "must not be of passlib's bcrypt_sha256" + newPIN},
	{regexp.MustCompile(`^(\$(1|5|6|7|y|gy|apr1|md5|sha1|P|H|S)\$|_)`), "must not be of another scheme of crypt(3) than bcrypt" + newPIN},
	{
		regexp.MustCompile(`^(?i:(md5|sha1|sha256|sha512)\$|\{s?(md5|sha|sha1|sha256|sha512|sha-256)\}|([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$)`),
		"must not be a fast hash, which is guessed at once" + newPIN,
	},
}

// refusedHash returns the reason to refuse a text that is in none of the forms.
func refusedHash(text string) string {
	for _, r := range hashRefusals {
		if r.text.MatchString(text) {
			return r.reason
		}
	}
	return "must be a hash of bcrypt, Argon2, scrypt or PBKDF2 in one of the forms that docs/adopting.md lists"
}
