package adversary

import (
	"time"

	"github.com/knowhave/factor/internal/spec"
)

// hangs is how long a call of Notify without an answer takes.
const hangs = 10 * time.Second

// tell ends a call: it tells the user what the call kept, and a Sweep tells
// everybody what waits.
func (adv *Adversary) tell(w *World, s spec.State, c *spec.Call, due bool, out *spec.Outcome) spec.State {
	o := &adv.Rules.Options
	switch {
	case !o.Notify:
		return s
	case c.Op != spec.Sweep:
		s = o.TellOwn(s, w.Now, c, out)
	default:
		if !adv.Rules.MailFirst {
			adv.tellCrowd(w, c, true)
		}
		if due {
			s = o.TellDue(s, w.Now, c, out)
		}
	}
	w.Notices += spec.Name(len(out.Kept))
	return s
}

// tellCrowd tells the waiting notices of the other users, who come before the user.
// Each failing call takes its time.
func (adv *Adversary) tellCrowd(w *World, c *spec.Call, patient bool) {
	var s spec.State
	for i := range s.Notices.Waiting {
		s.Notices.Waiting[i] = spec.Notice{ID: spec.Name(i + 1), Action: "enrolled", At: longAgo}
	}
	for range w.Crowd {
		var out spec.Outcome
		adv.Rules.Options.TellDue(s, w.Now, c, &out)
		if c.Host.Notify != spec.Yes {
			w.Now = after(w.Now, time.Duration(len(out.Tells))*hangs)
		}
		if patient {
			c.Failed = out.Failed
		}
	}
}

// mailAs returns Notify's answer in a world.
func mailAs(w *World) spec.Says {
	if w.MailDown {
		return spec.Fails
	}
	return spec.Yes
}
