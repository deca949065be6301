package spec

// The actions that Options.Observe receives.
const (
	verified               Action = "verified"
	refused                Action = "refused"
	locked                 Action = "locked"
	lockedOut              Action = "locked-out"
	issued                 Action = "issued"
	enrolled               Action = "enrolled"
	revoked                Action = "revoked"
	pinSet                 Action = "pin-set"
	pinRemoved             Action = "pin-removed"
	authenticatorBegun     Action = "authenticator-begun"
	authenticatorConfirmed Action = "authenticator-confirmed"
	authenticatorRemoved   Action = "authenticator-removed"
	recoveryGenerated      Action = "recovery-generated"
	recoveryRemoved        Action = "recovery-removed"
	resetProven            Action = "reset-proven"
	resetRefused           Action = "reset-refused"
	resetLastChance        Action = "reset-last-chance"
	wipeMarked             Action = "wipe-marked"
	wipeFailed             Action = "wipe-failed"
	wipeDone               Action = "wipe-done"
	unlocked               Action = "unlocked"
	forgotten              Action = "forgotten"
	resealed               Action = "resealed"
	imported               Action = "imported"
	codesVoided            Action = "codes-voided"
)

// EndsWipe reports whether the action ends a call of Options.Wipe.
func (a Action) EndsWipe() bool { return a == wipeDone || a == wipeFailed }

// Err is the error in an event of the action, OK for none.
func (a Action) Err() Err {
	switch a {
	case refused, resetRefused:
		return Mismatch
	case locked:
		return Locked
	case wipeFailed:
		return HostFault
	}
	return OK
}
