package factor

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/knowhave/factor/internal/account"
)

// bounded is a tunable field and its bounds. Outside them, and only there, it is
// refused by name; zero means the default.
type bounded struct {
	name         string
	set          func(*Options, int64)
	byDefault    int64
	least, most  int64
	below, above []int64        // refused; nil: just outside the bounds, and far off
	alsoNeeds    func(*Options) // other fields for these bounds
}

func boundedFields() []bounded {
	years := int64(100 * 365 * 24 * time.Hour)
	fields := []bounded{
		{name: "PIN.Length", set: func(o *Options, n int64) { o.PIN.Length = int(n) }, byDefault: 4, least: 4, most: 12},
		{name: "PIN.MinDistinct", set: func(o *Options, n int64) { o.PIN.MinDistinct = int(n) }, byDefault: 3, least: 1, most: 4},
		{name: "PIN.MinDistinct", set: func(o *Options, n int64) { o.PIN.MinDistinct = int(n) }, byDefault: 3, least: 1, most: 10,
			alsoNeeds: func(o *Options) { o.PIN.Length = 12 }},
		{name: "PIN.Poll", set: func(o *Options, n int64) { o.PIN.Poll = time.Duration(n) }, byDefault: 5e8, least: 1e6, most: 6e10},
		{name: "PIN.Hash.MemoryKiB", set: func(o *Options, n int64) { o.PIN.Hash.MemoryKiB = uint32(n) }, byDefault: 19456, least: 19456, most: 4 << 20, below: []int64{}},
		{name: "PIN.Hash.Time", set: func(o *Options, n int64) { o.PIN.Hash.Time = uint32(n) }, byDefault: 2, least: 2, most: 1024, below: []int64{}},
		{name: "PIN.Hash.Threads", set: func(o *Options, n int64) { o.PIN.Hash.Threads = uint8(n) }, byDefault: 1, least: 1, most: 255, below: []int64{}, above: []int64{}},
		{name: "PIN.Hash.Parallel", set: func(o *Options, n int64) { o.PIN.Hash.Parallel = int(n) }, byDefault: int64(runtime.GOMAXPROCS(0)), least: 1, most: 1 << 16},
		{name: "OTP.Digits", set: func(o *Options, n int64) { o.OTP.Digits = int(n) }, byDefault: 6, least: 6, most: 8},
		{name: "OTP.AccountTTL", set: func(o *Options, n int64) { o.OTP.AccountTTL = time.Duration(n) }, byDefault: int64(5 * time.Minute), least: 1e9, most: int64(10 * time.Minute)},
		{name: "OTP.LoginTTL", set: func(o *Options, n int64) { o.OTP.LoginTTL = time.Duration(n) }, byDefault: int64(10 * time.Minute), least: 1e9, most: int64(10 * time.Minute)},
		{name: "OTP.Interval", set: func(o *Options, n int64) { o.OTP.Interval = time.Duration(n) }, least: 0, most: years},
		{name: "TOTP.Period", set: func(o *Options, n int64) { o.TOTP.Period = time.Duration(n) }, byDefault: 3e10, least: 1e9, most: 12e10,
			below: []int64{1, 999_999_999, 1_500_000_000, -3e10}},
		{name: "TOTP.Digits", set: func(o *Options, n int64) { o.TOTP.Digits = int(n) }, byDefault: 6, least: 6, most: 8},
		{name: "TOTP.Skew", set: func(o *Options, n int64) { o.TOTP.Skew = int(n) }, byDefault: 1, least: -1, most: 10},
		{name: "Device.Grace", set: func(o *Options, n int64) { o.Device.Grace = time.Duration(n) }, byDefault: int64(5 * time.Minute), least: 1e6, most: years},
		{name: "Device.Max", set: func(o *Options, n int64) { o.Device.Max = int(n) }, byDefault: 10, least: 1, most: 100},
		{name: "Reset.Strikes", set: func(o *Options, n int64) { o.Reset.Strikes = int(n) }, byDefault: 3, least: 1, most: 100},
		{name: "Reset.Interval", set: func(o *Options, n int64) { o.Reset.Interval = time.Duration(n) }, least: 0, most: years},
		{name: "Reset.MinAge", set: func(o *Options, n int64) { o.Reset.MinAge = time.Duration(n) }, least: 0, most: years},
	}
	for name, l := range map[string]struct {
		of    func(*Options) *Limit
		tries int64
		final int64
	}{
		"Password":  {func(o *Options) *Limit { return &o.Password }, 5, 100},
		"PIN.Limit": {func(o *Options) *Limit { return &o.PIN.Limit }, 3, 10},
		"OTP.Limit": {func(o *Options) *Limit { return &o.OTP.Limit }, 5, 100}, "TOTP.Limit": {func(o *Options) *Limit { return &o.TOTP.Limit }, 5, 100},
	} {
		final := func(o *Options) { l.of(o).Final = 100 }
		fields = append(fields,
			bounded{name: name + ".Tries", set: func(o *Options, n int64) { l.of(o).Tries = int(n) }, byDefault: l.tries, least: 1, most: 99, alsoNeeds: final},
			bounded{name: name + ".Tries", set: func(o *Options, n int64) { l.of(o).Tries = int(n) }, byDefault: l.tries, least: 1, most: l.final - 1,
				above: []int64{}}, // Final is named then, see below
			bounded{name: name + ".Delay", set: func(o *Options, n int64) { l.of(o).Delay = time.Duration(n) }, byDefault: int64(time.Minute), least: 1e6, most: years,
				alsoNeeds: func(o *Options) { l.of(o).MaxDelay = time.Duration(years) }},
			bounded{name: name + ".MaxDelay", set: func(o *Options, n int64) { l.of(o).MaxDelay = time.Duration(n) }, byDefault: int64(time.Hour), least: int64(time.Minute), most: years},
			bounded{name: name + ".MaxDelay", set: func(o *Options, n int64) { l.of(o).MaxDelay = time.Duration(n) }, byDefault: int64(time.Hour), least: 1e6, most: years,
				alsoNeeds: func(o *Options) { l.of(o).Delay = 1e6 }},
			bounded{name: name + ".Final", set: func(o *Options, n int64) { l.of(o).Final = int(n) }, byDefault: l.final, least: l.tries + 1, most: 100},
			bounded{name: name + ".Final", set: func(o *Options, n int64) { l.of(o).Final = int(n) }, byDefault: l.final, least: 2, most: 100,
				alsoNeeds: func(o *Options) { l.of(o).Tries = 1 }},
		)
	}
	return fields
}

