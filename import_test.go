package factor_test

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/pinhash/pinhashtest"
	"github.com/pquerna/otp/totp"
)

// Hashes of rightPIN, as other systems write them.
var (
	bcryptOfRightPIN = pinhashtest.Imported[0]
	argon2OfRightPIN = pinhashtest.Imported[3]
)

// Secrets of 20 bytes.
const (
	appSecret   = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	phoneSecret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	newSecret   = "KRUGKIDROVUWG2ZAMJZG653OEBTG66BA"
)

var phone, tablet = uuid.UUID{15: 1}, uuid.UUID{15: 2}

// row is what alice holds elsewhere.
func row() factor.Import {
	return factor.Import{
		PIN:           &factor.ImportedPIN{Hash: bcryptOfRightPIN},
		Authenticator: &factor.ImportedTOTP{Secret: appSecret},
		Devices:       []factor.ImportedDevice{{ID: phone, TOTP: factor.ImportedTOTP{Secret: phoneSecret}}},
	}
}

func (k *kit) imports(held factor.Import) {
	k.Helper()
	k.ok(k.admin.Import(k.Context(), alice, held))
}

// codeOf computes the code of a secret with everything at its default.
func (k *kit) codeOf(secret string) string {
	k.Helper()
	return k.code(factor.Enrollment{Secret: secret, Period: 30 * time.Second, Digits: 6, Algorithm: "SHA1"})
}

func (k *kit) accepts(code string, kind factor.Kind) uuid.UUID {
	k.Helper()
	m, err := k.v.VerifyOTP(k.Context(), alice, code, kind)
	k.ok(err)
	return m.Device
}

func TestImportTakesOverAllThatAUserHolds(t *testing.T) {
	k := newKit(t)
	set, used := k.Now().Add(-48*time.Hour), k.Now().Add(-time.Hour).Add(1234567)
	held := row()
	held.PIN.SetAt = set
	held.Devices[0].EnrolledAt, held.Devices[0].UsedAt = set.In(time.FixedZone("", 3600)), used
	k.imports(held)

	s := k.status()
	want := []factor.Device{{ID: phone, EnrolledAt: set, UsedAt: used.Truncate(time.Millisecond)}}
	if !s.PIN || !s.Authenticator || !reflect.DeepEqual(s.Devices, want) || len(s.Budgets) > 0 {
		t.Fatalf("holds %+v", s)
	}
	if got := fmt.Sprint(k.actions()); got != "[imported imported imported]" {
		t.Fatalf("observed %s", got)
	}
	for i, e := range k.events {
		want := factor.Event{At: k.Now(), User: alice, Action: factor.ActionImported, Kind: []factor.Kind{factor.KindPIN, factor.KindTOTP, factor.KindDeviceTOTP}[i]}
		if i == 2 {
			want.Device = phone
		}
		if e != want {
			t.Errorf("observed %+v, want %+v", e, want)
		}
	}
	k.ok(k.v.VerifyPIN(t.Context(), alice, rightPIN))
	k.accepts(k.codeOf(appSecret), factor.KindTOTP)
	if device := k.accepts(k.codeOf(phoneSecret), factor.KindDeviceTOTP); device != phone {
		t.Fatalf("the code is of %s", device)
	}
}

