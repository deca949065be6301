package account_test

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/pinhash/pinhashtest"
	"github.com/knowhave/factor/internal/totp"
)

func TestCodecBringsBackEveryAccount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Instant()).Draw(t, "account")
		data := a.Encode()
		if len(data) == 0 || len(data)%64 != 0 {
			t.Fatalf("%d bytes are no multiple of 64", len(data))
		}
		got, err := accounttest.Decode(data)
		if err != nil || !reflect.DeepEqual(got, a) {
			t.Fatalf("came back as %+v, %v; want %+v", got, err, a)
		}
		if !bytes.Equal(got.Encode(), data) {
			t.Fatal("what came back is encoded in another way")
		}
	})
}

func TestCodecRefusesWhatItDoesNotKnow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := accounttest.Any(accounttest.Instant()).Draw(t, "account").Encode()
		for n := range data {
			if _, err := accounttest.Decode(data[:n]); err == nil {
				t.Fatalf("%d of %d bytes are taken for a whole account", n, len(data))
			}
		}
		for _, tail := range [][]byte{{0}, make([]byte, 63), make([]byte, 64), make([]byte, 128), {1}, append(make([]byte, 63), 1)} {
			if _, err := accounttest.Decode(append(bytes.Clone(data), tail...)); err == nil {
				t.Fatalf("%d bytes too many are accepted", len(tail))
			}
		}
		other := bytes.Clone(data)
		other[0] = rapid.Byte().Filter(func(b byte) bool { return b != data[0] }).Draw(t, "version")
		if _, err := accounttest.Decode(other); err == nil {
			t.Fatalf("version %d is accepted", other[0])
		}
	})
	// What is there or not is one or zero, nothing else.
	for _, i := range []int{1, 3, 4, 5, 8, 26} { // PIN, authenticator, pending, two live codes, wipe
		for _, other := range []byte{2, 3, 128, 255} {
			data := (&account.Account{}).Encode()
			data[i] = other
			if _, err := accounttest.Decode(data); err == nil {
				t.Fatalf("byte %d is accepted as %d", i, other)
			}
		}
	}
	// Padding is zeros: anything else is a field of a later version.
	data := (&account.Account{}).Encode()
	data[len(data)-1] = 1
	if _, err := accounttest.Decode(data); err == nil {
		t.Fatal("padding of other than zeros is accepted")
	}
}

// Whatever one flipped bit makes of it, no rule meets a value out of its bounds.
func TestCodecKeepsBoundsWithAnyBitFlipped(t *testing.T) {
	for seed := range 10 {
		a := accounttest.Any(accounttest.Instant()).Example(seed)
		a.Devices = a.Devices[:min(2, len(a.Devices))]
		data := a.Encode()
		for bit := range 8 * len(data) {
			data[bit/8] ^= 1 << (bit % 8)
			stable(t, data)
			data[bit/8] ^= 1 << (bit % 8)
		}
	}
}

// stable fails if data decodes to anything but an account within bounds that
// comes back from its own encoding.
func stable(t interface{ Fatalf(string, ...any) }, data []byte) {
	a, err := accounttest.Decode(data)
	if err != nil {
		return
	}
	if bad := accounttest.OutOfBounds(a); bad != "" {
		t.Fatalf("decoded out of bounds: %s", bad)
	}
	again, err := accounttest.Decode(a.Encode())
	if err != nil || !reflect.DeepEqual(again, a) {
		t.Fatalf("decoded as %+v, and that as %+v, %v", a, again, err)
	}
}

