package pinhash

import "regexp"

const newPIN = ": have the user set a new PIN"

// refusals are the reasons to refuse a text that is in none of the forms. The
// first match decides.
var refusals = []struct {
	text   *regexp.Regexp
	reason string
}{
	{regexp.MustCompile(`^$`), "must not be empty: leave PIN nil for a user who has none"},
	{regexp.MustCompile(`^\s`), "must not begin with white space: cut it off"},
	{regexp.MustCompile(`^!`), "is Django's mark for an unusable password: leave PIN nil"},
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

// refusal returns the reason to refuse a text that is in none of the forms.
func refusal(text string) string {
	for _, r := range refusals {
		if r.text.MatchString(text) {
			return r.reason
		}
	}
	return "must be a hash of bcrypt, Argon2, scrypt or PBKDF2 in one of the forms that docs/adopting.md lists"
}
