package factor_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// Another holding in the place stays, and Import binds nothing of the row.
func TestImportKeepsWhatTheUserHolds(t *testing.T) {
	held := func(secret string) factor.ImportedTOTP { return factor.ImportedTOTP{Secret: secret} }
	app, other := held(newSecret), held(phoneSecret)
	for name, c := range map[string]struct {
		before func(k *kit)
		given  factor.Import
		want   factor.AlreadyEnrolledError
	}{
		"a PIN": {(*kit).setPIN, factor.Import{PIN: row().PIN}, factor.AlreadyEnrolledError{Kind: factor.KindPIN}},
		"another hash of the PIN": {func(k *kit) { k.imports(row()) },
			factor.Import{PIN: &factor.ImportedPIN{Hash: argon2OfRightPIN}}, factor.AlreadyEnrolledError{Kind: factor.KindPIN}},
		"an authenticator": {func(k *kit) { k.ok(k.auth.Confirm(k.Context(), alice, k.code(k.begin()))) },
			factor.Import{Authenticator: row().Authenticator}, factor.AlreadyEnrolledError{Kind: factor.KindTOTP}},
		"another authenticator": {func(k *kit) { k.imports(row()) }, factor.Import{Authenticator: &app}, factor.AlreadyEnrolledError{Kind: factor.KindTOTP}},
		"a device of that ID": {func(k *kit) {
			k.ok(second(k.dev.Enroll(k.Context(), alice, phone, factor.Credentials{})))
		}, row(), factor.AlreadyEnrolledError{Kind: factor.KindDeviceTOTP, Device: phone}},
		"the secret in a device": {func(k *kit) { k.imports(factor.Import{Devices: row().Devices}) },
			factor.Import{Authenticator: &other}, factor.AlreadyEnrolledError{Kind: factor.KindDeviceTOTP, Device: phone}},
		"the secret in another device": {func(k *kit) { k.imports(factor.Import{Devices: row().Devices}) },
			factor.Import{Devices: []factor.ImportedDevice{{ID: tablet, TOTP: other}}}, factor.AlreadyEnrolledError{Kind: factor.KindDeviceTOTP, Device: phone}},
		"the secret in the authenticator": {func(k *kit) { k.imports(row()) },
			factor.Import{Devices: []factor.ImportedDevice{{ID: tablet, TOTP: held(appSecret)}}}, factor.AlreadyEnrolledError{Kind: factor.KindTOTP}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			c.before(k)
			before, swaps, events := k.status(), k.swaps.Load(), len(k.actions())
			all := c.given
			if all.PIN == nil && !before.PIN {
				all.PIN = row().PIN // would be taken over, were it alone
			}
			err := k.admin.Import(t.Context(), alice, all)
			k.is(err, factor.ErrAlreadyEnrolled)
			var e *factor.AlreadyEnrolledError
			if !errors.As(err, &e) || *e != c.want {
				t.Fatalf("got %#v, want %+v", err, c.want)
			}
			// A refused key that was unknown is marked.
			if after := k.status(); !reflect.DeepEqual(after, before) || k.swaps.Load() > swaps+1 {
				t.Fatalf("from %+v to %+v with %d swaps", before, after, k.swaps.Load()-swaps)
			}
			swaps = k.swaps.Load()
			k.is(k.admin.Import(t.Context(), alice, all), factor.ErrAlreadyEnrolled)
			if k.swaps.Load() != swaps {
				t.Fatalf("a second time it is remembered anew")
			}
			if got := k.actions()[events:]; len(got) > 0 {
				t.Fatalf("observed %v of what was refused", got)
			}
		})
	}
}

func TestImportHonoursTheDeviceLimit(t *testing.T) {
	k := newKit(t, func(o *factor.Options) { o.Device.Max = 1 })
	two := row()
	two.Devices = append(two.Devices, factor.ImportedDevice{ID: tablet, TOTP: factor.ImportedTOTP{Secret: newSecret}})
	k.is(k.admin.Import(t.Context(), alice, two), factor.ErrDeviceLimit)
	if s := k.status(); s.PIN || len(s.Devices) > 0 {
		t.Fatalf("holds %+v", s)
	}
	k.imports(row())
	k.is(k.admin.Import(t.Context(), alice, two), factor.ErrDeviceLimit)
}

