package spec

// A turn is one step: a state, the call that changes it, and what comes out.
type turn struct {
	State
	o      *Options
	now    Time
	call   *Call
	proof  proof
	out    Outcome
	writes bool // the answer has to be stored before it leaves
	// removes: a write leaves no record. What is to be written about a user without
	// one, where it is nothing, makes none.
	removes bool
}

func (t *turn) event(e Event) {
	if !t.call.Untold {
		t.out.Events = append(t.out.Events, e)
	}
}

// refuse is an answer without more to it than its class.
func refuse(e Err) Answer { return Answer{Err: e} }

// Next is what one load and one swap do. What is refused without judging a
// credential changes nothing. What is accepted, and any guess that was judged wrong,
// is stored before the answer leaves. Options must be complete.
//
// The order of refusals: malformed, no credential, weak PIN, a wipe that is pending,
// what the user does not hold or has too many of, and only then is the proof judged.
func (o *Options) Next(s State, now Time, c *Call) (State, Outcome) {
	t := turn{State: s, o: o, now: now, call: c, proof: c.proof()}
	if err := t.beforeLoading(); err != OK {
		t.out.Answer.Err = err
		return s, t.out
	}
	t.out.Touch = Load
	t.out.Answer = t.decide()
	if !t.writes {
		// A right credential that a fault came after is not spent.
		t.out.Events = without(t.out.Events, verified)
		return s, t.out
	}
	t.out.Touch = Swap
	if t.removes {
		return State{}, t.out
	}
	t.written(now)
	return t.State, t.out
}

// beforeLoading refuses what can be refused without the record.
func (t *turn) beforeLoading() Err {
	c, op := t.call, t.call.Op.Row()
	if !c.Checked && len(t.o.Malformed(c)) > 0 {
		return Malformed
	}
	if op.Proof > OnePassword && op.Proof != OptionalProof && !t.proof.given() {
		return NoCredential
	}
	if c.Op == SetPIN || c.Op == AdminSetPIN {
		return t.o.newPIN(c)
	}
	return OK
}

func (t *turn) decide() Answer {
	op := t.call.Op.Row()
	if op.Binds && t.Wipe.Stage == Pending {
		return t.asksWipe()
	}
	if op.Reads {
		return t.look()
	}
	if err := t.mayNot(); err != OK {
		return refuse(err)
	}
	switch t.call.Op {
	case VerifyOTP:
		return t.verify(distinct(t.call.Kinds, KindDeviceTOTP, KindAccount))
	case VerifyPIN, VerifyPassword:
		a := t.verify(nil)
		if a.Err == OK {
			a.Kind = NoKind // it is known
		}
		return a
	case VerifyAny:
		return t.verify(t.o.ProofKinds)
	case Issue, IssueUnproven:
		return t.issue()
	case Enroll:
		return t.enroll()
	case Confirm:
		return t.confirm()
	case Prove:
		return t.proveReset()
	case Forfeit:
		return t.forfeit()
	case Sweep:
		return t.sweep()
	case Import:
		return t.imports()
	}
	if op.Proof != NoProof {
		if a := t.verify(t.o.ProofKinds); a.Err != OK {
			return a
		}
	}
	t.writes = true
	t.change()
	return Answer{}
}

// mayNot refuses, before a proof is judged, what there is nothing to do about.
func (t *turn) mayNot() Err {
	switch t.call.Op {
	case RemovePIN, AdminRemovePIN:
		if t.PIN.Digits == "" {
			return NotEnrolled
		}
	case RemoveAuthenticator, AdminRemoveAuthenticator:
		if t.Authenticator.Key == 0 && !t.waiting() {
			return NotEnrolled
		}
	case Confirm:
		if !t.waiting() {
			return NotEnrolled
		}
	case Revoke, AdminRevoke:
		if t.device(t.call.Device) < 0 {
			return UnknownDevice
		}
	case Enroll:
		if t.device(t.call.Device) < 0 && t.deviceCount() >= t.o.Device.Max {
			return DeviceLimit
		}
	}
	return OK
}

// change does what the call is for, once it may.
func (t *turn) change() {
	switch t.call.Op {
	case SetPIN, AdminSetPIN:
		t.setPIN()
	case RemovePIN, AdminRemovePIN:
		t.removePIN()
	case Revoke, AdminRevoke:
		t.revoke()
	case Begin:
		t.begin()
	case RemoveAuthenticator, AdminRemoveAuthenticator:
		t.removeAuthenticator()
	case Unlock:
		t.unlock()
	case Reseal:
		t.reseal()
	case Forget:
		t.forget()
	default:
		panic("spec: no rule for " + t.call.Op.String())
	}
}

// without drops the events of an action.
func without(events []Event, a Action) []Event {
	var kept []Event
	for _, e := range events {
		if e.Action != a {
			kept = append(kept, e)
		}
	}
	return kept
}
