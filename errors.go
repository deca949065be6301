package factor

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Errors of a call that cannot be taken as it stands. Nothing was judged and
// nothing was counted.
var (
	// ErrMalformed says that an argument is not well-formed. It is always a
	// *MalformedError, which names the field and what it must look like.
	ErrMalformed = errors.New("factor: malformed argument")
	// ErrNoCredential says that the caller gave no credential where one is
	// needed.
	ErrNoCredential = errors.New("factor: no credential given")
	// ErrWeakPIN says that a new PIN is against the policy. It is always a
	// *WeakPINError.
	ErrWeakPIN = errors.New("factor: weak PIN")
)

// Errors of a judgement.
var (
	// ErrMismatch says that no given credential was right. It is always a
	// *MismatchError.
	ErrMismatch = errors.New("factor: no credential matches")
	// ErrLocked says that the call was not judged, because what it asks for is
	// locked for a time or until it is unlocked. It is always a *LockedError.
	ErrLocked = errors.New("factor: locked")
)

// Errors about what the user holds.
var (
	// ErrNotEnrolled says that the user does not hold what the call is about.
	ErrNotEnrolled = errors.New("factor: not enrolled")
	// ErrAlreadyEnrolled says that the user holds another already. It is always an
	// *AlreadyEnrolledError.
	ErrAlreadyEnrolled = errors.New("factor: already enrolled")
	// ErrUnknownDevice says that no device with this ID is enrolled.
	ErrUnknownDevice = errors.New("factor: unknown device")
	// ErrDeviceLimit says that the user has as many devices as
	// DeviceOptions.Max allows.
	ErrDeviceLimit = errors.New("factor: device limit reached")
)

// Errors of the reset guard.
var (
	// ErrWiped says that the user's critical data was given up and that
	// Options.Wipe has deleted it. Nothing is left to prove: the reset may go on.
	ErrWiped = errors.New("factor: critical data wiped")
	// ErrWipePending says that a wipe is marked and not yet done: the reset must
	// not go on. The error never matches ErrWiped, and wraps what keeps the wipe
	// from being done, such as the fault that Options.Wipe returned.
	ErrWipePending = errors.New("factor: wipe not finished")
)

// Errors of the store, and of what is kept in it.
var (
	// ErrConflict is returned by a Store whose stored version is not the
	// expected one, and by this package when others kept winning the swap until
	// the deadline. It is definite: nothing was written.
	ErrConflict = errors.New("factor: conflicting write")
	// ErrUnsealed says that a record cannot be opened: the key is wrong, or the
	// record was tampered with, belongs to another user or has an unknown
	// version. It is never taken for an absent record.
	ErrUnsealed = errors.New("factor: record cannot be opened")
	// ErrNewerFormat says that a newer release of this package wrote the record,
	// in a format that this one does not know. The record is not damaged: update
	// the process. It matches ErrUnsealed too.
	ErrNewerFormat = fmt.Errorf("%w: a newer release of factor wrote it: update this process", ErrUnsealed)
	// ErrNoticesDropped is returned by Admin.Sweep, once: notices of a user were dropped,
	// because more than 16 waited to be told.
	ErrNoticesDropped = errors.New("factor: notices dropped")
)

// MalformedError is the detail of ErrMalformed.
type MalformedError struct {
	// Field is one of user, otp, password, pin, device, kinds, timeout, purpose,
	// issuer and account, or for Admin.Import the path of the field, such as Import.Devices[1].TOTP.Secret.
	Field string
	// Reason says what the field must look like. It never repeats the value.
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
	// Reason says which rule of PINOptions the PIN is against. It never repeats
	// the PIN.
	Reason string
}

func (e *WeakPINError) Error() string { return "factor: weak PIN: " + e.Reason }

// Unwrap returns ErrWeakPIN.
func (e *WeakPINError) Unwrap() error { return ErrWeakPIN }

// AlreadyEnrolledError is the detail of ErrAlreadyEnrolled: what the user holds.
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

// MismatchError is the detail of ErrMismatch.
type MismatchError struct {
	// Kind is the kind that was judged last.
	Kind Kind
	// Remaining is how many tries are left before the kind locks, 0 if this one
	// locked it; where several kinds were charged, the least of theirs. For the
	// reset guard it is how many wrong proofs are left before the one that
	// wipes; for AuthenticatorEnroller.Confirm, how many codes are left before
	// the pending secret is dropped.
	Remaining int
	// Stale says that the code was right once and is not any more: it was used,
	// replaced or voided, or has expired. It was not charged, and neither was
	// anything else in the call. Have the user take the newest code, or another one of
	// the recovery codes.
	Stale bool
}

func (e *MismatchError) Error() string {
	if e.Stale {
		return fmt.Sprintf("factor: %s is not the newest code, or was used, tries left: %d", e.Kind, e.Remaining)
	}
	return fmt.Sprintf("factor: %s does not match, tries left: %d", e.Kind, e.Remaining)
}

// Unwrap returns ErrMismatch.
func (e *MismatchError) Unwrap() error { return ErrMismatch }

// LockedError is the detail of ErrLocked.
type LockedError struct {
	// Kind is the locked kind, or for OTPOptions.Interval the kind of code that may
	// not be issued yet. It is empty for the reset guard.
	Kind Kind
	// Until is when the next try is judged; of several locked kinds, the
	// earliest. Zero means not before the kind is unlocked or bound anew.
	Until time.Time
	// TooSoon says that no wrong answer led to this, but OTPOptions.Interval or
	// ResetOptions.MinAge: the call comes too early.
	TooSoon bool
}

func (e *LockedError) Error() string {
	what := string(e.Kind)
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
