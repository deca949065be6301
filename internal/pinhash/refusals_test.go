package pinhash

import (
	"strings"
	"testing"
)

// Each refusal has a reason of its own, which says what to do.
func TestEachRefusedHashHasItsOwnReason(t *testing.T) {
	const tail = "$c2l4dGVlbiBvZiBzYWx0Lg$gRt7Sn4yApQFjvmEDfgSU4DoHb1Nl0qEcxxWACetPAU"
	const bcrypt = "xNBPSLLfwJMmeM4ffQU4eunu.1lULhWlk69RcitsGjQxSw4a99LCO"
	seen := map[string]string{}
	for hash, says := range map[string]string{
		"":     "leave PIN nil",
		"8299": "Admin.SetPIN",
		"!RLHYbQlpFHRkLzQ3uRkaYCyIDHJhdFhLxwJj1ejg": "Django's mark",
		"5f4dcc3b5aa765d61d8327deb882cf99":          "fast hash",
		"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFCoEOfaS35inz1": "crypt(3)",
		"$argon2d$v=19$m=64,t=1,p=1" + tail:       "Argon2d",
		"$argon2i$m=64,t=1,p=1" + tail:            "version 19",
		"$argon2id$v=19$m=64,t=1,keyid=aa" + tail: "m, t and p",
		"$argon2id$v=19$m=200000,t=1,p=1" + tail:  "m up to 131072",
		"$argon2id$v=19$m=64,t=1,p=1$c2l4dGVlbiBvZiBzYWx0Lg==$gRt7Sn4yApQFjvmEDfgSU4DoHb1Nl0qEcxxWACetPAU=": "without padding",
		"$pbkdf2-sha256$i=9999999" + tail:             "3000000",
		"$pbkdf2-sha256$i=7,x=1" + tail:               "the parameter i",
		"$pbkdf2-md5$i=7" + tail:                      "SHA-1, SHA-256 or SHA-512",
		"$scrypt$ln=21,r=8,p=1" + tail:                "at most 128 MiB",
		"$scrypt$n=14,r=8,p=1" + tail:                 "ln, r and p",
		"scrypt$15000$seasalt$8$1$" + tail[24:] + "=": "a power of 2",
		"pbkdf2_sha256$seasalt$" + tail[24:] + "=":    "iterations$salt$hash",
		"$2x$10$" + bcrypt:                            "2x",
		"$2b$31$" + bcrypt:                            "cost of 4 to 14",
		"$2b$10$" + bcrypt[:40]:                       "60 characters",
		" $2b$10$" + bcrypt:                           "begin with white space",
		"pbkdf2:sha256:260000$seasalt$0f0f":           "Werkzeug",
		"{pbkdf2}5d923b44a6d129f3ddf3e3c8d2941272":    "iterations",
		"$bcrypt-sha256$v=2,t=2b,r=12$n79VH.0Q2TMWmt3Oqt9uku$Kq4Noyk3094Y2QlB8NdRT8SvGiI4ft2": "passlib's bcrypt_sha256",
		"something else": "docs/adopting.md",
	} {
		_, reason := read(hash)
		if !strings.Contains(reason, says) {
			t.Errorf("%s: %q, want it to say %q", hash, reason, says)
		}
		if other, twice := seen[reason]; twice {
			t.Errorf("%s and %s have one reason: %s", hash, other, reason)
		}
		seen[reason] = hash
	}
}
