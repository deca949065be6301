package account_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/pinhash/pinhashtest"
)

// oldWriter writes as 0.1.0 did.
type oldWriter struct{ bytes.Buffer }

func (w *oldWriter) number(n int64) { w.Write(binary.AppendUvarint(nil, uint64(n))) }

func (w *oldWriter) text(b []byte) {
	w.number(int64(len(b)))
	w.Write(b)
}

func (w *oldWriter) is(there bool) bool {
	if there {
		w.WriteByte(1)
	} else {
		w.WriteByte(0)
	}
	return there
}

// time writes 0 for none, else the milliseconds since 1970 as 1, 3, 5 …, and those
// before as 2, 4, 6 …
func (w *oldWriter) time(t time.Time) {
	switch ms := t.UnixMilli(); {
	case t.IsZero():
		w.number(0)
	case ms >= 0:
		w.number(2*ms + 1)
	default:
		w.number(-2 * ms)
	}
}

func (w *oldWriter) totp(s account.TOTP) {
	w.text(s.Secret)
	w.number(int64(s.Algorithm))
	w.number(int64(s.Digits))
	w.number(int64(s.Period.Seconds()))
	w.number(s.LastStep + 1)
}

func (w *oldWriter) code(c account.Code) {
	w.text([]byte(c.Digits))
	w.time(c.ExpiresAt)
}

func (w *oldWriter) codes(c *account.Codes) {
	if w.is(len(c.Live) > 0) {
		w.code(c.Live[0])
	}
	w.number(int64(len(c.Stale)))
	for _, s := range c.Stale {
		w.code(s)
	}
	w.time(c.NotBefore)
}

func (w *oldWriter) guard(g account.Guard) {
	w.number(int64(g.Strikes))
	w.time(g.NotBefore)
	w.text(g.LastWrong)
	if wipe := g.Wipe; w.is(wipe != nil) {
		w.Write(wipe.ID[:])
		w.time(wipe.At)
		w.is(wipe.Reason == account.ReasonForfeited)
		w.is(wipe.Done)
		w.number(int64(wipe.Tries))
		w.time(wipe.RetryAt)
	}
}

// encodeOld encodes an account of 0.1.0, in version 1 or 2.
func encodeOld(a *account.Account, version byte) []byte {
	var w oldWriter
	w.WriteByte(version)
	if p := a.PIN; w.is(p != nil) {
		for _, n := range []int64{int64(p.Memory), int64(p.Time), int64(p.Threads)} {
			w.number(n)
		}
		w.text(p.Salt)
		w.text(p.Sum)
		w.time(p.SetAt)
	}
	w.number(int64(len(a.Devices)))
	for _, d := range a.Devices {
		w.Write(d.ID[:])
		w.totp(d.TOTP)
		w.time(d.EnrolledAt)
		w.time(d.UsedAt)
	}
	if w.is(a.Authenticator != nil) {
		w.totp(a.Authenticator.TOTP)
	}
	if p := a.Pending; w.is(p != nil) {
		w.totp(p.TOTP)
		w.time(p.ExpiresAt)
		w.number(int64(p.Wrong))
	}
	w.codes(a.Codes(account.KindLogin))
	w.codes(a.Codes(account.KindAccount))
	for _, k := range []account.Kind{account.KindPassword, account.KindPIN, account.KindLogin, account.KindAccount, account.KindTOTP, account.KindDeviceTOTP} {
		w.number(int64(a.Budget(k).Wrong))
		w.time(a.Budget(k).Until)
	}
	w.guard(a.Guard)
	w.time(a.Emptied)
	if version == 2 {
		w.number(int64(len(a.Marks)))
		for _, m := range a.Marks {
			w.Write(m[:])
		}
	}
	return padded(w.Bytes(), 64)
}

// asOld drops what 0.1.0 did not know, and for version 1 what only version 2 has.
func asOld(a *account.Account, version byte) *account.Account {
	a.Guard.HoldUntil, a.PasswordChanges, a.Recovery, a.Notices = time.Time{}, 0, nil, account.Notices{}
	*a.Budget(account.KindRecovery) = account.Budget{}
	for i := range a.Issued {
		c := &a.Issued[i]
		c.Live = c.Live[:min(len(c.Live), 1)]
		for j := range c.Live {
			c.Live[j].Seal = account.Seal{}
		}
		for j := range c.Stale {
			c.Stale[j].Seal = account.Seal{}
		}
	}
	if a.Authenticator != nil {
		a.Authenticator.ConfirmedAt = time.Time{}
	}
	if a.Pending != nil {
		a.Pending.Replaced = nil
	}
	switch {
	case version == 2 && len(a.Marks) == 0:
		a.Marks = []account.Mark{{1}}
	case version == 1:
		a.Marks = nil
		if a.PIN != nil && a.PIN.Imported() {
			a.PIN = nil
		}
	}
	return a
}

// everythingOld is an account that holds one of each thing that version 1 knew.
func everythingOld() *account.Account {
	a := asOld(accounttest.Everything(), 1)
	c := a.Codes(account.KindLogin)
	c.Stale = c.Stale[:1]
	return a
}

