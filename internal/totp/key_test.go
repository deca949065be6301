package totp

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

	"github.com/knowhave/factor/internal/rfc6238"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"pgregory.net/rapid"
)

// noon is the time at which tables are judged.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// The Validate of pquerna/otp is of no use to the rules, but it is an
// implementation that knows nothing of this one.
var oracleAlgorithms = []otp.Algorithm{otp.AlgorithmSHA1, otp.AlgorithmSHA256, otp.AlgorithmSHA512}

// codeAt is the oracle's code of a step.
func codeAt(k *Key, step int64) string {
	return rfc6238.Code(k.Secret, k.Algorithm.String(), k.Digits, step)
}

func genKey() *rapid.Generator[Key] {
	return rapid.Custom(func(t *rapid.T) Key {
		return Key{
			Secret:    rapid.SliceOfN(rapid.Byte(), 1, 64).Draw(t, "secret"),
			Algorithm: rapid.SampledFrom([]Algorithm{SHA1, SHA256, SHA512}).Draw(t, "algorithm"),
			Digits:    rapid.IntRange(MinDigits, MaxDigits).Draw(t, "digits"),
			Period:    time.Duration(rapid.IntRange(1, 120).Draw(t, "period")) * time.Second,
		}
	})
}

func TestHOTPOfRFC4226AppendixD(t *testing.T) {
	var key hmacKey
	key.set(SHA1, []byte("12345678901234567890"))
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
			k := Key{Secret: []byte(keys[alg]), Algorithm: Algorithm(alg), Digits: 8, Period: 30 * time.Second}
			step, found := k.Find(code, time.Unix(c.unix, 0), 0)
			if !found || step != c.unix/30 {
				t.Errorf("%s at %d: step %d, found %v", Algorithm(alg), c.unix, step, found)
			}
		}
	}
}

// Find finds exactly what the oracle accepts.
func TestTOTPMatchesTheOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := genKey().Draw(t, "key")
		period, skew := int64(k.Period/time.Second), rapid.IntRange(0, MaxSkew).Draw(t, "skew")
		now := time.Unix(rapid.Int64Range(int64(skew)*period, 253402300799).Draw(t, "now"), rapid.Int64Range(0, 999).Draw(t, "ms")*1e6)
		off := rapid.Int64Range(-int64(skew)-2, int64(skew)+2).Draw(t, "off")
		code := rapid.OneOf(rapid.Just(codeAt(&k, max(0, now.Unix()/period+off))), rapid.StringMatching("[0-9]{6,8}")).Draw(t, "code")

		want, _ := totp.ValidateCustom(code, base32.StdEncoding.EncodeToString(k.Secret), now, totp.ValidateOpts{
			Period: uint(period), Skew: uint(skew), Digits: otp.Digits(k.Digits), Algorithm: oracleAlgorithms[k.Algorithm]})
		step, found := k.Find(code, now, skew)
		if found != want {
			t.Fatalf("found %v, oracle %v", found, want)
		}
		if want && (codeAt(&k, step) != code || step < now.Unix()/period-int64(skew) || step > now.Unix()/period+int64(skew)) {
			t.Fatalf("step %d does not have the code or is not in the window", step)
		}
	})
}

// Of several steps with one code the latest counts, so that the code cannot be used
// again.
func TestFindReturnsTheLatestOfSeveralSteps(t *testing.T) {
	k := Key{Secret: []byte("12345678901234567890"), Digits: 6, Period: 30 * time.Second}
	early, late := twins(t, &k, 2*MaxSkew)
	now := time.Unix(30*(early+late)/2, 0)
	if step, found := k.Find(codeAt(&k, early), now, MaxSkew); !found || step != late {
		t.Fatalf("step %d, found %v; want %d", step, found, late)
	}
}

