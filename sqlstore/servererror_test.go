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

// stateError is an error as drivers of PostgreSQL have it, with a text that
// quotes the user.
type stateError string

func (e stateError) Error() string    { return "duplicate key: alice" }
func (e stateError) SQLState() string { return string(e) }

// saidError is an error of PostgreSQL with a text of its own.
type saidError struct{ state, text string }

func (e *saidError) Error() string    { return e.text }
func (e *saidError) SQLState() string { return e.state }

// saidCode is an error of SQLite with a text of its own.
type saidCode struct {
	code int
	text string
}

func (e *saidCode) Error() string { return e.text }
func (e *saidCode) Code() int     { return e.code }

// numberError is an error as github.com/go-sql-driver/mysql has it.
type numberError struct {
	Number   uint16
	SQLState [5]byte
	Message  string
}

func (e *numberError) Error() string { return e.Message }

// codeError is an error as github.com/go-mysql-org/go-mysql has it.
type codeError struct {
	Code           uint16
	Message, State string
}

func (e *codeError) Error() string { return e.Message }

func TestLostWritesAreRecognisedWhateverTheDriver(t *testing.T) {
	for _, err := range []error{
		stateError("40001"), stateError("40P01"), stateError("55P03"),
		fmt.Errorf("exec: %w", stateError("40001")), errors.Join(codelessError("a"), stateError("40P01")),
	} {
		if !Postgres.lost(err) || Postgres.taken(err) {
			t.Errorf("%#v is not taken for a lost write on PostgreSQL", err)
		}
	}
	for _, err := range []error{
		&numberError{Number: 1213}, &numberError{Number: 1020}, &numberError{Number: 1205}, &codeError{Code: 1213},
		fmt.Errorf("exec: %w", &numberError{Number: 1213}),
	} {
		if !MySQL.lost(err) || MySQL.taken(err) {
			t.Errorf("%#v is not taken for a lost write on MySQL", err)
		}
	}
	if !Postgres.taken(stateError("23505")) || !MySQL.taken(&numberError{Number: 1062}) || !MySQL.taken(&codeError{Code: 1586}) {
		t.Error("a duplicate key is not recognised")
	}
}

// What was cancelled or cut off, and what a node of a cluster says of itself, may
// have been written.
func TestOtherErrorsLeaveTheOutcomeOpen(t *testing.T) {
	open := []error{
		nil, context.Canceled, context.DeadlineExceeded, driver.ErrBadConn, codelessError("40001"), codelessError("Error 1213"),
		stateError(""), stateError("40003"), stateError("40000"), stateError("57014"), stateError("57P01"), stateError("08006"), stateError("25006"), stateError("25P02"),
		&numberError{}, &numberError{Number: 1047}, &numberError{Number: 1180}, &numberError{Number: 1317}, &numberError{Number: 1290}, &numberError{Number: 1969},
		(*numberError)(nil), &codeError{Code: 2013},
	}
	for _, err := range open {
		if Postgres.lost(err) || Postgres.taken(err) || MySQL.lost(err) || MySQL.taken(err) {
			t.Errorf("%#v is taken for a write that was lost", err)
		}
	}
}

func TestTextOfAnErrorHoldsNeitherUserNorData(t *testing.T) {
	data := []byte("sealed")
	for _, c := range []struct {
		d    *Dialect
		err  error
		says string
	}{
		{Postgres, stateError("23505"), "SQLSTATE 23505"},
		{Postgres, stateError("22P02"), "SQLSTATE 22P02"},
		{Postgres, stateError("P0001"), "SQLSTATE P0001"},
		{Postgres, stateError(""), "SQLSTATE"},
		{Postgres, codelessError(`unable to encode "alice" into int8`), "sqlstore.codelessError"},
		{Postgres, codelessError(fmt.Sprintf("unable to encode %#v", data)), "sqlstore.codelessError"},
		{Postgres, codelessError(fmt.Sprintf("near \\x%x", data)), "sqlstore.codelessError"},
		{MySQL, &numberError{Number: 1062, Message: "Duplicate entry 'alice' for key 'PRIMARY'"}, "error 1062"},
		{MySQL, &numberError{Number: 1064, Message: "syntax error near 'sealed'"}, "error 1064"},
		{MySQL, &codeError{Code: 1366, Message: "Incorrect string value: 'alice'"}, "error 1366"},
		{SQLite, codelessError("no room for alice"), "sqlstore.codelessError"},
	} {
		s := &Store{dialect: c.d}
		for _, err := range []error{s.fault("swap", c.err, "alice", int64(1), data), s.conflict("swap", c.err, "alice", int64(1), data)} {
			if text := err.Error(); strings.Contains(text, "alice") || strings.Contains(text, "seal") || strings.Contains(text, "7365616c6564") || !strings.Contains(text, c.says) {
				t.Errorf("the text is %q; want it to say %q and nothing of the row", text, c.says)
			}
			if !errors.Is(err, c.err) {
				t.Errorf("%v does not wrap the driver's error", err)
			}
		}
		if err := s.conflict("swap", c.err); !errors.Is(err, factor.ErrConflict) {
			t.Errorf("%v is no conflict", err)
		}
	}
}

func TestTextOfAnErrorSaysWhatIsWrongWithTheServer(t *testing.T) {
	for _, c := range []struct {
		d    *Dialect
		err  error
		says string
	}{
		{Postgres, &saidError{"42P01", "relation factor_records does not exist"}, "relation factor_records does not exist: call Migrate"},
		{Postgres, fmt.Errorf("asked for alice: %w", &saidError{"42P01", "relation factor_records does not exist"}), "load: relation factor_records does not exist: call Migrate"},
		{MySQL, &numberError{Number: 1146, Message: "Table 'app.factor_records' doesn't exist"}, "doesn't exist: call Migrate"},
		{SQLite, &saidCode{1, "no such table: factor_records"}, "no such table: factor_records: call Migrate"},
		{MySQL, driver.ErrBadConn, "bad connection"},
		{SQLite, &methodError{5}, "locked"},
	} {
		s := &Store{dialect: c.d}
		if text := s.fault("load", c.err, "alice", "").Error(); !strings.Contains(text, c.says) {
			t.Errorf("the text is %q; want it to say %q", text, c.says)
		}
	}
}
