package factor

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/knowhave/factor/internal/rfc6238"
	"pgregory.net/rapid"
)

// FuzzCodec takes bytes twice. As the inside of a record, framed so that version
// and length are right: what decodes comes back from its own encoding, which is
// the one way to write it. And as choices of an account, which comes back from
// its encoding as it was.
func FuzzCodec(f *testing.F) {
	for seed := range 20 {
		f.Add(genAccount(genInstant()).Example(seed).encode()[1:])
	}
	f.Add(everything().encode()[1:])
	for seed := range uint64(10) {
		f.Add(randomBytes(seed, 2048))
	}
	drawn := rapid.MakeFuzz(func(t *rapid.T) {
		a := genAccount(genInstant()).Draw(t, "account")
		comesBack(t, a, a.encode())
	})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, version := range []byte{encodingVersion, importedVersion} {
			framed := append([]byte{version}, bytes.TrimRight(data, "\x00")...)
			framed = append(framed, make([]byte, -len(framed)&(padTo-1))...)
			a, err := decode(framed)
			if err != nil {
				continue
			}
			if bad := outOfBounds(a); bad != "" {
				t.Fatalf("decoded out of bounds: %s", bad)
			}
			written := a.encode()
			comesBack(t, a, written)
			if len(written) > len(framed) {
				t.Fatalf("%d bytes are written as %d", len(framed), len(written))
			}
		}
		drawn(t, data) // it ends the test if the choices do not suffice
	})
}

func comesBack(t interface{ Fatalf(string, ...any) }, a *account, written []byte) {
	again, err := decode(written)
	if err != nil || !reflect.DeepEqual(again, a) {
		t.Fatalf("%+v comes back as %+v, %v", a, again, err)
	}
	if twice := again.encode(); !bytes.Equal(twice, written) {
		t.Fatalf("%x is written as %x the next time", written, twice)
	}
	if len(written)%padTo != 0 {
		t.Fatalf("%d bytes are no multiple of %d", len(written), padTo)
	}
}

// randomBytes returns the same bytes each time.
func randomBytes(seed uint64, n int) []byte {
	r, b := rand.New(rand.NewPCG(seed, 0)), make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// FuzzKeyring makes a ring of arbitrary keys. It is refused if and only if one of
// them is not 32 bytes or all zeros; and what the ring seals opens under each
// ring that holds its primary key, for that user, and for no other.
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

// FuzzTOTP compares the judging of a code with another library's, for arbitrary
// keys, times and last steps, with a wide window and with none.
func FuzzTOTP(f *testing.F) {
	f.Add([]byte("12345678901234567890"), uint8(0), int64(59_000), int64(-1), "287082", int8(0))
	f.Add([]byte("12345678901234567890123456789012"), uint8(1), int64(1111111109_000), int64(-1), "68084774", int8(1))
	f.Add([]byte{0}, uint8(2), int64(-1), int64(5), "000000", int8(-1))
	for offset := int8(-maxSkew - 2); offset <= maxSkew+2; offset++ { // about the edges of the windows
		f.Add([]byte("12345678901234567890"), uint8(29), noon.UnixMilli(), int64(-1), "", offset)
		f.Add([]byte("12345678901234567890"), uint8(29), noon.UnixMilli(), noon.Unix()/30, "", offset)
		f.Add([]byte("12345678901234567890"), uint8(29), int64(-1000)*int64(offset), int64(-1), "", int8(1))
	}
	f.Fuzz(func(t *testing.T, key []byte, kind uint8, at, last int64, code string, offset int8) {
		if len(key) == 0 {
			return // no secret has an empty one
		}
		s := secret{
			key: key, algorithm: algorithm(kind % 3), digits: 6 + int(kind/3%3), period: time.Duration(1+int(kind)%120) * time.Second,
			step: max(noStep, last),
		}
		const years = 10_000 * 365 * 24 * 3600 * 1000
		now := time.UnixMilli(at % years).UTC()
		if step := now.Unix()/int64(s.period/time.Second) + int64(offset); offset != 0 && step >= 0 {
			code = codeAt(&s, step) // a code that is right somewhere near
		}
		if checkDigits("otp", code, minDigits, maxDigits) != nil {
			return
		}
		for _, skew := range []int{0, 1, maxSkew} {
			step, v := s.match(code, now, skew)
			if want := isFresh(&s, code, now, int64(skew)); (v == verdictRight) != want {
				t.Fatalf("%q at %v, skew %d, after step %d: judged %d, right is %v", code, now, skew, s.step, v, want)
			}
			if v != verdictWrong && (codeAt(&s, step) != code || (v == verdictRight) != (step > s.step)) {
				t.Fatalf("%q is not the code of step %d, or judged %d after %d", code, step, v, s.step)
			}
		}
	})
}

// isFresh reports whether the code is that of a step around now which is later than
// the last accepted one.
func isFresh(s *secret, code string, now time.Time, skew int64) bool {
	current := rfc6238.Step(now.Unix(), int64(s.period/time.Second))
	for step := max(0, current-skew, s.step+1); step <= current+skew; step++ {
		if codeAt(s, step) == code {
			return true
		}
	}
	return false
}
