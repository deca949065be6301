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
)

// Records that a release has written are opened by every later release. The rows
// of sealedFile stand for them: they were written once, each by the code of its
// format, and are never written again.
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

// A sealedAccount is what a row holds, of the format with which its name begins.
type sealedAccount struct {
	name    string // the format, and what is special
	key     byte   // the sealing key is 32 of these
	user    string
	account *account
}

// sealedAccounts returns what the rows hold. Between them they have every field
// of each format, and every bound.
func sealedAccounts() []sealedAccount {
	id := func(n byte) uuid.UUID { return uuid.UUID{15: n} }
	key := []byte("12345678901234567890")
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	sum := argon2.IDKey([]byte("8299"), []byte("sixteen of salt."), 2, 19456, 1, 32)
	aPIN := func() *pin { return &pin{pinHash{19456, 2, 1, []byte("sixteen of salt."), sum}, at(-time.Hour)} }
	phone := device{id(1), secret{key, algorithmSHA1, 6, 30 * time.Second, noStep}, at(-2 * time.Hour), time.Time{}}
	tablet := device{id(2), secret{key, algorithmSHA256, 8, time.Minute, noon.Unix() / 60}, at(-3 * time.Hour), at(-time.Second)}
	app := secret{key, algorithmSHA512, 7, 45 * time.Second, noon.Unix()/45 - 1}

	marks := func() []importID { // of the PIN, the app, the phone and the tablet
		return []importID{
			{0xf1, 0x3a, 0x37, 0x72, 0x69, 0x08, 0xd5, 0x11}, {0xe0, 0x48, 0x20, 0xd4, 0x3e, 0x71, 0x05, 0xd4},
			{0x30, 0x11, 0x74, 0x60, 0xf6, 0x51, 0x34, 0x81}, {0x5d, 0x69, 0xc4, 0xdc, 0x6f, 0xb4, 0x22, 0xd5},
		}
	}
	const bcrypt = "$2a$04$NBPkQcVG.PKNtI21B/oc6OBQTAZvG05QG35k25drTJ6Eg55wOL9SK"

	return []sealedAccount{
		{"1 holder", 1, "alice", &account{
			pin: aPIN(), devices: []device{phone, tablet}, authenticator: &app,
			pending:      &pending{secret{key, algorithmSHA1, 6, 30 * time.Second, noStep}, at(10 * time.Minute), 4},
			loginCodes:   codes{live: &code{"01234567", at(9 * time.Minute)}, hold: at(time.Minute)},
			accountCodes: codes{live: &code{"012345", at(4 * time.Minute)}, spent: []code{{"543210", at(time.Minute)}, {"5432100", at(2 * time.Minute)}}},
			reset:        reset{strikes: 2, hold: at(time.Minute), last: []byte("last")},
		}},
		{"1 locked", 2, "Åsa 漢字", counted(&account{pin: aPIN(), devices: []device{phone}},
			budget{100, time.Time{}}, budget{9, at(time.Hour)}, budget{1, time.Time{}}, budget{5, at(time.Minute)}, budget{6, at(2 * time.Minute)}, budget{4, time.Time{}})},
		{"1 wipe pending", 1, "bob", &account{reset: reset{wipe: &wipe{id: id(3), at: at(-time.Hour), reason: ReasonStrikes, tries: 300, retryAt: at(time.Hour)}}}},
		{"1 forfeited", 1, "carol", &account{authenticator: &app, reset: reset{wipe: &wipe{id: id(4), at: at(-time.Hour), reason: ReasonForfeited, done: true}}}},
		{"1 empty", 1, strings.Repeat("é", 127) + "!", &account{emptied: at(-time.Minute)}},
		{"1 bounds", 1, "dave", atBounds(&account{})},
		{"2 imported", 2, "erin", &account{
			pin: &pin{pinHash{sum: []byte(bcrypt)}, at(-time.Hour)}, authenticator: &app, devices: []device{tablet}, imported: marks(),
		}},
		{"2 revoked", 2, "frank", &account{imported: marks()}},
		{"2 bounds", 2, "grace", atBounds(&account{imported: marks()})},
	}
}

// counted has the budgets of the six kinds that formats 1 and 2 know.
func counted(a *account, of ...budget) *account {
	for i, k := range []Kind{KindPassword, KindPIN, KindLogin, KindAccount, KindTOTP, KindDeviceTOTP} {
		*a.budget(k) = of[i]
	}
	return a
}

// atBounds has each field of a as large as any rule makes it.
func atBounds(a *account) *account {
	longest := secret{bytes.Repeat([]byte{7}, 128), algorithmSHA512, 8, 2 * time.Minute, 1<<62 - 2}
	late, early := time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC), unixMilli(-1)
	a.pin = &pin{pinHash{4 << 20, 1 << 10, 255, []byte("sixteen of salt."), bytes.Repeat([]byte{8}, 32)}, late}
	for n := range 100 {
		s := secret{key: []byte{byte(n + 1)}, digits: 6, period: time.Second, step: noStep}
		if n == 0 {
			s = longest
		}
		a.devices = append(a.devices, device{uuid.UUID{15: byte(n + 1)}, s, early, late})
	}
	a.authenticator, a.pending = &longest, &pending{longest, late, 5}
	for _, c := range []*codes{&a.loginCodes, &a.accountCodes} {
		*c = codes{live: &code{"99999999", late}, hold: late}
		for n := range 8 {
			c.spent = append(c.spent, code{fmt.Sprintf("%08d", n), late})
		}
	}
	full := budget{100, late}
	counted(a, full, full, full, full, full, full)
	a.reset = reset{strikes: 100, hold: late, last: make([]byte, 64), wipe: &wipe{
		id: uuid.Max, at: late, reason: ReasonForfeited, tries: 1<<62 - 1, retryAt: late}}
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
		got, err := v.open(row.user, Record{Data: row.data, Version: 1})
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

// addSealed appends what is missing. Only the newest format is written today; the
// rows of those before it cannot be made again.
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
		plain := a.account.encode()
		if format := strconv.Itoa(int(plain[0])); !strings.HasPrefix(a.name, format+" ") {
			t.Fatalf("row %q would be written in format %s", a.name, format)
		}
		row := sealedRow{name: a.name, key: bytes.Repeat([]byte{a.key}, 32), user: a.user}
		row.data = sealed(t, keyring(t, row.key), plain, labelOf(row.user))
		if _, err := file.WriteString(row.String()); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}
