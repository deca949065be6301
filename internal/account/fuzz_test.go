package account_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/totp"
)

// FuzzCodec uses its bytes twice. As a record, framed so that version and length
// are right, for each format: a decoded account comes back from its encoding, which
// in format 3 is unique. And as choices of an account, which comes back from its
// encoding unchanged.
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

// FuzzRecoveryCode reads any text as a recovery code. It has the form of one if a
// byte-by-byte reader says so, and is right, once, for a set that holds it;
// otherwise it is right for none. A code of a set is right however it is spelled.
func FuzzRecoveryCode(f *testing.F) {
	for _, text := range []string{
		"", "012345", "0123-456j-kmnp-vwxy", "OIL3 456J--kmnp vwxy", strings.Repeat("-", 64) + "0", strings.Repeat(" ", 48) + "0123456jkmnpvwxy",
		"u123-456j-kmnp-vwxy", "0123-456j-\u212amnp-vwxy", "0123\u2010456j\u2010kmnp\u2010vwxy", "\xff123-456j-kmnp-vwxy", "\u017f123-456j-kmnp-vwxy",
	} {
		f.Add(text, uint64(0))
		f.Add(text, ^uint64(0))
	}
	f.Fuzz(func(t *testing.T, text string, how uint64) {
		code := readAsTyped(text)
		if account.IsRecoveryCode(text) != (code != "") {
			t.Fatalf("%q has the form of a recovery code: %v", text, account.IsRecoveryCode(text))
		}
		a, i := &account.Account{}, how%account.RecoveryCodes
		shown := a.GenerateRecovery(recoverySeed)
		respelled := respell(shown[i], how)
		if got := verdictOf(a, account.KindRecovery, respelled, rules, accounttest.Noon); got != account.Right {
			t.Fatalf("%s, spelled %q: verdict %d", shown[i], respelled, got)
		}
		if slices.Contains(shown[:], grouped(code)) {
			return
		}
		verdicts := []account.Verdict{account.Wrong, account.Wrong}
		if code != "" {
			a.Recovery.Hashes[i], a.Recovery.Used = hashOf(a.Recovery.Salt, code), 0
			verdicts = []account.Verdict{account.Right, account.Stale}
		}
		for _, want := range verdicts {
			if got := verdictOf(a, account.KindRecovery, text, rules, accounttest.Noon); got != want {
				t.Fatalf("%q: verdict %d, want %d", text, got, want)
			}
		}
	})
}

// respell respells a code according to the bits of how.
func respell(code string, how uint64) string {
	var b strings.Builder
	for i, c := range strings.ReplaceAll(code, "-", "") {
		bit := func(n int) bool { return how>>(i%16*4+n)&1 == 1 }
		s := string(c)
		switch {
		case bit(0) && c == '0':
			s = "o"
		case bit(0) && c == '1':
			s = map[bool]string{false: "i", true: "l"}[bit(3)]
		}
		if bit(1) {
			s = strings.ToUpper(s)
		}
		if bit(2) {
			s += map[bool]string{false: "-", true: " "}[bit(3)]
		}
		b.WriteString(s)
	}
	return b.String()
}
