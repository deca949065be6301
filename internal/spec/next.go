package spec

// A turn is one step: a state, the call that changes it, and the outcome.
type turn struct {
	State
	o      *Options
	now    Time
	call   *Call
	proof  proof
	out    Outcome
	writes bool // the answer has to be stored before it leaves
	// removes: the swap leaves no record. A call that finds none, and has nothing
	// to keep, creates none.
	removes bool
}

// event records an event, and keeps a notice of it if the user should hear of it.
func (t *turn) event(e Event) {
	t.keep(e)
	if !t.call.Untold {
		t.out.Events = append(t.out.Events, e)
	}
}

// refuse is an answer with nothing but its class.
func refuse(e Err) Answer { return Answer{Err: e} }

// Next is what one load and one swap do. A refusal that judged no credential
// changes nothing. An acceptance, and any guess that was judged wrong, is stored
// before the answer leaves. Options must be complete.
//
// The order of refusals: malformed, no credential, weak PIN, a pending wipe, what
// the user does not hold or has too many of; only then is the proof judged. The
// guard has its own order: see proveReset.
func (o *Options) Next(s State, now Time, c *Call) (State, Outcome) {
	t := turn{State: s, o: o, now: now, call: c, proof: c.proof()}
	if err := t.beforeLoading(); err != OK {
		t.out.Answer.Err = err
		return s, t.out
	}
	t.out.Touch = Load
	t.expire(now)
	t.out.Answer = t.decide()
	if !t.writes {
		// A right credential before a fault is not spent.
		t.out.Events, t.out.Kept = without(t.out.Events, verified), nil
		return s, t.out
	}
	t.out.Touch = Swap
	if t.removes {
		return State{}, t.out
	}
	t.written(o, now)
	return t.State, t.out
}

// beforeLoading refuses what needs no record to refuse.
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
	if t.o.Binds(t.call.Op) && t.Wipe.Stage == Pending {
		return t.asksWipe()
	}
	rule := rules[t.call.Op]
	if rule.may != nil {
		if err := rule.may(t); err != OK {
			return refuse(err)
		}
	}
	return rule.do(t)
}

// A rule is what an operation does. may refuses before a proof is judged, because
// there is nothing to do.
type rule struct {
	may func(*turn) Err
	do  func(*turn) Answer
}

// rules has one rule for each operation.
var rules = [OpCount]rule{
	VerifyOTP:      {do: (*turn).verifyOTP},
	VerifyPIN:      {do: (*turn).verifyAlone},
	VerifyPassword: {do: (*turn).verifyAlone},
	VerifyAny:      {do: (*turn).verifyProof},
	Holds:          {do: shows},

	SetPIN:    {do: proven((*turn).setPIN)},
	RemovePIN: {may: (*turn).hasPIN, do: proven((*turn).removePIN)},
	IsSet:     {do: (*turn).pinIsSet},
	Wait:      {do: (*turn).pinIsSet},

	Issue:         {do: (*turn).issue},
	IssueUnproven: {do: (*turn).issue},

	Enroll:  {may: (*turn).hasRoom, do: (*turn).enroll},
	Devices: {do: shows},
	Revoke:  {may: (*turn).hasDevice, do: proven((*turn).revoke)},

	Begin:               {do: proven((*turn).begin)},
	Confirm:             {may: (*turn).oneWaits, do: (*turn).confirm},
	RemoveAuthenticator: {may: (*turn).hasAuthenticator, do: proven((*turn).removeAuthenticator)},

	GenerateRecovery: {do: proven((*turn).generateRecovery)},
	RemoveRecovery:   {may: (*turn).hasRecovery, do: proven((*turn).removeRecovery)},

	Prove:   {do: (*turn).proveReset},
	Forfeit: {do: (*turn).forfeit},

	Status:                   {do: shows},
	Unlock:                   {do: freely((*turn).unlock)},
	AdminSetPIN:              {do: freely((*turn).setPIN)},
	AdminRemovePIN:           {may: (*turn).hasPIN, do: freely((*turn).removePIN)},
	AdminRemoveAuthenticator: {may: (*turn).hasAuthenticator, do: freely((*turn).removeAuthenticator)},
	AdminRevoke:              {may: (*turn).hasDevice, do: freely((*turn).revoke)},
	AdminRemoveRecovery:      {may: (*turn).hasRecovery, do: freely((*turn).removeRecovery)},
	Import:                   {do: (*turn).imports},
	PasswordChanged:          {do: freely((*turn).passwordChanged)},
	VoidCodes:                {do: freely((*turn).voidCodes)},
	Forget:                   {do: freely((*turn).forget)},
	Discard:                  {do: freely((*turn).forget)},
	Reseal:                   {do: freely((*turn).reseal)},
	Users:                    {do: shows},
	Sweep:                    {do: (*turn).sweep},
}

// proven changes something if the proof is right.
func proven(change func(*turn)) func(*turn) Answer {
	return func(t *turn) Answer {
		if a := t.verifyProof(); a.Err != OK {
			return a
		}
		return freely(change)(t)
	}
}

// freely changes something without a proof.
func freely(change func(*turn)) func(*turn) Answer {
	return func(t *turn) Answer {
		t.writes = true
		change(t)
		return Answer{}
	}
}

// shows answers a call that only reads.
func shows(*turn) Answer { return Answer{} }

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
