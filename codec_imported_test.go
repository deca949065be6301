package factor

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"testing"
)

// A hash of another system stands only in a record that says so, and as nothing
// but its text.
func TestCodecRefusesImportedHashesOutOfPlace(t *testing.T) {
	imported := func(change func(a *account)) []byte {
		a := &account{pin: &pin{pinHash: pinHash{Sum: []byte(foreignHashes[0])}, setAt: noon}, imported: []importID{{1}}}
		change(a)
		return a.encode()
	}
	if _, err := decode(imported(func(*account) {})); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(a *account){
		"nothing was imported": func(a *account) { a.imported = nil },
		"memory":               func(a *account) { a.pin.Memory = 64 },
		"passes":               func(a *account) { a.pin.Time = 1 },
		"salt":                 func(a *account) { a.pin.Salt = []byte("salt") },
		"no text":              func(a *account) { a.pin.Sum = nil },
		"another text":         func(a *account) { a.pin.Sum = []byte("md5") },
		"too costly":           func(a *account) { a.pin.Sum = bytes.Replace(a.pin.Sum, []byte("04"), []byte("31"), 1) },
	} {
		if _, err := decode(imported(change)); err == nil {
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
		pin:      &pin{pinHash: pinHash{Sum: []byte(foreignHashes[0])}, setAt: noon},
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
