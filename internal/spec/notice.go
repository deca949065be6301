package spec

import (
	"slices"
	"time"
)

const (
	// NoticesKept is the most notices of a user that can wait.
	NoticesKept = 16
	// noticeBackoff is how long Sweep leaves a user's notices alone after one was
	// kept, unless an earlier time is set. It doubles each time that Sweep fails to
	// tell one, up to maxNoticeBackoff.
	noticeBackoff    = time.Minute
	maxNoticeBackoff = time.Hour
	// patience is the number of calls of Notify in a row that may fail before a
	// Sweep makes no more.
	patience = 10
)

// A Notice is an event that the user should hear of (NIST SP 800-63B-4 §4.6). The
// write that causes it keeps it, and the host is called with it until that
// succeeds.
type Notice struct {
	ID     Name
	At     Time
	Action Action
	Kind   Kind
	Device Name
}

// Notices are a user's waiting notices.
type Notices struct {
	Waiting [NoticesKept]Notice // oldest first
	Dropped int                 // dropped, and not yet reported by a Sweep
	Tries   int                 // failed Sweeps since the last was kept
	Retry   Time                // Sweep leaves them alone until then
}

// heard reports whether the user should hear of the event.
func (e Event) heard() bool {
	switch e.Action {
	case pinSet, pinRemoved, enrolled, revoked, authenticatorConfirmed, authenticatorRemoved,
		recoveryGenerated, recoveryRemoved, lockedOut, resetLastChance, wipeMarked, wipeDone:
		return true
	case verified:
		return e.Kind == KindRecovery
	}
	return false
}

// keep keeps a notice of an event that the user should hear of. Without
// Options.Notify it keeps none, but waiting ones stay.
func (t *turn) keep(e Event) {
	if !t.o.Notify || !e.heard() {
		return
	}
	n := Notice{ID: t.call.Notice + Name(len(t.out.Kept)), At: t.now, Action: e.Action, Kind: e.Kind, Device: e.Device}
	retry := t.now.add(noticeBackoff)
	if t.Notices != (Notices{}) {
		retry = min(retry, t.Notices.Retry) // otherwise a new one every minute would postpone all for ever
	}
	t.Notices.add(n)
	t.Notices.Tries, t.Notices.Retry = 0, retry
	t.out.Kept = append(t.out.Kept, n)
}

// All returns the waiting ones, oldest first.
func (all *Notices) All() []Notice {
	n := slices.Index(all.Waiting[:], Notice{})
	if n < 0 {
		n = NoticesKept
	}
	return slices.Clone(all.Waiting[:n])
}

func (all *Notices) set(list []Notice) {
	all.Waiting = [NoticesKept]Notice{}
	copy(all.Waiting[:], list)
}

// add adds the newest. If there are too many, it drops the oldest that has a newer
// one of the same action and kind, so that a repeated event drops only its own
// notices. If there is none, it drops the oldest.
func (all *Notices) add(n Notice) {
	list := append(all.All(), n)
	if len(list) > NoticesKept {
		at := slices.IndexFunc(list, func(old Notice) bool { return repeated(list, old) })
		list = slices.Delete(list, max(at, 0), max(at, 0)+1)
		all.Dropped++
	}
	all.set(list)
}

// repeated reports whether a later one in the list has the same action and kind.
func repeated(list []Notice, old Notice) bool {
	at := slices.Index(list, old)
	return slices.ContainsFunc(list[at+1:], func(n Notice) bool { return n.Action == old.Action && n.Kind == old.Kind })
}

// remove removes the told ones.
func (all *Notices) remove(told []Notice) {
	all.set(slices.DeleteFunc(all.All(), func(n Notice) bool { return slices.Contains(told, n) }))
	all.settle()
}

// settle clears the wait if nothing is left to tell or to report.
func (all *Notices) settle() {
	if all.Waiting[0] == (Notice{}) && all.Dropped == 0 {
		*all = Notices{}
	}
}

// Told is the step after the host was told some notices: they wait no longer. Those
// removed meanwhile stay removed.
func (o *Options) Told(s State, now Time, told []Notice) State {
	s.Notices.remove(told)
	return o.rewritten(s, now)
}

// TellOwn is the end of a call that kept notices: it tells the host each of them
// once, in order, unless it was dropped. A failure does not change the call's
// answer, and Sweep tries no later for it.
func (o *Options) TellOwn(s State, now Time, c *Call, out *Outcome) State {
	if c.Op == Sweep {
		return s
	}
	waiting := s.Notices.All()
	own := slices.DeleteFunc(slices.Clone(out.Kept), func(n Notice) bool { return !slices.Contains(waiting, n) })
	told := tell(own, c, out, len(own))
	if len(told) == 0 {
		return s
	}
	return o.Told(s, now, told)
}

// tell calls the host with notices in order, until most calls in a row have failed.
// It returns those that succeeded.
func tell(notices []Notice, c *Call, out *Outcome, most int) (told []Notice) {
	for _, n := range notices {
		if out.Failed >= most {
			return told
		}
		out.Tells = append(out.Tells, n)
		if !c.Host.hears(n) {
			out.Failed++
			continue
		}
		out.Failed = 0
		told = append(told, n)
	}
	return told
}

// hears reports whether Notify succeeds.
func (h Host) hears(n Notice) bool { return h.Notify == Yes && h.Deaf != n.Action }

// TellDue is the last step of a Sweep for a user it looked at, after all users'
// wipes. It tells all waiting notices if their time has come, and otherwise those
// that this Sweep kept itself. If one fails, Sweep leaves the user's notices alone
// for twice as long as before. Once patience is exhausted it calls the host no
// more, and postpones nothing for that. Without Notify it tells and postpones
// nothing, and reports that something waits. It reports once how many were dropped.
func (o *Options) TellDue(s State, now Time, c *Call, out *Outcome) State {
	out.Failed = c.Failed
	waiting := &s.Notices
	before := *waiting
	due := waiting.All()
	if inForce(waiting.Retry, maxNoticeBackoff, now) {
		if len(out.Kept) == 0 {
			return s
		}
		due = slices.DeleteFunc(due, func(n Notice) bool { return !slices.Contains(out.Kept, n) })
	}
	out.Dropped, waiting.Dropped = waiting.Dropped, 0
	if o.Notify {
		told := tell(due, c, out, patience)
		waiting.remove(told)
		out.Untold = len(told) < len(out.Tells)
		if len(told) > 0 {
			out.Answer.Count = 1
		}
	} else {
		out.Untold = len(due) > 0
	}
	if o.Notify && out.Untold {
		waiting.Tries = min(waiting.Tries+1, 6) // the longest wait
		waiting.Retry = now.add(min(noticeBackoff<<waiting.Tries, maxNoticeBackoff))
	}
	waiting.settle()
	if *waiting == before {
		return s
	}
	return o.rewritten(s, now)
}
