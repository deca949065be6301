package account_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"strings"
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
		if len(data) == 0 || len(data)%256 != 0 || data[0] != 3 {
			t.Fatalf("%d bytes are no multiple of 256, or not of format 3: %d", len(data), data[0])
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

// written returns the account without padding. It does not end with 0.
func written(a *account.Account) []byte { return bytes.TrimRight(a.Encode(), "\x00") }

// padded adds zeros up to a multiple of a block.
func padded(data []byte, block int) []byte {
	return append(bytes.Clone(data), make([]byte, (block-len(data)%block)%block)...)
}

// An account ends with its fields: one that is cut off is refused, and so is one
// followed by anything but zeros.
func TestCodecRefusesWhatItDoesNotKnow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := accounttest.Any(accounttest.Instant()).Draw(t, "account")
		a.Marks, a.PasswordChanges, a.Recovery, a.Notices = []account.Mark{{7: 1}}, 0, nil, account.Notices{} // so that the last byte is none of zeros
		data, whole := written(a), a.Encode()
		for n := range data {
			// A missing part is not noticed.
			if got, err := accounttest.Decode(whole[:n]); err == nil && got.Marks != nil {
				t.Fatalf("%d of %d bytes are taken for a whole account", n, len(data))
			}
		}
		for _, tail := range [][]byte{{0}, make([]byte, 63), {1}, append(make([]byte, 63), 1), append(make([]byte, 255), 1)} {
			if _, err := accounttest.Decode(append(bytes.Clone(whole), tail...)); err == nil {
				t.Fatalf("%d bytes too many are accepted", len(tail))
			}
		}
		other := bytes.Clone(whole)
		other[0] = rapid.Byte().Filter(func(b byte) bool { return b != 3 }).Draw(t, "version")
		_, err := accounttest.Decode(other)
		if newer := other[0] > 3; err == nil && other[0] == 0 || newer != errors.Is(err, account.ErrNewer) {
			t.Fatalf("version %d: %v", other[0], err)
		}
	})
	for _, data := range [][]byte{nil, {}, make([]byte, 64), make([]byte, 256)} {
		if _, err := accounttest.Decode(data); !errors.Is(err, account.ErrDamaged) {
			t.Errorf("%d zeros: %v", len(data), err)
		}
	}
	// An optional value is one or zero.
	for name, i := range map[string]int{"PIN": 1, "authenticator": 3, "pending": 4, "wipe": 10} {
		for _, other := range []byte{2, 3, 128, 255} {
			data := (&account.Account{}).Encode()
			data[i] = other
			if _, err := accounttest.Decode(data); !errors.Is(err, account.ErrDamaged) {
				t.Errorf("%s is there %d times: %v", name, other, err)
			}
		}
	}
}

// Another release may pad to other multiples: any number of blocks of zeros is
// fine.
func TestCodecTakesAnyBlocksOfZeros(t *testing.T) {
	for n := range 300 {
		a := &account.Account{Guard: account.Guard{LastWrong: accounttest.OrNil(bytes.Repeat([]byte{0xff}, n))}, Emptied: accounttest.Noon}
		data := written(a)
		for blocks := 1; blocks <= 12; blocks++ {
			cut := append(bytes.Clone(data), make([]byte, 1024)...)[:64*blocks]
			got, err := accounttest.Decode(cut)
			if fits := len(data) <= len(cut); (err == nil) != fits {
				t.Fatalf("%d bytes in %d: %v", len(data), len(cut), err)
			}
			if err == nil {
				sameAccount(t, got, a)
			}
		}
		for odd := 1; odd < 64; odd++ {
			if _, err := accounttest.Decode(append(padded(data, 64), make([]byte, odd)...)); err == nil {
				t.Fatalf("%d bytes of padding too many are accepted", odd)
			}
		}
	}
}

