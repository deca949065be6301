// Package host calls the functions that a host has given to a library. It makes
// errors of their panics, keeps their errors from being taken for the library's own
// answers, and tells whether a call of the library comes from inside one of them. It
// knows nothing of factors.
package host

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
)

// Recover calls f, and makes an error of a panic. The error's text leaves out the
// value of the panic, which may hold a secret, unless it is the runtime's own.
func Recover(where string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			cause, _ := p.(error)
			err = &panicError{where, cause}
		}
	}()
	return f()
}

// panicError stands for a panic of the host's.
type panicError struct {
	where string
	cause error
}

func (e *panicError) Error() string {
	var r runtime.Error
	if errors.As(e.cause, &r) {
		return fmt.Sprintf("factor: panic in %s: %s", e.where, r)
	}
	return "factor: panic in " + e.where
}

func (e *panicError) Unwrap() error { return e.cause }

// Answers are the errors by which a library says what it has decided.
type Answers struct {
	Errors []error
	// IsDetail reports whether the target of errors.As is for the details of one.
	IsDetail func(target any) bool
}

// Call is Recover for a host that may return an answer as its own error, because it
// asks the library too. The error of Call matches none of the answers, and else what
// the host's error matches.
func (a *Answers) Call(where string, f func() error) error {
	if err := Recover(where, f); err != nil {
		return a.hide(err)
	}
	return nil
}

func (a *Answers) hide(err error) error {
	if slices.ContainsFunc(a.Errors, func(answer error) bool { return errors.Is(err, answer) }) {
		return &hostError{err, a}
	}
	return err
}

// hostError is an error of the host's that matches one of the answers.
type hostError struct {
	err     error
	answers *Answers
}

func (e *hostError) Error() string { return e.err.Error() }

// Is matches what the host's error matches, but for the answers.
func (e *hostError) Is(target error) bool {
	return !slices.Contains(e.answers.Errors, target) && errors.Is(e.err, target)
}

// As finds what errors.As finds in the host's error, but for details of answers.
func (e *hostError) As(target any) bool {
	return !e.answers.IsDetail(target) && errors.As(e.err, target)
}
