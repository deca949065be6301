package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"
)

type methodError struct{ code int }

func (e *methodError) Error() string { return "database is locked" }
func (e *methodError) Code() int     { return e.code }

type kind uint8

type smallMethodError struct{ code kind }

func (e smallMethodError) Error() string { return "database is locked" }
func (e smallMethodError) Code() kind    { return e.code }

type number int

type fieldError struct{ Code, ExtendedCode number }

func (fieldError) Error() string { return "database is locked" }

type textCodeError struct{ Code string }

func (textCodeError) Error() string { return "locked" }

type otherMethodError struct{}

func (otherMethodError) Error() string { return "locked" }
func (otherMethodError) Code(int) int  { return 5 }
func (otherMethodError) Unwrap() error { return &methodError{6} }

type inner struct{ Code int }
type outerError struct{ *inner }

func (outerError) Error() string { return "locked" }

type codelessError string

func (e codelessError) Error() string { return string(e) }

func TestLocksAreRecognisedWhateverTheDriver(t *testing.T) {
	lost := []error{
		&methodError{5}, &methodError{6}, &methodError{517}, &methodError{261}, &methodError{262},
		smallMethodError{5}, &smallMethodError{6},
		fieldError{5, 517}, &fieldError{Code: 6}, outerError{&inner{5}},
		fmt.Errorf("exec: %w", &methodError{5}),
		fmt.Errorf("exec: %w", fmt.Errorf("driver: %w", fieldError{5, 5})),
		errors.Join(codelessError("first"), fieldError{6, 6}),
		otherMethodError{},
	}
	for _, err := range lost {
		if !lostOnSQLite(err) {
			t.Errorf("%#v is not taken for a lock of SQLite", err)
		}
	}
	open := []error{
		nil, &methodError{0}, &methodError{1}, &methodError{9}, &methodError{10}, &methodError{13}, &methodError{19}, &methodError{778}, &methodError{2067},
		(*methodError)(nil), (*fieldError)(nil), outerError{}, textCodeError{"5"}, codelessError("database is locked (5) (SQLITE_BUSY)"),
		fmt.Errorf("outermost first: %w", &wrapping{10, &methodError{5}}), errors.Join(codelessError("a"), codelessError("b")),
		context.Canceled, context.DeadlineExceeded, driver.ErrBadConn,
	}
	for _, err := range open {
		if lostOnSQLite(err) {
			t.Errorf("%#v is taken for a lock of SQLite", err)
		}
	}
}

type wrapping struct {
	Code int
	err  error
}

func (e *wrapping) Error() string { return e.err.Error() }
func (e *wrapping) Unwrap() error { return e.err }
