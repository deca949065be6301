package linear

import "github.com/knowhave/factor"

// hold changes what the user holds: the calls that bind, remove, unlock and
// forget.
func (t *turn) hold() Answer {
	if refused, ok := t.unheld(); !ok {
		return refused
	}
	switch t.Op {
	case AdminSetPIN, AdminRemovePIN, AdminRemoveAuthenticator, AdminRevoke, Unlock, Reseal, Forget, Confirm:
		// They take no proof, or judge their own.
	case Enroll:
		if a := t.mayEnroll(); a.Class != classOK {
			return a
		}
	default:
		if a := t.prove(); a.Class != classOK {
			return a
		}
	}
	if t.Op == Confirm {
		return t.confirm()
	}
	t.writes = true
	switch t.Op {
	case SetPIN, AdminSetPIN:
		t.State.pin = uint8(t.newPIN)
		*t.budget(factor.KindPIN) = budget{}
		t.bound()
	case RemovePIN, AdminRemovePIN:
		t.State.pin = 0
	case Enroll:
		t.enroll()
	case Revoke, AdminRevoke:
		at, _ := t.find(t.Args.device)
		t.removeDevice(at)
	case Begin:
		t.pending, t.pendingWrong = secret{made: uint8(t.ID)}, 0
	case RemoveAuthenticator, AdminRemoveAuthenticator:
		t.authenticator, t.pending, t.pendingWrong = secret{}, secret{}, 0
	case Unlock:
		*t.budget(t.kind) = budget{}
		t.erases = !t.present
	case Reseal:
		t.erases = !t.present
	case Forget:
		t.erases = !t.present
		t.State = State{}
	}
	return Answer{}
}

// unheld returns what is refused before a proof is looked at.
func (t *turn) unheld() (Answer, bool) {
	refuse := Answer{}
	at, count := t.find(t.Args.device)
	switch t.Op {
	case SetPIN, RemovePIN, Revoke, Begin, RemoveAuthenticator:
		if t.OTP == "" && t.password == noPassword && t.Args.pin == 0 {
			return Answer{Class: classNoCredential}, false
		}
	}
	switch t.Op {
	case SetPIN, AdminSetPIN, Enroll, Forget:
		if t.wipe.stage == wipePending { // found by a part of its own
			refuse.Class = classPending
		} else if t.Op == Enroll && at < 0 && count == maxDevices {
			refuse.Class = classDeviceLimit
		}
	case RemovePIN, AdminRemovePIN:
		if t.State.pin == 0 {
			refuse.Class = classNotEnrolled
		}
	case Revoke, AdminRevoke:
		if at < 0 {
			refuse.Class = classUnknownDevice
		}
	case RemoveAuthenticator, AdminRemoveAuthenticator:
		if t.authenticator.made == 0 && !t.waiting() {
			refuse.Class = classNotEnrolled
		}
	case Confirm:
		if !t.waiting() {
			refuse.Class = classNotEnrolled
		}
	}
	return refuse, refuse.Class == classOK
}

// waiting reports whether an authenticator waits for its first code.
func (t *turn) waiting() bool {
	return t.pending.made != 0 && t.h.calls[t.pending.made-1].Now+pendingTTL > t.now
}

func (t *turn) confirm() Answer {
	t.writes = true
	if t.spendStep(&t.pending) != right {
		t.pendingWrong++
		left := pendingTries - int(t.pendingWrong)
		if left == 0 {
			t.pending, t.pendingWrong = secret{}, 0
		}
		return Answer{Class: classMismatch, kind: factor.KindTOTP, left: left}
	}
	t.authenticator, t.pending, t.pendingWrong = t.pending, secret{}, 0
	t.unlockFinal(factor.KindTOTP)
	return Answer{}
}

// mayEnroll judges the proof, or without one looks at the registration.
func (t *turn) mayEnroll() Answer {
	if t.OTP != "" || t.password != noPassword || t.Args.pin != 0 {
		return t.prove()
	}
	if at, _ := t.find(t.Args.device); at >= 0 || t.now-t.h.registered > graceTTL {
		return Answer{Class: classNoCredential}
	}
	return Answer{}
}

func (t *turn) enroll() {
	fresh := device{id: t.Args.device, secret: secret{made: uint8(t.ID)}}
	at, count := t.find(t.Args.device)
	if at < 0 {
		at = count
	}
	t.devices[at] = fresh
	t.unlockFinal(factor.KindDeviceTOTP)
	t.bound()
}

func (t *turn) unlockFinal(k factor.Kind) {
	if b := t.budget(k); b.final(t.limit) {
		*b = budget{}
	}
}

// bound starts the guard anew, after a wipe only.
func (t *turn) bound() {
	if t.wipe.stage != notWiped {
		t.wipe, t.strikes = wipe{}, 0
	}
}
