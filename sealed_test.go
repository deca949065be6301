package factor

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/argon2"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/account/accounttest"
	"github.com/knowhave/factor/internal/commit"
	"github.com/knowhave/factor/internal/totp"
)

// Every later release opens the records of a release. The rows of sealedFile stand
// for them: each was written once, by the code of its format, and is never written
// again.
const sealedFile = "testdata/sealed.txt"

var writeSealed = flag.Bool("write", false, "add to "+sealedFile+" the rows of the table that it does not have yet, and change none of those that it has")

// A sealedRow is a stored record, with what is needed to open it.
type sealedRow struct {
	name string
	key  []byte
	user string
	data []byte
}

func (r sealedRow) String() string {
	return fmt.Sprintf("%s\t%x\t%s\t%x\n", r.name, r.key, strconv.QuoteToASCII(r.user), r.data)
}

// readSealed returns the rows of sealedFile by their names.
func readSealed(t *testing.T) map[string]sealedRow {
	t.Helper()
	text, err := os.ReadFile(sealedFile)
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]sealedRow)
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 4 {
			t.Fatalf("%s: a row of %d fields", sealedFile, len(fields))
		}
		row := sealedRow{name: fields[0]}
		for _, err := range []error{
			into(&row.key)(hex.DecodeString(fields[1])), into(&row.user)(strconv.Unquote(fields[2])), into(&row.data)(hex.DecodeString(fields[3])),
		} {
			if err != nil {
				t.Fatalf("%s: %s: %v", sealedFile, row.name, err)
			}
		}
		rows[row.name] = row
	}
	return rows
}

// into returns a function that keeps a value and returns its error.
func into[T any](kept *T) func(T, error) error {
	return func(value T, err error) error {
		*kept = value
		return err
	}
}

// A sealedAccount is the content of a row, whose name begins with its format.
type sealedAccount struct {
	name    string // the format, and what is special
	key     byte   // the sealing key is 32 of these
	user    string
	account *account.Account
}

