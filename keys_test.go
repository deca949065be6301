package factor

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func genKey() *rapid.Generator[[]byte] {
	return rapid.SliceOfN(rapid.Byte(), 32, 32).Filter(func(k []byte) bool { return bytes.Count(k, []byte{0}) < 32 })
}

func keyring(t interface{ Fatal(...any) }, primary []byte, old ...[]byte) *Keyring {
	ring, err := NewKeyring(primary, old...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func sealed(t interface{ Fatal(...any) }, ring *Keyring, plain, ad []byte) []byte {
	data, err := ring.Encrypt(plain, ad)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Sealed data opens under any ring that holds the key, with the same associated
// data, and under no other.
func TestKeyringOpensWhatItsKeysSealed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(genKey(), 4, 4, func(k []byte) string { return string(k) }).Draw(t, "keys")
		plain, ad := rapid.SliceOf(rapid.Byte()).Draw(t, "plain"), rapid.SliceOf(rapid.Byte()).Draw(t, "ad")
		data := sealed(t, keyring(t, keys[0], keys[1]), plain, ad)
		for name, ring := range map[string]*Keyring{
			"its own": keyring(t, keys[0], keys[1]), "the primary alone": keyring(t, keys[0]), "rotated": keyring(t, keys[2], keys[0]),
			"rotated twice": keyring(t, keys[3], keys[2], keys[0]), "twice the same": keyring(t, keys[0], keys[0]),
		} {
			if got, err := ring.Decrypt(data, ad); err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("%s: %v", name, err)
			}
			if _, err := ring.Decrypt(data, append(bytes.Clone(ad), 0)); err == nil {
				t.Fatalf("%s: opens with other associated data", name)
			}
		}
		for name, ring := range map[string]*Keyring{"the old key": keyring(t, keys[1]), "other keys": keyring(t, keys[2], keys[3])} {
			if got, err := ring.Decrypt(data, ad); err == nil || got != nil {
				t.Fatalf("%s: opens", name)
			}
		}
		if again := sealed(t, keyring(t, keys[0]), plain, ad); bytes.Equal(again[4:28], data[4:28]) || !bytes.Equal(again[:4], data[:4]) {
			t.Fatal("the nonce is the same twice, or the key's ID is not")
		}
		if other := sealed(t, keyring(t, keys[1]), plain, ad); bytes.Equal(other[:4], data[:4]) {
			t.Fatal("two keys have one ID")
		}
		if len(data) != 4+24+len(plain)+16 {
			t.Fatalf("%d bytes sealed are %d", len(plain), len(data))
		}
	})
}

func TestKeyringRefusesWhatWasTamperedWith(t *testing.T) {
	ring, ad := keyring(t, bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{8}, 32)), []byte("user")
	data := sealed(t, ring, []byte("the whole record"), ad)
	for i := range data {
		for bit := range 8 {
			data[i] ^= 1 << bit
			if _, err := ring.Decrypt(data, ad); err == nil {
				t.Fatalf("opens with bit %d of byte %d flipped", bit, i)
			}
			data[i] ^= 1 << bit
		}
		if _, err := ring.Decrypt(data[:i], ad); err == nil {
			t.Fatalf("opens with %d of %d bytes", i, len(data))
		}
		if _, err := ring.Decrypt(data[i+1:], ad); err == nil {
			t.Fatalf("opens without its first %d bytes", i+1)
		}
	}
	if _, err := ring.Decrypt(append(bytes.Clone(data), 0), ad); err == nil {
		t.Fatal("opens with a byte too many")
	}
	for _, other := range [][]byte{nil, {}, []byte("use"), []byte("User"), []byte("user ")} {
		if _, err := ring.Decrypt(data, other); err == nil {
			t.Fatalf("opens for %q", other)
		}
	}
	if got, err := ring.Decrypt(data, ad); err != nil || string(got) != "the whole record" {
		t.Fatalf("does not open as it was: %v", err)
	}
}

