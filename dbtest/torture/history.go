package torture

import (
	"fmt"

	"github.com/knowhave/factor"
)

// history is what the calls of one life may have made of one user.
type history struct {
	facets
	user         *user
	calls        []*call // those on the user, in the order of their beginning
	unlessLocked map[factor.Kind][]event
	violations   []string
}

// newHistory derives what the calls of a life may have done to a user, and records
// what the user was told.
func newHistory(u *user, all []*call, marks []mark) *history {
	h := &history{facets: newFacets(u), user: u, unlessLocked: make(map[factor.Kind][]event)}
	for _, c := range all {
		if c.User == u.name {
			h.calls = append(h.calls, c)
		}
	}
	for _, c := range h.calls {
		h.judge(c)
		h.take(c)
	}
	for _, m := range marks {
		h.markWipe(m)
	}
	// Only now is it known whether a kind can have been locked.
	for kind, charges := range h.unlessLocked {
		sure := !h.lockable(kind)
		for _, e := range charges {
			e.sure = sure
			h.budgets[kind].charges = append(h.budgets[kind].charges, e)
		}
		h.unlessLocked[kind] = nil
	}
	for _, c := range h.calls {
		// A device clears its kind's count where it is the only one, which it may be.
		if c.Op == opEnroll && (c.open() || c.Class == classOK) {
			b := h.budgets[factor.KindDeviceTOTP]
			b.clears = append(b.clears, event{span: c.span, by: c})
		}
	}
	return h
}

// reach is an upper bound of a kind's count in the life.
func (h *history) reach(k factor.Kind) int {
	return h.budgets[k].base + len(h.budgets[k].charges) + len(h.unlessLocked[k])
}

// lockable reports whether the kind may have been locked at some time of the
// life.
func (h *history) lockable(k factor.Kind) bool { return h.reach(k) >= tries }

// settle compares a status after the life with the possible ones, and narrows down
// the user's state.
func (h *history) settle(st sight) {
	differences := h.differences(st)
	for _, d := range differences {
		h.violated(nil, "%s", d)
	}
	if len(differences) == 0 && h.torn(st) {
		h.violated(nil, "a call that was cut off is stored in part; the status is %+v", st.Status)
	}
	for _, b := range st.Budgets {
		if b.Wrong >= final && !(b.Locked && b.Until.IsZero()) {
			h.violated(nil, "%s is not locked for good after %d wrong answers", b.Kind, b.Wrong)
		}
	}
	h.user.pin = h.pinAfter(st)
	for id := range h.devices {
		h.user.devices[id] = h.deviceAfter(st, id)
	}
	for k := range h.live {
		h.user.live[k] = h.codeAfter(st, k)
	}
	h.user.wipe = st.wipe()
	h.user.recount(st)
}

func (h *history) violated(c *call, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if c != nil {
		text += ": " + c.String()
	}
	h.violations = append(h.violations, h.user.name+": "+text)
}

// found returns the violations, the last one with the last calls on the user.
func (h *history) found() []string {
	if len(h.violations) == 0 {
		return nil
	}
	last := &h.violations[len(h.violations)-1]
	for _, c := range h.calls[max(0, len(h.calls)-40):] {
		*last += "\n  " + c.String()
	}
	return h.violations
}