// Everything that 0.1.0 wrote is read, and then written in format 3. 0.1.0 had no
// replaced codes, no age of an authenticator and no hold.
func TestCodecReadsWhatVersion010Wrote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		version := rapid.SampledFrom([]byte{1, 2}).Draw(t, "version")
		a := asOld(accounttest.Any(accounttest.Instant()).Draw(t, "account"), version)
		data := encodeOld(a, version)
		got, err := accounttest.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		sameAccount(t, got, a)
		if again := got.Encode(); again[0] != 3 {
			t.Fatalf("written in format %d", again[0])
		}
		comesBack(t, got, got.Encode())

		for n := 0; n < len(data); n += 64 {
			if _, err := accounttest.Decode(data[:n]); err == nil {
				t.Fatalf("%d of %d bytes are taken for a whole account", n, len(data))
			}
		}
		for _, tail := range []int{1, 63, 64, 128} {
			if _, err := accounttest.Decode(append(bytes.Clone(data), make([]byte, tail)...)); err == nil {
				t.Fatalf("%d bytes too many are accepted", tail)
			}
		}
	})
}

// The very bytes of version 1.
func TestCodecReadsWhatVersion1Wrote(t *testing.T) {
	const at, id = "81a89f8dbf68", "0123456789abcdef0123456789abcdef"
	const key = "143132333435363738393031323334353637383930" + "02" + "08" + "78" + "81bfd606"
	text := "01" + // version
		"01" + "809801" + "02" + "01" + "107369787465656e206f662073616c742e" +
		"207468697274792d74776f206279746573207468617420617265206e6f2073756d" + at + // PIN
		"01" + id + key + at + "00" + // devices
		"01" + "0101" + "00" + "06" + "01" + "00" + // authenticator
		"01" + key + "c1d1a68dbf68" + "03" + // pending
		"01" + "06303132333435" + at + "01" + "083030303030303030" + "02" + "00" + // login codes
		"00" + "00" + "01" + // account codes
		"6400" + "01" + at + "02" + at + "03" + at + "04" + at + "05" + at + // budgets
		"02" + at + "046c617374" + "01" + id + at + "01" + "01" + "ac02" + at + // reset
		at // emptied
	readsOld(t, text, 320, everythingOld(), 1)
}

// The very bytes of version 2, which has what was imported.
func TestCodecReadsWhatVersion2Wrote(t *testing.T) {
	a := &account.Account{
		PIN:   &account.PIN{Hash: account.Hash{Sum: []byte(pinhashtest.Imported[0])}, SetAt: accounttest.Noon},
		Marks: []account.Mark{{1, 2, 3, 4, 5, 6, 7, 8}, {9}},
	}
	const at = "81a89f8dbf68"
	text := "02" + // version
		"01" + "000000" + "00" + "3c" + hex.EncodeToString([]byte(pinhashtest.Imported[0])) + at + // PIN
		"00" + "00" + "00" + // devices, authenticator, pending
		"000000" + "000000" + // codes
		"000000000000000000000000" + // budgets
		"000000" + "00" + // reset
		"00" + // emptied
		"02" + "0102030405060708" + "0900000000000000" // imported
	readsOld(t, text, 128, a, 2)
}

func readsOld(t *testing.T, text string, size int, want *account.Account, version byte) {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, make([]byte, size-len(data))...)
	got, err := accounttest.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("read as %+v, want %+v", got, want)
	}
	if again := encodeOld(want, version); !bytes.Equal(again, data) {
		t.Fatalf("the encoder of these tests writes %x", again)
	}
}

const (
	oldCode    = "06" + "303132333435" + "81a89f8dbf68"
	sealedCode = "16" + "303132333435" + "0123456789abcdef0123456789abcdef" + "81a89f8dbf68"
)

// oldCodes returns the encoding of an account with these bytes for its live and
// stale login codes, and in version 2 a mark.
func oldCodes(version byte, live, stale string) []byte {
	a := &account.Account{}
	if version == 2 {
		a.Marks = []account.Mark{{1}}
	}
	codes, err := hex.DecodeString(live + stale)
	if err != nil {
		panic(err)
	}
	const at = 5 // where the login codes are
	data := encodeOld(a, version)
	return padded(bytes.TrimRight(slices.Concat(data[:at], codes, data[at+2:]), "\x00"), 64)
}

// An account with an import has version 2, and only there is a hash of another
// system.
func TestCodecRefusesWhatVersion010DidNotWrite(t *testing.T) {
	imported := &account.Account{PIN: &account.PIN{Hash: account.Hash{Sum: []byte(pinhashtest.Imported[0])}}, Marks: []account.Mark{{1}}}
	if _, err := accounttest.Decode(encodeOld(imported, 2)); err != nil {
		t.Fatal(err)
	}
	for _, version := range []byte{1, 2} {
		a, err := accounttest.Decode(oldCodes(version, "01"+oldCode, "01"+oldCode))
		if err != nil || len(a.Codes(account.KindLogin).Live) != 1 || len(a.Codes(account.KindLogin).Stale) != 1 {
			t.Fatalf("version %d: %+v, %v", version, a, err)
		}
	}
	for name, data := range map[string][]byte{
		"an imported hash in version 1": encodeOld(imported, 1),
		"version 2 without an import":   encodeOld(&account.Account{}, 2),
		"two live codes in version 1":   oldCodes(1, "02"+oldCode+oldCode, "00"),
		"two live codes in version 2":   oldCodes(2, "02"+oldCode+oldCode, "00"),
		"a live code with a purpose":    oldCodes(1, "01"+sealedCode, "00"),
		"a purpose in version 2":        oldCodes(2, "01"+sealedCode, "00"),
		"a stale code with a purpose":   oldCodes(1, "00", "01"+sealedCode),
		"version 0":                     encodeOld(&account.Account{}, 0),
		"a hold behind version 1":       padded(append(bytes.TrimRight(encodeOld(&account.Account{Emptied: accounttest.Noon}, 1), "\x00"), 1, 0x81), 64),
	} {
		if _, err := accounttest.Decode(data); !errors.Is(err, account.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
