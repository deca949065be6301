package factor

import (
	"time"

	"github.com/google/uuid"
)

// An Action is the kind of an Event.
type Action string

// The actions that Options.Observe receives, and the fields that each sets.
const (
	// ActionVerified: a credential was right. Kind, Device.
	ActionVerified Action = "verified"
	// ActionRefused: a credential was wrong or already used; one event for each
	// kind that it was judged against. Kind, Err, Remaining, and Until if this one
	// locked the kind.
	ActionRefused Action = "refused"
	// ActionLockedOut follows the ActionRefused of the Final-th wrong answer: the
	// kind stays locked until it is unlocked or bound anew. Kind.
	ActionLockedOut Action = "locked-out"
	// ActionLocked: a lock or an interval kept a credential from being judged or a
	// code from being issued. Kind, Err, Until.
	ActionLocked Action = "locked"
	// ActionIssued: a code was issued. Kind; Until is when it expires.
	ActionIssued Action = "issued"
	// ActionEnrolled: a device was enrolled or enrolled again. Kind, Device.
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
	// ActionAuthenticatorConfirmed: the authenticator is in force. Kind.
	ActionAuthenticatorConfirmed Action = "authenticator-confirmed"
	// ActionAuthenticatorRemoved: the authenticator was removed. Kind.
	ActionAuthenticatorRemoved Action = "authenticator-removed"
	// ActionResetProven: a proof was right at the reset guard. Kind, Device.
	ActionResetProven Action = "reset-proven"
	// ActionResetRefused: a proof was wrong or already used at the reset guard.
	// Kind, Err, Remaining, and Until if the next proof has to wait.
	ActionResetRefused Action = "reset-refused"
	// ActionResetLastChance follows the ActionResetRefused of the last strike: the
	// next wrong proof wipes. Warn the user. Kind.
	ActionResetLastChance Action = "reset-last-chance"
	// ActionWipeMarked: the user lost the critical data; the package calls
	// Options.Wipe next.
	ActionWipeMarked Action = "wipe-marked"
	// ActionWipeFailed: Options.Wipe returned an error; the package will call it
	// again. Err.
	ActionWipeFailed Action = "wipe-failed"
	// ActionWipeDone: Options.Wipe returned nil.
	ActionWipeDone Action = "wipe-done"
	// ActionUnlocked: Admin.Unlock or PasswordChanged set a count back to zero.
	// Kind.
	ActionUnlocked Action = "unlocked"
	// ActionCodesVoided: Admin.VoidCodes or PasswordChanged voided the live codes
	// and dropped a pending authenticator.
	ActionCodesVoided Action = "codes-voided"
	// ActionRecoveryGenerated: new recovery codes replaced all the old ones. Kind.
	ActionRecoveryGenerated Action = "recovery-generated"
	// ActionRecoveryRemoved: the recovery codes were removed. Kind.
	ActionRecoveryRemoved Action = "recovery-removed"
	// ActionForgotten: Admin.Forget or Discard erased the user's record.
	ActionForgotten Action = "forgotten"
	// ActionResealed: Admin.Reseal sealed the record under the primary key.
	ActionResealed Action = "resealed"
	// ActionImported: Admin.Import bound a PIN, an authenticator or a device. Kind,
	// Device.
	ActionImported Action = "imported"
)

// An Event is one decision or change. Options.Observe receives the events of a call
// in order, after they are stored and before the call returns. An event holds no
// secret, but names the user. A refusal that looked at no credential (a malformed
// argument, a weak PIN, something the user does not hold) is no event.
//
// Events are delivered at most once. None is reported for a change that was not
// stored. An event is lost if the process ends right after the swap, or if the
// store does not say whether the swap succeeded. The record counts, and
// Admin.Status shows it.
type Event struct {
	// At is the time of the decision, in UTC.
	At     time.Time
	User   string
	Action Action
	// Kind is the kind of factor, or empty if the action is not about one.
	Kind Kind
	// Device is the device that matched or changed, or uuid.Nil.
	Device uuid.UUID
	// Err is the caller's answer about this kind, or the error of Options.Wipe, or
	// nil.
	Err error
	// Remaining is as in MismatchError.
	Remaining int
	// Until is the end of a lock, a wait or a code, or zero.
	Until time.Time
}
