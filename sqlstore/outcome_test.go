package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/knowhave/factor"
)

// swapAnswered is what a swap comes to if the server changes so many rows, or
// answers with the error.
func swapAnswered(t *testing.T, d *Dialect, old int64, next factor.Record, changed int64, err error) error {
	t.Helper()
	server := &fakeServer{answer: func(string, []driver.NamedValue) ([][]driver.Value, error) { return [][]driver.Value{{changed}}, err }}
	s := &Store{db: openFake(t, server), dialect: d, table: table{name: defaultTable}, text: d.statements}
	return s.CompareAndSwap(t.Context(), "alice", old, next)
}

var someRecord = factor.Record{Data: []byte("sealed"), Version: 2}

// A conflict says that nothing was written, so only what the server has
// certainly undone is one; a key that is taken is, where a row was to be new.
func TestConflictIsOnlyWhatWasCertainlyNotWritten(t *testing.T) {
	for _, c := range []struct {
		name     string
		dialect  *Dialect
		err      error
		old      int64
		conflict bool
	}{
		{"PostgreSQL, serialization failure", Postgres, stateError("40001"), 1, true},
		{"PostgreSQL, duplicate key of an insert", Postgres, stateError("23505"), 0, true},
		{"PostgreSQL, duplicate key of an update", Postgres, stateError("23505"), 1, false},
		{"PostgreSQL, completion unknown", Postgres, stateError("40003"), 0, false},
		{"MySQL, deadlock", MySQL, &numberError{Number: 1213}, 1, true},
		{"MySQL, duplicate key of an insert", MySQL, &numberError{Number: 1062}, 0, true},
		{"MySQL, duplicate key of an update", MySQL, &numberError{Number: 1062}, 1, false},
		{"MySQL, error during commit", MySQL, &numberError{Number: 1180}, 0, false},
		{"SQLite, locked", SQLite, &methodError{6}, 0, true},
		{"SQLite, a constraint", SQLite, &methodError{19}, 0, false},
		{"a broken connection", MySQL, driver.ErrBadConn, 1, false},
		{"the caller has gone", Postgres, context.Canceled, 1, false},
	} {
		err := swapAnswered(t, c.dialect, c.old, someRecord, 1, c.err)
		if err == nil || errors.Is(err, factor.ErrConflict) != c.conflict || !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want a conflict %v", c.name, err, c.conflict)
		}
	}
}

func TestRowsChangedDecideASwap(t *testing.T) {
	for _, d := range []*Dialect{Postgres, MySQL} {
		for old, next := range map[int64]factor.Record{0: someRecord, 1: someRecord, 3: {}} {
			if err := swapAnswered(t, d, old, next, 1, nil); err != nil {
				t.Errorf("one row changed from version %d: %v", old, err)
			}
			if err := swapAnswered(t, d, old, next, 0, nil); !errors.Is(err, factor.ErrConflict) {
				t.Errorf("no row changed from version %d: %v", old, err)
			}
		}
	}
}

// The text of a fault holds no user and no data, however the driver writes them,
// while errors.As leads to what the driver said.
func TestFaultsDoNotQuoteWhatTheyWereGiven(t *testing.T) {
	const user = "älice\n@example.com"
	s := &Store{dialect: SQLite}
	for name, c := range map[string]struct {
		text   string
		arg    any
		hidden bool
	}{
		"the user":                {"no room for " + user, user, true},
		"the user in quotes":      {fmt.Sprintf("no room for %q", user), user, true},
		"a user that needs none":  {"no room for alice.", "alice", true},
		"no user":                 {"no room", "", false},
		"another user":            {"no room for bob", user, false},
		"the data":                {"no room for sealed", []byte("sealed"), true},
		"the data in hexadecimal": {"no room for x'7365616c6564'", []byte("sealed"), true},
		"the data as Go":          {fmt.Sprintf("no room for %#v", []byte("sealed")), []byte("sealed"), true},
		"no data":                 {"no room", []byte{}, false},
		"other data":              {"no room for data", []byte("sealed"), false},
		"one byte of data":        {"no room for A", []byte("A"), true},
		"a number":                {"no room for 7", int64(7), false},
	} {
		said := errors.New(c.text)
		for _, err := range []error{s.fault("swap", said, int64(1), c.arg), s.conflict("swap", said, int64(1), c.arg)} {
			if hidden := !strings.Contains(err.Error(), c.text); hidden != c.hidden || !errors.Is(err, said) {
				t.Errorf("%s: %v", name, err)
			}
			if c.hidden && !strings.Contains(err.Error(), "errors.errorString") {
				t.Errorf("%s: %v does not say of what kind it was", name, err)
			}
			if !strings.HasPrefix(err.Error(), "sqlstore: swap: ") {
				t.Errorf("%s: %v does not say what was done", name, err)
			}
		}
	}
}

// A state that is none, of other than five characters, is not looked up by its
// first two.
func TestStateOfOtherLengthTellsNothing(t *testing.T) {
	for _, state := range []stateError{"", "5", "53", "5330", "533000"} {
		if got, want := Postgres.say(state, nil), "SQLSTATE "+string(state)+" of the database"; got != want {
			t.Errorf("%q: %s, want %s", string(state), got, want)
		}
	}
	if got := Postgres.say(stateError("53300"), nil); got != stateError("").Error() {
		t.Errorf("too many connections: %s", got)
	}
}