func TestDurationsAreWholeMilliseconds(t *testing.T) {
	for _, f := range boundedFields() {
		if f.byDefault < int64(time.Second) {
			continue
		}
		var o Options
		f.set(&o, f.byDefault-1)
		if _, err := o.complete(); err == nil || !strings.Contains(err.Error(), "Options."+f.name+" must be whole milliseconds") {
			t.Errorf("%s: %v", f.name, err)
		}
	}
}

func TestOptionsAreRefusedBelowAndAboveTheirBounds(t *testing.T) {
	for _, f := range boundedFields() {
		complete := func(n int64) (Options, error) {
			var o Options
			if f.alsoNeeds != nil {
				f.alsoNeeds(&o)
			}
			f.set(&o, n)
			return o.complete()
		}
		if f.below == nil && f.least > 0 {
			f.below = []int64{f.least - 1, -1, math.MinInt32}
		} else if f.below == nil {
			f.below = []int64{f.least - 1, math.MinInt32}
		}
		if f.above == nil {
			f.above = []int64{f.most + 1, max(f.most+1, math.MaxInt32)}
		}
		for _, n := range append(f.below, f.above...) {
			if n == 0 {
				continue // the default
			}
			if _, err := complete(n); err == nil || !strings.Contains(err.Error(), "Options."+f.name+" ") {
				t.Errorf("%s = %d: %v", f.name, n, err)
			}
		}
		for _, n := range []int64{f.least, f.most, 0, f.byDefault} {
			if _, err := complete(n); err != nil {
				t.Errorf("%s = %d: %v", f.name, n, err)
			}
		}
		zero, _ := complete(0)
		named, _ := complete(f.byDefault)
		zero.Now, named.Now = nil, nil
		if f.byDefault != 0 && !reflect.DeepEqual(zero, named) {
			t.Errorf("%s: zero does not mean %d", f.name, f.byDefault)
		}
	}
}

