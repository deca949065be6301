package factor_test

import (
	"crypto/sha1"
	"encoding/base32"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
)

// inBase32 writes a key as Secret takes it.
func inBase32(key string) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(key))
}

// importsAuthenticator imports an authenticator, and returns the refusal.
func (k *kit) importsAuthenticator(held factor.ImportedTOTP) (refused *factor.MalformedError) {
	k.Helper()
	err := k.admin.Import(k.Context(), alice, factor.Import{Authenticator: &held})
	if err != nil && !errors.As(err, &refused) {
		k.Fatal(err)
	}
	return refused
}

// Some systems use a shown text as the key itself. Such keys often look like
// base32, and would give other codes if read so.
func TestImportTakesAKeyThatIsText(t *testing.T) {
	const text = "MZXW6YTBOI2DKNRXMZXW6YTB"
	k := newKit(t)
	key := []byte(text)
	if refused := k.importsAuthenticator(factor.ImportedTOTP{Key: key, Algorithm: "HmacSHA256", Digits: 8, Period: time.Minute}); refused != nil {
		t.Fatal(refused)
	}
	clear(key) // it is the caller's again
	e := factor.Enrollment{Secret: inBase32(text), Algorithm: "SHA256", Digits: 8, Period: time.Minute}
	k.accepts(k.code(e), factor.KindTOTP)
	_, err := k.v.VerifyOTP(t.Context(), alice, k.code(factor.Enrollment{Secret: text, Algorithm: "SHA256", Digits: 8, Period: time.Minute}), factor.KindTOTP)
	k.is(err, factor.ErrMismatch)
}

func TestImportTakesAKeyInOneWayOnly(t *testing.T) {
	key, url := []byte("12345678901234567890"), "otpauth://totp/a?secret="+appSecret
	for name, c := range map[string]struct {
		given factor.ImportedTOTP
		field string
	}{
		"a key beside a secret":       {factor.ImportedTOTP{Key: key, Secret: newSecret}, "Key"},
		"a key beside its own secret": {factor.ImportedTOTP{Key: key, Secret: appSecret}, "Key"},
		"a key beside a URL":          {factor.ImportedTOTP{Key: key, URL: url}, "Key"},
		"an empty key":                {factor.ImportedTOTP{Key: []byte{}}, "Key"},
		"a short key":                 {factor.ImportedTOTP{Key: key[:13]}, "Key"},
		"a long key":                  {factor.ImportedTOTP{Key: []byte(strings.Repeat("ab", 65))}, "Key"},
		"zeros":                       {factor.ImportedTOTP{Key: make([]byte, 20)}, "Key"},
		"one byte":                    {factor.ImportedTOTP{Key: []byte(strings.Repeat("a", 20))}, "Key"},
		"nothing":                     {factor.ImportedTOTP{}, "Secret"},
	} {
		k := newKit(t)
		refused := k.importsAuthenticator(c.given)
		if refused == nil || refused.Field != "Import.Authenticator."+c.field {
			t.Errorf("%s: %v", name, refused)
		}
		device := factor.Import{Devices: []factor.ImportedDevice{{ID: phone, TOTP: c.given}}}
		err := k.admin.Import(t.Context(), alice, device)
		if !errors.As(err, &refused) || refused.Field != "Import.Devices[0].TOTP."+c.field {
			t.Errorf("%s of a device: %v", name, err)
		}
	}
	k := newKit(t) // an empty column beside the one that counts
	if refused := k.importsAuthenticator(factor.ImportedTOTP{Key: []byte{}, Secret: appSecret}); refused != nil {
		t.Error(refused)
	}
}

