package factor

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Errors of a call that this package cannot take as it is. It judged and counted
// nothing.
var (
	// ErrMalformed reports an argument that is not well-formed. The error is always
	// a *MalformedError, which names the field and the form it must have.
	ErrMalformed = errors.New("factor: malformed argument")
	// ErrNoCredential reports that the caller gave no credential where one is
	// needed.
	ErrNoCredential = errors.New("factor: no credential given")
	// ErrWeakPIN reports that a new PIN breaks the policy. The error is always a
	// *WeakPINError.
	ErrWeakPIN = errors.New("factor: weak PIN")
)

// Errors of a judgement.
var (
	// ErrMismatch reports that no given credential was right. The error is always a
	// *MismatchError.
	ErrMismatch = errors.New("factor: no credential matches")
	// ErrLocked reports that the package did not judge the call: what it needs is
	// locked for a time, or until somebody unlocks it. The error is always a
	// *LockedError.
	ErrLocked = errors.New("factor: locked")
)

// Errors about what the user holds.
var (
	// ErrNotEnrolled reports that the user does not hold what the call is about.
	ErrNotEnrolled = errors.New("factor: not enrolled")
	// ErrAlreadyEnrolled reports that the user already holds another one. The error
	// is always an *AlreadyEnrolledError.
	ErrAlreadyEnrolled = errors.New("factor: already enrolled")
	// ErrUnknownDevice reports that no device with this ID is enrolled.
	ErrUnknownDevice = errors.New("factor: unknown device")
	// ErrDeviceLimit reports that the user already has DeviceOptions.Max devices.
	ErrDeviceLimit = errors.New("factor: device limit reached")
)

// Errors of the reset guard.
var (
	// ErrWiped reports that the user lost the critical data, and that Options.Wipe
	// has deleted it. Nothing is left to protect: the reset may go on.
	ErrWiped = errors.New("factor: critical data wiped")
	// ErrWipePending reports that a wipe is marked and not yet done: the reset must
	// not go on. The error never matches ErrWiped. It wraps the reason, such as the
	// error that Options.Wipe returned.
	ErrWipePending = errors.New("factor: wipe not finished")
)

// Errors of the store and its records.
var (
	// ErrConflict is the error of a Store whose stored version is not the expected
	// one, and of this package when others won the swap until the deadline. It is
	// definite: nothing was written.
	ErrConflict = errors.New("factor: conflicting write")
	// ErrUnsealed reports that a record does not open: the key is wrong, or the
	// record was tampered with, belongs to another user or has an unknown version.
	// The package never treats such a record as absent.
	ErrUnsealed = errors.New("factor: record cannot be opened")
	// ErrNewerFormat reports that a newer release of this package wrote the record,
	// in a format that this one does not know. The record is intact: update the
	// process. It matches ErrUnsealed too.
	ErrNewerFormat = fmt.Errorf("%w: a newer release of factor wrote it: update this process", ErrUnsealed)
	// ErrNoticesDropped is an error of Admin.Sweep, reported once: more than 16
	// notices of a user waited, and the package dropped some.
	ErrNoticesDropped = errors.New("factor: notices dropped")
)

// MalformedError is the detail of ErrMalformed.
type MalformedError struct {
	// Field is user, otp, password, pin, device, kinds, timeout, purpose, issuer or
	// account, or for Admin.Import the path of the field, such as
	// Import.Devices[1].TOTP.Secret.
	Field string
	// Reason tells what form the field must have. It never repeats the value.
	Reason string
}

func (e *MalformedError) Error() string {
	return fmt.Sprintf("factor: malformed %s: %s", e.Field, e.Reason)
}

// Unwrap returns ErrMalformed.
func (e *MalformedError) Unwrap() error { return ErrMalformed }

func malformed(field, reason string) error {
	return &MalformedError{Field: field, Reason: reason}
}

// WeakPINError is the detail of ErrWeakPIN.
type WeakPINError struct {
	// Reason tells which rule of PINOptions the PIN breaks. It never repeats the
	// PIN.
	Reason string
}

func (e *WeakPINError) Error() string { return "factor: weak PIN: " + e.Reason }

// Unwrap returns ErrWeakPIN.
func (e *WeakPINError) Unwrap() error { return ErrWeakPIN }

// AlreadyEnrolledError is the detail of ErrAlreadyEnrolled: what the user already
// holds.
type AlreadyEnrolledError struct {
	// Kind is KindPIN, KindTOTP for the authenticator, or KindDeviceTOTP.
	Kind Kind
	// Device is the device's ID, uuid.Nil for any other kind.
	Device uuid.UUID
}

func (e *AlreadyEnrolledError) Error() string {
	return fmt.Sprintf("factor: %s is enrolled already", e.Kind)
}

// Unwrap returns ErrAlreadyEnrolled.
func (e *AlreadyEnrolledError) Unwrap() error { return ErrAlreadyEnrolled }

// codeOf names a kind in an error text. It calls codes by that word, since
// "account is locked" would say that the user's account is.
func codeOf(k Kind) string {
	switch k {
	case KindLogin, KindAccount, KindTOTP, KindDeviceTOTP, KindRecovery:
		return string(k) + " code"
	}
	return string(k)
}

// MismatchError is the detail of ErrMismatch.
type MismatchError struct {
	// Kind is the last kind judged.
	Kind Kind
	// Remaining is the number of tries left before the kind locks, or 0 if this
	// call locked it; of several kinds charged, the least. For the reset guard it
	// is the number of wrong proofs left before the one that wipes; for
	// AuthenticatorEnroller.Confirm, the number of codes left before the pending
	// secret is dropped.
	Remaining int
	// Stale reports that the code was right once and no longer is: it was used,
	// replaced or voided, or has expired. The call charged nothing. Ask the user
	// for the newest code, or for another recovery code.
	Stale bool
}

func (e *MismatchError) Error() string {
	if e.Stale {
		return fmt.Sprintf("factor: %s is not the newest, or was used, tries left: %d", codeOf(e.Kind), e.Remaining)
	}
	return fmt.Sprintf("factor: %s does not match, tries left: %d", codeOf(e.Kind), e.Remaining)
}

// Unwrap returns ErrMismatch.
func (e *MismatchError) Unwrap() error { return ErrMismatch }

// LockedError is the detail of ErrLocked.
type LockedError struct {
	// Kind is the locked kind, or for OTPOptions.Interval the kind of code that may
	// not be issued yet. It is empty for the reset guard.
	Kind Kind
	// Until is when the next try is judged; of several locked kinds, the earliest.
	// Zero means when somebody unlocks the kind or binds it anew.
	Until time.Time
	// TooSoon reports that no wrong answer led to this, but OTPOptions.Interval or
	// ResetOptions.MinAge: the call came too early.
	TooSoon bool
}

func (e *LockedError) Error() string {
	what := codeOf(e.Kind)
	if what == "" {
		what = "reset guard"
	}
	switch {
	case e.TooSoon:
		return fmt.Sprintf("factor: %s: not before %s", what, e.Until.UTC().Format(time.RFC3339))
	case e.Until.IsZero():
		return fmt.Sprintf("factor: %s is locked until it is unlocked", what)
	}
	return fmt.Sprintf("factor: %s is locked until %s", what, e.Until.UTC().Format(time.RFC3339))
}

// Unwrap returns ErrLocked.
func (e *LockedError) Unwrap() error { return ErrLocked }