// An otpauth URL, or the fields beside a Secret, determine the codes, whatever the
// options say about new secrets.
func TestImportKeepsHowCodesAreComputed(t *testing.T) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Old & Co", AccountName: "alice@example.com", Period: 60, Digits: 8, Algorithm: 2})
	if err != nil {
		t.Fatal(err)
	}
	sha512 := strings.TrimRight(base32.StdEncoding.EncodeToString([]byte(strings.Repeat("0123456789", 6)+"abcd")), "=")
	spaced := strings.ToLower(appSecret[:4] + " " + appSecret[4:8] + "\n" + appSecret[8:])
	for name, c := range map[string]struct {
		given factor.ImportedTOTP
		codes factor.Enrollment
	}{
		"defaults": {factor.ImportedTOTP{Secret: appSecret}, factor.Enrollment{Secret: appSecret, Algorithm: "SHA1", Digits: 6, Period: 30 * time.Second}},
		"as people write it": {factor.ImportedTOTP{Secret: spaced + "======", Algorithm: "sha1"},
			factor.Enrollment{Secret: appSecret, Algorithm: "SHA1", Digits: 6, Period: 30 * time.Second}},
		"fields": {factor.ImportedTOTP{Secret: appSecret, Algorithm: "SHA256", Digits: 7, Period: 15 * time.Second},
			factor.Enrollment{Secret: appSecret, Algorithm: "SHA256", Digits: 7, Period: 15 * time.Second}},
		"a long key": {factor.ImportedTOTP{Secret: sha512, Algorithm: "SHA512", Digits: 8, Period: 2 * time.Minute},
			factor.Enrollment{Secret: sha512, Algorithm: "SHA512", Digits: 8, Period: 2 * time.Minute}},
		"112 bits": {factor.ImportedTOTP{Secret: appSecret[:23]}, factor.Enrollment{Secret: appSecret[:23] + "=", Algorithm: "SHA1", Digits: 6, Period: 30 * time.Second}},
		"a URL of pquerna/otp": {factor.ImportedTOTP{URL: key.URL()},
			factor.Enrollment{Secret: key.Secret(), Algorithm: "SHA512", Digits: 8, Period: time.Minute}},
		"a URL without more than a secret": {factor.ImportedTOTP{URL: "OTPAUTH://TOTP/alice?secret=" + appSecret},
			factor.Enrollment{Secret: appSecret, Algorithm: "SHA1", Digits: 6, Period: 30 * time.Second}},
	} {
		k := newKit(t, func(o *factor.Options) { o.TOTP.Algorithm, o.TOTP.Digits, o.TOTP.Period = "SHA256", 8, time.Minute })
		k.imports(factor.Import{Authenticator: &c.given, Devices: []factor.ImportedDevice{{ID: phone, TOTP: factor.ImportedTOTP{Secret: phoneSecret}}}})
		if _, err := k.v.VerifyOTP(t.Context(), alice, k.code(c.codes), factor.KindTOTP); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Another engine can import what Enroll returns.
	from, to := newKit(t, func(o *factor.Options) { o.TOTP.Issuer = "A B" }), newKit(t)
	e := from.enroll()
	to.imports(factor.Import{Devices: []factor.ImportedDevice{{ID: e.Device, TOTP: factor.ImportedTOTP{URL: e.URL}}}})
	if to.accepts(to.code(e), factor.KindDeviceTOTP) != e.Device {
		t.Fatal("another device")
	}
}

func TestImportedPINIsHashedAnewOnceItIsRight(t *testing.T) {
	for _, hash := range []string{
		bcryptOfRightPIN, argon2OfRightPIN, "{bcrypt}" + bcryptOfRightPIN + "\n",
		"bcrypt_sha256$$2b$04$xNBPSLLfwJMmeM4ffQU4euNs/B9jgOevAgHFGIUNuCsYK3bKhrKTy",
		"pbkdf2_sha256$7$seasalt$hRlkgLBCWZ3Eb0w5M+NaRs+86IUuVuQgIAaYgfvfws8=",
		"$scrypt$ln=4,r=1,p=1$c2l4dGVlbiBvZiBzYWx0Lg$go4qOK6EBKi5yp603ihL8SXRm1h0/N1gNpaoL5N97AY",
	} {
		k := newKit(t)
		k.imports(factor.Import{PIN: &factor.ImportedPIN{Hash: hash}})
		hashes := func(calls int64, pin string, want error) {
			t.Helper()
			before, swaps := k.hashes.Load(), k.swaps.Load()
			k.is(k.v.VerifyPIN(t.Context(), alice, pin), want)
			if got := k.hashes.Load() - before; got != calls || k.swaps.Load() != swaps+1 {
				t.Fatalf("%s: %d hashes, %d swaps; want %d and 1", pin, got, k.swaps.Load()-swaps, calls)
			}
		}
		hashes(0, wrongPIN, factor.ErrMismatch) // judged by the other system's hash
		hashes(1, rightPIN, nil)                // and hashed anew
		hashes(1, wrongPIN, factor.ErrMismatch) // judged by the new one
		hashes(1, rightPIN, nil)
		k.imports(factor.Import{PIN: &factor.ImportedPIN{Hash: hash}})
		hashes(1, rightPIN, nil)
	}
}

