package account_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/totp"
)

// FuzzCodec takes bytes twice. As the inside of a record, framed so that version and
// length are right, of each format: what decodes comes back from its own encoding,
// which in format 3 is the one way to write it. And as choices of an account, which
// comes back from its encoding as it was.
func FuzzCodec(f *testing.F) {
	for seed := range 20 {
		f.Add(accounttest.Any(accounttest.Instant()).Example(seed).Encode()[1:])
	}
	f.Add(accounttest.Everything().Encode()[1:])
	f.Add(encodeOld(everythingOld(), 1)[1:])
	f.Add(encodeOld(everythingOld(), 2)[1:])
	for seed := range uint64(10) {
		f.Add(randomBytes(seed, 2048))
	}
	drawn := rapid.MakeFuzz(func(t *rapid.T) {
		a := accounttest.Any(accounttest.Instant()).Draw(t, "account")
		comesBack(t, a, a.Encode())
	})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, version := range []byte{1, 2, 3} {
			framed := append([]byte{version}, bytes.TrimRight(data, "\x00")...)
			framed = append(framed, make([]byte, -len(framed)&(64-1))...)
			a, err := accounttest.Decode(framed)
			if err != nil {
				continue
			}
			if bad := accounttest.OutOfBounds(a); bad != "" {
				t.Fatalf("decoded out of bounds: %s", bad)
			}
			comesBack(t, a, a.Encode())
			canonical(t, framed)
		}
		drawn(t, data) // it ends the test if the choices do not suffice
	})
}

func comesBack(t interface{ Fatalf(string, ...any) }, a *account.Account, written []byte) {
	again, err := accounttest.Decode(written)
	if err != nil || !reflect.DeepEqual(again, a) {
		t.Fatalf("%+v comes back as %+v, %v", a, again, err)
	}
	if twice := again.Encode(); !bytes.Equal(twice, written) {
		t.Fatalf("%x is written as %x the next time", written, twice)
	}
	if len(written)%256 != 0 {
		t.Fatalf("%d bytes are no multiple of %d", len(written), 256)
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

var sixDigitsToEight = regexp.MustCompile(`\A[0-9]{6,8}\z`)

// FuzzTOTP compares the judging of a code with another library's, for arbitrary
// keys, times and last steps, with a wide window and with none.
func FuzzTOTP(f *testing.F) {
	f.Add([]byte("12345678901234567890"), uint8(0), int64(59_000), int64(-1), "287082", int8(0))
	f.Add([]byte("12345678901234567890123456789012"), uint8(1), int64(1111111109_000), int64(-1), "68084774", int8(1))
	f.Add([]byte{0}, uint8(2), int64(-1), int64(5), "000000", int8(-1))
	for offset := int8(-totp.MaxSkew - 2); offset <= totp.MaxSkew+2; offset++ { // about the edges of the windows
		f.Add([]byte("12345678901234567890"), uint8(29), accounttest.Noon.UnixMilli(), int64(-1), "", offset)
		f.Add([]byte("12345678901234567890"), uint8(29), accounttest.Noon.UnixMilli(), accounttest.Noon.Unix()/30, "", offset)
		f.Add([]byte("12345678901234567890"), uint8(29), int64(-1000)*int64(offset), int64(-1), "", int8(1))
	}
	f.Fuzz(func(t *testing.T, key []byte, kind uint8, at, last int64, code string, offset int8) {
		if len(key) == 0 {
			return // no secret has an empty one
		}
		s := account.TOTP{totp.Key{
			Secret: key, Algorithm: totp.Algorithm(kind % 3), Digits: 6 + int(kind/3%3), Period: time.Duration(1+int(kind)%120) * time.Second,
		}, max(-1, last)}
		now := time.UnixMilli(at % (10_000 * 365 * 24 * 3600 * 1000)).UTC()
		current := s.Step(now)
		if step := current + int64(offset); offset != 0 && step >= 0 {
			code = accounttest.CodeAt(&s, step) // a code that is right somewhere near
		}
		if !sixDigitsToEight.MatchString(code) {
			return
		}
		for _, skew := range []int{0, 1, totp.MaxSkew} {
			want := false
			for step := max(0, current-int64(skew)); step <= current+int64(skew); step++ {
				want = want || step > s.LastStep && accounttest.CodeAt(&s, step) == code
			}
			step, v := s.Match(code, now, skew)
			if (v == account.Right) != want {
				t.Fatalf("%q at %v, skew %d, after step %d: judged %d, right is %v", code, now, skew, s.LastStep, v, want)
			}
			if v != account.Wrong && (accounttest.CodeAt(&s, step) != code || (v == account.Right) != (step > s.LastStep)) {
				t.Fatalf("%q is not the code of step %d, or judged %d after %d", code, step, v, s.LastStep)
			}
		}
	})
}