func TestOptionsHaveTheirDefaults(t *testing.T) {
	o, err := Options{}.complete()
	if err != nil || o.Now == nil {
		t.Fatal(err)
	}
	if now := o.Now(); time.Since(now).Abs() > time.Minute {
		t.Errorf("the default clock says %v", now)
	}
	o.Now = nil
	most := Limit{Tries: 5, Delay: time.Minute, MaxDelay: time.Hour, Final: 100}
	want := Options{
		ProofKinds: []Kind{KindDeviceTOTP, KindAccount},
		Password:   most,
		PIN: PINOptions{Length: 4, MinDistinct: 3, Limit: Limit{Tries: 3, Delay: time.Minute, MaxDelay: time.Hour, Final: 10}, Poll: 500 * time.Millisecond,
			Hash: HashOptions{MemoryKiB: 19456, Time: 2, Threads: 1, Parallel: runtime.GOMAXPROCS(0)}},
		OTP:    OTPOptions{Digits: 6, AccountTTL: 5 * time.Minute, LoginTTL: 10 * time.Minute, Limit: most},
		TOTP:   TOTPOptions{Algorithm: "SHA1", Period: 30 * time.Second, Digits: 6, Skew: 1, Limit: most},
		Device: DeviceOptions{Grace: 5 * time.Minute, Max: 10},
		Reset:  ResetOptions{Strikes: 3},
	}
	for i, got := 0, reflect.ValueOf(o); i < got.NumField(); i++ {
		is, wanted := got.Field(i).Interface(), reflect.ValueOf(want).Field(i).Interface()
		if !reflect.DeepEqual(is, wanted) {
			t.Errorf("by default Options.%s is\n%+v, want\n%+v", got.Type().Field(i).Name, is, wanted)
		}
	}
	rules := o.rules()
	limits := map[Kind]Limit{KindPassword: o.Password, KindPIN: o.PIN.Limit, KindLogin: o.OTP.Limit, KindAccount: o.OTP.Limit, KindTOTP: o.TOTP.Limit, KindDeviceTOTP: o.TOTP.Limit, KindRecovery: o.OTP.Limit}
	for _, k := range kinds {
		if got := rules.Limit(account.Kind(k)); got != account.Limit(limits[k]) {
			t.Errorf("%s has the limit %+v, want %+v", k, got, limits[k])
		}
	}
	ttls := map[Kind]time.Duration{KindLogin: 10 * time.Minute, KindAccount: 5 * time.Minute}
	for _, k := range issuedKinds {
		if got := rules.TTL(account.Kind(k)); got != ttls[k] {
			t.Errorf("a %s code lives %s, want %s", k, got, ttls[k])
		}
	}
	if none, err := (Options{TOTP: TOTPOptions{Skew: -1}}).complete(); err != nil || none.TOTP.Skew != 0 {
		t.Errorf("a Skew of -1 is %d, %v", none.TOTP.Skew, err)
	}
}