// sealedAccounts returns the contents of the rows. Together they have every field
// of each format, and every bound.
func sealedAccounts() []sealedAccount {
	id := func(n byte) uuid.UUID { return uuid.UUID{15: n} }
	key := []byte("12345678901234567890")
	at := func(d time.Duration) time.Time { return accounttest.Noon.Add(d) }
	sum := argon2.IDKey([]byte("8299"), []byte("sixteen of salt."), 2, 19456, 1, 32)
	aPIN := func() *account.PIN {
		return &account.PIN{Hash: account.Hash{Memory: 19456, Time: 2, Threads: 1, Salt: []byte("sixteen of salt."), Sum: sum}, SetAt: at(-time.Hour)}
	}
	phone := account.Device{ID: id(1), TOTP: account.TOTP{Key: totp.Key{Secret: key, Algorithm: totp.SHA1, Digits: 6, Period: 30 * time.Second}, LastStep: account.NoStep}, EnrolledAt: at(-2 * time.Hour), UsedAt: time.Time{}}
	tablet := account.Device{ID: id(2), TOTP: account.TOTP{Key: totp.Key{Secret: key, Algorithm: totp.SHA256, Digits: 8, Period: time.Minute}, LastStep: accounttest.Noon.Unix() / 60}, EnrolledAt: at(-3 * time.Hour), UsedAt: at(-time.Second)}
	app := account.TOTP{Key: totp.Key{Secret: key, Algorithm: totp.SHA512, Digits: 7, Period: 45 * time.Second}, LastStep: accounttest.Noon.Unix()/45 - 1}

	marks := func() []account.Mark { // as 0.1.0 marked the PIN, the app, the phone and the tablet
		return []account.Mark{
			{0xf1, 0x3a, 0x37, 0x72, 0x69, 0x08, 0xd5, 0x11}, {0xe0, 0x48, 0x20, 0xd4, 0x3e, 0x71, 0x05, 0xd4},
			{0x30, 0x11, 0x74, 0x60, 0xf6, 0x51, 0x34, 0x81}, {0x5d, 0x69, 0xc4, 0xdc, 0x6f, 0xb4, 0x22, 0xd5},
		}
	}
	issued := func() [len(account.IssuedKinds)]account.Codes {
		return [...]account.Codes{
			{Live: []account.Code{{Digits: "01234567", ExpiresAt: at(9 * time.Minute)}}, NotBefore: at(time.Minute)},
			{Live: []account.Code{{Digits: "012345", ExpiresAt: at(4 * time.Minute)}}, Stale: []account.Code{{Digits: "543210", ExpiresAt: at(time.Minute)}, {Digits: "5432100", ExpiresAt: at(2 * time.Minute)}}},
		}
	}
	const bcrypt = "$2a$04$NBPkQcVG.PKNtI21B/oc6OBQTAZvG05QG35k25drTJ6Eg55wOL9SK"

	return []sealedAccount{
		{"1 holder", 1, "alice", &account.Account{
			PIN: aPIN(), Devices: []account.Device{phone, tablet}, Authenticator: &account.Authenticator{TOTP: app},
			Pending: &account.Pending{TOTP: phone.TOTP, ExpiresAt: at(10 * time.Minute), Wrong: 4},
			Issued:  issued(),
			Guard:   account.Guard{Strikes: 2, NotBefore: at(time.Minute), LastWrong: []byte("last")},
		}},
		{"1 locked", 2, "Åsa 漢字", counted(&account.Account{PIN: aPIN(), Devices: []account.Device{phone}},
			account.Budget{Wrong: 100, Until: time.Time{}}, account.Budget{Wrong: 9, Until: at(time.Hour)}, account.Budget{Wrong: 1, Until: time.Time{}}, account.Budget{Wrong: 5, Until: at(time.Minute)}, account.Budget{Wrong: 6, Until: at(2 * time.Minute)}, account.Budget{Wrong: 4, Until: time.Time{}})},
		{"1 wipe pending", 1, "bob", &account.Account{Guard: account.Guard{Wipe: &account.Wipe{ID: id(3), At: at(-time.Hour), Reason: account.ReasonStrikes, Tries: 300, RetryAt: at(time.Hour)}}}},
		{"1 forfeited", 1, "carol", &account.Account{Authenticator: &account.Authenticator{TOTP: app}, Guard: account.Guard{Wipe: &account.Wipe{ID: id(4), At: at(-time.Hour), Reason: account.ReasonForfeited, Done: true}}}},
		{"1 empty", 1, strings.Repeat("é", 127) + "!", &account.Account{Emptied: at(-time.Minute)}},
		{"1 bounds", 1, "dave", atBounds(&account.Account{})},
		{"2 imported", 2, "erin", &account.Account{
			PIN: &account.PIN{Hash: account.Hash{Sum: []byte(bcrypt)}, SetAt: at(-time.Hour)}, Authenticator: &account.Authenticator{TOTP: app}, Devices: []account.Device{tablet}, Marks: marks(),
		}},
		{"2 revoked", 2, "frank", &account.Account{Marks: marks()}},
		{"2 bounds", 2, "grace", atBounds(&account.Account{Marks: marks()})},
		{"3 everything", 1, "heidi", counted(&account.Account{
			PIN: aPIN(), Devices: []account.Device{phone, tablet}, Authenticator: &account.Authenticator{TOTP: app, ConfirmedAt: at(-4 * time.Hour)},
			Pending: &account.Pending{TOTP: phone.TOTP, ExpiresAt: at(10 * time.Minute), Wrong: 4, Replaced: &account.Replaced{TOTP: tablet.TOTP, ExpiresAt: at(5 * time.Minute)}},
			Issued:  issued(),
			Guard:   account.Guard{Strikes: 2, NotBefore: at(time.Minute), LastWrong: []byte("last"), HoldUntil: at(20 * time.Hour)},
			Marks:   []account.Mark{{1, 2, 3, 4, 5, 6, 7, 8}, {9}},
		}, account.Budget{Wrong: 3}, account.Budget{}, account.Budget{Wrong: 1}, account.Budget{Wrong: 5, Until: at(time.Minute)}, account.Budget{}, account.Budget{})},
		{"3 imported", 2, "ivan", &account.Account{PIN: &account.PIN{Hash: account.Hash{Sum: []byte(bcrypt)}, SetAt: at(-time.Hour)}, Devices: []account.Device{tablet}}},
		{"3 wipe pending", 1, "judy", &account.Account{
			Authenticator: &account.Authenticator{TOTP: app, ConfirmedAt: at(-4 * time.Hour)}, Marks: []account.Mark{{1}},
			Guard: account.Guard{Wipe: &account.Wipe{ID: id(5), At: at(-time.Hour), Reason: account.ReasonStrikes, Tries: 3, RetryAt: at(time.Minute)}},
		}},
		{"3 forfeited", 2, "kim", &account.Account{Guard: account.Guard{Wipe: &account.Wipe{ID: id(6), At: at(-time.Hour), Reason: account.ReasonForfeited, Done: true}}}},
		{"3 removed", 1, "leo", &account.Account{
			Guard: account.Guard{HoldUntil: at(time.Hour)},
			// Of the PIN's place, and of the place and the key of the phone.
			Marks: []account.Mark{{0x89, 0x80, 0xaf, 0x22, 0xda, 0x68, 0xef, 0x90}, {0x68, 0xda, 0xa9, 0x09, 0x73, 0x85, 0x50, 0x1f}, {0xbd, 0xaf, 0xc2, 0x80, 0xef, 0xf1, 0xcf, 0xd7}},
		}},
		{"3 empty", 1, "mallory", &account.Account{Emptied: at(-time.Minute)}},
		{"3 bounds", 2, "niaj", atNewBounds(&account.Account{})},
		{"3 purposes", 1, "olivia", &account.Account{Issued: [...]account.Codes{
			{Live: []account.Code{
				codeFor(account.KindLogin, "01234567", at(9*time.Minute), "pay", "A 1", "2"), codeFor(account.KindLogin, "012345", at(8*time.Minute)),
			}, Stale: []account.Code{codeFor(account.KindLogin, "543210", at(time.Minute), "pay", "A 1", "2")}, NotBefore: at(time.Minute)},
			{Live: []account.Code{
				codeFor(account.KindAccount, "012345", at(4*time.Minute), "pay", "A 1", "2"), codeFor(account.KindAccount, "012345", at(4*time.Minute), "pay", "A", "1 2"),
				codeFor(account.KindAccount, "000000", at(3*time.Minute), "new address", "é"), codeFor(account.KindAccount, "999999", at(3*time.Minute)),
			}},
		}}},
		{"3 recovery codes", 2, "peggy", recoveryCodes()},
		{"3 bounds since recovery codes", 1, "quentin", atNewestBounds(&account.Account{})},
	}
}

