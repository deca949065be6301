package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
)

// shortUsers are found in nearly every text.
var shortUsers = []string{"a", "1", "5", "e", "10", "is", "or", "ä", ":", " ", ".", `"`, "(", "127", "tcp"}

// ordinary are what drivers say in the ordinary run of things, and what of it has
// to be said whoever asked.
var ordinary = []struct {
	d    *Dialect
	err  error
	says string
}{
	{SQLite, &saidCode{5, "database is locked (5) (SQLITE_BUSY)"}, "database is locked (5) (SQLITE_BUSY)"},
	{SQLite, &saidCode{266, "disk I/O error (266)"}, "disk I/O error (266)"},
	{SQLite, &saidCode{13, "database or disk is full (13)"}, "database or disk is full (13)"},
	{SQLite, &saidCode{1, "SQL logic error: no such table: factor_records (1)"}, "no such table: factor_records (1)"},
	{Postgres, &saidError{"42P01", `ERROR: relation "factor_records" does not exist (SQLSTATE 42P01)`}, `relation "factor_records" does not exist`},
	{Postgres, &saidError{"57P01", "FATAL: terminating connection due to administrator command (SQLSTATE 57P01)"}, "administrator command"},
	{MySQL, &numberError{Number: 1205, Message: "Lock wait timeout exceeded; try restarting transaction"}, "Lock wait timeout exceeded"},
	{MySQL, &numberError{Number: 1040, Message: "Error 1040: Too many connections"}, "Error 1040: Too many connections"},
	{Postgres, context.DeadlineExceeded, "context deadline exceeded"},
	{Postgres, fmt.Errorf("timeout 5 or a: %w", context.Canceled), "context canceled"},
	{MySQL, driver.ErrBadConn, "driver: bad connection"},
	{MySQL, io.ErrUnexpectedEOF, "unexpected EOF"},
	{Postgres, refusedConnection, "dial tcp 127.0.0.1:5432: connection refused"},
	{Postgres, fmt.Errorf("failed to connect to `user=a database=e`: 10.0.0.1:5: %w", refusedConnection), "dial tcp 127.0.0.1:5432: connection refused"},
}

var refusedConnection = &net.OpError{
	Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5432}, Err: errors.New("connection refused"),
}

func TestOrdinaryTextsAreSaidWhoeverTheUserIs(t *testing.T) {
	for _, user := range append(shortUsers, "alice", "5432x") {
		for _, c := range ordinary {
			s := &Store{dialect: c.d}
			for _, err := range []error{s.fault("swap", c.err, user, int64(1), []byte("sealed")), s.conflict("swap", c.err, user, int64(1), []byte("sealed"))} {
				if !strings.Contains(err.Error(), c.says) || !errors.Is(err, c.err) {
					t.Errorf("user %q: the text is %q, want it to say %q", user, err, c.says)
				}
			}
		}
	}
}

// An ordinary word that is a user all the same hides the text of a server, and not
// its code.
func TestUserThatIsAWordOfTheTextLeavesTheCode(t *testing.T) {
	for _, c := range []struct {
		d    *Dialect
		err  error
		user string
		says string
	}{
		{SQLite, &saidCode{5, "database is locked (5) (SQLITE_BUSY)"}, "locked", "error 5 of the database"},
		{Postgres, &saidError{"57P01", "terminating connection"}, "terminating", "SQLSTATE 57P01 of the database"},
		{MySQL, &numberError{Number: 1040, Message: "Too many connections"}, "many", "error 1040 of the database"},
		{Postgres, errors.New("closed for good"), "good", "*errors.errorString, whose text quotes an argument"},
	} {
		s := &Store{dialect: c.d}
		if text := s.fault("load", c.err, c.user).Error(); text != "sqlstore: load: "+c.says {
			t.Errorf("the text is %q, want it to end in %q", text, c.says)
		}
	}
}

func TestUserIsHiddenHoweverShortAndHoweverSpelled(t *testing.T) {
	for _, user := range append(shortUsers, "alice", "al/ce\n", "<b>", "日本", "\xff") {
		hex := fmt.Sprintf("%x", user)
		for _, text := range []string{
			"no room for " + strconv.Quote(user), "no room for '" + user + "'", "Key (user_id)=(" + user + ") exists", "[" + user + "]",
			"args " + strconv.QuoteToASCII(user), "args " + fmt.Sprint([]byte(user)), fmt.Sprintf("args %#v", []byte(user)),
			"x'" + hex + "'", "x'" + strings.ToUpper(hex) + "'", `'\x` + hex + "'", "(0x" + hex + ")",
		} {
			for _, d := range []*Dialect{SQLite, Postgres, MySQL} {
				s := &Store{dialect: d}
				if got := s.fault("load", codelessError(text), user).Error(); got != "sqlstore: load: sqlstore.codelessError, whose text quotes an argument" {
					t.Errorf("user %q: %s", user, got)
				}
			}
			wrapped := fmt.Errorf("%s: %w", text, &saidError{"53300", "too many clients"})
			if got := (&Store{dialect: Postgres}).fault("load", wrapped, user).Error(); got != "sqlstore: load: too many clients" {
				t.Errorf("user %q in what wraps the server's error: %s", user, got)
			}
		}
	}
}

// Within a word or a number a short user is not quoted.
func TestPartOfAWordIsNoQuotation(t *testing.T) {
	for _, c := range []struct {
		text, arg string
		quoted    bool
	}{
		{"database", "a", false}, {"a database", "a", true}, {"database a", "a", true}, {"database", "base", true}, {"1213", "1", false},
		{"error 1", "1", true}, {"x1", "1", false}, {"1ä", "1", false}, {"ab ab", "b", false}, {"bb b", "b", true}, {"a", "a", true},
		{"a: b", ":", false}, {"a(:)b", ":", true}, {"a b", " ", false}, {`" "`, " ", true}, {"", "a", false}, {"a_b", "a", true},
		{"xyz", "xyz", true}, {"wxyz", "xyz", false}, {"wxyz", "wxyz", true}, {"vwxyz", "wxyz", true},
	} {
		if got := quotesAny(c.text, []any{c.arg}); got != c.quoted {
			t.Errorf("%q quotes %q = %v, want %v", c.text, c.arg, got, c.quoted)
		}
	}
}

// FuzzQuotedUser gives any user, in quotes in a text of a driver, which is then
// not said.
func FuzzQuotedUser(f *testing.F) {
	for _, user := range append(shortUsers, "alice", "\xff", "\u0301", "a\x00b") {
		f.Add("no room for ", user, " here")
	}
	f.Fuzz(func(t *testing.T, before, user, after string) {
		if user == "" {
			return
		}
		for _, text := range []string{before + "'" + user + "'" + after, before + strconv.Quote(user) + after} {
			for _, d := range []*Dialect{SQLite, Postgres, MySQL} {
				if got := d.say(codelessError(text), []any{int64(1), user}); got != "sqlstore.codelessError, whose text quotes an argument" {
					t.Fatalf("user %q: %q", user, got)
				}
			}
		}
	})
}
