package adversary

import (
	"strings"

	"github.com/knowhave/factor/internal/spec"
)

// These are drafts of purposes and of recovery codes that are wrong.

// forEach tries a call for each purpose, and none, until one is answered as wanted.
func forEach(o *spec.Options, s spec.State, now spec.Time, c *spec.Call, want func(spec.Answer) bool) (spec.State, spec.Outcome) {
	for p := range purposes {
		other := *c
		other.OnView, other.Purpose = p != noPurpose, purposes[p]
		if next, out := o.Next(s, now, &other); want(out.Answer) {
			return next, out
		}
	}
	return o.Next(s, now, c)
}

// judgesAnyPurpose judges a code without a look at its purpose.
func judgesAnyPurpose(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	if c.OTP == "" {
		return o.Next(s, now, c)
	}
	return forEach(o, s, now, c, func(a spec.Answer) bool { return a.Err == spec.OK })
}

// issuesForNothing issues each code for no purpose.
func issuesForNothing(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	plain := *c
	plain.OnView = plain.OnView && c.Op != spec.IssueUnproven
	return o.Next(s, now, &plain)
}

// joinsParts takes the parts of a purpose for one text.
func joinsParts(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	joined := *c
	joined.Purpose = []string{strings.Join(c.Purpose, " ")}
	return o.Next(s, now, &joined)
}

// asksAsWithoutView takes no kinds on a view for those without one.
func asksAsWithoutView(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	if c.Op != spec.VerifyOTP || c.Kinds != nil {
		return o.Next(s, now, c)
	}
	both := *c
	both.Kinds = []spec.Kind{spec.KindDeviceTOTP, spec.KindAccount}
	return o.Next(s, now, &both)
}

// staleEverywhere knows a code that was right once as stale for any purpose.
func staleEverywhere(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	if c.OTP == "" {
		return o.Next(s, now, c)
	}
	return forEach(o, s, now, c, func(a spec.Answer) bool { return a.Stale })
}

// oneLive has one code live of a kind, the newest, whatever its purpose.
func oneLive(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if c.Op != spec.IssueUnproven || out.Answer.Err != spec.OK {
		return next, out
	}
	for _, codes := range []*spec.Codes{&next.Login, &next.Account} {
		for n := range codes.Live {
			if live := codes.Live[n]; live.Code == c.Draws {
				codes.Live = [spec.LiveKept]spec.Issued{live}
			}
		}
	}
	return next, out
}

// chargesUsed takes a used recovery code for a wrong one.
func chargesUsed(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if !out.Answer.Stale || !codeOf(c).paper {
		return next, out
	}
	wrong := *c
	wrong.Code = code{paper: true}
	return o.Next(s, now, &wrong)
}

// spendsNothing leaves a recovery code as it was.
func spendsNothing(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if c.Op == spec.VerifyOTP {
		next.Recovery.Used = s.Recovery.Used
	}
	return next, out
}

// anyList is a code that is right for each list that there ever was.
type anyList struct{ spec.Code }

// Recovers implements spec.Code.
func (a anyList) Recovers(set spec.Name, n int) bool {
	given, ok := a.Code.(code)
	return set != 0 && ok && given.set != 0 && given.n == n
}

// acceptsOldLists accepts a code of a list that was replaced.
func acceptsOldLists(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	old := *c
	old.Code = anyList{c.Code}
	return o.Next(s, now, &old)
}

// keepsRemoved leaves the list where it is to be removed.
func keepsRemoved(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if c.Op == spec.RemoveRecovery || c.Op == spec.AdminRemoveRecovery {
		next.Recovery = s.Recovery
	}
	return next, out
}

// provesByList has a recovery code prove a reset.
func provesByList(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	if c.Op != spec.Prove || !codeOf(c).paper {
		return o.Next(s, now, c)
	}
	alone := *c
	alone.Op, alone.Kinds = spec.VerifyOTP, []spec.Kind{spec.KindRecovery}
	next, out := o.Next(s, now, &alone)
	if out.Answer.Err == spec.OK {
		out.Events = []spec.Event{{Action: "reset-proven", Kind: spec.KindRecovery}}
	}
	return next, out
}

// refundsAll has a new list set every count back.
func refundsAll(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if c.Op == spec.GenerateRecovery && out.Answer.Err == spec.OK {
		next.Budgets = [spec.KindCount]spec.Budget{}
	}
	return next, out
}

// keepsListCount leaves the count of recovery codes as it is when a list is made.
func keepsListCount(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if c.Op == spec.GenerateRecovery {
		next.Budgets[spec.KindRecovery] = s.Budgets[spec.KindRecovery]
	}
	return next, out
}

// countsTogether has a right account code set the count of recovery codes back, because they
// have one limit.
func countsTogether(o *spec.Options, s spec.State, now spec.Time, c *spec.Call) (spec.State, spec.Outcome) {
	next, out := o.Next(s, now, c)
	if out.Answer.Err == spec.OK && out.Answer.Kind == spec.KindAccount && c.Op == spec.VerifyOTP {
		next.Budgets[spec.KindRecovery] = spec.Budget{}
	}
	return next, out
}