// The same row again changes nothing, whatever the user did meanwhile.
func TestImportTakesEachHoldingOverOnce(t *testing.T) {
	ctx := context.Background()
	byPassword := factor.Credentials{Password: rightPW}
	for name, act := range map[string]func(k *kit){
		"nothing":          func(*kit) {},
		"PIN used":         func(k *kit) { k.ok(k.v.VerifyPIN(ctx, alice, rightPIN)) },
		"PIN wrong":        func(k *kit) { k.is(k.v.VerifyPIN(ctx, alice, wrongPIN), factor.ErrMismatch) },
		"PIN changed":      func(k *kit) { k.ok(k.pins.Set(ctx, alice, "4711", byPassword)) },
		"PIN removed":      func(k *kit) { k.ok(k.pins.Remove(ctx, alice, byPassword)) },
		"device used":      func(k *kit) { k.accepts(k.codeOf(phoneSecret), factor.KindDeviceTOTP) },
		"device wrong":     func(k *kit) { k.is(verifyOTP(k, "000000"), factor.ErrMismatch) },
		"device revoked":   func(k *kit) { k.ok(k.dev.Revoke(ctx, alice, phone, byPassword)) },
		"device anew":      func(k *kit) { k.ok(second(k.dev.Enroll(ctx, alice, phone, byPassword))) },
		"app used":         func(k *kit) { k.accepts(k.codeOf(appSecret), factor.KindTOTP) },
		"app removed":      func(k *kit) { k.ok(k.auth.Remove(ctx, alice, byPassword)) },
		"another begun":    func(k *kit) { k.begin() },
		"another in force": func(k *kit) { k.ok(k.auth.Confirm(ctx, alice, k.code(k.begin()))) },
		"strikes":          func(k *kit) { k.is(k.guard.Prove(ctx, alice, factor.Credentials{PIN: wrongPIN}), factor.ErrMismatch) },
		"wiped":            func(k *kit) { k.ok(k.guard.Forfeit(ctx, alice)) },
		"days":             func(k *kit) { k.Turn(100 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			k.imports(row())
			act(k)
			before, events := k.status(), len(k.actions())
			k.imports(row())
			if after := k.status(); !reflect.DeepEqual(after, before) {
				t.Fatalf("from %+v to %+v", before, after)
			}
			if got := k.actions()[events:]; len(got) > 0 {
				t.Fatalf("observed %v", got)
			}
			if name == "device used" {
				_, err := k.v.VerifyOTP(ctx, alice, k.codeOf(phoneSecret), factor.KindDeviceTOTP)
				k.is(err, factor.ErrMismatch)
			}
		})
	}
}

// Forget makes the user new to Import as to everything else.
func TestImportAfterForgetTakesOverAnew(t *testing.T) {
	k := newKit(t)
	k.imports(row())
	k.ok(k.admin.Forget(t.Context(), alice))
	k.imports(row())
	if s := k.status(); !s.PIN || !s.Authenticator || len(s.Devices) != 1 {
		t.Fatalf("holds %+v", s)
	}
}

