package sqlstore

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/knowhave/factor"
)

// A fault is an error of a driver with a text that holds no user and no data.
// What the driver has said can be had with errors.As.
type fault struct {
	text string
	errs []error
}

func (f *fault) Error() string   { return f.text }
func (f *fault) Unwrap() []error { return f.errs }

// fault wraps an error that a statement with these arguments has met.
func (s *Store) fault(doing string, err error, args ...any) error {
	return &fault{"sqlstore: " + doing + ": " + s.dialect.say(err, args), []error{err}}
}

// conflict wraps an error that says that nothing was written.
func (s *Store) conflict(doing string, err error, args ...any) error {
	text := fmt.Sprintf("sqlstore: %s: %v: %s", doing, factor.ErrConflict, s.dialect.say(err, args))
	return &fault{text, []error{factor.ErrConflict, err}}
}

// say returns the text of an error, or what it is where the text may quote what
// a row or a statement holds.
func (d *Dialect) say(err error, args []any) string {
	if d.code != nil {
		name, quoting, ok := d.code(err)
		switch {
		case ok && quoting:
			return name + " of the database"
		case ok:
			return err.Error()
		}
	}
	if text := err.Error(); !slices.ContainsFunc(args, func(arg any) bool { return quotes(text, arg) }) {
		return text
	}
	return fmt.Sprintf("%T, whose text quotes an argument", err)
}

// quotes reports whether a text holds an argument of a statement, if that is a
// user or data, as it is or as Go would print it.
func quotes(text string, arg any) bool {
	switch arg := arg.(type) {
	case string:
		quoted := strconv.Quote(arg)
		return arg != "" && (strings.Contains(text, arg) || strings.Contains(text, quoted[1:len(quoted)-1]))
	case []byte:
		return len(arg) > 0 && (strings.Contains(text, string(arg)) || strings.Contains(text, fmt.Sprintf("%#v", arg)) || strings.Contains(text, fmt.Sprintf("%x", arg)))
	default:
		return false
	}
}

// sqlState returns the SQLSTATE of an error, or of one that it wraps, which
// drivers of PostgreSQL tell by a method of this name.
func sqlState(err error) (state string, ok bool) {
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return e.SQLState(), true
	}
	return "", false
}