// spellings are keys that HMAC cannot distinguish from the first of their list.
func spellings() map[string][]factor.ImportedTOTP {
	const key = "12345678901234567890"
	long := strings.Repeat("0123456789", 10)
	hashed := sha1.Sum([]byte(long))
	return map[string][]factor.ImportedTOTP{
		"a short key": {
			{Secret: appSecret}, {Secret: strings.ToLower(appSecret)}, {Key: []byte(key)}, {URL: "otpauth://totp/a?secret=" + appSecret},
			{Key: []byte(key + "\x00")}, {Secret: inBase32(key + "\x00\x00\x00")}, {Key: []byte(key + strings.Repeat("\x00", 44))},
			{Secret: appSecret, Digits: 8},
			// These have other codes, but nobody has one key for two algorithms.
			{Secret: appSecret, Algorithm: "SHA256"}, {Key: []byte(key + "\x00"), Algorithm: "SHA512"},
		},
		"a key longer than the block": {
			{Key: []byte(long)}, {Secret: inBase32(long)}, {Key: hashed[:]}, {Key: append(hashed[:20:20], 0)}, {Key: []byte(long), Algorithm: "SHA512"},
		},
	}
}

func TestImportRefusesOneKeyInTwoPlaces(t *testing.T) {
	for name, list := range spellings() {
		for i, other := range list {
			first, phones := list[0], []factor.ImportedDevice{{ID: phone, TOTP: other}}
			for field, held := range map[string]factor.Import{
				"Import.Devices[0].TOTP": {Authenticator: &first, Devices: phones},
				"Import.Devices[1].TOTP": {Devices: append(phones[:1:1], factor.ImportedDevice{ID: tablet, TOTP: first})},
			} {
				k := newKit(t)
				var refused *factor.MalformedError
				if err := k.admin.Import(t.Context(), alice, held); !errors.As(err, &refused) || refused.Field != field {
					t.Errorf("%s, spelling %d, at once: %v, want %s", name, i, err, field)
				}
			}
			k := newKit(t)
			k.imports(factor.Import{Authenticator: &first})
			var enrolled *factor.AlreadyEnrolledError
			if err := k.admin.Import(t.Context(), alice, factor.Import{Devices: phones}); !errors.As(err, &enrolled) || enrolled.Kind != factor.KindTOTP {
				t.Errorf("%s, spelling %d, one after the other: %v", name, i, err)
			}
			k = newKit(t)
			k.imports(factor.Import{Devices: phones})
			if err := k.admin.Import(t.Context(), alice, factor.Import{Authenticator: &first}); !errors.As(err, &enrolled) || enrolled.Device != phone {
				t.Errorf("%s, spelling %d, the other one first: %v", name, i, err)
			}
		}
	}
}

// A key that was imported and is gone does not come back in another spelling.
func TestImportKnowsAKeyInEachSpelling(t *testing.T) {
	const key = "12345678901234567890"
	for _, other := range []factor.ImportedTOTP{
		{Secret: appSecret}, {Key: []byte(key)}, {Key: []byte(key + "\x00")}, {Secret: strings.ToLower(appSecret), Algorithm: "HmacSHA1", Digits: 6, Period: 30 * time.Second},
	} {
		for _, swap := range []bool{false, true} {
			first, second := factor.ImportedTOTP{Secret: appSecret}, other
			if swap {
				first, second = second, first
			}
			k := newKit(t)
			k.imports(factor.Import{Authenticator: &first, Devices: []factor.ImportedDevice{{ID: phone, TOTP: factor.ImportedTOTP{Secret: phoneSecret}}}})
			k.ok(k.admin.RemoveAuthenticator(t.Context(), alice))
			k.imports(factor.Import{Authenticator: &second})
			if s := k.status(); s.Authenticator {
				t.Errorf("%q came back as %q", first.Secret, second.Secret)
			}
		}
	}
}

// Keys that HMAC can distinguish are two keys.
func TestImportTakesKeysThatOnlyLookAlike(t *testing.T) {
	const key = "12345678901234567890"
	k := newKit(t)
	held := factor.Import{Authenticator: &factor.ImportedTOTP{Key: []byte(key)}}
	for i, other := range []string{"\x00" + key, key + "1", key[:19], key + strings.Repeat("\x00", 45)} {
		held.Devices = append(held.Devices, factor.ImportedDevice{ID: uuid.UUID{byte(i + 1)}, TOTP: factor.ImportedTOTP{Key: []byte(other)}})
	}
	k.imports(held)
	if s := k.status(); len(s.Devices) != 4 || !s.Authenticator {
		t.Fatalf("holds %+v", s)
	}
}
