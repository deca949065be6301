package factor

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
)

// The vectors are those of crypt_blowfish and of the reference implementation
// of Argon2 (phc-winner-argon2, src/test.c).
func TestForeignHashesAreReadAsTheirAuthorsWriteThem(t *testing.T) {
	type vector struct{ hash, right string }
	vectors := []vector{
		{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
		{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"},
		{"$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA", "password"},
		{"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"},
	}
	for _, hash := range foreignHashes {
		vectors = append(vectors, vector{hash, "8299"})
	}
	for _, v := range vectors {
		matches, reason := foreignHash(v.hash)
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

func TestForeignHashesAreBounded(t *testing.T) {
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
		if _, reason := foreignHash(hash); (reason == "") != taken {
			t.Errorf("%s: %q, want taken: %v", hash, reason, taken)
		}
	}
}

// FuzzForeignHash shows that whatever is taken can be compared with, is stored
// and comes back, that its form is the only one it is rewritten to, and that no
// reason repeats what was given.
func FuzzForeignHash(f *testing.F) {
	for _, hash := range foreignHashes {
		f.Add(hash)
	}
	for _, hash := range formsOfRightPIN {
		f.Add(hash)
	}
	f.Fuzz(func(t *testing.T, given string) {
		hash := rewriteHash(given)
		matches, reason := foreignHash(hash)
		if (matches == nil) != (reason != "") {
			t.Fatalf("%q: %q, and something to compare with: %v", hash, reason, matches != nil)
		}
		if reason != "" {
			if len(given) > 20 && strings.Contains(reason, given) {
				t.Fatalf("%q repeats %q", reason, given)
			}
			return
		}
		if len(hash) > 300 || rewriteHash(hash) != hash {
			t.Fatalf("%q was taken as %q, and that as %q", given, hash, rewriteHash(hash))
		}
		if _, reason := foreignHash(given); reason == "" && given != hash {
			t.Fatalf("%q was stored as it is, and is %q now", given, hash)
		}
		a := &account{pin: &pin{pinHash: pinHash{sum: []byte(hash)}, setAt: noon}, imported: []importID{{1}}}
		got, err := decode(a.encode())
		if err != nil || !bytes.Equal(got.pin.sum, a.pin.sum) {
			t.Fatalf("%q came back as %+v, %v", hash, got, err)
		}
	})
}

// A hash of another system stands only in a record that says so, and as nothing
// but its text.
func TestCodecRefusesForeignHashesOutOfPlace(t *testing.T) {
	foreign := func(change func(a *account)) []byte {
		a := &account{pin: &pin{pinHash: pinHash{sum: []byte(foreignHashes[0])}, setAt: noon}, imported: []importID{{1}}}
		change(a)
		return a.encode()
	}
	if _, err := decode(foreign(func(*account) {})); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(a *account){
		"nothing was imported": func(a *account) { a.imported = nil },
		"memory":               func(a *account) { a.pin.memory = 64 },
		"passes":               func(a *account) { a.pin.time = 1 },
		"salt":                 func(a *account) { a.pin.salt = []byte("salt") },
		"no text":              func(a *account) { a.pin.sum = nil },
		"another text":         func(a *account) { a.pin.sum = []byte("md5") },
		"too costly":           func(a *account) { a.pin.sum = bytes.Replace(a.pin.sum, []byte("04"), []byte("31"), 1) },
	} {
		if _, err := decode(foreign(change)); err == nil {
			t.Errorf("%s: it was read", name)
		}
	}
	none := (&account{}).encode()
	none[0] = importedVersion
	if _, err := decode(none); err == nil {
		t.Error("version 2 without an import was read")
	}
}

// What version 2 adds to a record stays readable too.
func TestCodecReadsWhatVersion2Wrote(t *testing.T) {
	a := &account{
		pin:      &pin{pinHash: pinHash{sum: []byte(foreignHashes[0])}, setAt: noon},
		imported: []importID{{1, 2, 3, 4, 5, 6, 7, 8}, {9}},
	}
	const at = "81a89f8dbf68"
	text := "02" + // version
		"01" + "000000" + "00" + "3c" + hex.EncodeToString([]byte(foreignHashes[0])) + at + // PIN
		"00" + "00" + "00" + // devices, authenticator, pending
		"000000" + "000000" + // codes
		"000000000000000000000000" + // budgets
		"000000" + "00" + // reset
		"00" + // emptied
		"02" + "0102030405060708" + "0900000000000000" // imported
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, make([]byte, 128-len(data))...)
	got, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, a) || !bytes.Equal(a.encode(), data) {
		t.Fatalf("read as %+v, written as %x", got, a.encode())
	}
}
