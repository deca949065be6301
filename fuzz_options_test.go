package factor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// FuzzOptions fills in every number of the Options from bytes. They are refused
// by the name of a field that is there, or completed to within the documented
// bounds, whatever they are; what is completed stays as it is, and the host's
// copy is left alone.
func FuzzOptions(f *testing.F) {
	f.Add([]byte{}, "", "", uint8(0))
	for _, n := range []int64{1, -1, 6, 30, 100, 1000, int64(time.Second), int64(time.Minute), int64(time.Hour), math.MaxInt64, math.MinInt64} {
		data := make([]byte, 8*(len(optionNumbers(&Options{}))+1))
		for i := 0; i < len(data); i += 8 {
			binary.LittleEndian.PutUint64(data[i:], uint64(n))
		}
		f.Add(data, "Example", "SHA256", uint8(n))
		for i := 0; i < len(data); i += 8 { // one alone
			one := make([]byte, len(data))
			copy(one[i:], data[i:i+8])
			f.Add(one, "", "", uint8(0))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, issuer, algorithm string, kinds uint8) {
		var o Options
		for _, set := range optionNumbers(&o) {
			var n [8]byte
			data = data[copy(n[:], data):]
			set(int64(binary.LittleEndian.Uint64(n[:])))
		}
		o.TOTP.Issuer, o.TOTP.Algorithm = issuer, algorithm
		all := []Kind{KindLogin, KindAccount, KindTOTP, KindDeviceTOTP, KindPIN, "", KindTOTP, KindPassword}
		for i, k := range all {
			if kinds>>i&1 == 1 {
				o.ProofKinds = append(o.ProofKinds, k)
			}
		}
		before := fmt.Sprintf("%+v", o)
		got, err := o.complete()
		if after := fmt.Sprintf("%+v", o); after != before {
			t.Fatalf("the host's copy was changed from\n%s to\n%s", before, after)
		}
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !optionErrorText.MatchString(line) {
					t.Fatalf("the error names no field: %q", line)
				}
			}
			if joined, ok := err.(interface{ Unwrap() []error }); !ok || errors.Join(joined.Unwrap()...).Error() != err.Error() {
				t.Fatalf("not one error for each field: %v", err)
			}
			return
		}
		if bad := outsideBounds(got); bad != "" {
			t.Fatalf("%s is out of bounds in %+v, made of %s", bad, got, before)
		}
		again, err := got.complete()
		got.Now, again.Now = nil, nil
		if got.TOTP.Skew == 0 { // said by −1, and 0 asks for the default
			again.TOTP.Skew = 0
		}
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Fatalf("completed to %+v, and that to %+v, %v", got, again, err)
		}
	})
}

var optionErrorText = regexp.MustCompile(`^factor: Options\.[A-Z][A-Za-z.]+ (must|\(|is too cheap)`)

// optionNumbers returns a setter for every number in the Options.
func optionNumbers(o *Options) []func(int64) {
	var all []func(int64)
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		case reflect.Bool:
			all = append(all, func(n int64) { v.SetBool(n&1 == 1) })
		case reflect.Int, reflect.Int64:
			all = append(all, func(n int64) { v.SetInt(n) })
		case reflect.Uint8, reflect.Uint32:
			all = append(all, func(n int64) { v.SetUint(uint64(n) & (1<<v.Type().Bits() - 1)) })
		}
	}
	walk(reflect.ValueOf(o).Elem())
	return all
}

// outsideBounds names what in completed options no rule may ever meet.
func outsideBounds(o Options) string {
	const century = 100 * 365 * 24 * time.Hour
	var bad []string
	span := func(name string, d, least, most time.Duration) {
		if d < least || d > most || d%time.Millisecond != 0 {
			bad = append(bad, name)
		}
	}
	number := func(name string, n, least, most int) {
		if n < least || n > most {
			bad = append(bad, name)
		}
	}
	for name, l := range map[string]Limit{"Password": o.Password, "PIN.Limit": o.PIN.Limit, "OTP.Limit": o.OTP.Limit, "TOTP.Limit": o.TOTP.Limit} {
		number(name+".Tries", l.Tries, 1, 99)
		number(name+".Final", l.Final, l.Tries+1, 100)
		span(name+".Delay", l.Delay, time.Millisecond, century)
		span(name+".MaxDelay", l.MaxDelay, l.Delay, century)
	}
	number("PIN.Length", o.PIN.Length, 4, 12)
	number("PIN.MinDistinct", o.PIN.MinDistinct, 1, min(10, o.PIN.Length))
	span("PIN.Poll", o.PIN.Poll, time.Millisecond, time.Minute)
	number("PIN.Hash.Parallel", o.PIN.Hash.Parallel, 1, 1<<16)
	// Whatever the pair, OWASP's cheapest is reached in memory times passes.
	number("PIN.Hash", int(min(math.MaxInt32, uint64(o.PIN.Hash.MemoryKiB)*uint64(o.PIN.Hash.Time))), 5*7168, math.MaxInt32)
	number("OTP.Digits", o.OTP.Digits, 6, 8)
	span("OTP.AccountTTL", o.OTP.AccountTTL, time.Second, 10*time.Minute)
	span("OTP.LoginTTL", o.OTP.LoginTTL, time.Second, 10*time.Minute)
	span("OTP.Interval", o.OTP.Interval, 0, century)
	span("TOTP.Period", o.TOTP.Period, time.Second, 2*time.Minute)
	number("TOTP.Period", int(o.TOTP.Period%time.Second), 0, 0)
	number("TOTP.Digits", o.TOTP.Digits, 6, 8)
	number("TOTP.Skew", o.TOTP.Skew, 0, 10)
	number("TOTP.Issuer", strings.Count(o.TOTP.Issuer, ":"), 0, 0)
	number("TOTP.Algorithm", strings.Index("SHA1 SHA256 SHA512", o.TOTP.Algorithm), 0, 12)
	span("Device.Grace", o.Device.Grace, time.Millisecond, century)
	number("Device.Max", o.Device.Max, 1, 100)
	number("Reset.Strikes", o.Reset.Strikes, 1, 100)
	span("Reset.Interval", o.Reset.Interval, 0, century)
	span("Reset.MinAge", o.Reset.MinAge, 0, century)
	seen := map[Kind]bool{}
	for _, k := range o.ProofKinds {
		if seen[k] || !k.isOTP() {
			bad = append(bad, "ProofKinds")
		}
		seen[k] = true
	}
	number("ProofKinds", len(o.ProofKinds), 1, len(otpKinds))
	return strings.Join(bad, ", ")
}