// A bad value is named by its path, without the value, and the store is not called.
func TestImportNamesTheFieldThatIsRefused(t *testing.T) {
	k := newKit(t)
	secret := func(s string) factor.Import { return factor.Import{Authenticator: &factor.ImportedTOTP{Secret: s}} }
	url := func(query string) factor.Import {
		return factor.Import{Authenticator: &factor.ImportedTOTP{URL: "otpauth://totp/alice?" + query}}
	}
	with := func(change func(s *factor.ImportedTOTP)) factor.Import {
		held := secret(appSecret)
		change(held.Authenticator)
		return held
	}
	device := func(change func(d *factor.ImportedDevice)) factor.Import {
		held := row()
		change(&held.Devices[0])
		return held
	}
	hash := func(h string) factor.Import { return factor.Import{PIN: &factor.ImportedPIN{Hash: h}} }
	future, past := k.Now().Add(time.Minute+time.Millisecond), time.Unix(-1, 0)
	const here = "Import.Authenticator."
	cases := map[string]map[string]factor.Import{
		"Import":          {"nothing": {}},
		"Import.PIN.Hash": {"none": hash(""), "clear": hash(rightPIN), "md5": hash("5f4dcc3b5aa765d61d8327deb882cf99")},
		"Import.PIN.SetAt": {
			"future": {PIN: &factor.ImportedPIN{Hash: bcryptOfRightPIN, SetAt: future}},
			"past":   {PIN: &factor.ImportedPIN{Hash: bcryptOfRightPIN, SetAt: past}},
		},
		here + "Secret": {
			"none": secret(""), "blank": secret(" = "), "80 bits": secret(appSecret[:16]), "104 bits": secret(appSecret[:21]),
			"no base32": secret(strings.Replace(appSecret, "G", "1", 1)), "cut": secret(appSecret + "A"), "cut by 3": secret(appSecret + "AAA"),
			"cut by 6": secret(appSecret + "AAAAAA"), "padded within": secret(appSecret[:8] + "=" + appSecret[8:]),
			"zeros": secret(strings.Repeat("A", 32)), "one byte": secret(strings.Repeat("7", 32)), "129 bytes": secret(strings.Repeat("AE", 103) + "A"),
		},
		here + "Algorithm": {"MD5": with(func(s *factor.ImportedTOTP) { s.Algorithm = "MD5" }), "blank": with(func(s *factor.ImportedTOTP) { s.Algorithm = " " })},
		here + "Digits":    {"5": with(func(s *factor.ImportedTOTP) { s.Digits = 5 }), "9": with(func(s *factor.ImportedTOTP) { s.Digits = 9 }), "-6": with(func(s *factor.ImportedTOTP) { s.Digits = -6 })},
		here + "Period": {
			"too long": with(func(s *factor.ImportedTOTP) { s.Period = 121 * time.Second }), "negative": with(func(s *factor.ImportedTOTP) { s.Period = -time.Second }),
			"a bare 30": with(func(s *factor.ImportedTOTP) { s.Period = 30 }), "no whole seconds": with(func(s *factor.ImportedTOTP) { s.Period = 1500 * time.Millisecond }),
		},
		here + "LastStep": {
			"negative": with(func(s *factor.ImportedTOTP) { s.LastStep = -1 }), "a time": with(func(s *factor.ImportedTOTP) { s.LastStep = k.Now().Unix() }),
			"ahead":        with(func(s *factor.ImportedTOTP) { s.LastStep = k.Now().Unix()/30 + 11 }),
			"beside a URL": {Authenticator: &factor.ImportedTOTP{URL: "otpauth://totp/a?secret=" + appSecret, LastStep: -1}},
		},
		here + "URL": {
			"both":             with(func(s *factor.ImportedTOTP) { s.URL = "otpauth://totp/a?secret=" + appSecret }),
			"and an algorithm": {Authenticator: &factor.ImportedTOTP{URL: "otpauth://totp/a?secret=" + appSecret, Algorithm: "SHA1"}},
			"and digits":       {Authenticator: &factor.ImportedTOTP{URL: "otpauth://totp/a?secret=" + appSecret, Digits: 6}},
			"and a period":     {Authenticator: &factor.ImportedTOTP{URL: "otpauth://totp/a?secret=" + appSecret, Period: time.Second}},
			"hotp":             {Authenticator: &factor.ImportedTOTP{URL: "otpauth://hotp/a?counter=1&secret=" + appSecret}},
			"https":            {Authenticator: &factor.ImportedTOTP{URL: "https://totp/a?secret=" + appSecret}},
			"no URL":           {Authenticator: &factor.ImportedTOTP{URL: "%" + appSecret}},
			"no query":         url("secret=" + appSecret + "&digits=%"),
			"no secret":        url("digits=6"), "a weak secret": url("secret=" + appSecret[:16]),
			"algorithm MD5": url("algorithm=MD5&secret=" + appSecret), "algorithm": url("algorithm=&secret=" + appSecret),
			"digits": url("digits=&secret=" + appSecret), "digits 0": url("digits=0&secret=" + appSecret), "digits 9": url("digits=9&secret=" + appSecret),
			"period": url("period=&secret=" + appSecret), "period 0": url("period=0&secret=" + appSecret),
			"period 121": url("period=121&secret=" + appSecret), "period 1e9": url("period=1000000000000&secret=" + appSecret), "period -30": url("period=-30&secret=" + appSecret),
		},
		"Import.Devices[0].ID":          {"nil": device(func(d *factor.ImportedDevice) { d.ID = uuid.Nil })},
		"Import.Devices[0].TOTP.Secret": {"none": device(func(d *factor.ImportedDevice) { d.TOTP.Secret = "" })},
		"Import.Devices[0].TOTP":        {"the authenticator's": device(func(d *factor.ImportedDevice) { d.TOTP.Secret = appSecret })},
		"Import.Devices[0].EnrolledAt": {
			"future": device(func(d *factor.ImportedDevice) { d.EnrolledAt = future }), "past": device(func(d *factor.ImportedDevice) { d.EnrolledAt = past }),
		},
		"Import.Devices[0].UsedAt": {"future": device(func(d *factor.ImportedDevice) { d.UsedAt = future })},
		"Import.Devices[1].ID": {"twice": {Devices: []factor.ImportedDevice{
			{ID: phone, TOTP: factor.ImportedTOTP{Secret: phoneSecret}}, {ID: phone, TOTP: factor.ImportedTOTP{Secret: newSecret}},
		}}},
		"Import.Devices[1].TOTP": {"twice": {Devices: []factor.ImportedDevice{
			{ID: phone, TOTP: factor.ImportedTOTP{Secret: phoneSecret}}, {ID: tablet, TOTP: factor.ImportedTOTP{Secret: phoneSecret}},
		}}},
	}
	for field, held := range cases {
		for name, given := range held {
			err := k.admin.Import(t.Context(), alice, given)
			var m *factor.MalformedError
			if !errors.Is(err, factor.ErrMalformed) || !errors.As(err, &m) || m.Field != field || m.Reason == "" {
				t.Errorf("%s, %s: %v", field, name, err)
				continue
			}
			for _, part := range []string{appSecret[:12], phoneSecret[:12], bcryptOfRightPIN[20:], "5f4dcc", "MD5"} {
				if strings.Contains(err.Error(), part) {
					t.Errorf("%s, %s repeats what was given: %v", field, name, err)
				}
			}
		}
	}
	k.is(k.admin.Import(t.Context(), "", row()), factor.ErrMalformed)
	if k.loads.Load() != 0 {
		t.Errorf("%d loads", k.loads.Load())
	}
	broken := newKit(t, func(o *factor.Options) { o.Now = func() time.Time { panic("no clock") } })
	if err := broken.admin.Import(t.Context(), alice, row()); err == nil || broken.loads.Load() != 0 {
		t.Errorf("without a clock: %v", err)
	}
}

