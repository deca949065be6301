package factor

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
)

// malformedField returns the field that err names, or "" if err is nil.
func malformedField(t interface{ Fatalf(string, ...any) }, err error) string {
	var detail *MalformedError
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &detail) || !errors.Is(err, ErrMalformed):
		t.Fatalf("%v, want malformed", err)
	}
	return detail.Field
}

// checkDigits accepts exactly ASCII digits of the allowed lengths.
func FuzzCheckDigits(f *testing.F) {
	bounds := map[[2]int]*regexp.Regexp{}
	for _, b := range [][2]int{{6, 8}, {4, 12}, {1, 12}, {6, 6}} {
		bounds[b] = regexp.MustCompile(fmt.Sprintf(`\A[0-9]{%d,%d}\z`, b[0], b[1]))
	}
	for _, seed := range []string{
		"", "1", "258", "2580", "12345", "123456", "12345678", "123456789", "123456789012", "1234567890123", " 123456", "123456 ", "123456\n",
		"\u00a0123456", "１２３４５６", "٠١٢٣٤٥", "12345/", "12345:", "-12345", "+12345", "12e456", "0x1234", "12345\x00", "1234\xff6", "000000",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for b, form := range bounds {
			err := checkDigits("otp", s, b[0], b[1])
			if got := malformedField(t, err); (got == "") != form.MatchString(s) || got != "" && got != "otp" {
				t.Fatalf("%q of %d to %d digits: %v", s, b[0], b[1], err)
			}
			if err != nil && err.Error() != checkDigits("otp", "", b[0], b[1]).Error() {
				t.Fatalf("the error depends on the value: %v", err)
			}
		}
	})
}

var (
	digitsForm   = regexp.MustCompile(`\A[0-9]{6,8}\z`)
	recoveryForm = regexp.MustCompile(`\A[- ]*(?:[0-9A-TV-Za-tv-z][- ]*){16}\z`)
)

// A code is well-formed if it has the form of one of the requested kinds. The error
// names the forms, and nothing of the value.
func FuzzCode(f *testing.F) {
	const recovery = "k7m2-q9xw-4d3f-zpt8"
	for _, seed := range []string{
		"", "123456", "12345678", "1234567890123456", "1234 5678-9012 3456", recovery, strings.ToUpper(recovery), " " + recovery + " ", recovery + "0", recovery[1:],
		"oil7-m2q9-xw4d-3fzp", "u7m2-q9xw-4d3f-zpt8", strings.Repeat("-", 64-len(recovery)) + recovery, strings.Repeat("-", 65-len(recovery)) + recovery,
		recovery + "\n", recovery + "\x00", "\u200b" + recovery, strings.ReplaceAll(recovery, "-", "\u2010"), "１２３４５６７８９０１２３４５６", "\xff" + recovery, "\u212a" + recovery[1:],
	} {
		for kinds := range uint8(1 << len(otpKinds)) {
			f.Add(seed, kinds)
		}
	}
	f.Fuzz(func(t *testing.T, code string, asked uint8) {
		var kinds []Kind
		want := false
		for i, k := range otpKinds {
			if asked>>i&1 == 0 {
				continue
			}
			kinds = append(kinds, k)
			has := digitsForm.MatchString(code)
			if k == KindRecovery {
				has = len(code) <= 64 && recoveryForm.MatchString(code)
			}
			if want = want || has; k.hasFormOf(code) != has {
				t.Fatalf("%q has the form of a %s code: %v", code, k, !has)
			}
		}
		if kinds == nil {
			return
		}
		err := checkOTP(code, kinds)
		if got := malformedField(t, err); (got == "") != want || got != "" && got != "otp" {
			t.Fatalf("%q for %v: %v", code, kinds, err)
		}
		if err == nil {
			return
		}
		if err.Error() != checkOTP("", kinds).Error() {
			t.Fatalf("the error depends on the value: %v", err)
		}
		if named := strings.Contains(err.Error(), "recovery"); named != slices.Contains(kinds, KindRecovery) {
			t.Fatalf("for %v: %v", kinds, err)
		}
		if named := strings.Contains(err.Error(), "6 to 8 ASCII digits"); named != (kinds[0] != KindRecovery) {
			t.Fatalf("for %v: %v", kinds, err)
		}
	})
}