// twins finds two steps with the same code that fit in one window.
func twins(t *testing.T, k *Key, apart int) (early, late int64) {
	var key hmacKey
	key.set(k.Algorithm, k.Secret)
	var recent []uint32
	for step := int64(0); step < 1_000_000; step++ {
		code := key.hotp(step, k.Digits)
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
		k := genKey().Draw(t, "key")
		seconds := rapid.OneOf(rapid.Int64Range(-300, 300), rapid.Int64Range(-1<<40, 1<<40)).Draw(t, "seconds")
		now := time.Unix(seconds, rapid.Int64Range(0, 999).Draw(t, "ms")*1e6)
		want, _ := new(big.Int).DivMod(big.NewInt(seconds), big.NewInt(int64(k.Period/time.Second)), new(big.Int)) // Euclidean
		if got := k.Step(now); got != want.Int64() {
			t.Fatalf("step %d, want %d", got, want)
		}
		skew := rapid.IntRange(0, MaxSkew).Draw(t, "skew")
		step, found := k.Find(codeAt(&k, max(0, want.Int64()+int64(skew))), now, skew)
		if inside := want.Int64()+int64(skew) >= 0; found != inside || step < 0 {
			t.Fatalf("step %d, found %v, %d periods from 1970", step, found, want)
		}
	})
}

func TestTOTPTakesOnlyTheTextOfTheCode(t *testing.T) {
	k := Key{Secret: []byte("12345678901234567890"), Digits: 6, Period: 30 * time.Second}
	code := codeAt(&k, k.Step(noon))
	for _, near := range []string{
		"", code[:5], code + "0", "0" + code, code + "00", " " + code[1:], code[:5] + " ", "+" + code[1:], "-" + code[1:], code + " ",
		"0x" + code[2:], code[:3] + "_" + code[4:], "１２", "\x00" + code[1:], fmt.Sprintf("%08s", code), "999999999999",
	} {
		if _, found := k.Find(near, noon, 1); found {
			t.Errorf("%q is taken for %q", near, code)
		}
	}
	if _, found := k.Find(code, noon, 0); !found {
		t.Fatal("the code itself is not")
	}
}

func TestAlgorithmsAreKnownByTheirNamesInCapitals(t *testing.T) {
	for i, name := range []string{"SHA1", "SHA256", "SHA512"} {
		if alg, ok := Named(name); !ok || int(alg) != i || alg.String() != name {
			t.Errorf("%s is %v, known %v", name, alg, ok)
		}
	}
	if _, ok := Named("sha1"); ok {
		t.Error("an algorithm of another name is known")
	}
}

func TestURLSaysTheSameToTheOracle(t *testing.T) {
	text := rapid.OneOf(
		rapid.SampledFrom([]string{"a b", " a ", "a:b", ":", "100%", "%41", "a/b", "/a", "a?b#c", "a&b=c+d", "é", "日本語", "👩‍💻", "a\tb\nc", "\u00a0", "a\\b\"'"}),
		rapid.StringN(1, 60, 255),
	)
	rapid.Check(t, func(t *rapid.T) {
		k := genKey().Draw(t, "key")
		issuer := rapid.OneOf(rapid.Just(""), text.Filter(func(s string) bool { return !slices.Contains([]byte(s), ':') })).Draw(t, "issuer")
		user := text.Draw(t, "user")
		given := k.URL(issuer, user)

		key, err := otp.NewKeyFromURL(given)
		if err != nil {
			t.Fatalf("%q: %v", given, err)
		}
		// Older apps read the issuer from the label only, and spaces as %20 only.
		label := "/" + user
		if issuer != "" || strings.Contains(user, ":") {
			label = "/" + issuer + ":" + user
		}
		if u, _ := url.Parse(given); u.Path != label || u.Query().Get("issuer") != issuer || u.Query().Has("issuer") != (issuer != "") || strings.Contains(u.RawQuery, "+") {
			t.Fatalf("%q has label %q, issuer %q; want %q", given, u.Path, u.Query()["issuer"], label)
		}
		raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key.Secret())
		if err != nil || string(raw) != string(k.Secret) || key.Secret() != k.Base32() {
			t.Fatalf("%q has secret %q, %v", given, key.Secret(), err)
		}
		if key.Type() != "totp" || key.Issuer() != issuer || key.AccountName() != user {
			t.Fatalf("%q is a %s of issuer %q, account %q; want %q, %q", given, key.Type(), key.Issuer(), key.AccountName(), issuer, user)
		}
		if key.Period() != uint64(k.Period/time.Second) || int(key.Digits()) != k.Digits || key.Algorithm() != oracleAlgorithms[k.Algorithm] {
			t.Fatalf("%q: %d %d %v", given, key.Period(), key.Digits(), key.Algorithm())
		}
	})
}