// The longest allowed values are imported, in a record that opens.
func TestImportTakesWhatIsJustWithinBounds(t *testing.T) {
	k := newKit(t)
	long := strings.Repeat("A", 203) + "QE" // 1025 bits, of which 1024 are 128 bytes
	held := factor.Import{
		PIN:           &factor.ImportedPIN{Hash: bcryptOfRightPIN, SetAt: k.Now().Add(time.Minute)},
		Authenticator: &factor.ImportedTOTP{Secret: long, Digits: 8, Period: 2 * time.Minute, Algorithm: "SHA512", LastStep: k.Now().Unix()/120 + 10},
		Devices:       []factor.ImportedDevice{{ID: phone, TOTP: factor.ImportedTOTP{Secret: appSecret[:23]}, EnrolledAt: time.Unix(0, 0), UsedAt: k.Now().Add(time.Minute)}},
	}
	k.imports(held)
	if s := k.status(); !s.PIN || !s.Authenticator || len(s.Devices) != 1 {
		t.Fatalf("holds %+v", s)
	}
}

// FuzzImport shows that every accepted import is in a record that opens again, is
// known the next time, and that no error repeats a value.
func FuzzImport(f *testing.F) {
	f.Add(bcryptOfRightPIN, appSecret, "otpauth://totp/a?secret="+phoneSecret, "SHA1", 6, int64(30*time.Second), int64(0), int64(0), []byte(nil))
	f.Add(argon2OfRightPIN, "", "otpauth://totp/a%20b?digits=8&period=60&algorithm=SHA512&secret="+phoneSecret, "", 0, int64(0), int64(59006130), int64(1e18), []byte(nil))
	f.Add("pbkdf2_sha256$7$seasalt$hRlkgLBCWZ3Eb0w5M+NaRs+86IUuVuQgIAaYgfvfws8=", "", "otpauth://TOTP/a #1?Digits=8&issuer=A & B&SECRET="+phoneSecret,
		"HmacSHA256", 8, int64(0), int64(0), int64(0), []byte("12345678901234567890\x00"))
	f.Fuzz(func(t *testing.T, hash, secret, url, algorithm string, digits int, period, step, nanos int64, key []byte) {
		k := newKit(t)
		at := time.Unix(0, nanos)
		held := factor.Import{
			Authenticator: &factor.ImportedTOTP{Secret: secret, Key: key, Algorithm: algorithm, Digits: digits, Period: time.Duration(period), LastStep: step},
			Devices:       []factor.ImportedDevice{{ID: phone, TOTP: factor.ImportedTOTP{URL: url, LastStep: step}, EnrolledAt: at, UsedAt: at}},
		}
		if hash != "" {
			held.PIN = &factor.ImportedPIN{Hash: hash, SetAt: at}
		}
		if secret == "" && len(key) == 0 {
			held.Authenticator = nil
		}
		err := k.admin.Import(t.Context(), alice, held)
		shown := fmt.Sprintf("%v %+v %+v %+v", err, held.PIN, held.Authenticator, held)
		for _, s := range []string{hash, secret, url, string(key)} {
			if len(s) > 20 && strings.Contains(shown, s) {
				t.Fatalf("%q shows in %s", s, shown)
			}
		}
		k.status()
		if err == nil {
			k.imports(held)
		} else if !errors.Is(err, factor.ErrMalformed) {
			t.Fatal(err)
		}
	})
}

