package factor_test

import (
	"bufio"
	"bytes"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/memstore"
)

// A sealedKit is a Verifier on a store with one row of testdata/sealed.txt, at noon
// of the rows' day.
type sealedKit struct {
	*kit
	user string
}

// openSealed returns the kit of a row, whose key stands behind another one in the
// ring: a new key was deployed since.
func openSealed(t *testing.T, name string, rotated bool) *sealedKit {
	t.Helper()
	key, user, data := sealedRow(t, name)
	keys := [][]byte{key}
	if rotated {
		keys = [][]byte{bytes.Repeat([]byte{99}, 32), key}
	}
	ring, err := factor.NewKeyring(keys[0], keys[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	store := memstore.New()
	if err := store.CompareAndSwap(t.Context(), user, 0, factor.Record{Data: data, Version: 7}); err != nil {
		t.Fatal(err)
	}
	k := &sealedKit{newKitOn(t, &tap{Store: store}), user}
	k.Set(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	k.v, err = factor.NewVerifier(store, ring, &factor.Options{Now: k.Now})
	k.ok(err)
	k.admin, k.auth = factor.NewAdmin(k.v), factor.NewAuthenticatorEnroller(k.v)
	return k
}

// sealedRows returns the fields of each row.
func sealedRows(t *testing.T) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile("testdata/sealed.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if fields := strings.Split(lines.Text(), "\t"); len(fields) == 4 {
			rows = append(rows, fields)
		}
	}
	return rows
}

// newestFormat returns the format of the newest rows: each name begins with it.
func newestFormat(t *testing.T) int {
	t.Helper()
	newest := 0
	for _, fields := range sealedRows(t) {
		number, _, _ := strings.Cut(fields[0], " ")
		format, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("the row %q: %v", fields[0], err)
		}
		newest = max(newest, format)
	}
	return newest
}

func sealedRow(t *testing.T, name string) (key []byte, user string, data []byte) {
	t.Helper()
	for _, fields := range sealedRows(t) {
		if fields[0] != name {
			continue
		}
		key, errKey := hex.DecodeString(fields[1])
		user, errUser := strconv.Unquote(fields[2])
		data, errData := hex.DecodeString(fields[3])
		if err := errors.Join(errKey, errUser, errData); err != nil {
			t.Fatal(err)
		}
		return key, user, data
	}
	t.Fatalf("there is no row %q", name)
	return nil, "", nil
}

// totp computes the current code of a device of the rows.
func (k *sealedKit) totp(algorithm string, digits int, period time.Duration) string {
	k.Helper()
	return k.code(factor.Enrollment{
		Secret:    base32.StdEncoding.EncodeToString([]byte("12345678901234567890")),
		Algorithm: algorithm, Digits: digits, Period: period,
	})
}

func (k *sealedKit) phone() string  { return k.totp("SHA1", 6, 30*time.Second) }
func (k *sealedKit) tablet() string { return k.totp("SHA256", 8, time.Minute) }
func (k *sealedKit) app() string    { return k.totp("SHA512", 7, 45*time.Second) }

func (k *sealedKit) verify(kind factor.Kind, code string, device byte) {
	k.Helper()
	m, err := k.v.VerifyOTP(k.Context(), k.user, code, kind)
	k.ok(err)
	want := factor.Match{Kind: kind}
	if device > 0 {
		want.Device = uuid.UUID{15: device}
	}
	if m != want {
		k.Fatalf("%q is %+v, want %+v", code, m, want)
	}
}

// refuse fails unless the code is recognised as stale: refused, and not charged.
func (k *sealedKit) refuse(kind factor.Kind, code string) {
	k.Helper()
	_, err := k.v.VerifyOTP(k.Context(), k.user, code, kind)
	k.stale(err)
	s, err := k.admin.Status(k.Context(), k.user)
	k.ok(err)
	for _, b := range s.Budgets {
		if b.Kind == kind {
			k.Fatalf("a used code was charged: %+v", b)
		}
	}
}

func (k *sealedKit) shows(want factor.Status) {
	k.Helper()
	got, err := k.admin.Status(k.Context(), k.user)
	k.ok(err)
	if !reflect.DeepEqual(got, want) {
		k.Fatalf("the status is\n%+v, want\n%+v", got, want)
	}
}