// A ciphertext's length must not tell what a user has.
func TestCodecHidesSmallDifferencesInLength(t *testing.T) {
	live, spent := account.Code{"01234567", accounttest.Noon}, []account.Code{{"012345", accounttest.Noon}}
	for name, a := range map[string]*account.Account{
		"nothing":         {},
		"emptied":         {Emptied: accounttest.Noon},
		"a code":          {AccountCodes: account.Codes{Live: &live}},
		"a code and hold": {LoginCodes: account.Codes{Live: &live, NotBefore: accounttest.Noon}},
		"a spent code":    {LoginCodes: account.Codes{Spent: spent}},
		"counts":          {Budgets: [len(account.Kinds)]account.Budget{{99, accounttest.Noon}, {9, accounttest.Noon}, {3, accounttest.Noon}}},
		"strikes":         {Guard: account.Guard{Strikes: 3, NotBefore: accounttest.Noon, LastWrong: make([]byte, 16)}},
		"a wipe":          {Guard: account.Guard{Wipe: &account.Wipe{At: accounttest.Noon, RetryAt: accounttest.Noon}}},
	} {
		if got := len(a.Encode()); got != 64 {
			t.Errorf("%s: %d bytes, want 64", name, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for seed := range 20 {
		f.Add(accounttest.Any(accounttest.Instant()).Example(seed).Encode())
	}
	f.Fuzz(func(t *testing.T, data []byte) { stable(t, data) })
}

// A record that version 1 wrote is read by every later version.
func TestCodecReadsWhatVersion1Wrote(t *testing.T) {
	const at, id = "81a89f8dbf68", "0123456789abcdef0123456789abcdef"
	const key = "143132333435363738393031323334353637383930" + "02" + "08" + "78" + "81bfd606"
	text := "01" + // version
		"01" + "809801" + "02" + "01" + "107369787465656e206f662073616c742e" +
		"207468697274792d74776f206279746573207468617420617265206e6f2073756d" + at + // PIN
		"01" + id + key + at + "00" + // devices
		"01" + "0101" + "00" + "06" + "01" + "00" + // authenticator
		"01" + key + "c1d1a68dbf68" + "03" + // pending
		"01" + "06303132333435" + at + "01" + "083030303030303030" + "02" + "00" + // login codes
		"00" + "00" + "01" + // account codes
		"6400" + "01" + at + "02" + at + "03" + at + "04" + at + "05" + at + // budgets
		"02" + at + "046c617374" + "01" + id + at + "01" + "01" + "ac02" + at + // reset
		at // emptied
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, make([]byte, 320-len(data))...)
	got, err := accounttest.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	sameAccount(t, got, accounttest.Everything())
	if again := accounttest.Everything().Encode(); !bytes.Equal(again, data) {
		t.Fatalf("is now written as %x", again)
	}
}

// A hash of another system stands only in a record that says so, and as nothing
// but its text.
func TestCodecRefusesImportedHashesOutOfPlace(t *testing.T) {
	imported := func(change func(a *account.Account)) []byte {
		a := &account.Account{PIN: &account.PIN{Hash: account.Hash{Sum: []byte(pinhashtest.Imported[0])}, SetAt: accounttest.Noon}, Imported: []account.ImportMark{{1}}}
		change(a)
		return a.Encode()
	}
	if _, err := accounttest.Decode(imported(func(*account.Account) {})); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(a *account.Account){
		"nothing was imported": func(a *account.Account) { a.Imported = nil },
		"memory":               func(a *account.Account) { a.PIN.Memory = 64 },
		"passes":               func(a *account.Account) { a.PIN.Time = 1 },
		"salt":                 func(a *account.Account) { a.PIN.Salt = []byte("salt") },
		"no text":              func(a *account.Account) { a.PIN.Sum = nil },
	} {
		if _, err := accounttest.Decode(imported(change)); err == nil {
			t.Errorf("%s: it was read", name)
		}
	}
	none := (&account.Account{}).Encode()
	none[0] = 2
	if _, err := accounttest.Decode(none); err == nil {
		t.Error("version 2 without an import was read")
	}
}

// What version 2 adds to a record stays readable too.
func TestCodecReadsWhatVersion2Wrote(t *testing.T) {
	a := &account.Account{
		PIN:      &account.PIN{Hash: account.Hash{Sum: []byte(pinhashtest.Imported[0])}, SetAt: accounttest.Noon},
		Imported: []account.ImportMark{{1, 2, 3, 4, 5, 6, 7, 8}, {9}},
	}
	const at = "81a89f8dbf68"
	text := "02" + // version
		"01" + "000000" + "00" + "3c" + hex.EncodeToString([]byte(pinhashtest.Imported[0])) + at + // PIN
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
	got, err := accounttest.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, a) || !bytes.Equal(a.Encode(), data) {
		t.Fatalf("read as %+v, written as %x", got, a.Encode())
	}
}

// Wherever the fields end within their padding, a record of which the end is
// missing is refused, even if only zeros are missing, and so is one with more
// padding than it needs.
func TestCodecWritesEachAccountInOneWayOnly(t *testing.T) {
	for n := range 2 * 64 {
		a := &account.Account{Guard: account.Guard{LastWrong: bytes.Repeat([]byte{0xff}, n)}}
		data := a.Encode()
		if _, err := accounttest.Decode(data); err != nil {
			t.Fatal(err)
		}
		for end := 0; end < len(data); end += 64 {
			if _, err := accounttest.Decode(data[:end]); err == nil {
				t.Errorf("the first %d of %d bytes are taken for a whole account", end, len(data))
			}
		}
		if _, err := accounttest.Decode(append(data, make([]byte, 64)...)); err == nil {
			t.Errorf("%d bytes of padding too many are accepted", 64)
		}
	}
}

// The largest number there is keeps what is computed from it from overflowing.
func TestCodecRefusesNumbersBeyondItsLargest(t *testing.T) {
	holding := func(step int64) *account.Account {
		return &account.Account{Authenticator: &account.TOTP{totp.Key{Secret: []byte{1}, Digits: 6, Period: time.Second}, step}}
	}
	const largest = 4_611_686_018_427_387_903 // 2^62 - 1
	got, err := accounttest.Decode(holding(largest - 1).Encode())
	if err != nil || got.Authenticator.LastStep != largest-1 {
		t.Errorf("the last step came back as %+v, %v", got, err)
	}
	for _, step := range []int64{largest, largest + 1, largest + 2} {
		if _, err := accounttest.Decode(holding(step).Encode()); err == nil {
			t.Errorf("step %d is accepted", step)
		}
	}
}

// Each check encodes and decodes once, so these are the allocations that it pays.
func TestCodecAllocatesNoMoreThanItReturns(t *testing.T) {
	data, room := benchAccounts()["one device"].Encode(), make([]account.Device, 1)
	if n := testing.AllocsPerRun(10, func() {
		a := account.Account{Devices: room[:0]}
		if err := a.Decode(data); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("an account with room for its device is decoded in %v allocations, want 0", n)
	}
	for name, a := range benchAccounts() {
		var data []byte
		if n := testing.AllocsPerRun(10, func() { data = a.Encode() }); n != 1 || cap(data) != len(data) {
			t.Errorf("%s: encoded in %v allocations, %d bytes in room for %d", name, n, len(data), cap(data))
		}
	}
}

// Room that was used before shows nothing of what it held.
func TestDecodingInPlaceLeavesNothingOfWhatWasThere(t *testing.T) {
	for _, devices := range []int{0, 1, 2, 3} {
		want := accounttest.Everything()
		want.Devices = nil
		for i := range devices {
			want.Devices = append(want.Devices, account.Device{ID: uuid.UUID{byte(i)}, TOTP: account.TOTP{Key: totp.Key{Secret: []byte{1}, Digits: 6, Period: time.Second}}})
		}
		used := accounttest.Everything().Devices[0]
		used.UsedAt = accounttest.Noon
		room := []account.Device{used, used}
		got := &account.Account{Devices: room[:0]}
		if err := got.Decode(want.Encode()); err != nil {
			t.Fatal(err)
		}
		sameAccount(t, got, want)
		if inPlace := devices > 0 && &got.Devices[0] == &room[0]; inPlace != (devices == 1 || devices == 2) {
			t.Errorf("%d devices are in the room for two: %v", devices, inPlace)
		}
	}
}
