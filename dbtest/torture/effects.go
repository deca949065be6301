package torture

import (
	"slices"

	"github.com/knowhave/factor"
)

// set records that a call set a register, or may have.
func set(r *register, c *call, value string) { r.writes = append(r.writes, did(c, value)) }

// take derives the effects on the user's holdings of a call that was accepted, or
// may have been.
func (h *history) take(c *call) {
	if c.Proof.Key != "" {
		if k := h.user.keys[c.Proof.Key]; k != nil {
			k.next = max(k.next, c.Proof.Step+1)
		}
	}
	if !c.open() && c.Class != classOK {
		return
	}
	h.spend(c)
	switch c.Op {
	case opIssue:
		h.issue(c, factor.KindAccount)
	case opIssueUnproven:
		h.issue(c, c.Kinds[0])
	case opEnroll:
		h.user.keys[c.name] = &key{device: c.Device, secret: c.Secret}
		set(h.devices[c.Device], c, c.name)
		set(h.wipe, c, "")
	case opRevoke, opAdminRevoke:
		set(h.devices[c.Device], c, "")
	case opSetPIN, opAdminSetPIN:
		set(h.pin, c, c.NewPIN)
		set(h.wipe, c, "")
		h.clear(c, factor.KindPIN)
	case opRemovePIN:
		set(h.pin, c, "")
	case opUnlock:
		h.clear(c, c.Kinds[0])
	case opForget:
		for k := range h.budgets {
			h.clear(c, k)
		}
		h.strikes.clears = append(h.strikes.clears, did(c, ""))
		set(h.wipe, c, "")
		for _, r := range h.holdings() {
			set(r, c, "")
		}
	}
}

// issue replaces the live code.
func (h *history) issue(c *call, k factor.Kind) {
	name := "?" + c.name
	ttl := ttls[k].Milliseconds()
	issued := &code{kind: k, first: c.from + ttl, last: c.to + ttl}
	if !c.open() {
		name = proof{OTP: c.Code, Kind: k}.codeName()
		issued.digits, issued.first, issued.last = c.Code, c.Ends, c.Ends
	}
	h.codes[name] = issued
	set(h.live[k], c, name)
}

// spend takes the presented code out of use.
func (h *history) spend(c *call) {
	for _, g := range c.given() {
		switch {
		case g.right == factor.KindDeviceTOTP:
			k := h.user.keys[c.Proof.Key]
			k.used = append(k.used, c)
		case slices.Contains(issuedKinds, g.right):
			set(h.live[g.right], c, "")
			if !c.open() {
				x := h.codes[c.Proof.codeName()]
				x.accepted = append(x.accepted, c)
			}
		}
	}
}

// A mark is the marking of a wipe. Each has its own ID, which the host or the
// status sees, so none is missed.
type mark struct {
	id     string
	reason factor.WipeReason
	seen   int // the line of the host's first call, or afterLife
}

// newMarks returns the wipes of a user that were not known before the life.
func (u *user) newMarks(lines []asked, st sight) []mark {
	var marks []mark
	add := func(w factor.Wipe, seen int) {
		if id := w.ID.String(); w.User == u.name && !u.wipes[id] {
			u.wipes[id] = true
			marks = append(marks, mark{id, w.Reason, seen})
		}
	}
	for _, l := range lines {
		add(l.Wipe, l.Seq)
	}
	if st.Wipe != nil {
		add(*st.Wipe, afterLife)
	}
	return marks
}

// markWipe derives the effects of marking a wipe, and whether it may have been
// marked.
func (h *history) markWipe(m mark) {
	marks := opForfeit
	if m.reason == factor.ReasonStrikes {
		marks = opProve
	}
	wrong, last := h.strikes.atMost(m.seen), 0
	at := span{never, m.seen}
	for _, c := range h.calls {
		// A call that marks a wipe runs it before it answers, if it lives to.
		if c.Op == marks && c.start < m.seen && c.end >= m.seen {
			at.start = min(at.start, c.start)
			if c.Class == classWiped || c.Class == classPending {
				last = 1 // the strike that wiped
			}
		}
	}
	if at.start == never {
		h.violated(nil, "wipe %s (%s) was marked by no call", m.id, m.reason)
		at.start = 0
	}
	if m.reason == factor.ReasonStrikes && wrong+last <= strikes {
		h.violated(nil, "wipe %s was marked for strikes after %d wrong proofs", m.id, wrong+last)
	}
	gone := event{span: at, sure: true}
	h.strikes.clears = append(h.strikes.clears, gone)
	for _, r := range h.holdings() {
		r.writes = append(r.writes, gone)
	}
	gone.value = m.id
	h.wipe.writes = append(h.wipe.writes, gone)
}
