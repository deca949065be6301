package spec

import "time"

// mark marks the wipe, and in the same step removes what could prove a reset, the
// live codes and a waiting authenticator. A confirmed authenticator stays: it still
// guards the login, and proves nothing until something is bound anew. The host
// wipes only once this is stored.
func (t *turn) mark(reason Reason) Answer {
	t.Vacated.PIN = t.Vacated.PIN || t.PIN.Digits != ""
	for _, d := range t.Devices[:t.deviceCount()] {
		t.Vacated.device(d)
	}
	t.PIN, t.Devices, t.Guard, t.Protected = HeldPIN{}, [MaxDevices]Device{}, Guard{}, 0
	t.voidLive()
	t.Wipe = Wipe{Stage: Pending, Reason: reason, ID: t.call.Draws, At: t.now, Retry: t.now}
	t.writes = true
	t.event(Event{Action: wipeMarked})
	return t.asksWipe()
}

// asksWipe is the answer of a step after which the host wipes.
func (t *turn) asksWipe() Answer { return Answer{Err: AsksWipe, Wipe: t.Wipe.ID} }

// WipeDone records that the host carried out a wipe, and names the notice of that.
// It changes nothing if another call has recorded it, or something was bound since.
func (o *Options) WipeDone(s State, now Time, id, notice Name) (State, Outcome) {
	t := turn{State: s, o: o, now: now, call: &Call{Notice: notice}}
	if s.Wipe.Stage == Pending && s.Wipe.ID == id {
		t.Wipe.Stage, t.Wipe.Tries, t.Wipe.Retry = Done, 0, 0
		t.event(Event{Action: wipeDone})
	}
	return o.rewritten(t.State, now), t.out
}

// PutOff makes Sweep leave a failed wipe alone: for a minute, then twice as long
// each time, up to an hour. Users' calls still try it.
func (o *Options) PutOff(s State, now Time, id Name) State {
	if s.Wipe.Stage == Pending && s.Wipe.ID == id {
		s.Wipe.Retry = now.add(min(time.Duration(wipeBackoff)<<min(s.Wipe.Tries, 10), maxWipeBackoff))
		s.Wipe.Tries++
	}
	return o.rewritten(s, now)
}

// rewritten returns the state after a write that may have changed nothing.
func (o *Options) rewritten(s State, now Time) State {
	if s.Stored {
		s.written(o, now)
	}
	return s
}

// Run makes a whole call without competitors: its steps, the host's answer to each
// wipe in between, and its notices at the end.
func (o *Options) Run(s State, now Time, c *Call) (State, Outcome) {
	looks := c.Op == Sweep && s.looked(c, now)
	s, out := o.steps(s, now, c)
	if looks {
		s = o.TellDue(s, now, c, &out)
	} else {
		s = o.TellOwn(s, now, c, &out)
	}
	return s, out
}

// steps makes a call's steps, without telling notices.
func (o *Options) steps(s State, now Time, c *Call) (State, Outcome) {
	next, out := o.Next(s, now, c)
	if out.Answer.Err != AsksWipe {
		return next, out
	}
	s, id := next, out.Answer.Wipe
	if c.Host.Wipe != Yes {
		if c.Op == Sweep && o.Wipe { // without Wipe nobody tries again
			s = o.PutOff(s, now, id)
		}
		out.Events = append(out.Events, Event{Action: wipeFailed})
		out.Answer = AfterWipe(c.Op, false)
		return s, out
	}
	s, done := o.WipeDone(s, now, id, c.Notice+Name(len(out.Kept)))
	out.join(done)
	if !o.Binds(c.Op) {
		out.Answer = AfterWipe(c.Op, true)
		return s, out
	}
	again := *c
	again.Notice += Name(len(out.Kept))
	s, rest := o.steps(s, now, &again)
	rest.Events, rest.Kept = append(out.Events, rest.Events...), append(out.Kept, rest.Kept...)
	return s, rest
}

// join adds the outcome of a further step.
func (out *Outcome) join(next Outcome) {
	out.Events, out.Kept = append(out.Events, next.Events...), append(out.Kept, next.Kept...)
}

// AfterWipe is the answer of a call whose last step was the wipe. If the wipe is
// not done, it is WipePending alone: no case for Wiped may let a reset go on while
// the data exists.
func AfterWipe(op Op, done bool) Answer {
	switch {
	case !done:
		return refuse(WipePending)
	case op == Prove:
		return refuse(Wiped)
	case op == Sweep:
		return Answer{Count: 1}
	}
	return Answer{}
}
