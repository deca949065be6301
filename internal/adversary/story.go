package adversary

import (
	"fmt"
	"strings"
	"time"

	"github.com/knowhave/factor/internal/spec"
)

// Story tells a way in words, a line for each move.
func Story(steps []Step) string {
	var b strings.Builder
	for n, s := range steps {
		fmt.Fprintf(&b, "%2d. after %v %s", n+1, time.Duration(s.Before.Now-start)*time.Millisecond, s.Act.words(s.Before))
		if s.Act.Deed <= CallsUnheard {
			fmt.Fprintf(&b, ": %s", s.Out.Answer)
		}
		for _, n := range s.Out.Tells {
			fmt.Fprintf(&b, ", %s %s", mailed(s.Before), n.Action)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// mailed describes what became of a notice.
func mailed(w *World) string {
	if w.MailDown {
		return "mail hangs for"
	}
	return "mails"
}

func (w Who) String() string { return [...]string{"the user", "the thief", "the service"}[w] }

// deeds describes acts that are no calls.
var deeds = map[Deed]string{
	MovesOn:      "the user changes the address and the password",
	KeyFails:     "the key service fails",
	KeyWorks:     "the key service works again",
	ReplicaStops: "a replica of the store stops",
	MailFails:    "mail hangs",
	MailWorks:    "mail works again",
	Crowds:       "a thousand accounts have as many notices as can wait",
	WipeReturns:  "the host's Wipe returns nil",
	WipeFails:    "the host's Wipe returns an error",
}

// words describes what somebody does.
func (a *Act) words(w *World) string {
	if a.Deed == Waits {
		return fmt.Sprintf("%v pass", a.For)
	}
	if said, ok := deeds[a.Deed]; ok {
		return said
	}
	text := fmt.Sprintf("%s calls %s%s", a.Who, a.Call.Op, a.subject(w))
	if p := purposeOf(&a.Call); p != noPurpose {
		text += fmt.Sprintf(" for %q", purposes[p])
	}
	if g := a.gives(); g != "" {
		text += " with " + g
	}
	if a.Clock != 0 {
		text += fmt.Sprintf(", on a node whose clock is %v ahead", a.Clock)
	}
	if a.Lags {
		text += ", on the replica"
	}
	switch {
	case a.Deed == CallsToWipe:
		text += ", and Wipe begins"
	case a.Deed == CallsUnheard:
		text += ", and hangs up"
	case a.Call.Op.Row().Asks && a.Call.Host.Wipe == spec.Fails:
		text += ", while Wipe fails"
	}
	return text
}

// subject describes the call's arguments beside its proof.
func (a *Act) subject(w *World) string {
	c := &a.Call
	switch c.Op {
	case spec.SetPIN, spec.AdminSetPIN:
		return " to " + pinName(c.NewPIN)
	case spec.IssueUnproven:
		return fmt.Sprintf(" (it mails %s code %d)", c.Kind, drawnBy(w, c.Op))
	case spec.Enroll, spec.Begin:
		return fmt.Sprintf(" for %s (it gives secret %d)", deviceName(c.Device), drawnBy(w, c.Op)-firstKey+1)
	case spec.Revoke, spec.AdminRevoke:
		return " of " + deviceName(c.Device)
	case spec.GenerateRecovery:
		return fmt.Sprintf(" (it gives list %d)", drawnBy(w, c.Op)-firstSet+1)
	case spec.VerifyOTP:
		return kindNames(c.Kinds)
	case spec.Import:
		return " of the old row of " + heldName(&c.Held)
	}
	return ""
}

func kindNames(kinds []spec.Kind) string {
	if kinds == nil {
		return ""
	}
	var names []string
	for _, k := range kinds {
		names = append(names, k.String())
	}
	return " for " + strings.Join(names, ", ")
}

// gives describes the credential.
func (a *Act) gives() string {
	var all []string
	if c := &a.Call; c.OTP != "" {
		all = append(all, codeName(codeOf(c)))
	}
	if a.Call.Password != "" {
		all = append(all, "the password")
	}
	if a.Call.PIN != "" {
		all = append(all, pinName(a.Call.PIN))
	}
	return strings.Join(all, " and ")
}

func codeName(c code) string {
	switch {
	case c.issued != 0:
		return fmt.Sprintf("mailed code %d", c.issued)
	case c.set != 0:
		return fmt.Sprintf("code %d of list %d", c.n+1, c.set-firstSet+1)
	case c.paper:
		return "a guessed recovery code"
	case c.key == oldKey:
		return "the code of the old system's secret of this step"
	case c.key != 0:
		return fmt.Sprintf("a code of secret %d", c.key-firstKey+1)
	}
	return "a guessed code"
}

func pinName(digits string) string {
	for i, name := range []string{"the user's PIN", "the user's new PIN", "the thief's PIN", "the PIN of the old system"} {
		if pins[i] == digits {
			return name
		}
	}
	return "a guessed PIN"
}

func deviceName(id spec.Name) string {
	switch id {
	case userDevice:
		return "the user's device"
	case 0:
		return "an authenticator"
	}
	return "another device"
}

func heldName(h *spec.Holdings) string {
	if h.PIN.Digits != "" {
		return "the PIN"
	}
	if h.Authenticator.Secret.Key != 0 {
		return "the authenticator"
	}
	return deviceName(h.Devices[0].ID)
}
