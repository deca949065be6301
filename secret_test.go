package factor

import (
	"encoding/base32"
	"fmt"
	"math"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor/internal/rfc6238"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"pgregory.net/rapid"
)

// The Validate of pquerna/otp is of no use to the rules, but it is an
// implementation that knows nothing of this one.
var oracleAlgorithms = []otp.Algorithm{otp.AlgorithmSHA1, otp.AlgorithmSHA256, otp.AlgorithmSHA512}

// codeAt is the code of a step, computed without the library.
func codeAt(s *secret, step int64) string {
	return rfc6238.Code(s.key, algorithms[s.algorithm], s.digits, step)
}

func TestHOTPOfRFC4226AppendixD(t *testing.T) {
	var key hmacKey
	key.set(algorithmSHA1, []byte("12345678901234567890"))
	for count, want := range []uint32{755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489} {
		if got := key.hotp(int64(count), 6); got != want {
			t.Errorf("count %d: %06d, want %06d", count, got, want)
		}
	}
	// The table's ten-digit column is the 31-bit value before the last digits are taken.
	for count, want := range []uint32{1284755224, 1094287082, 137359152, 1726969429, 1640338314, 868254676, 1918287922, 82162583, 673399871, 645520489} {
		for digits := 6; digits <= 8; digits++ {
			if got := key.hotp(int64(count), digits); got != want%uint32(math.Pow10(digits)) {
				t.Errorf("count %d, %d digits: %d, want the last of %d", count, digits, got, want)
			}
		}
	}
}

func TestTOTPOfRFC6238AppendixB(t *testing.T) {
	// Erratum 2866: each algorithm has a key of its own output's length.
	const digits = "1234567890123456789012345678901234567890123456789012345678901234"
	keys := []string{digits[:20], digits[:32], digits[:64]}
	for _, c := range []struct {
		unix  int64
		codes [3]string
	}{
		{59, [3]string{"94287082", "46119246", "90693936"}},
		{1111111109, [3]string{"07081804", "68084774", "25091201"}},
		{1111111111, [3]string{"14050471", "67062674", "99943326"}},
		{1234567890, [3]string{"89005924", "91819424", "93441116"}},
		{2000000000, [3]string{"69279037", "90698825", "38618901"}},
		{20000000000, [3]string{"65353130", "77737706", "47863826"}},
	} {
		for alg, code := range c.codes {
			s := secret{key: []byte(keys[alg]), algorithm: algorithm(alg), digits: 8, period: 30 * time.Second, step: noStep}
			step, v := s.match(code, time.Unix(c.unix, 0), 0)
			if v != verdictRight || step != c.unix/30 {
				t.Errorf("%s at %d: step %d, verdict %d", algorithms[alg], c.unix, step, v)
			}
		}
	}
}

// A fresh secret takes what the oracle takes, and nothing else.
func TestTOTPMatchesTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSecret().Draw(t, "secret")
		s.step = noStep
		period, skew := int64(s.period/time.Second), rapid.IntRange(0, maxSkew).Draw(t, "skew")
		now := time.Unix(rapid.Int64Range(int64(skew)*period, 253402300799).Draw(t, "now"), rapid.Int64Range(0, 999).Draw(t, "ms")*1e6)
		off := rapid.Int64Range(-int64(skew)-2, int64(skew)+2).Draw(t, "off")
		code := rapid.OneOf(rapid.Just(codeAt(&s, max(0, now.Unix()/period+off))), rapid.StringMatching("[0-9]{6,8}")).Draw(t, "code")

		want, _ := totp.ValidateCustom(code, base32.StdEncoding.EncodeToString(s.key), now, totp.ValidateOpts{
			Period: uint(period), Skew: uint(skew), Digits: otp.Digits(s.digits), Algorithm: oracleAlgorithms[s.algorithm]})
		step, v := s.match(code, now, skew)
		if (v == verdictRight) != want || v == verdictSpent {
			t.Fatalf("verdict %d, oracle %v", v, want)
		}
		if want && (codeAt(&s, step) != code || step < now.Unix()/period-int64(skew) || step > now.Unix()/period+int64(skew)) {
			t.Fatalf("step %d does not have the code or is not in the window", step)
		}
	})
}