// codeFor returns a code that was issued for a purpose.
func codeFor(k account.Kind, digits string, ends time.Time, parts ...string) account.Code {
	return account.Code{Digits: digits, Seal: accounttest.Seal(k, digits, parts...), ExpiresAt: ends}
}

// recoveryCodes has a set with the first and the last code used, and wrong ones
// counted.
func recoveryCodes() *account.Account {
	var seed account.RecoverySeed
	for i := range seed {
		seed[i] = byte(7 * i)
	}
	a := &account.Account{PasswordChanges: 300}
	a.GenerateRecovery(seed)
	a.Recovery.Used = 1 | 1<<9
	*a.Budget(account.KindRecovery) = account.Budget{Wrong: 2}
	return a
}

// counted has the budgets of the six kinds that formats 1 and 2 know.
func counted(a *account.Account, of ...account.Budget) *account.Account {
	for i, k := range []Kind{KindPassword, KindPIN, KindLogin, KindAccount, KindTOTP, KindDeviceTOTP} {
		*a.Budget(account.Kind(k)) = of[i]
	}
	return a
}

// atBounds sets each field of a to its largest value.
func atBounds(a *account.Account) *account.Account {
	longest := account.TOTP{Key: totp.Key{Secret: bytes.Repeat([]byte{7}, 128), Algorithm: totp.SHA512, Digits: 8, Period: 2 * time.Minute}, LastStep: 1<<62 - 2}
	late, early := time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC), accounttest.UnixMilli(-1)
	a.PIN = &account.PIN{Hash: account.Hash{Memory: 4 << 20, Time: 1 << 10, Threads: 255, Salt: []byte("sixteen of salt."), Sum: bytes.Repeat([]byte{8}, 32)}, SetAt: late}
	for n := range 100 {
		s := account.TOTP{Key: totp.Key{Secret: []byte{byte(n + 1)}, Digits: 6, Period: time.Second}, LastStep: account.NoStep}
		if n == 0 {
			s = longest
		}
		a.Devices = append(a.Devices, account.Device{ID: uuid.UUID{15: byte(n + 1)}, TOTP: s, EnrolledAt: early, UsedAt: late})
	}
	a.Authenticator, a.Pending = &account.Authenticator{TOTP: longest}, &account.Pending{TOTP: longest, ExpiresAt: late, Wrong: 5}
	for i := range a.Issued {
		c := &a.Issued[i]
		*c = account.Codes{Live: []account.Code{{Digits: "99999999", ExpiresAt: late}}, NotBefore: late}
		for n := range 8 {
			c.Stale = append(c.Stale, account.Code{Digits: fmt.Sprintf("%08d", n), ExpiresAt: late})
		}
	}
	full := account.Budget{Wrong: 100, Until: late}
	counted(a, full, full, full, full, full, full)
	a.Guard = account.Guard{Strikes: 100, NotBefore: late, LastWrong: make([]byte, 64), Wipe: &account.Wipe{
		ID: uuid.Max, At: late, Reason: account.ReasonForfeited, Tries: 1<<62 - 1, RetryAt: late}}
	return a
}