// A user is 1 to 255 bytes of UTF-8 without NUL, taken as it is.
func FuzzUser(f *testing.F) {
	for _, seed := range []string{
		"", "a", " ", " a ", "A", "a\x00b", "\x00", "\xff", "a\xc3", "é", "👩‍💻", "\ufffd", "\u202e", "\xed\xa0\x80", "\xc0\x80", "a\nb",
		strings.Repeat("a", 255), strings.Repeat("a", 256), strings.Repeat("é", 127), strings.Repeat("é", 128),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, user string) {
		want := len(user) >= 1 && len(user) <= 255
		for rest := user; rest != "" && want; {
			r, size := utf8.DecodeRuneInString(rest)
			want, rest = r != 0 && (r != utf8.RuneError || size == 3), rest[size:]
		}
		got := malformedField(t, (&Verifier{}).checkUser(user))
		if (got == "") != want || got != "" && got != "user" {
			t.Fatalf("%q: malformed %q, want accepted %v", user, got, want)
		}
	})
}

// Only given credentials are checked; the error names the first malformed one, in
// the order user, OTP, password, PIN.
func TestProofIsMalformedIfAnyGivenFieldIs(t *testing.T) {
	long := strings.Repeat("x", 1025)
	rapid.Check(t, func(t *rapid.T) {
		o := Options{}
		if rapid.Bool().Draw(t, "has passwords") {
			o.CheckPassword = func(context.Context, string, string) (bool, error) { panic("not to be judged") }
		}
		recovery := rapid.Bool().Draw(t, "recovery codes prove")
		if recovery {
			o.ProofKinds = []Kind{KindAccount, KindRecovery}
		}
		v := attemptOn(t, &account.Account{}, o, accounttest.Noon).v
		user := rapid.SampledFrom([]string{"user", "", "\xff"}).Draw(t, "user")
		proof := Credentials{
			OTP:      rapid.SampledFrom([]string{"", "12345", "123456", "12345678", "123456789", "12345x", "k7m2-q9xw-4d3f-zpt8", "k7m2-q9xw-4d3f-zptu"}).Draw(t, "otp"),
			Password: rapid.SampledFrom([]string{"", "x", long[:1024], long, "\x00\xff"}).Draw(t, "password"),
			PIN:      rapid.SampledFrom([]string{"", "123", "1234", "123456789012", "1234567890123", "123 "}).Draw(t, "pin"),
		}
		want := ""
		switch {
		case user != "user":
			want = "user"
		case proof.OTP != "" && !digitsForm.MatchString(proof.OTP) && !(recovery && recoveryForm.MatchString(proof.OTP)):
			want = "otp"
		case proof.Password == long, proof.Password != "" && o.CheckPassword == nil:
			want = "password"
		case proof.PIN != "" && !regexp.MustCompile(`^[0-9]{4,12}$`).MatchString(proof.PIN):
			want = "pin"
		}
		err := v.checkProof(user, proof)
		if got := malformedField(t, err); got != want {
			t.Fatalf("malformed %q, want %q", got, want)
		}
	})
}

// A password argument must not be empty.
func TestPasswordIsOneTo1024Bytes(t *testing.T) {
	o := Options{CheckPassword: func(context.Context, string, string) (bool, error) { return true, nil }}
	v := attemptOn(t, &account.Account{}, o, accounttest.Noon).v
	for length, ok := range map[int]bool{0: false, 1: true, 1024: true, 1025: false} {
		if got := malformedField(t, v.checkPassword(strings.Repeat("x", length))); (got == "") != ok {
			t.Errorf("%d bytes: malformed %q", length, got)
		}
	}
}