// Fields without an order: names and texts, and fields that bound each other.
func TestOptionsAreRefusedByName(t *testing.T) {
	for _, c := range []struct {
		name  string // empty: accepted
		wrong Options
	}{
		{"ProofKinds", Options{ProofKinds: []Kind{KindPassword}}},
		{"ProofKinds", Options{ProofKinds: []Kind{KindPIN}}},
		{"ProofKinds", Options{ProofKinds: []Kind{"otp"}}},
		{"ProofKinds", Options{ProofKinds: []Kind{KindAccount, ""}}},
		{"ProofKinds", Options{ProofKinds: []Kind{KindAccount, KindLogin, KindAccount}}},
		{"", Options{ProofKinds: []Kind{KindTOTP, KindLogin, KindAccount, KindDeviceTOTP, KindRecovery}}},
		{"", Options{ProofKinds: []Kind{KindRecovery}}},
		{"ProofKinds", Options{ProofKinds: []Kind{KindRecovery, KindRecovery}}},
		{"TOTP.Algorithm", Options{TOTP: TOTPOptions{Algorithm: "sha1"}}},
		{"TOTP.Algorithm", Options{TOTP: TOTPOptions{Algorithm: "MD5"}}},
		{"", Options{TOTP: TOTPOptions{Algorithm: "SHA512"}}},
		{"TOTP.Issuer", Options{TOTP: TOTPOptions{Issuer: "a:b"}}},
		{"", Options{TOTP: TOTPOptions{Issuer: "a b é"}}},
		{"Password.Final", Options{Password: Limit{Tries: 5, Final: 5}}},
		{"PIN.Limit.Final", Options{PIN: PINOptions{Limit: Limit{Tries: 10}}}},
		{"OTP.Limit.MaxDelay", Options{OTP: OTPOptions{Limit: Limit{Delay: 2 * time.Hour}}}},
		{"TOTP.Limit.MaxDelay", Options{TOTP: TOTPOptions{Limit: Limit{Delay: 2, MaxDelay: 1}}}},
		{"PIN.MinDistinct", Options{PIN: PINOptions{Length: 4, MinDistinct: 5}}},
		{"PIN.MinDistinct", Options{PIN: PINOptions{Length: 12, MinDistinct: 11}}},
	} {
		_, err := c.wrong.complete()
		if c.name == "" && err != nil || c.name != "" && (err == nil || !strings.Contains(err.Error(), "Options."+c.name+" ")) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// The error about ProofKinds lists the kinds that a code can be of, and no others.
func TestOptionsListTheKindsThatProve(t *testing.T) {
	for _, wrong := range [][]Kind{{"sms"}, {KindPassword}, {KindRecovery, KindRecovery}} {
		_, err := Options{ProofKinds: wrong}.complete()
		if err == nil {
			t.Fatalf("%v is accepted", wrong)
		}
		words := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == ' ' || r == ',' })
		for _, k := range append(kinds[:], "sms") {
			if named := slices.Contains(words, string(k)); named != k.isOTP() {
				t.Errorf("%v: %s is named: %v in %q", wrong, k, named, err)
			}
		}
	}
}

// OWASP's Password Storage Cheat Sheet: each pair is enough, and so is more of
// both; a little less of one is not.
func TestOptionsRefuseACheapHash(t *testing.T) {
	pairs := map[uint32]uint32{47104: 1, 19456: 2, 12288: 3, 9216: 4, 7168: 5}
	accepted := func(memory, passes uint32) bool {
		_, err := Options{PIN: PINOptions{Hash: HashOptions{MemoryKiB: memory, Time: passes}}}.complete()
		if err != nil && !strings.Contains(err.Error(), "Options.PIN.Hash ") {
			t.Errorf("%d KiB, %d passes: %v", memory, passes, err)
		}
		return err == nil
	}
	for memory, passes := range pairs {
		if !accepted(memory, passes) || !accepted(memory+1, passes) || !accepted(memory, passes+1) {
			t.Errorf("%d KiB, %d passes or more are refused", memory, passes)
		}
		if accepted(memory-1, passes) || passes > 1 && accepted(memory, passes-1) {
			t.Errorf("less than %d KiB, %d passes are accepted", memory, passes)
		}
	}
	if accepted(1, 1024) || accepted(7167, 1024) {
		t.Error("many passes over little memory are accepted")
	}
}