// A later import adds to an earlier one.
func TestImportAddsWhatIsNew(t *testing.T) {
	k := newKit(t)
	k.imports(factor.Import{Authenticator: row().Authenticator})
	k.imports(factor.Import{PIN: row().PIN, Authenticator: row().Authenticator})
	k.imports(row())
	all := row()
	all.Devices = append(all.Devices, factor.ImportedDevice{ID: tablet, TOTP: factor.ImportedTOTP{Secret: newSecret}})
	k.imports(all)
	if s := k.status(); !s.PIN || !s.Authenticator || len(s.Devices) != 2 {
		t.Fatalf("holds %+v", s)
	}
	if got := len(k.actions()); got != 4 {
		t.Fatalf("%d events, want one for each holding", got)
	}
}

// A step used elsewhere is not accepted here, nor an earlier one.
func TestImportedStepIsSpent(t *testing.T) {
	k := newKit(t)
	used := k.Now().Unix() / 30
	for i, spent := range map[int64]bool{used - 1: false, used: true, used + 1: true, used + 10: true} {
		user := fmt.Sprint(i)
		k.ok(k.admin.Import(t.Context(), user, factor.Import{Authenticator: &factor.ImportedTOTP{Secret: appSecret, LastStep: i}}))
		_, err := k.v.VerifyOTP(t.Context(), user, k.codeOf(appSecret), factor.KindTOTP)
		if spent != errors.Is(err, factor.ErrMismatch) || !spent && err != nil {
			t.Errorf("after step %+d: %v", i-used, err)
		}
		if s, _ := k.admin.Status(t.Context(), user); len(s.Budgets) > 0 {
			t.Errorf("after step %+d: a used code was charged", i-used)
		}
	}
}

// An import binds like the user: earlier guesses tell nothing about the new
// holding, so its count starts at zero. What is not imported refunds none.
func TestImportStartsTheCountsOfWhatItBinds(t *testing.T) {
	k := newKit(t)
	guess(k)
	k.imports(row())
	k.ok(k.v.VerifyPIN(t.Context(), alice, rightPIN))
	k.accepts(k.codeOf(appSecret), factor.KindTOTP)
	k.accepts(k.codeOf(phoneSecret), factor.KindDeviceTOTP)

	guess(k)
	k.imports(row())
	k.imports(factor.Import{Devices: []factor.ImportedDevice{{ID: tablet, TOTP: factor.ImportedTOTP{Secret: newSecret}}}})
	k.is(k.v.VerifyPIN(t.Context(), alice, rightPIN), factor.ErrLocked)
	for _, c := range []struct {
		secret string
		kind   factor.Kind
	}{{appSecret, factor.KindTOTP}, {phoneSecret, factor.KindDeviceTOTP}, {newSecret, factor.KindDeviceTOTP}} {
		k.is(second(k.v.VerifyOTP(t.Context(), alice, k.codeOf(c.secret), c.kind)), factor.ErrLocked)
	}
}

// guess locks alice's PIN, authenticator and devices.
func guess(k *kit) {
	k.Helper()
	for range 3 {
		k.is(k.v.VerifyPIN(k.Context(), alice, wrongPIN), factor.ErrMismatch)
	}
	for range 5 {
		k.is(second(k.v.VerifyOTP(k.Context(), alice, "000000", factor.KindTOTP, factor.KindDeviceTOTP)), factor.ErrMismatch)
	}
}

// An imported key that comes again with other digits is a different one.
func TestImportRefusesOtherDigitsOfAKeyThatItTookOver(t *testing.T) {
	k := newKit(t)
	k.imports(row())
	before, events := k.status(), len(k.actions())
	other := factor.Import{Devices: []factor.ImportedDevice{{ID: phone, TOTP: factor.ImportedTOTP{Secret: phoneSecret, Digits: 8}}}}
	k.is(k.admin.Import(t.Context(), alice, other), factor.ErrAlreadyEnrolled)
	if after := k.status(); !reflect.DeepEqual(after, before) || len(k.actions()) != events {
		t.Fatalf("from %+v to %+v, observed %v", before, after, k.actions()[events:])
	}
	k.accepts(k.codeOf(phoneSecret), factor.KindDeviceTOTP)
}