// Whatever the clock does, the accepted steps of a secret strictly increase; a
// code is right if the latest step that has it, of those around now, is after the
// last accepted one, spent if it is not, and wrong if no step has it.
func TestTOTPAcceptsAStepOnceAndNeverAnOlderOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := secret{key: []byte("12345678901234567890"), digits: 6, period: 30 * time.Second, step: noStep}
		skew := rapid.IntRange(0, 3).Draw(t, "skew")
		current, last := int64(50_000_000), int64(noStep)
		for range rapid.IntRange(1, 40).Draw(t, "codes") {
			current = max(0, current+rapid.OneOf(rapid.Int64Range(-2, 2), rapid.Int64Range(-10_000_000, 10_000_000)).Draw(t, "clock"))
			code := codeAt(&s, max(0, current+rapid.Int64Range(-4, 4).Draw(t, "off")))
			having := int64(-1)
			for step := max(0, current-int64(skew)); step <= current+int64(skew); step++ {
				if codeAt(&s, step) == code {
					having = step
				}
			}
			want := verdictWrong
			switch {
			case having > last:
				want = verdictRight
			case having >= 0:
				want = verdictSpent
			}
			step, v := s.match(code, unixMilli(current*30_000+rapid.Int64Range(0, 29_999).Draw(t, "ms")), skew)
			if v != want || v == verdictRight && step != having {
				t.Fatalf("at step %d after %d: step %d, verdict %d; want step %d, verdict %d", current, last, step, v, having, want)
			}
			if v == verdictRight {
				s.step, last = step, step
			}
		}
	})
}

// Of several steps with one code the latest counts, so that the code is of no
// use after it.
func TestTOTPTakesTheLatestOfSeveralSteps(t *testing.T) {
	s := secret{key: []byte("12345678901234567890"), digits: 6, period: 30 * time.Second, step: noStep}
	early, late := twins(t, &s, 2*maxSkew)
	code, now := codeAt(&s, early), time.Unix(30*(early+late)/2, 0)
	if step, v := s.match(code, now, maxSkew); v != verdictRight || step != late {
		t.Fatalf("step %d, verdict %d; want %d", step, v, late)
	}
	for last, want := range map[int64]verdict{early: verdictRight, late - 1: verdictRight, late: verdictSpent} {
		s.step = last
		if _, v := s.match(code, now, maxSkew); v != want {
			t.Errorf("after step %d of %d and %d: verdict %d, want %d", last, early, late, v, want)
		}
	}
}

// twins finds two steps with the same code that fit in one window.
func twins(t *testing.T, s *secret, apart int) (early, late int64) {
	var key hmacKey
	key.set(s.algorithm, s.key)
	var recent []uint32
	for step := int64(0); step < 1_000_000; step++ {
		code := key.hotp(step, s.digits)
		if i := slices.Index(recent, code); i >= 0 {
			return step - int64(len(recent)-i), step
		}
		recent = append(recent, code)[max(0, len(recent)+1-apart):]
	}
	t.Fatal("no two steps have the same code")
	return 0, 0
}

// Steps are whole periods since 1970, rounded down before it too; RFC 6238 knows
// none below 0, and none is ever right.
func TestTOTPStepsAreFloored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genSecret().Draw(t, "secret")
		s.step = noStep
		seconds := rapid.OneOf(rapid.Int64Range(-300, 300), rapid.Int64Range(-1<<40, 1<<40)).Draw(t, "seconds")
		now := time.Unix(seconds, rapid.Int64Range(0, 999).Draw(t, "ms")*1e6)
		want, _ := new(big.Int).DivMod(big.NewInt(seconds), big.NewInt(int64(s.period/time.Second)), new(big.Int)) // Euclidean
		if got := s.stepAt(now); got != want.Int64() {
			t.Fatalf("step %d, want %d", got, want)
		}
		skew := rapid.IntRange(0, maxSkew).Draw(t, "skew")
		step, v := s.match(codeAt(&s, max(0, want.Int64()+int64(skew))), now, skew)
		if inside := want.Int64()+int64(skew) >= 0; (v == verdictRight) != inside || step < 0 {
			t.Fatalf("step %d, verdict %d, %d periods from 1970", step, v, want)
		}
	})
}

func TestTOTPTakesOnlyTheTextOfTheCode(t *testing.T) {
	s := secret{key: []byte("12345678901234567890"), digits: 6, period: 30 * time.Second, step: noStep}
	code := codeAt(&s, s.stepAt(noon))
	for _, near := range []string{
		"", code[:5], code + "0", "0" + code, code + "00", " " + code[1:], code[:5] + " ", "+" + code[1:], "-" + code[1:], code + " ",
		"0x" + code[2:], code[:3] + "_" + code[4:], "１２", "\x00" + code[1:], fmt.Sprintf("%08s", code), "999999999999",
	} {
		if _, v := s.match(near, noon, 1); v != verdictWrong {
			t.Errorf("%q is taken for %q", near, code)
		}
	}
	if _, v := s.match(code, noon, 0); v != verdictRight {
		t.Fatal("the code itself is not")
	}
}

