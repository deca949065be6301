package factor

import (
	"time"

	"github.com/google/uuid"
)

// Action says what an Event is about.
type Action string

// What is reported to Options.Observe.
const (
	// ActionVerified: a credential was right. Kind, Device.
	ActionVerified Action = "verified"
	// ActionRefused: a credential was wrong, or already used. One event for each
	// kind that it was judged against. Kind, Err, Remaining; Until if this one
	// locked it.
	ActionRefused Action = "refused"
	// ActionLockedOut follows the ActionRefused of the Final-th wrong answer: the kind is
	// locked until it is unlocked or bound anew. Kind.
	ActionLockedOut Action = "locked-out"
	// ActionLocked: something was not judged or not issued because it is locked.
	// Kind, Err, Until.
	ActionLocked Action = "locked"
	// ActionIssued: a code was issued. Kind; Until is its end.
	ActionIssued Action = "issued"
	// ActionEnrolled: a device was enrolled, or enrolled anew. Kind, Device.
	ActionEnrolled Action = "enrolled"
	// ActionRevoked: a device was revoked. Kind, Device.
	ActionRevoked Action = "revoked"
	// ActionPINSet: a PIN was set. Kind.
	ActionPINSet Action = "pin-set"
	// ActionPINRemoved: the PIN was removed. Kind.
	ActionPINRemoved Action = "pin-removed"
	// ActionAuthenticatorBegun: an authenticator waits for its first code.
	// Kind; Until is when it is dropped.
	ActionAuthenticatorBegun Action = "authenticator-begun"
	// ActionAuthenticatorConfirmed: the authenticator counts from now on. Kind.
	ActionAuthenticatorConfirmed Action = "authenticator-confirmed"
	// ActionAuthenticatorRemoved: the authenticator was removed. Kind.
	ActionAuthenticatorRemoved Action = "authenticator-removed"
	// ActionResetProven: the reset guard was given a right proof. Kind, Device.
	ActionResetProven Action = "reset-proven"
	// ActionResetRefused: the reset guard was given a wrong or used proof. Kind,
	// Err, Remaining; Until if the next proof has to wait.
	ActionResetRefused Action = "reset-refused"
	// ActionResetLastChance follows the ActionResetRefused of the last strike:
	// the next wrong proof wipes. Warn the user. Kind.
	ActionResetLastChance Action = "reset-last-chance"
	// ActionWipeMarked: the user's critical data is given up; Options.Wipe is
	// called next.
	ActionWipeMarked Action = "wipe-marked"
	// ActionWipeFailed: Options.Wipe returned an error and will be called again.
	// Err.
	ActionWipeFailed Action = "wipe-failed"
	// ActionWipeDone: Options.Wipe returned nil.
	ActionWipeDone Action = "wipe-done"
	// ActionUnlocked: a budget was set back by Admin.Unlock or PasswordChanged. Kind.
	ActionUnlocked Action = "unlocked"
	// ActionCodesVoided: the live codes, and an authenticator that waited for its
	// first code, were voided by Admin.VoidCodes or PasswordChanged.
	ActionCodesVoided Action = "codes-voided"
	// ActionRecoveryGenerated: recovery codes were made, in place of all that there were.
	// Kind.
	ActionRecoveryGenerated Action = "recovery-generated"
	// ActionRecoveryRemoved: the recovery codes were removed. Kind.
	ActionRecoveryRemoved Action = "recovery-removed"
	// ActionForgotten: all that was kept about the user was erased.
	ActionForgotten Action = "forgotten"
	// ActionResealed: the record was sealed again under the primary key.
	ActionResealed Action = "resealed"
	// ActionImported: a holding of another system was taken over. Kind, Device.
	ActionImported Action = "imported"
)

// An Event is one decision or change, reported to Options.Observe after it was
// stored: the events of one call in their order, before the call returns. It holds
// no secret, but it names the user. What is refused without looking at a credential,
// for its form, for a weak PIN or for what the user does not hold, is no event.
//
// An event is reported at most once: never for what was not stored, and not where
// the process ends right after the swap, or the store does not say how it went.
// What is stored is what counts, and Admin.Status shows it.
type Event struct {
	// At is when it was decided, in UTC.
	At     time.Time
	User   string
	Action Action
	// Kind is the kind of factor, empty where the action is not about one.
	Kind Kind
	// Device is the device that matched or changed, else uuid.Nil.
	Device uuid.UUID
	// Err is what the caller was answered about this kind, or the fault of
	// Options.Wipe, else nil.
	Err error
	// Remaining is as in MismatchError.
	Remaining int
	// Until is the end of a lock, a wait or a code, else zero.
	Until time.Time
}
