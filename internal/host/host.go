// Package host calls the functions that a host gives to a library. It turns their
// panics into errors, keeps their errors from being taken for the library's
// answers, and tells whether a call of the library comes from inside one of them.
// It knows nothing of factors.
package host

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
)

// Recover calls f and returns a panic as an error. The error's text leaves out the
// panic's value, which may be a secret, unless it is a runtime error.
func Recover(where string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			cause, _ := p.(error)
			err = &panicError{where, cause}
		}
	}()
	return f()
}

// A panicError is the error for a panic in a host function.
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

// Answers are the errors that tell a library's decisions.
type Answers struct {
	Errors []error
	// IsDetail reports whether a target of errors.As is the detail of an answer.
	IsDetail func(target any) bool
}

// Call is Recover for a host function that may return an answer as its own error,
// because it called the library too. The error of Call matches what the host's
// error matches, except the answers.
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

// A hostError is an error of the host that matches one of the answers.
type hostError struct {
	err     error
	answers *Answers
}

func (e *hostError) Error() string { return e.err.Error() }

// Is matches what the host's error matches, except the answers.
func (e *hostError) Is(target error) bool {
	return !slices.Contains(e.answers.Errors, target) && errors.Is(e.err, target)
}

// As finds what errors.As finds in the host's error, except details of answers.
func (e *hostError) As(target any) bool {
	return !e.answers.IsDetail(target) && errors.As(e.err, target)
}