func TestOptionsReportEachFault(t *testing.T) {
	_, err := NewVerifier(struct{ Store }{}, struct{ Sealer }{}, &Options{
		ProofKinds: []Kind{"x"}, Password: Limit{Tries: -1}, OTP: OTPOptions{Digits: 9}, Device: DeviceOptions{Max: 101}, Reset: ResetOptions{Strikes: -1},
	})
	for _, name := range []string{"ProofKinds", "Password.Tries", "OTP.Digits", "Device.Max", "Reset.Strikes"} {
		if err == nil || !strings.Contains(err.Error(), "Options."+name+" ") {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}

func TestNewVerifierNeedsItsCollaborators(t *testing.T) {
	for name, make := range map[string]func() (any, error){
		"store":  func() (any, error) { return NewVerifier(nil, struct{ Sealer }{}, nil) },
		"sealer": func() (any, error) { return NewVerifier(struct{ Store }{}, nil, nil) },
		"Wipe": func() (any, error) {
			v, err := NewVerifier(struct{ Store }{}, struct{ Sealer }{}, nil)
			if err != nil {
				return nil, fmt.Errorf("the defaults: %w", err)
			}
			return NewResetGuard(v)
		},
	} {
		got, err := make()
		if err == nil || !strings.HasPrefix(err.Error(), "factor: "+name+" must") || !reflect.ValueOf(got).IsNil() {
			t.Errorf("no %s: %v, %v", name, got, err)
		}
	}
}

// The caller may go on to use its arguments.
func TestOptionsAreCopied(t *testing.T) {
	o := Options{ProofKinds: []Kind{KindLogin}, OTP: OTPOptions{Digits: 7}, Wipe: func(context.Context, Wipe) error { return nil }}
	v, err := NewVerifier(struct{ Store }{}, struct{ Sealer }{}, &o)
	if err != nil {
		t.Fatal(err)
	}
	if o.PIN.Length != 0 || o.Now != nil {
		t.Fatal("the defaults are written into the caller's")
	}
	o.ProofKinds[0], o.OTP.Digits, o.Wipe = KindPIN, 1, nil
	if v.opts.ProofKinds[0] != KindLogin || v.opts.OTP.Digits != 7 || v.opts.Wipe == nil {
		t.Fatal("changed with the caller's")
	}
}

// A duration without its own bound may be a hundred years and no longer, so that
// adding it to a time never overflows.
func TestSpansAreBoundedByAHundredYears(t *testing.T) {
	const century = 876_000 * time.Hour
	for name, set := range map[string]func(*Options, time.Duration){
		"Password.MaxDelay": func(o *Options, d time.Duration) { o.Password.MaxDelay = d },
		"OTP.Interval":      func(o *Options, d time.Duration) { o.OTP.Interval = d },
		"Device.Grace":      func(o *Options, d time.Duration) { o.Device.Grace = d },
		"Reset.Interval":    func(o *Options, d time.Duration) { o.Reset.Interval = d },
		"Reset.MinAge":      func(o *Options, d time.Duration) { o.Reset.MinAge = d },
	} {
		var within, beyond Options
		set(&within, century)
		set(&beyond, century+time.Millisecond)
		if _, err := within.complete(); err != nil {
			t.Errorf("%s of a hundred years: %v", name, err)
		}
		if _, err := beyond.complete(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s of more: %v", name, err)
		}
	}
}

// Nobody tests an option with a number that has no bounds here.
func TestEveryNumberAmongTheOptionsIsBounded(t *testing.T) {
	tested := map[string]bool{}
	for _, f := range boundedFields() {
		tested[f.name] = true
	}
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		for i := range v.NumField() {
			name, field := path+v.Type().Field(i).Name, v.Field(i)
			switch {
			case field.Kind() == reflect.Struct:
				walk(name+".", field)
			case (field.CanInt() || field.CanUint()) && !tested[name]:
				t.Errorf("boundedFields has no row for %s: add one with its default and bounds", name)
			}
		}
	}
	walk("", reflect.ValueOf(Options{}))
}

// FuzzOptions fills in every number of the Options from bytes. They are refused by
// the name of an existing field, or completed within the documented bounds;
// completed options stay as they are, and the host's copy is unchanged.
func FuzzOptions(f *testing.F) {
	f.Add([]byte{}, "", "", uint16(0))
	for _, n := range []int64{1, -1, 6, 30, 100, 1000, int64(time.Second), int64(time.Minute), int64(time.Hour), math.MaxInt64, math.MinInt64} {
		data := make([]byte, 8*(len(optionNumbers(&Options{}))+1))
		for i := 0; i < len(data); i += 8 {
			binary.LittleEndian.PutUint64(data[i:], uint64(n))
		}
		f.Add(data, "Example", "SHA256", uint16(n))
		for i := 0; i < len(data); i += 8 { // one alone
			one := make([]byte, len(data))
			copy(one[i:], data[i:i+8])
			f.Add(one, "", "", uint16(0))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, issuer, algorithm string, kinds uint16) {
		var o Options
		for _, set := range optionNumbers(&o) {
			var n [8]byte
			data = data[copy(n[:], data):]
			set(int64(binary.LittleEndian.Uint64(n[:])))
		}
		o.TOTP.Issuer, o.TOTP.Algorithm = issuer, algorithm
		all := append(slices.Clone(otpKinds[:]), KindPIN, "", KindTOTP, KindPassword)
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
		if got.TOTP.Skew == 0 { // set by −1; 0 means the default
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

// outsideBounds names what is out of bounds in completed options.
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
