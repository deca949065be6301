package factor

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// outOfBounds says what in an account no rule may ever meet, "" if nothing.
func outOfBounds(a *account) string {
	var bad []string
	check := func(what string, ok bool) {
		if !ok {
			bad = append(bad, what)
		}
	}
	instant := func(what string, t time.Time) { check(what, t.Location() == time.UTC && t.Nanosecond()%1e6 == 0) }
	secrets := func(s secret) {
		check("secret", len(s.key) > 0 && s.algorithm < 3 && s.digits >= 6 && s.digits <= 8 && s.step >= -1 &&
			s.period >= time.Second && s.period <= 2*time.Minute && s.period%time.Second == 0)
	}
	if p := a.pin; p != nil {
		check("pin", len(p.Sum) > 0 && p.Memory <= 4<<20 && p.Time >= 1 && p.Time <= 1024 && p.Threads >= 1 ||
			p.Threads == 0 && p.valid() && len(a.imported) > 0)
		instant("pin set", p.setAt)
	}
	check("devices", len(a.devices) <= 100)
	for _, d := range a.devices {
		secrets(d.secret)
		instant("device enrolled", d.enrolledAt)
		instant("device used", d.usedAt)
	}
	if a.authenticator != nil {
		secrets(*a.authenticator)
	}
	if p := a.pending; p != nil {
		secrets(p.secret)
		check("pending wrong", p.wrong >= 0 && p.wrong <= 5)
		instant("pending ends", p.expiresAt)
	}
	for _, c := range []codes{a.loginCodes, a.accountCodes} {
		all := c.spent
		if c.live != nil {
			all = append([]code{*c.live}, all...)
		}
		check("spent", len(c.spent) <= 8)
		for _, one := range all {
			check("code", len(one.digits) >= 6 && len(one.digits) <= 8)
			instant("code ends", one.expiresAt)
		}
		instant("codes hold", c.hold)
	}
	for _, b := range a.budgets {
		check("budget", b.wrong >= 0 && b.wrong <= 100)
		instant("lock ends", b.until)
	}
	check("strikes", a.reset.strikes >= 0 && a.reset.strikes <= 100)
	instant("reset hold", a.reset.hold)
	if w := a.reset.wipe; w != nil {
		check("wipe", w.tries >= 0 && (w.reason == ReasonStrikes || w.reason == ReasonForfeited))
		instant("wipe at", w.at)
		instant("wipe retry", w.retryAt)
	}
	instant("emptied", a.emptied)
	if len(bad) == 0 {
		return ""
	}
	return fmt.Sprint(bad)
}

func TestCodecBringsBackEveryAccount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := genAccount(genInstant()).Draw(t, "account")
		data := a.encode()
		if len(data) == 0 || len(data)%64 != 0 {
			t.Fatalf("%d bytes are no multiple of 64", len(data))
		}
		got, err := decode(data)
		if err != nil || !reflect.DeepEqual(got, a) {
			t.Fatalf("came back as %+v, %v; want %+v", got, err, a)
		}
		if !bytes.Equal(got.encode(), data) {
			t.Fatal("what came back is encoded in another way")
		}
	})
}

func TestCodecRefusesWhatItDoesNotKnow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := genAccount(genInstant()).Draw(t, "account").encode()
		for n := range data {
			if _, err := decode(data[:n]); err == nil {
				t.Fatalf("%d of %d bytes are taken for a whole account", n, len(data))
			}
		}
		for _, tail := range [][]byte{{0}, make([]byte, 63), make([]byte, 64), make([]byte, 128), {1}, append(make([]byte, 63), 1)} {
			if _, err := decode(append(bytes.Clone(data), tail...)); err == nil {
				t.Fatalf("%d bytes too many are accepted", len(tail))
			}
		}
		other := bytes.Clone(data)
		other[0] = rapid.Byte().Filter(func(b byte) bool { return b != data[0] }).Draw(t, "version")
		if _, err := decode(other); err == nil {
			t.Fatalf("version %d is accepted", other[0])
		}
	})
	// What is there or not is one or zero, nothing else.
	for _, i := range []int{1, 3, 4, 5, 8, 26} { // PIN, authenticator, pending, two live codes, wipe
		for _, other := range []byte{2, 3, 128, 255} {
			data := (&account{}).encode()
			data[i] = other
			if _, err := decode(data); err == nil {
				t.Fatalf("byte %d is accepted as %d", i, other)
			}
		}
	}
	// Padding is zeros: anything else is a field of a later version.
	data := (&account{}).encode()
	data[len(data)-1] = 1
	if _, err := decode(data); err == nil {
		t.Fatal("padding of other than zeros is accepted")
	}
}