// A pending secret is already held: in two places each of its codes would be
// accepted twice.
func TestImportRefusesTheSecretThatWaits(t *testing.T) {
	k := newKit(t)
	waiting := factor.ImportedTOTP{URL: k.begin().URL}
	for _, held := range []factor.Import{{Authenticator: &waiting}, {Devices: []factor.ImportedDevice{{ID: tablet, TOTP: waiting}}}} {
		k.is(k.admin.Import(t.Context(), alice, held), factor.ErrAlreadyEnrolled)
	}
}

// Whichever part of a row is refused first, none of its secrets for a filled place
// comes back later, under any ID.
func TestImportRemembersAllThatARefusedRowHasForFilledPlaces(t *testing.T) {
	k := newKit(t)
	k.withPIN()
	k.ok(second(k.dev.Enroll(t.Context(), alice, phone, factor.Credentials{})))
	k.is(k.admin.Import(t.Context(), alice, row()), factor.ErrAlreadyEnrolled) // for the PIN
	k.ok(k.admin.RevokeDevice(t.Context(), alice, phone))
	k.imports(factor.Import{Devices: []factor.ImportedDevice{{ID: tablet, TOTP: factor.ImportedTOTP{Secret: phoneSecret}}}})
	if s := k.status(); len(s.Devices) != 0 {
		t.Fatalf("holds %+v", s.Devices)
	}
}