// An import is a binding: it finishes a pending wipe first, and a binding after a
// wipe resets the guard.
func TestImportWaitsForAPendingWipe(t *testing.T) {
	for name, held := range map[string]factor.Import{"a PIN": {PIN: row().PIN}, "a device": {Devices: row().Devices}, "an authenticator": {Authenticator: row().Authenticator}} {
		k := newKit(t)
		k.enroll()
		k.wipe = errors.New("no database")
		k.is(k.guard.Forfeit(t.Context(), alice), factor.ErrWipePending)
		k.is(k.admin.Import(t.Context(), alice, held), factor.ErrWipePending)
		if s := k.status(); s.PIN || s.Authenticator || len(s.Devices) > 0 {
			t.Fatalf("%s: bound while a wipe is pending", name)
		}
		k.wipe = nil
		k.imports(held)
		if s := k.status(); (s.Wipe == nil) != (held.Authenticator == nil) {
			t.Fatalf("%s: the wipe is %+v", name, s.Wipe)
		}
	}
}

func TestImportWakesWaitersForAPIN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, func(o *factor.Options) { o.PIN.Poll = time.Minute })
		c := k.waiting(t.Context(), time.Minute)
		synctest.Wait()
		k.imports(row())
		if w := <-c; !w.set || w.err != nil || w.after != 0 {
			t.Fatalf("%+v", w)
		}
	})
}

// Only an imported PIN ends the wait for one: no other holding does, nor a refused
// import.
func TestImportWithoutAPINWakesNobody(t *testing.T) {
	for name, c := range map[string]struct {
		given factor.Import
		want  error
	}{
		"a device only":               {factor.Import{Devices: row().Devices}, nil},
		"a PIN that was removed here": {factor.Import{PIN: row().PIN, Devices: row().Devices}, nil},
		"a PIN, refused":              {factor.Import{PIN: row().PIN, Authenticator: row().Authenticator}, factor.ErrAlreadyEnrolled},
		"no PIN, refused":             {factor.Import{Authenticator: row().Authenticator}, factor.ErrAlreadyEnrolled},
	} {
		synctest.Test(t, func(t *testing.T) {
			k := newKit(t)
			if name == "a PIN that was removed here" {
				k.setPIN()
				k.ok(k.admin.RemovePIN(t.Context(), alice))
			}
			if c.want != nil {
				k.ok(k.auth.Confirm(k.Context(), alice, k.code(k.begin())))
			}
			waiter := k.waiting(t.Context(), 5*time.Second)
			synctest.Wait()
			k.is(k.admin.Import(t.Context(), alice, c.given), c.want)
			if w := <-waiter; w.set || w.err != nil || w.after != 5*time.Second {
				t.Errorf("%s: %+v", name, w)
			}
		})
	}
}

// Without a LastStep every code around now is accepted, even that of step 0.
func TestImportWithoutALastStepRefusesNoStep(t *testing.T) {
	k := newKit(t)
	k.Set(time.Unix(10, 0).UTC())
	k.imports(factor.Import{Authenticator: &factor.ImportedTOTP{Secret: appSecret}})
	k.accepts(k.code(factor.Enrollment{Secret: appSecret, Algorithm: "SHA1", Digits: 6, Period: 30 * time.Second}), factor.KindTOTP)
}

// A BINARY column of MySQL and the buffer of libsodium's crypto_pwhash_str end in
// zero bytes.
func TestTheZeroBytesBehindAHashAreCutOff(t *testing.T) {
	for _, hash := range []string{bcryptOfRightPIN, argon2OfRightPIN} {
		k := newKit(t)
		k.imports(factor.Import{PIN: &factor.ImportedPIN{Hash: hash + "\x00\x00 \x00"}})
		k.ok(k.v.VerifyPIN(t.Context(), alice, rightPIN))
	}
}