// Whatever one flipped bit makes of it, no rule meets a value out of its bounds.
func TestCodecKeepsBoundsWithAnyBitFlipped(t *testing.T) {
	for seed := range 10 {
		a := genAccount(genInstant()).Example(seed)
		a.devices = a.devices[:min(2, len(a.devices))]
		data := a.encode()
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
	a, err := decode(data)
	if err != nil {
		return
	}
	if bad := outOfBounds(a); bad != "" {
		t.Fatalf("decoded out of bounds: %s", bad)
	}
	again, err := decode(a.encode())
	if err != nil || !reflect.DeepEqual(again, a) {
		t.Fatalf("decoded as %+v, and that as %+v, %v", a, again, err)
	}
}

// A ciphertext's length must not tell what a user has.
func TestCodecHidesSmallDifferencesInLength(t *testing.T) {
	live, spent := code{"01234567", noon}, []code{{"012345", noon}}
	for name, a := range map[string]*account{
		"nothing":         {},
		"emptied":         {emptied: noon},
		"a code":          {accountCodes: codes{live: &live}},
		"a code and hold": {loginCodes: codes{live: &live, hold: noon}},
		"a spent code":    {loginCodes: codes{spent: spent}},
		"counts":          {budgets: [6]budget{{99, noon}, {9, noon}, {3, noon}}},
		"strikes":         {reset: reset{strikes: 3, hold: noon, last: make([]byte, 16)}},
		"a wipe":          {reset: reset{wipe: &wipe{at: noon, retryAt: noon}}},
	} {
		if got := len(a.encode()); got != 64 {
			t.Errorf("%s: %d bytes, want 64", name, got)
		}
	}
}

func TestCodecSealsACommonAccountInAFewBytes(t *testing.T) {
	s := secret{key: make([]byte, 20), digits: 6, period: 30 * time.Second, step: noon.Unix() / 30}
	a := &account{
		pin:          &pin{pinHash{19456, 2, 1, make([]byte, 16), make([]byte, 32)}, noon},
		devices:      []device{{uuid.New(), s, noon, noon}, {uuid.New(), s, noon, noon}},
		accountCodes: codes{live: &code{"012345", noon}},
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	ring, err := NewKeyring(key)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := ring.Encrypt(a.encode(), labelOf("user"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("a PIN, two devices and a code: %d bytes sealed", len(sealed))
	if len(sealed) > 320 {
		t.Fatalf("%d bytes sealed, want at most 320", len(sealed))
	}
}

func FuzzDecode(f *testing.F) {
	for seed := range 20 {
		f.Add(genAccount(genInstant()).Example(seed).encode())
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
	got, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	sameAccount(t, got, everything())
	if again := everything().encode(); !bytes.Equal(again, data) {
		t.Fatalf("is now written as %x", again)
	}
}

// everything is an account that holds one of each thing.
func everything() *account {
	id := uuid.MustParse("01234567-89ab-cdef-0123-456789abcdef")
	s := secret{key: []byte("12345678901234567890"), algorithm: 2, digits: 8, period: 2 * time.Minute, step: 14_000_000}
	return &account{
		pin:           &pin{pinHash{19456, 2, 1, []byte("sixteen of salt."), []byte("thirty-two bytes that are no sum")}, noon},
		devices:       []device{{id, s, noon, time.Time{}}},
		authenticator: &secret{key: []byte{1}, digits: 6, period: time.Second, step: noStep},
		pending:       &pending{s, noon.Add(time.Minute), 3},
		loginCodes:    codes{live: &code{"012345", noon}, spent: []code{{"00000000", unixMilli(-1)}}},
		accountCodes:  codes{hold: unixMilli(0)},
		budgets:       [6]budget{{100, time.Time{}}, {1, noon}, {2, noon}, {3, noon}, {4, noon}, {5, noon}},
		reset: reset{strikes: 2, hold: noon, last: []byte("last"), wipe: &wipe{
			id: id, at: noon, reason: ReasonForfeited, done: true, tries: 300, retryAt: noon}},
		emptied: noon,
	}
}
