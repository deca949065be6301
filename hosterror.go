package factor

import (
	"errors"
	"slices"
)

// callHost calls into the host, and makes an error of a panic. An error of the
// host's matches none of this package's answers: see hostError.
func callHost(where string, f func() error) error {
	err := recoverPanic(where, f)
	if !slices.ContainsFunc(answers, func(answer error) bool { return errors.Is(err, answer) }) {
		return err
	}
	return &hostError{err}
}

// answers are the errors by which this package says what it has decided.
var answers = []error{
	ErrMalformed, ErrNoCredential, ErrWeakPIN, ErrMismatch, ErrLocked, ErrNotEnrolled, ErrAlreadyEnrolled,
	ErrUnknownDevice, ErrDeviceLimit, ErrWiped, ErrWipePending,
}

// hostError is a fault of the host's that matches one of the answers, because the
// host asks this package too, or returns its errors for its own reasons. A caller
// must not take it for an answer about this call: an ErrWiped from inside
// Options.Wipe would let a reset go on before the data is gone.
type hostError struct{ err error }

func (e *hostError) Error() string { return e.err.Error() }

// Is matches what the host's error matches, but for the answers.
func (e *hostError) Is(target error) bool {
	return !slices.Contains(answers, target) && errors.Is(e.err, target)
}

// As finds what errors.As finds in the host's error, but for details of answers.
func (e *hostError) As(target any) bool {
	switch target.(type) {
	case **MalformedError, **WeakPINError, **MismatchError, **LockedError, **AlreadyEnrolledError:
		return false
	}
	return errors.As(e.err, target)
}
