package pinhash

import (
	"encoding/base64"
	"fmt"
	"math/bits"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// schemePrefix is what Spring Security, LDAP and Dovecot put before a hash whose
// own text says enough.
var schemePrefix = regexp.MustCompile(`^(?i:\{(?:bcrypt|argon2(?:id?)?|scrypt|crypt|blf-crypt)(?:@[a-z0-9_]+)?\})`)

// forms are the forms that rewritten rewrites.
var forms = []struct {
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

// rewritten returns a hash of a known system in a form that parseImported reads. It
// returns any other text without the prefix and what stands behind it: white space
// and zero bytes come from columns and buffers of a fixed width, and from files.
func rewritten(given string) string {
	text := strings.TrimRightFunc(given, func(r rune) bool { return r == 0 || unicode.IsSpace(r) })
	text = text[len(schemePrefix.FindString(text)):]
	for _, form := range forms {
		if parts := form.text.FindStringSubmatch(text); parts != nil {
			return form.rewrite(parts)
		}
	}
	return text
}

// scryptOfN returns a PHC string, or the text itself if N is not a power of 2.
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
