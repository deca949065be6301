package adversary

import (
	"slices"
	"time"

	"github.com/knowhave/factor/internal/spec"
)

// NoticeKept: a notice waits until the user was told, or until a newer one of the
// same action and kind waits.
var NoticeKept = Promise{
	Name: "a notice is lost, and none that is newer says the same",
	Broken: func(s *Step) bool {
		waiting := s.After.State.Notices.All()
		for _, n := range s.Before.State.Notices.All() {
			kept := slices.ContainsFunc(waiting, func(other spec.Notice) bool {
				return other.Action == n.Action && other.Kind == n.Kind && other.At >= n.At
			})
			told := !s.Before.MailDown && slices.Contains(s.Out.Tells, n)
			if !kept && !told && !erased(s) {
				return true
			}
		}
		return false
	},
}

// NoticeHeard: while mail works, one of three Sweeps, mostly a minute apart, tells
// what waits, if none has failed before.
var NoticeHeard = Promise{
	Name: "three Sweeps in two minutes pass over what waits, although mail works",
	Note: func(p *Past, s *Step) {
		waits := s.After.State.Notices.Waiting[0]
		switch {
		case waits != s.Before.State.Notices.Waiting[0]:
			p.Passed, p.PassedAt = 0, 0
		case waits != spec.Notice{} && s.Act.Call.Op == spec.Sweep && s.Act.Deed == Calls && after(p.PassedAt, 59*time.Second) <= s.Before.Now:
			p.Passed++
			p.PassedAt = s.Before.Now
		}
	},
	Broken: func(s *Step) bool { return s.After.Past.Passed >= 3 },
}

// WipeFirst: a wipe waits for no mail.
var WipeFirst = Promise{
	Name: "a Sweep comes to a wipe ten minutes late, because mail hangs",
	Broken: func(s *Step) bool {
		late := func(n spec.Notice) bool {
			return n.Action == "wipe-done" && n.At > after(s.Before.Now, 10*time.Minute)
		}
		return s.Act.Call.Op == spec.Sweep && slices.ContainsFunc(s.Out.Kept, late)
	},
}

// SweepEnds: hanging mail does not make a Sweep endless.
var SweepEnds = Promise{
	Name: "a Sweep takes longer than ten minutes, because mail hangs",
	Broken: func(s *Step) bool {
		return s.Act.Call.Op == spec.Sweep && s.After.Now > after(s.Before.Now, 10*time.Minute)
	},
}