// With any bit flipped, no rule meets a value out of bounds.
func TestCodecKeepsBoundsWithAnyBitFlipped(t *testing.T) {
	for seed := range 10 {
		a := accounttest.Any(accounttest.Instant()).Example(seed)
		a.Devices = a.Devices[:min(2, len(a.Devices))]
		data := a.Encode()
		for bit := range 8 * len(data) {
			data[bit/8] ^= 1 << (bit % 8)
			stable(t, data)
			canonical(t, data)
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

// A ciphertext's length must not tell what a user has: most users' records are as
// long as an empty one.
func TestCodecHidesDifferencesInLength(t *testing.T) {
	now := accounttest.Noon
	live := account.Code{Digits: "01234567", ExpiresAt: now}
	forAPurpose := account.Code{Digits: "01234567", Seal: account.Seal{1}, ExpiresAt: now}
	device := account.Device{uuid.UUID{1}, account.TOTP{totp.Key{Secret: make([]byte, totp.NewKeySize), Digits: 6, Period: 30 * time.Second}, now.Unix() / 30}, now, now}
	pin := &account.PIN{account.Hash{19456, 2, 1, make([]byte, 16), make([]byte, 32)}, now}
	for name, change := range map[string]func(a *account.Account){
		"nothing": func(*account.Account) {},
		"emptied": func(a *account.Account) { a.Emptied = now },
		"a PIN":   func(a *account.Account) { a.PIN = pin },
		"a code and hold": func(a *account.Account) {
			*a.Codes(account.KindLogin) = account.Codes{Live: []account.Code{live}, NotBefore: now}
		},
		"stale codes": func(a *account.Account) { a.Codes(account.KindLogin).Stale = slices.Repeat([]account.Code{live}, 8) },
		"codes for four purposes": func(a *account.Account) {
			a.Codes(account.KindAccount).Live = slices.Repeat([]account.Code{forAPurpose}, 4)
		},
		"recovery codes": func(a *account.Account) { a.GenerateRecovery(account.RecoverySeed{}) },
		"counts": func(a *account.Account) {
			for i := range a.Budgets {
				a.Budgets[i] = account.Budget{99, now}
			}
		},
		"strikes": func(a *account.Account) {
			a.Guard = account.Guard{Strikes: 3, NotBefore: now, LastWrong: make([]byte, 16)}
		},
		"a wipe": func(a *account.Account) { a.Guard.Wipe = &account.Wipe{At: now, RetryAt: now} },
		"what a wipe leaves": func(a *account.Account) {
			a.PIN, a.Devices = pin, []account.Device{device, device}
			a.MarkWipe(uuid.UUID{1}, account.ReasonStrikes, now)
		},
		"an authenticator and one that waits": func(a *account.Account) {
			a.Authenticator = &account.Authenticator{device.TOTP, now}
			a.Pending = &account.Pending{TOTP: device.TOTP, ExpiresAt: now, Replaced: &account.Replaced{device.TOTP, now}}
		},
		"a PIN, recovery codes and a code for a purpose": func(a *account.Account) {
			a.PIN, a.Codes(account.KindAccount).Live = pin, []account.Code{forAPurpose}
			a.GenerateRecovery(account.RecoverySeed{})
		},
		"a PIN, two devices and a code": func(a *account.Account) {
			a.PIN, a.Devices, a.Codes(account.KindAccount).Live = pin, []account.Device{device, device}, []account.Code{live}
		},
		"the same with a hold, strikes and a count": func(a *account.Account) {
			a.PIN, a.Devices, a.Codes(account.KindAccount).Live = pin, []account.Device{device, device}, []account.Code{live}
			a.Guard.HoldUntil, a.Guard.Strikes, a.Budgets[0] = now, 2, account.Budget{3, now}
		},
	} {
		if got := len(with(change).Encode()); got != 256 {
			t.Errorf("%s: %d bytes, want 256", name, got)
		}
	}
	full := &account.Account{Devices: slices.Repeat([]account.Device{device}, account.MaxDevices)}
	if got := len(full.Encode()); got%256 != 0 || got < 256*20 {
		t.Errorf("%d devices are %d bytes", account.MaxDevices, got)
	}
}

func FuzzDecode(f *testing.F) {
	for seed := range 20 {
		f.Add(accounttest.Any(accounttest.Instant()).Example(seed).Encode())
	}
	f.Add(accounttest.Everything().Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		stable(t, data)
		canonical(t, data)
	})
}

// canonical fails if an accepted encoding of format 3 is not the one that its
// account has, trailing zeros aside: a second encoding would distinguish records.
func canonical(t interface{ Fatalf(string, ...any) }, data []byte) {
	a, err := accounttest.Decode(data)
	if err != nil || data[0] != 3 {
		return
	}
	if again := a.Encode(); !bytes.Equal(bytes.TrimRight(again, "\x00"), bytes.TrimRight(data, "\x00")) {
		t.Fatalf("%x is accepted, and written as %x", data, again)
	}
}

// Format 3 must not change: another release reads it.
func TestCodecWritesFormat3(t *testing.T) {
	const at, id, code = "81a89f8dbf68", "0123456789abcdef0123456789abcdef", "083030303030303030"
	const key = "143132333435363738393031323334353637383930" + "02" + "08" + "78" + "81bfd606"
	const small = "0101" + "00" + "06" + "01" + "00"
	text := "03" + // format
		"01" + "809801" + "02" + "01" + "107369787465656e206f662073616c742e" +
		"207468697274792d74776f206279746573207468617420617265206e6f2073756d" + at + // PIN
		"01" + id + key + at + "00" + // devices
		"01" + small + at + // authenticator
		"01" + key + "c1d1a68dbf68" + "03" + "01" + small + at + // pending, and what it replaced
		"02" + // kinds of codes
		"03" + "02" + "06303132333435" + at + "17" + "30313233343536" + "01000000000000000000000000000002" + at + "02" + code + "02" + "0731323334353637" + at + "00" + // login
		"04" + "00" + "00" + "01" + // account
		"07" + "016400" + "0201" + at + "0302" + at + "0403" + at + "0504" + at + "0605" + at + "0706" + at + // budgets
		"02" + at + "046c617374" + "01" + id + at + "01" + "01" + "ac02" + at + // guard
		at + // emptied
		"01" + "81e2d690bf68" + // hold
		"02" + "02" + "0102030405060708" + "0900000000000000" + // marks
		"04" + "7369787465656e206f662073616c742e" + "8404" + // salt and used ones of the recovery codes, and their hashes
		"0100000000000000" + "0000000000000000" + "0200000000000000" + strings.Repeat("0000000000000000", 6) + "0000000000000003" +
		"05" + "02" + id + at + "04" + "06" + "01" + id + // notices
		id + "00" + "0d" + "00" + "00" + "c801" + "03" + at
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	data = padded(data, 256)
	got, err := accounttest.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	sameAccount(t, got, accounttest.Everything())
	if again := accounttest.Everything().Encode(); !bytes.Equal(again, data) {
		t.Fatalf("is now written as\n%x, want\n%x", again, data)
	}
}

// The start of an empty account, up to its parts.
var nothing = (&account.Account{}).Encode()[:12]

// with3 returns an empty account of format 3 with n bytes at a place replaced,
// followed by zeros.
func with3(at, n int, by string) []byte {
	b, err := hex.DecodeString(by)
	if err != nil {
		panic(err)
	}
	return padded(slices.Concat(nothing[:at], b, nothing[at+n:]), 64)
}

// Parts, kinds and numbers have one order and one form, and a newer release's are
// distinguished from damage.
func TestCodecTellsNewerFromDamaged(t *testing.T) {
	const issued, budgets, emptied, parts = 5, 6, 11, 12 // places in nothing
	const noon, codes = "81a89f8dbf68", "00" + "00" + "81a89f8dbf68"
	const salt = "000102030405060708090a0b0c0d0e0f"
	hashes := strings.Repeat("0102030405060708", 10)
	const mark, mark2 = "0102030405060708", "1102030405060708"
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"nothing", with3(parts, 0, ""), nil},
		{"a hold", with3(parts, 0, "01"+noon), nil},
		{"a hold and a mark", with3(parts, 0, "01"+noon+"0201"+mark), nil},
		{"two marks", with3(parts, 0, "0202"+mark+mark2), nil},
		{"a mark before a hold", with3(parts, 0, "0201"+mark+"01"+noon), account.ErrDamaged},
		{"two holds", with3(parts, 0, "01"+noon+"01"+noon), account.ErrDamaged},
		{"marks twice", with3(parts, 0, "0201"+mark+"0201"+mark2), account.ErrDamaged},
		{"a hold until never", with3(parts, 0, "01"+"00"), account.ErrDamaged},
		{"no marks", with3(parts, 0, "02"+"00"), account.ErrDamaged},
		{"more marks than there are", with3(parts, 0, "02"+"09"+mark), account.ErrDamaged},
		{"password changes", with3(parts, 0, "03"+"05"), nil},
		{"no password changes", with3(parts, 0, "03"+"00"), account.ErrDamaged},
		{"password changes before marks", with3(parts, 0, "0305"+"0201"+mark), account.ErrDamaged},
		{"recovery codes", with3(parts, 0, "04"+salt+"04"+hashes), nil},
		{"all recovery codes used", with3(parts, 0, "04"+salt+"ff07"+hashes), nil},
		{"an eleventh recovery code used", with3(parts, 0, "04"+salt+"8008"+hashes), account.ErrDamaged},
		{"used recovery codes in a byte too many", with3(parts, 0, "04"+salt+"8400"+hashes), account.ErrDamaged},
		{"recovery codes cut off", with3(parts, 0, "04"+salt+"04"+hashes)[:64], account.ErrDamaged},
		{"recovery codes twice", with3(parts, 0, "04"+salt+"04"+hashes+"04"+salt+"04"+hashes), account.ErrDamaged},
		{"recovery codes before password changes", with3(parts, 0, "04"+salt+"04"+hashes+"0305"), account.ErrDamaged},
		{"recovery codes behind all others", with3(parts, 0, "01"+noon+"0201"+mark+"0305"+"04"+salt+"04"+hashes), nil},
		{"a notice", with3(parts, 0, "05"+"01"+salt+noon+"01"+"02"+"00"+"00"+"00"+noon), nil},
		{"a notice of a device", with3(parts, 0, "05"+"01"+salt+noon+"03"+"06"+"01"+salt+"00"+"06"+noon), nil},
		{"a notice of no kind", with3(parts, 0, "05"+"01"+salt+noon+"0d"+"00"+"00"+"00"+"00"+noon), nil},
		{"a notice of no action", with3(parts, 0, "05"+"01"+salt+noon+"00"+"02"+"00"+"00"+"00"+noon), account.ErrDamaged},
		{"a notice of an unknown action", with3(parts, 0, "05"+"01"+salt+noon+"0e"+"02"+"00"+"00"+"00"+noon), account.ErrNewer},
		{"a notice of an unknown kind", with3(parts, 0, "05"+"01"+salt+noon+"01"+"08"+"00"+"00"+"00"+noon), account.ErrNewer},
		{"a notice of a device of zeros", with3(parts, 0, "05"+"01"+salt+noon+"03"+"06"+"01"+strings.Repeat("00", 16)+"00"+"00"+noon), account.ErrDamaged},
		{"no notices, and none dropped", with3(parts, 0, "05"+"00"+"00"+"00"+noon), account.ErrDamaged},
		{"dropped notices", with3(parts, 0, "05"+"00"+"01"+"00"+noon), nil},
		{"notices that are never told", with3(parts, 0, "05"+"00"+"01"+"00"+"00"), account.ErrDamaged},
		{"seventeen notices", with3(parts, 0, "05"+"11"+strings.Repeat(salt+noon+"01"+"02"+"00", 17)+"00"+"00"+noon), account.ErrDamaged},
		{"an unknown part", with3(parts, 0, "06"), account.ErrNewer},
		{"an unknown part behind recovery codes", with3(parts, 0, "04"+salt+"04"+hashes+"06"), account.ErrNewer},
		{"an unknown part behind others", with3(parts, 0, "01"+noon+"0201"+mark+"ff"+"010203"), account.ErrNewer},
		{"a part behind zeros", with3(parts, 0, "00"+"01"+noon), account.ErrDamaged},

		{"login codes", with3(issued, 1, "01"+"03"+codes), nil},
		{"both kinds of codes", with3(issued, 1, "02"+"03"+codes+"04"+codes), nil},
		{"codes in another order", with3(issued, 1, "02"+"04"+codes+"03"+codes), account.ErrDamaged},
		{"codes of a kind twice", with3(issued, 1, "02"+"03"+codes+"03"+codes), account.ErrDamaged},
		{"codes of a kind that has none", with3(issued, 1, "01"+"03"+"000000"), account.ErrDamaged},
		{"codes of a kind that is not issued", with3(issued, 1, "01"+"02"+codes), account.ErrDamaged},
		{"codes of no kind", with3(issued, 1, "01"+"00"+codes), account.ErrDamaged},
		{"codes of the last kind there is", with3(issued, 1, "01"+"07"+codes), account.ErrDamaged},
		{"codes of an unknown kind", with3(issued, 1, "01"+"08"+codes), account.ErrNewer},
		{"four live codes", with3(issued, 1, "01"+"03"+"04"+strings.Repeat("06303132333435"+noon, 4)+"00"+"00"), nil},
		{"five live codes", with3(issued, 1, "01"+"03"+"05"+strings.Repeat("06303132333435"+noon, 5)+"00"+"00"), account.ErrDamaged},
		{"a code for a purpose", with3(issued, 1, "01"+"03"+"01"+"16303132333435"+salt+noon+"00"+"00"), nil},
		{"a stale code for a purpose", with3(issued, 1, "01"+"03"+"00"+"01"+"183031323334353637"+salt+noon+"00"), nil},
		{"a code with a purpose of zeros", with3(issued, 1, "01"+"03"+"01"+"16303132333435"+strings.Repeat("00", 16)+noon+"00"+"00"), account.ErrDamaged},
		{"a code for a purpose of five digits", with3(issued, 1, "01"+"03"+"01"+"153031323334"+salt+noon+"00"+"00"), account.ErrDamaged},
		{"a code for a purpose of nine digits", with3(issued, 1, "01"+"03"+"01"+"19303132333435363738"+salt+noon+"00"+"00"), account.ErrDamaged},
		{"a code for a purpose of no digits", with3(issued, 1, "01"+"03"+"01"+"10"+salt+noon+"00"+"00"), account.ErrDamaged},
		{"the length of a code in a byte too many", with3(issued, 1, "01"+"03"+"01"+"8600303132333435"+noon+"00"+"00"), account.ErrDamaged},
		{"a code of a bit that is not known", with3(issued, 1, "01"+"03"+"01"+"26303132333435"+noon+"00"+"00"), account.ErrDamaged},
		{"nine stale codes", with3(issued, 1, "01"+"03"+"00"+"09"+strings.Repeat("06303132333435"+noon, 9)+"00"), account.ErrDamaged},
		{"a code of five digits", with3(issued, 1, "01"+"03"+"01"+"053031323334"+noon+"00"+"00"), account.ErrDamaged},
		{"a code of nine digits", with3(issued, 1, "01"+"03"+"01"+"09303132333435363738"+noon+"00"+"00"), account.ErrDamaged},

		{"a budget", with3(budgets, 1, "01"+"0601"+noon), nil},
		{"budgets", with3(budgets, 1, "02"+"0101"+"00"+"0601"+noon), nil},
		{"budgets in another order", with3(budgets, 1, "02"+"0601"+noon+"0101"+"00"), account.ErrDamaged},
		{"a budget twice", with3(budgets, 1, "02"+"0601"+noon+"0601"+noon), account.ErrDamaged},
		{"a budget of nothing", with3(budgets, 1, "01"+"0600"+"00"), account.ErrDamaged},
		{"a budget of no kind", with3(budgets, 1, "01"+"0001"+"00"), account.ErrDamaged},
		{"a budget of recovery codes", with3(budgets, 1, "01"+"0701"+noon), nil},
		{"a budget of an unknown kind", with3(budgets, 1, "01"+"0801"+"00"), account.ErrNewer},
		{"a budget of 101", with3(budgets, 1, "01"+"0165"+"00"), account.ErrDamaged},
		{"more budgets than there are", with3(budgets, 1, "02"+"0601"+noon), account.ErrDamaged},

		{"a number in more bytes than it needs", with3(budgets, 1, "01"+"0681"+"00"+noon), account.ErrDamaged},
		{"a zero in two bytes", with3(emptied, 1, "8000"), account.ErrDamaged},
		{"the zero time as an instant", with3(emptied, 1, "80e0e6a2e2a01c"), account.ErrDamaged},
	} {
		if _, err := accounttest.Decode(c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		canonical(t, c.data)
	}
}

// A hash of another system is nothing but its text.
func TestCodecRefusesImportedHashesOutOfPlace(t *testing.T) {
	imported := func(change func(p *account.PIN)) []byte {
		p := &account.PIN{Hash: account.Hash{Sum: []byte(pinhashtest.Imported[0])}, SetAt: accounttest.Noon}
		change(p)
		return (&account.Account{PIN: p}).Encode()
	}
	if _, err := accounttest.Decode(imported(func(*account.PIN) {})); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(p *account.PIN){
		"memory":  func(p *account.PIN) { p.Memory = 64 },
		"passes":  func(p *account.PIN) { p.Time = 1 },
		"salt":    func(p *account.PIN) { p.Salt = []byte("salt") },
		"no text": func(p *account.PIN) { p.Sum = nil },
		"no sum":  func(p *account.PIN) { p.Hash = account.Hash{Memory: 64, Time: 1, Threads: 1, Salt: []byte("salt")} },
	} {
		if _, err := accounttest.Decode(imported(change)); err == nil {
			t.Errorf("%s: it was read", name)
		}
	}
}

// The largest number keeps what is computed from it from overflowing.
func TestCodecRefusesNumbersBeyondItsLargest(t *testing.T) {
	holding := func(step int64) *account.Account {
		return &account.Account{Authenticator: &account.Authenticator{TOTP: account.TOTP{totp.Key{Secret: []byte{1}, Digits: 6, Period: time.Second}, step}}}
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

// Reused room shows nothing of its earlier content.
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