func TestSecretKeepsTheOptionsItWasMadeWith(t *testing.T) {
	for i, name := range []string{"SHA1", "SHA256", "SHA512"} {
		s := drawSecret(TOTPOptions{Algorithm: name, Digits: 8, Period: time.Minute})
		if len(s.key) != 20 || int(s.algorithm) != i || s.digits != 8 || s.period != time.Minute || s.step != -1 {
			t.Errorf("%s: %+v", name, s)
		}
		if other := drawSecret(TOTPOptions{Algorithm: name, Digits: 8, Period: time.Minute}); string(other.key) == string(s.key) {
			t.Errorf("%s: the same key twice", name)
		}
	}
	if _, ok := algorithmNamed("sha1"); ok {
		t.Error("an algorithm of another name is known")
	}
}

func TestEnrollmentURLSaysTheSameToTheOracle(t *testing.T) {
	text := rapid.OneOf(
		rapid.SampledFrom([]string{"a b", " a ", "a:b", ":", "100%", "%41", "a/b", "/a", "a?b#c", "a&b=c+d", "é", "日本語", "👩‍💻", "a\tb\nc", "\u00a0", "a\\b\"'"}),
		rapid.StringN(1, 60, 255),
	)
	rapid.Check(t, func(t *rapid.T) {
		s := genSecret().Draw(t, "secret")
		id := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		issuer := rapid.OneOf(rapid.Just(""), text.Filter(func(s string) bool { return !slices.Contains([]byte(s), ':') })).Draw(t, "issuer")
		user := text.Draw(t, "user")
		e := s.enrollment(id, issuer, user)

		key, err := otp.NewKeyFromURL(e.URL)
		if err != nil {
			t.Fatalf("%q: %v", e.URL, err)
		}
		// Older apps read the issuer from the label only, and spaces as %20 only.
		label := "/" + user
		if issuer != "" || strings.Contains(user, ":") {
			label = "/" + issuer + ":" + user
		}
		if u, _ := url.Parse(e.URL); u.Path != label || u.Query().Get("issuer") != issuer || u.Query().Has("issuer") != (issuer != "") || strings.Contains(u.RawQuery, "+") {
			t.Fatalf("%q has label %q, issuer %q; want %q", e.URL, u.Path, u.Query()["issuer"], label)
		}
		raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key.Secret())
		if err != nil || string(raw) != string(s.key) || key.Secret() != e.Secret {
			t.Fatalf("%q has secret %q, %v", e.URL, key.Secret(), err)
		}
		if key.Type() != "totp" || key.Issuer() != issuer || key.AccountName() != user {
			t.Fatalf("%q is a %s of issuer %q, account %q; want %q, %q", e.URL, key.Type(), key.Issuer(), key.AccountName(), issuer, user)
		}
		if key.Period() != uint64(s.period/time.Second) || int(key.Digits()) != s.digits || key.Algorithm() != oracleAlgorithms[s.algorithm] {
			t.Fatalf("%q: %d %d %v", e.URL, key.Period(), key.Digits(), key.Algorithm())
		}
		if e.Device != id || e.Period != s.period || e.Digits != s.digits || e.Algorithm != key.Algorithm().String() {
			t.Fatalf("the Enrollment says %v %v %v %v", e.Device, e.Period, e.Digits, e.Algorithm)
		}
	})
}

func TestEnrollmentQR(t *testing.T) {
	s := drawSecret(TOTPOptions{Algorithm: "SHA1", Digits: 6, Period: 30 * time.Second})
	e := s.enrollment(uuid.New(), "Example", "👩‍💻 a user of many bytes "+string(make([]byte, 200)))
	for _, pixels := range []int{200, 256, 4096} {
		img, err := e.QR(pixels)
		if err != nil || img.Bounds().Dx() != pixels || img.Bounds().Dy() != pixels {
			t.Errorf("%d pixels: %v", pixels, err)
		}
	}
	for _, pixels := range []int{math.MinInt, -1, 0, 1, 10, 4097, math.MaxInt} {
		if _, err := e.QR(pixels); err == nil {
			t.Errorf("%d pixels are accepted", pixels)
		}
	}
	for name, bad := range map[string]Enrollment{"zero": {}, "damaged": {URL: "otpauth://totp/%zz"}} {
		if _, err := bad.QR(200); err == nil {
			t.Errorf("a QR code of a %s Enrollment", name)
		}
	}
}
