package adversary

import (
	"time"

	"github.com/knowhave/factor/internal/spec"
)

// hangs is how long a call of Notify takes that gets no answer.
const hangs = 10 * time.Second

// tell ends a call that was made on a record that was due or not: it tells the user what
// it kept, and a Sweep what waits of everybody.
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

// tellCrowd tells what waits of the other users, who come before the user. Each call that
// fails takes its time.
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

// mailAs is how Notify answers in a world.
func mailAs(w *World) spec.Says {
	if w.MailDown {
		return spec.Fails
	}
	return spec.Yes
}
