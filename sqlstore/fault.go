package sqlstore

import (
	"errors"
	"fmt"

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
	text := "sqlstore: " + doing + ": " + s.say(err, args)
	if s.dialect.absent(err) {
		text += ": call Migrate first, or run what Schema returns"
	}
	return &fault{text, []error{err}}
}

// conflict wraps an error that says that nothing was written.
func (s *Store) conflict(doing string, err error, args ...any) error {
	text := fmt.Sprintf("sqlstore: %s: %v: %s", doing, factor.ErrConflict, s.say(err, args))
	return &fault{text, []error{factor.ErrConflict, err}}
}

// say returns as much of an error's text as quotes no argument of the statement, nor
// any of the others that it was shared with.
func (s *Store) say(err error, args []any) string {
	if e, ok := errors.AsType[*sharedError](err); ok {
		return e.said
	}
	return s.dialect.say(err, args)
}
