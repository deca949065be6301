package pinhash

import (
	"bytes"
	"strings"
	"testing"

	"github.com/knowhave/factor/internal/pinhash/pinhashtest"
)

// The vectors are those of crypt_blowfish and of the reference implementation
// of Argon2 (phc-winner-argon2, src/test.c).
func TestImportedHashesAreReadAsTheirAuthorsWriteThem(t *testing.T) {
	type vector struct{ hash, right string }
	vectors := []vector{
		{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
		{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"},
		{"$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA", "password"},
		{"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"},
	}
	for _, hash := range pinhashtest.Imported {
		vectors = append(vectors, vector{hash, pinhashtest.PIN})
	}
	for _, v := range vectors {
		matches, reason := parseImported(v.hash)
		if reason != "" {
			t.Fatalf("%s: %s", v.hash, reason)
		}
		for _, given := range []string{v.right, v.right + "0"} {
			if right := given == v.right; matches(given) != right {
				t.Errorf("%s: %q is right: %v, want %v", v.hash, given, !right, right)
			}
		}
	}
}

func TestImportedHashesAreBounded(t *testing.T) {
	const salt, sum = "c2l4dGVlbiBvZiBzYWx0Lg", "gRt7Sn4yApQFjvmEDfgSU4DoHb1Nl0qEcxxWACetPAU"
	const bcrypt = "$NBPkQcVG.PKNtI21B/oc6OBQTAZvG05QG35k25drTJ6Eg55wOL9SK"
	argon := func(parameters string) string { return "$argon2id$v=19$" + parameters + "$" + salt + "$" + sum }
	sized := func(n int) string { return strings.Repeat("AAAA", n/3) + []string{"", "AA", "AAA"}[n%3] }
	for hash, taken := range map[string]bool{
		"$2a$04" + bcrypt: true, "$2a$14" + bcrypt: true,
		"$2a$03" + bcrypt: false, "$2a$15" + bcrypt: false, "$2a$31" + bcrypt: false, "$2a$4" + bcrypt: false,
		"$2x$10" + bcrypt: false, "$2$10" + bcrypt: false, "$2a$10" + bcrypt + "x": false, "$2a$10" + bcrypt[:52]: false,
		"$2a$10" + bcrypt + "\n": false, " $2a$10" + bcrypt: false, "$2a$10" + bcrypt[:20] + "=" + bcrypt[21:]: false,

		argon("m=131072,t=10,p=16"): true, argon("m=8,t=1,p=1"): true, argon("m=128,t=1,p=16"): true,
		argon("m=131073,t=1,p=1"): false, argon("m=4194304,t=1,p=1"): false, argon("m=999999999,t=1,p=1"): false,
		argon("m=9999999999,t=1,p=1"): false, argon("m=7,t=1,p=1"): false, argon("m=127,t=1,p=16"): false, argon("m=0,t=1,p=0"): false,
		argon("m=64,t=0,p=1"): false, argon("m=64,t=11,p=1"): false, argon("m=64,t=1,p=0"): false, argon("m=640,t=1,p=17"): false,
		argon("m=64,t=1,p=257"): false, argon("t=1,m=64,p=1"): true, argon("p=1,t=1,m=64"): true,
		argon("m=64,t=1"): false, argon("m=64,m=64,t=1,p=1"): false, argon("m=64,t=1,p=1,"): false, argon(""): false, argon("m=64,t=1,p="): false,
		argon("m=64,t=1,p=1,keyid=aa"): false, argon("m=-64,t=1,p=1"): false,
		// Base64 whose last character has bits that belong to no byte is a second text of the same bytes.
		"$argon2id$v=19$m=8,t=1,p=1$" + salt[:len(salt)-1] + "h$" + sum:                    false,
		"$argon2id$v=19$m=8,t=1,p=1$" + salt + "$" + sum[:len(sum)-1] + "V":                false,
		"$argon2id$v=19$m=8,t=1,p=1$" + salt[:len(salt)-1] + "h$" + sum[:len(sum)-1] + "V": false,

		"$argon2d$v=19$m=64,t=1,p=1$" + salt + "$" + sum:  false,
		"$argon2id$v=16$m=64,t=1,p=1$" + salt + "$" + sum: false,
		"$argon2id$m=64,t=1,p=1$" + salt + "$" + sum:      false,
		"$argon2id$v=19$m=64,t=1,p=1$" + salt:             false,
		"$argon2id$v=19$m=64,t=1,p=1$$" + sum:             false,

		"$argon2id$v=19$m=64,t=1,p=1$" + sized(8) + "$" + sized(16):        true,
		"$argon2id$v=19$m=64,t=1,p=1$" + sized(64) + "$" + sized(64):       true,
		"$argon2id$v=19$m=64,t=1,p=1$" + sized(7) + "$" + sized(16):        false,
		"$argon2id$v=19$m=64,t=1,p=1$" + sized(65) + "$" + sized(16):       false,
		"$argon2id$v=19$m=64,t=1,p=1$" + sized(8) + "$" + sized(15):        false,
		"$argon2id$v=19$m=64,t=1,p=1$" + sized(8) + "$" + sized(65):        false,
		"$argon2id$v=19$m=64,t=1,p=1$" + sized(8) + "=$" + sized(16):       false,
		"$argon2id$v=19$m=64,t=1,p=1$" + sized(8)[:10] + "B$" + sized(16):  false, // bits that mean nothing are set
		"$argon2id$v=19$m=64,t=1,p=1$" + sized(8) + "$" + sized(16)[:21]:   false,
		"$argon2id$v=19$m=64,t=1,p=1$" + sized(8) + "$" + sized(16)[:1]:    false,
		"$argon2id$v=19$m=64,t=1,p=1$" + sized(8) + "$" + sized(16) + "\n": false,
		"argon2$argon2id$v=19$m=64,t=1,p=1$" + sized(8) + "$" + sized(16):  false,
		"pbkdf2_sha256$720000$" + salt + "$" + sum + "=":                   false,
		"": false, "8299": false, "$": false,
	} {
		if _, reason := parseImported(hash); (reason == "") != taken {
			t.Errorf("%s: %q, want taken: %v", hash, reason, taken)
		}
	}
}

// A hash of another system is nothing but its text.
func TestImportedHashIsValidAsItsTextOnly(t *testing.T) {
	for name, change := range map[string]func(h *Hash){
		"memory":       func(h *Hash) { h.Memory = 64 },
		"passes":       func(h *Hash) { h.Time = 1 },
		"salt":         func(h *Hash) { h.Salt = []byte("salt") },
		"no text":      func(h *Hash) { h.Sum = nil },
		"another text": func(h *Hash) { h.Sum = []byte("md5") },
		"too costly":   func(h *Hash) { h.Sum = bytes.Replace(h.Sum, []byte("04"), []byte("31"), 1) },
	} {
		h, reason := Import(pinhashtest.Imported[0])
		if reason != "" || !h.Valid() {
			t.Fatalf("%+v: %q", h, reason)
		}
		if change(&h); h.Valid() {
			t.Errorf("%s: %+v is valid", name, h)
		}
	}
}

// FuzzImportedHash shows that every accepted hash can be compared with, that its
// form is final, and that no reason repeats the input.
func FuzzImportedHash(f *testing.F) {
	for _, hash := range pinhashtest.Imported {
		f.Add(hash)
	}
	for _, hash := range formsOfRightPIN {
		f.Add(hash)
	}
	f.Fuzz(func(t *testing.T, given string) {
		hash := rewritten(given)
		matches, reason := parseImported(hash)
		if (matches == nil) != (reason != "") {
			t.Fatalf("%q: %q, and something to compare with: %v", hash, reason, matches != nil)
		}
		if reason != "" {
			if len(given) > 20 && strings.Contains(reason, given) {
				t.Fatalf("%q repeats %q", reason, given)
			}
			return
		}
		if len(hash) > 300 || rewritten(hash) != hash {
			t.Fatalf("%q was taken as %q, and that as %q", given, hash, rewritten(hash))
		}
		if _, reason := parseImported(given); reason == "" && given != hash {
			t.Fatalf("%q was stored as it is, and is %q now", given, hash)
		}
		if h, reason := Import(given); reason != "" || string(h.Sum) != hash || !h.Valid() {
			t.Fatalf("%q was taken as %q and imported as %+v: %q", given, hash, h, reason)
		}
	})
}