// This release judges by what an earlier one stored: right codes are right, used
// ones used, and counts counted.
func TestSealedRowsAreJudgedBy(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	at := noon.Add
	phone := factor.Device{ID: uuid.UUID{15: 1}, EnrolledAt: at(-2 * time.Hour)}
	tablet := factor.Device{ID: uuid.UUID{15: 2}, EnrolledAt: at(-3 * time.Hour), UsedAt: at(-time.Second)}
	none := []factor.Device{}
	for name, check := range map[string]func(k *sealedKit){
		"1 holder": func(k *sealedKit) {
			k.shows(factor.Status{
				PIN: true, Authenticator: true, AuthenticatorPending: true, Devices: []factor.Device{phone, tablet},
				Live: []factor.Kind{factor.KindLogin, factor.KindAccount}, Strikes: 2,
			})
			k.ok(k.v.VerifyPIN(k.Context(), k.user, rightPIN))
			k.refuse(factor.KindDeviceTOTP, k.tablet())
			k.verify(factor.KindDeviceTOTP, k.phone(), 1)
			k.verify(factor.KindTOTP, k.app(), 0)
			k.ok(k.auth.Confirm(k.Context(), k.user, k.phone()))
			k.verify(factor.KindLogin, "01234567", 0)
			k.refuse(factor.KindAccount, "543210")
			k.refuse(factor.KindAccount, "5432100")
			k.verify(factor.KindAccount, "012345", 0)
		},
		"1 locked": func(k *sealedKit) {
			k.shows(factor.Status{PIN: true, Devices: []factor.Device{phone}, Budgets: []factor.Budget{
				{Kind: factor.KindPassword, Wrong: 100, Locked: true},
				{Kind: factor.KindPIN, Wrong: 9, Locked: true, Until: at(time.Hour)},
				{Kind: factor.KindLogin, Wrong: 1},
				{Kind: factor.KindAccount, Wrong: 5, Locked: true, Until: at(time.Minute)},
				{Kind: factor.KindTOTP, Wrong: 6, Locked: true, Until: at(2 * time.Minute)},
				{Kind: factor.KindDeviceTOTP, Wrong: 4},
			}})
			k.is(k.v.VerifyPIN(k.Context(), k.user, rightPIN), factor.ErrLocked)
			k.verify(factor.KindDeviceTOTP, k.phone(), 1)
		},
		"1 wipe pending": func(k *sealedKit) {
			k.shows(factor.Status{Devices: none, Strikes: 4, WipePending: true, Wipe: &factor.Wipe{
				ID: uuid.UUID{15: 3}, User: k.user, At: at(-time.Hour), Reason: factor.ReasonStrikes}})
			k.is(k.admin.SetPIN(k.Context(), k.user, rightPIN), factor.ErrWipePending)
		},
		"1 forfeited": func(k *sealedKit) {
			k.shows(factor.Status{Authenticator: true, Devices: none, Strikes: 4, Wipe: &factor.Wipe{
				ID: uuid.UUID{15: 4}, User: k.user, At: at(-time.Hour), Reason: factor.ReasonForfeited}})
			k.verify(factor.KindTOTP, k.app(), 0)
			k.ok(k.admin.SetPIN(k.Context(), k.user, rightPIN))
		},
		"1 empty": func(k *sealedKit) {
			k.shows(factor.Status{Devices: none})
			k.ok(k.admin.SetPIN(k.Context(), k.user, rightPIN))
		},
		"2 imported": func(k *sealedKit) {
			k.shows(factor.Status{PIN: true, Authenticator: true, Devices: []factor.Device{tablet}})
			k.ok(k.v.VerifyPIN(k.Context(), k.user, rightPIN))
			k.refuse(factor.KindDeviceTOTP, k.tablet())
			k.verify(factor.KindTOTP, k.app(), 0)
		},
		"2 revoked": func(k *sealedKit) {
			again := factor.ImportedDevice{ID: uuid.UUID{15: 1}, TOTP: factor.ImportedTOTP{
				Secret: base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))}}
			k.ok(k.admin.Import(k.Context(), k.user, factor.Import{Devices: []factor.ImportedDevice{again}}))
			k.shows(factor.Status{Devices: none}) // what was revoked since it was imported stays so
		},
		"3 everything": func(k *sealedKit) {
			k.shows(factor.Status{
				PIN: true, Authenticator: true, AuthenticatorPending: true, Devices: []factor.Device{phone, tablet},
				Live: []factor.Kind{factor.KindLogin, factor.KindAccount}, Strikes: 2, Budgets: []factor.Budget{
					{Kind: factor.KindPassword, Wrong: 3}, {Kind: factor.KindLogin, Wrong: 1}, {Kind: factor.KindAccount, Wrong: 5, Locked: true, Until: at(time.Minute)},
				},
			})
			k.ok(k.v.VerifyPIN(k.Context(), k.user, rightPIN))
			k.refuse(factor.KindDeviceTOTP, k.tablet())
			k.verify(factor.KindDeviceTOTP, k.phone(), 1)
			k.verify(factor.KindTOTP, k.app(), 0)
			k.stale(k.auth.Confirm(k.Context(), k.user, k.tablet()))
			k.ok(k.auth.Confirm(k.Context(), k.user, k.phone()))
			k.verify(factor.KindLogin, "01234567", 0)
			_, err := k.v.VerifyOTP(k.Context(), k.user, "012345", factor.KindAccount)
			k.is(err, factor.ErrLocked)
			k.ok(k.admin.Unlock(k.Context(), k.user))
			k.refuse(factor.KindAccount, "543210")
			k.refuse(factor.KindAccount, "5432100")
			k.verify(factor.KindAccount, "012345", 0)
		},
		"3 imported": func(k *sealedKit) {
			k.shows(factor.Status{PIN: true, Devices: []factor.Device{tablet}})
			k.ok(k.v.VerifyPIN(k.Context(), k.user, rightPIN))
			k.refuse(factor.KindDeviceTOTP, k.tablet())
		},
		"3 wipe pending": func(k *sealedKit) {
			k.shows(factor.Status{Authenticator: true, Devices: none, Strikes: 4, WipePending: true, Wipe: &factor.Wipe{
				ID: uuid.UUID{15: 5}, User: k.user, At: at(-time.Hour), Reason: factor.ReasonStrikes}})
			k.is(k.admin.SetPIN(k.Context(), k.user, rightPIN), factor.ErrWipePending)
			k.verify(factor.KindTOTP, k.app(), 0)
		},
		"3 forfeited": func(k *sealedKit) {
			k.shows(factor.Status{Devices: none, Strikes: 4, Wipe: &factor.Wipe{
				ID: uuid.UUID{15: 6}, User: k.user, At: at(-time.Hour), Reason: factor.ReasonForfeited}})
			k.ok(k.admin.SetPIN(k.Context(), k.user, rightPIN))
		},
		"3 removed": func(k *sealedKit) {
			k.shows(factor.Status{Devices: none})
			secret := factor.ImportedTOTP{Secret: base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))}
			for _, row := range []factor.Import{
				{PIN: &factor.ImportedPIN{Hash: "$2a$04$NBPkQcVG.PKNtI21B/oc6OBQTAZvG05QG35k25drTJ6Eg55wOL9SK"}},
				{Devices: []factor.ImportedDevice{{ID: uuid.UUID{15: 1}, TOTP: factor.ImportedTOTP{Secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJA"}}}},
				{Devices: []factor.ImportedDevice{{ID: uuid.UUID{15: 2}, TOTP: secret}}},
				{Authenticator: &secret},
			} {
				k.ok(k.admin.Import(k.Context(), k.user, row))
				k.shows(factor.Status{Devices: none})
			}
		},
		"3 purposes": func(k *sealedKit) {
			k.shows(factor.Status{Devices: none, Live: []factor.Kind{factor.KindLogin, factor.KindAccount}})
			v := k.v
			k.v = v.For("pay", "A 1", "2")
			k.refuse(factor.KindLogin, "543210")
			k.verify(factor.KindLogin, "01234567", 0)
			k.refuse(factor.KindLogin, "01234567")
			k.verify(factor.KindAccount, "012345", 0)
			k.refuse(factor.KindAccount, "012345")
			k.v = v.For("pay", "A", "1 2")
			k.verify(factor.KindAccount, "012345", 0)
			k.v = v.For("new address", "é")
			k.verify(factor.KindAccount, "000000", 0)
			k.v = v
			k.verify(factor.KindLogin, "012345", 0)
			k.is(second(k.v.VerifyOTP(k.Context(), k.user, "012345", factor.KindAccount)), factor.ErrMismatch)
			k.verify(factor.KindAccount, "999999", 0)
		},
		"3 recovery codes": func(k *sealedKit) {
			k.shows(factor.Status{Devices: none, RecoveryCodes: 8, Budgets: []factor.Budget{{Kind: factor.KindRecovery, Wrong: 2}}})
			for _, used := range []string{"e1vq-x1cc-jeda-3a5f", "WVPZ9YR2I48LE7H5"} {
				k.stale(second(k.v.VerifyOTP(k.Context(), k.user, used, factor.KindRecovery)))
			}
			k.verify(factor.KindRecovery, "zg1g-m48r-3wk2-td1v", 0)
			k.shows(factor.Status{Devices: none, RecoveryCodes: 7})
			k.refuse(factor.KindRecovery, "ZG1GM48R3WK2TD1V")
		},
		"3 empty": func(k *sealedKit) {
			k.shows(factor.Status{Devices: none})
			k.ok(k.admin.SetPIN(k.Context(), k.user, rightPIN))
		},
	} {
		t.Run(name, func(t *testing.T) {
			check(openSealed(t, name, false))
			check(openSealed(t, name, true))
		})
	}
	for name, budgets := range map[string]int{"1 bounds": 6, "2 bounds": 6, "3 bounds": 6, "3 bounds since recovery codes": 7} {
		k := openSealed(t, name, false)
		s, err := k.admin.Status(t.Context(), k.user)
		k.ok(err)
		if !s.PIN || !s.Authenticator || len(s.Devices) != 100 || len(s.Budgets) != budgets || s.Wipe == nil {
			t.Errorf("%s: the status is %+v", name, s)
		}
	}
}
