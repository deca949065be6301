package linear

import (
	"github.com/knowhave/factor"
	"github.com/knowhave/factor/internal/spec"
	"github.com/knowhave/factor/internal/translate"
)

// acts are the notices of operations that returned nil.
var acts = map[spec.Op]act{
	spec.SetPIN:                   {action: factor.ActionPINSet, kind: factor.KindPIN},
	spec.AdminSetPIN:              {action: factor.ActionPINSet, kind: factor.KindPIN},
	spec.RemovePIN:                {action: factor.ActionPINRemoved, kind: factor.KindPIN},
	spec.AdminRemovePIN:           {action: factor.ActionPINRemoved, kind: factor.KindPIN},
	spec.Enroll:                   {action: factor.ActionEnrolled, kind: factor.KindDeviceTOTP},
	spec.Revoke:                   {action: factor.ActionRevoked, kind: factor.KindDeviceTOTP},
	spec.AdminRevoke:              {action: factor.ActionRevoked, kind: factor.KindDeviceTOTP},
	spec.Confirm:                  {action: factor.ActionAuthenticatorConfirmed, kind: factor.KindTOTP},
	spec.RemoveAuthenticator:      {action: factor.ActionAuthenticatorRemoved, kind: factor.KindTOTP},
	spec.AdminRemoveAuthenticator: {action: factor.ActionAuthenticatorRemoved, kind: factor.KindTOTP},
	spec.GenerateRecovery:         {action: factor.ActionRecoveryGenerated, kind: factor.KindRecovery},
	spec.RemoveRecovery:           {action: factor.ActionRecoveryRemoved, kind: factor.KindRecovery},
	spec.AdminRemoveRecovery:      {action: factor.ActionRecoveryRemoved, kind: factor.KindRecovery},
}

// act returns the notice of the call if it succeeds.
func (c *Call) act() (a act, some bool) {
	a, some = acts[c.Op]
	a.at, a.device = c.Now, translate.DeviceID(c.Device)
	return a, some
}

// could returns the acts that may have happened, and how often at most.
func (h *History) could() map[act]int {
	all := map[act]int{}
	for _, c := range h.calls {
		if a, some := c.act(); some && c.mayHaveDone() {
			all[a]++
		}
		if _, recovers := spec.RecoveryCode(c.OTP); recovers {
			all[act{action: factor.ActionVerified, kind: factor.KindRecovery, at: c.Now}]++
		}
		if c.OTP+c.Password+c.PIN != "" {
			for _, k := range spec.Kinds {
				all[act{action: factor.ActionLockedOut, kind: factor.Kind(k.Kind.String()), at: c.Now}]++
			}
		}
		if c.Op == spec.Prove && (c.end != answered || c.answer.Err == spec.Mismatch) {
			all[act{action: factor.ActionResetLastChance, kind: factor.KindPIN, at: c.Now}]++
			all[act{action: factor.ActionResetLastChance, kind: factor.KindDeviceTOTP, at: c.Now}]++
		}
	}
	marked, done := h.wiped(func(a ask, _ bool) bool { return !a.failed })
	for _, at := range marked {
		all[act{action: factor.ActionWipeMarked, at: at}]++
	}
	all[act{action: factor.ActionWipeDone}] = done
	return all
}

// sure returns the acts that were stored for certain, and not erased before they
// could be told, and how often at least.
func (h *History) sure() map[act]int {
	all := map[act]int{}
	for _, c := range h.calls {
		if a, some := h.surely(c); some && !h.erasedAfter(c.Invoked) {
			all[a]++
		}
	}
	for _, d := range h.last.view.Devices {
		a := act{factor.ActionEnrolled, factor.KindDeviceTOTP, translate.DeviceID(d.ID), d.EnrolledAt}
		if d.ID != 0 && !h.imports(d.ID) {
			all[a] = max(all[a], 1)
		}
	}
	if h.erasedAfter(0) {
		return all
	}
	marked, done := h.wiped(func(a ask, noted bool) bool { return !a.failed && noted })
	for _, at := range marked {
		all[act{action: factor.ActionWipeMarked, at: at}]++
	}
	all[act{action: factor.ActionWipeDone}] = done
	return all
}

// surely returns the notice of a call that got an answer.
func (h *History) surely(c *Call) (act, bool) {
	if c.end != answered {
		return act{}, false
	}
	a, some := c.act()
	verifies := c.Op == spec.VerifyOTP || c.Op == spec.VerifyAny
	switch {
	case c.answer.Err == spec.OK && verifies && c.answer.Kind == spec.KindRecovery:
		return act{action: factor.ActionVerified, kind: factor.KindRecovery, at: c.Now}, true
	case c.Op == spec.Prove && h.wasLastChance(c):
		return act{action: factor.ActionResetLastChance, kind: factor.Kind(c.answer.Kind.String()), at: c.Now}, true
	}
	return a, some && c.answer.Err == spec.OK
}

// wasLastChance reports whether a proof left no further wrong one. A proof that was
// no strike stored nothing.
func (h *History) wasLastChance(c *Call) bool {
	return c.answer.Err == spec.Mismatch && c.answer.Left == 0 && c.done(0) && !h.options.Reset.ForgiveRepeats
}

// imports reports whether the device may have been imported.
func (h *History) imports(device spec.Name) bool {
	return h.someCall(func(c *Call) bool {
		for _, d := range c.Held.Devices {
			if d.ID == device {
				return true
			}
		}
		return false
	})
}

// wiped returns when the known wipes were marked, and for how many of them some
// call of Options.Wipe ended as is requires. The second argument of is tells that
// the outcome was stored for certain.
func (h *History) wiped(is func(a ask, noted bool) bool) (marked []spec.Time, done int) {
	ended := map[spec.Name]bool{}
	for _, c := range h.calls {
		for i, a := range c.asks {
			noted := i+1 < len(c.asks) || !c.noteFailed()
			if !ended[a.wipe] && is(a, noted) {
				ended[a.wipe] = true
				done++
			}
		}
	}
	for _, at := range h.wipesAt {
		marked = append(marked, at)
	}
	return marked, done
}
