package factor

import "github.com/knowhave/factor/internal/host"

// callHost calls into the host, and makes an error of a panic. An error of the
// host's matches none of the answers, because the host asks this package too, or
// returns its errors for its own reasons. A caller must not take it for an answer
// about this call: an ErrWiped from inside Options.Wipe would let a reset go on
// before the data is gone.
func callHost(where string, f func() error) error { return answers.Call(where, f) }

// answers are the errors by which this package says what it has decided.
var answers = host.Answers{
	Errors: []error{
		ErrMalformed, ErrNoCredential, ErrWeakPIN, ErrMismatch, ErrLocked, ErrNotEnrolled, ErrAlreadyEnrolled,
		ErrUnknownDevice, ErrDeviceLimit, ErrWiped, ErrWipePending,
	},
	IsDetail: func(target any) bool {
		switch target.(type) {
		case **MalformedError, **WeakPINError, **MismatchError, **LockedError, **AlreadyEnrolledError:
			return true
		}
		return false
	},
}
