package torture

import (
	"slices"

	"github.com/knowhave/factor"
)

// check compares every answer of the life with the possible ones.
func (h *history) check(done map[string]int) {
	for _, c := range h.calls {
		switch c.Class {
		case classOK:
			h.checkAccepted(c)
			if c.Op == opForfeit {
				h.checkWiped(c, done)
			}
		case classMismatch:
			h.checkRefused(c)
		case classLocked:
			for _, g := range c.given() {
				for _, k := range g.kinds {
					if !h.lockable(k) {
						h.violated(c, "%s is locked after too few wrong answers", k)
					}
				}
			}
		case classWiped:
			h.checkWiped(c, done)
		case classFault:
			h.violated(c, "a fault")
		case classUnknownDevice, classNotEnrolled, classDeviceLimit, classNoCredential:
			h.checkAbsent(c)
		}
	}
}

// checkAccepted checks that the right credential can have been right, for the first
// time.
func (h *history) checkAccepted(c *call) {
	for _, g := range c.given() {
		if g.right == "" {
			continue
		}
		if (c.Op == opVerifyOTP || c.Op == opVerifyAny) && c.Kind != g.right {
			h.violated(c, "a credential for %s was accepted for another kind", g.right)
		}
		switch k := g.right; {
		case k == factor.KindPIN:
			if !h.pin.could(c.Proof.PIN, c.span) {
				h.violated(c, "a PIN was accepted that is not set")
			}
		case k == factor.KindDeviceTOTP:
			h.checkStep(c)
		case slices.Contains(issuedKinds, k):
			name := c.Proof.codeName()
			x := h.codes[name]
			if x.accepted[0] != c {
				h.violated(c, "a code was accepted again that was accepted by %s", x.accepted[0])
			} else if !h.live[g.right].could(name, c.span) {
				h.violated(c, "a code was accepted that is not live")
			}
			if c.from >= x.last {
				h.violated(c, "a code was accepted after its end at %d", x.last)
			}
		}
		return
	}
}

// checkStep checks an accepted device code.
func (h *history) checkStep(c *call) {
	k := h.user.keys[c.Proof.Key]
	if (c.Op == opVerifyOTP || c.Op == opVerifyAny) && c.Owner != k.device {
		h.violated(c, "the code of a device was accepted for another")
	}
	if !h.devices[k.device].could(c.Proof.Key, c.span) {
		h.violated(c, "the code of a device was accepted that is not enrolled, or not with this secret")
	}
	if step := c.Proof.Step; step < stepAt(c.from)-skew || step > stepAt(c.to)+skew {
		h.violated(c, "a step outside the window was accepted")
	}
	h.checkReplay(c, k)
}

// checkReplay compares an accepted device code with the others of its key.
func (h *history) checkReplay(c *call, k *key) {
	for _, other := range k.used {
		if other == c || other.open() {
			continue
		}
		earlier := other.life < c.life || other.end < c.start
		if other.Proof.Step == c.Proof.Step && (earlier || other.start < c.start) {
			h.violated(c, "a step was accepted again that was accepted by %s", other)
		} else if earlier && other.Proof.Step > c.Proof.Step {
			h.violated(c, "a step was accepted after a later one, by %s", other)
		}
	}
}

// checkRefused looks for a credential that was refused though certainly right: the
// effect of an accepted call was lost.
func (h *history) checkRefused(c *call) {
	for _, g := range c.given() {
		if g.right != "" && c.Op != opProve && h.lockable(g.right) {
			continue
		}
		switch k := g.right; {
		case k == factor.KindPassword:
			h.violated(c, "the right password was refused")
		case k == factor.KindPIN:
			if h.pin.surely(c.Proof.PIN, c) {
				h.violated(c, "the right PIN was refused")
			}
		case k == factor.KindDeviceTOTP:
			if h.surelyFresh(c) {
				h.violated(c, "the fresh code of an enrolled device was refused")
			}
		case slices.Contains(issuedKinds, k):
			name := c.Proof.codeName()
			if h.live[g.right].surely(name, c) && c.to < h.codes[name].first {
				h.violated(c, "a live code was refused")
			}
		}
	}
}

// surelyFresh reports whether a call's device code was right: its step in the
// window, and neither it nor a later one used until then.
func (h *history) surelyFresh(c *call) bool {
	k, step := h.user.keys[c.Proof.Key], c.Proof.Step
	used := slices.ContainsFunc(k.used, func(other *call) bool {
		return other != c && other.Proof.Step >= step && (other.life < c.life || other.start < c.end)
	})
	return !used && step >= stepAt(c.to)-skew && step <= stepAt(c.from)+skew &&
		h.devices[k.device].surely(c.Proof.Key, c)
}

// checkWiped checks a call that was told that the data is gone.
func (h *history) checkWiped(c *call, done map[string]int) {
	for _, id := range h.wipe.values() {
		if at, ok := done[id]; ok && at < c.end && h.wipe.could(id, c.span) {
			return
		}
	}
	h.violated(c, "the data is said to be gone, and no wipe was done")
}

// checkAbsent checks a call that was told that something is missing, or that there
// is too much of it.
func (h *history) checkAbsent(c *call) {
	held, lacking := 0, 0
	for _, r := range h.devices {
		if r.holds(c.span) {
			held++
		}
		if r.could("", c.span) {
			lacking++
		}
	}
	noPIN := h.pin.could("", c.span)
	fits := true
	switch c.Class {
	case classUnknownDevice:
		fits = h.devices[c.Device].could("", c.span)
	case classDeviceLimit:
		fits = held >= devicesAllowed
	case classNoCredential:
		fits = !isYoung(h.user.name) || h.devices[c.Device].holds(c.span)
	case classNotEnrolled:
		fits = noPIN && (c.Op == opRemovePIN || lacking == deviceIDs)
	}
	if !fits {
		h.violated(c, "the answer does not fit what the user holds")
	}
}