func TestNewKeyringRefusesKeysThatAreNone(t *testing.T) {
	good := bytes.Repeat([]byte{1}, 32)
	for name, c := range map[string]struct {
		primary []byte
		old     [][]byte
		named   string
	}{
		"nil":         {nil, nil, "primary"},
		"empty":       {[]byte{}, nil, "primary"},
		"short":       {good[:31], nil, "primary"},
		"long":        {append(bytes.Clone(good), 1), nil, "primary"},
		"zeros":       {make([]byte, 32), nil, "primary"},
		"old short":   {good, [][]byte{good[:16]}, "old[0]"},
		"old zeros":   {good, [][]byte{good, make([]byte, 32)}, "old[1]"},
		"old nil":     {good, [][]byte{nil}, "old[0]"},
		"almost zero": {append(make([]byte, 31), 1), nil, ""},
	} {
		ring, err := NewKeyring(c.primary, c.old...)
		if (err != nil) != (c.named != "") || (ring == nil) != (err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && !strings.Contains(err.Error(), c.named) {
			t.Errorf("%s: %v does not name %s", name, err, c.named)
		}
	}
}

// The host may wipe its copy of a key once the ring is made.
func TestKeyringKeepsItsOwnCopyOfTheKeys(t *testing.T) {
	key := bytes.Repeat([]byte{9}, 32)
	ring := keyring(t, key)
	data := sealed(t, ring, []byte("x"), nil)
	clear(key)
	if _, err := ring.Decrypt(data, nil); err != nil {
		t.Fatal(err)
	}
	if got := sealed(t, ring, []byte("x"), nil); !bytes.Equal(got[:4], data[:4]) {
		t.Fatal("the key's ID changed")
	}
}

func TestKeyringWithoutAKeyRefusesEverything(t *testing.T) {
	for name, ring := range map[string]*Keyring{"nil": nil, "zero": {}} {
		if data, err := ring.Encrypt([]byte("x"), nil); err == nil || data != nil {
			t.Errorf("%s: seals", name)
		}
		if data, err := ring.Decrypt(make([]byte, 64), nil); err == nil || data != nil {
			t.Errorf("%s: opens", name)
		}
	}
}

func TestKeyringNeverRepeatsANonce(t *testing.T) {
	ring, seen := keyring(t, bytes.Repeat([]byte{3}, 32)), map[string]bool{}
	for range 10000 {
		nonce := string(sealed(t, ring, nil, nil)[4:28])
		if seen[nonce] {
			t.Fatal("a nonce came twice")
		}
		seen[nonce] = true
	}
}

// Only sealed data opens, and no bytes cause a panic; with the right key ID in
// front a forgery reaches the cipher.
func FuzzDecrypt(f *testing.F) {
	ring := keyring(f, bytes.Repeat([]byte{5}, 32), bytes.Repeat([]byte{6}, 32))
	made := sealed(f, ring, []byte("record"), []byte("user"))
	f.Add([]byte{}, []byte("user"))
	f.Add(make([]byte, 44), []byte{})
	for _, n := range []int{4, 27, 28, 43, 44} {
		f.Add(made[:n], []byte("user"))
	}
	f.Fuzz(func(t *testing.T, data, ad []byte) {
		for _, forged := range [][]byte{data, append(bytes.Clone(made[:4]), data...)} {
			if got, err := ring.Decrypt(forged, ad); got != nil || err != errNoKeyOpens {
				t.Fatalf("%x opens as %x, %v", forged, got, err)
			}
		}
		again := sealed(t, ring, data, ad)
		if got, err := ring.Decrypt(again, ad); err != nil || !bytes.Equal(got, data) {
			t.Fatalf("what was sealed does not open: %v", err)
		}
	})
}

// FuzzKeyring makes rings of arbitrary keys. A ring is refused if and only if a key
// is not 32 bytes or is all zeros. What it seals opens under each ring with its
// primary key, for that user only.
func FuzzKeyring(f *testing.F) {
	key := func(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }
	f.Add(key(1), key(2), []byte("plain"), "ann", "bob")
	f.Add(key(1), key(1), []byte{}, "", "ann")
	f.Add(key(3), key(1), []byte("plain"), "ann", "ann ")
	f.Add(key(0), key(1), []byte("plain"), "ann", "ann ")
	f.Add(key(1)[:31], key(0), []byte("plain"), "ann", "Ann")
	f.Add([]byte{}, append(key(3), 3), []byte("plain"), "ann", "ann")
	f.Fuzz(func(t *testing.T, primary, old, plain []byte, user, other string) {
		serves := func(key []byte) bool { return len(key) == 32 && !bytes.Equal(key, make([]byte, 32)) }
		ring, err := NewKeyring(primary, old)
		if ok := serves(primary) && serves(old); ok != (err == nil) || ok != (ring != nil) {
			t.Fatalf("keys of %d and %d bytes: %v", len(primary), len(old), err)
		}
		if err != nil {
			named := "primary"
			if serves(primary) {
				named = "old[0]"
			}
			if want := "factor: NewKeyring: " + named + " must be 32 random bytes"; err.Error() != want {
				t.Fatalf("answered %q, want %q", err, want)
			}
			return
		}
		data := sealed(t, ring, plain, []byte(user))
		for _, holder := range []*Keyring{ring, keyring(t, primary), keyring(t, old, primary)} {
			if got, err := holder.Decrypt(data, []byte(user)); err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("opens as %x, %v", got, err)
			}
			if got, err := holder.Decrypt(data, []byte(other)); err == nil && other != user {
				t.Fatalf("opens for %q as %x", other, got)
			}
		}
		if got, err := keyring(t, old).Decrypt(data, []byte(user)); err == nil && !bytes.Equal(primary, old) {
			t.Fatalf("opens under a key that did not seal it, as %x", got)
		}
	})
}
