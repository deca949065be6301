package factor

import "github.com/knowhave/factor/internal/host"

// callHost calls into the host and turns a panic into an error. The error that it
// returns matches none of this package's answers, even if the host got one from
// this package: a caller must not take it for the answer to its own call. An
// ErrWiped from inside Options.Wipe would let a reset go on before the data is
// gone.
func callHost(where string, f func() error) error { return answers.Call(where, f) }

// answers are the errors that tell this package's decisions.
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
