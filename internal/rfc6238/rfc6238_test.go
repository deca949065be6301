package rfc6238

import (
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// The vectors of RFC 6238, appendix B. Its keys differ by algorithm.
func TestAppendixB(t *testing.T) {
	keys := map[string]string{
		"SHA1":   "12345678901234567890",
		"SHA256": "12345678901234567890123456789012",
		"SHA512": "1234567890123456789012345678901234567890123456789012345678901234",
	}
	for _, v := range []struct {
		unix                 int64
		sha1, sha256, sha512 string
	}{
		{59, "94287082", "46119246", "90693936"},
		{1111111109, "07081804", "68084774", "25091201"},
		{1111111111, "14050471", "67062674", "99943326"},
		{1234567890, "89005924", "91819424", "93441116"},
		{2000000000, "69279037", "90698825", "38618901"},
		{20000000000, "65353130", "77737706", "47863826"},
	} {
		for algorithm, want := range map[string]string{"SHA1": v.sha1, "SHA256": v.sha256, "SHA512": v.sha512} {
			if got := Code([]byte(keys[algorithm]), algorithm, 8, Step(v.unix, 30)); got != want {
				t.Errorf("%s at %d: %s, want %s", algorithm, v.unix, got, want)
			}
		}
	}
}

// The vectors of RFC 4226, appendix D.
func TestAppendixD(t *testing.T) {
	for counter, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := Code([]byte("12345678901234567890"), "", 6, int64(counter)); got != want {
			t.Errorf("counter %d: %s, want %s", counter, got, want)
		}
	}
}

func TestAgreesWithAnotherLibrary(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 7, 0, time.UTC)
	algorithms := map[string]otp.Algorithm{"SHA1": otp.AlgorithmSHA1, "SHA256": otp.AlgorithmSHA256, "SHA512": otp.AlgorithmSHA512}
	for name, algorithm := range algorithms {
		for _, digits := range []int{6, 7, 8} {
			s := Secret{Base32: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", Algorithm: name, Digits: digits, Period: time.Minute}
			want, err := totp.GenerateCodeCustom(s.Base32, now, totp.ValidateOpts{Period: 60, Digits: otp.Digits(digits), Algorithm: algorithm})
			if got := s.At(now); err != nil || got != want {
				t.Errorf("%s, %d digits: %s, want %s, %v", name, digits, got, want, err)
			}
		}
	}
}

func TestStepsBefore1970AreNegative(t *testing.T) {
	for unix, want := range map[int64]int64{-31: -2, -30: -1, -1: -1, 0: 0, 29: 0, 30: 1} {
		if got := Step(unix, 30); got != want {
			t.Errorf("%d: %d, want %d", unix, got, want)
		}
	}
}