// atNewBounds sets each field of format 3 to its largest value.
func atNewBounds(a *account.Account) *account.Account {
	atBounds(a)
	a.Authenticator.ConfirmedAt = a.Pending.ExpiresAt
	a.Pending.Replaced = &account.Replaced{TOTP: a.Pending.TOTP, ExpiresAt: a.Pending.ExpiresAt}
	a.Guard.HoldUntil = a.Pending.ExpiresAt
	for n := range 517 {
		a.Marks = append(a.Marks, account.Mark{byte(n >> 8), byte(n)})
	}
	return a
}

// atNewestBounds sets what came with recovery codes to its largest value, too.
func atNewestBounds(a *account.Account) *account.Account {
	atNewBounds(a)
	late := a.Pending.ExpiresAt
	for i := range a.Issued {
		k, c := account.IssuedKinds[i], &a.Issued[i]
		c.Live, c.Stale = nil, nil
		for n := range 8 {
			code := codeFor(k, fmt.Sprintf("%08d", n), late, strings.Repeat("x", 255))
			if c.Stale = append(c.Stale, code); n < 4 {
				c.Live = append(c.Live, code)
			}
		}
	}
	a.PasswordChanges = 1<<62 - 1
	a.Recovery = &account.Recovery{Salt: uuid.Max, Used: 1<<10 - 1}
	for i := range a.Recovery.Hashes {
		a.Recovery.Hashes[i] = [8]byte{255, 255, 255, 255, 255, 255, 255, 255}
	}
	*a.Budget(account.KindRecovery) = account.Budget{Wrong: 100, Until: late}
	return a
}

// Each row opens to the account that was sealed, to the last field.
func TestSealedRowsOpenToWhatWasSealed(t *testing.T) {
	if *writeSealed {
		addSealed(t)
	}
	rows := readSealed(t)
	for _, want := range sealedAccounts() {
		row, ok := rows[want.name]
		if !ok {
			t.Errorf("%s has no row %q: run this test with -write, and commit the row", sealedFile, want.name)
			continue
		}
		delete(rows, want.name)
		v, err := NewVerifier(&recordStore{}, keyring(t, row.key), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.open(row.user, commit.Record{Data: row.data, Version: 1})
		if err != nil {
			t.Errorf("%s: %v", want.name, err)
			continue
		}
		if !reflect.DeepEqual(got, want.account) {
			t.Errorf("%s opens to another account: %+v", want.name, got)
		}
	}
	for name := range rows {
		t.Errorf("%s has a row %q of which nobody knows what it holds", sealedFile, name)
	}
}

// addSealed appends missing rows of the newest format. Rows of earlier formats
// cannot be made again.
func addSealed(t *testing.T) {
	t.Helper()
	have := readSealed(t)
	file, err := os.OpenFile(sealedFile, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range sealedAccounts() {
		if _, ok := have[a.name]; ok {
			continue
		}
		plain := a.account.Encode()
		if format := strconv.Itoa(int(plain[0])); !strings.HasPrefix(a.name, format+" ") {
			t.Fatalf("row %q would be written in format %s", a.name, format)
		}
		row := sealedRow{name: a.name, key: bytes.Repeat([]byte{a.key}, 32), user: a.user}
		row.data = sealed(t, keyring(t, row.key), plain, (*records)(nil).Label(row.user))
		if _, err := file.WriteString(row.String()); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}
