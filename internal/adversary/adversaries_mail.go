package adversary

import (
	"time"

	"github.com/knowhave/factor/internal/spec"
)

// withMail sets Notify.
func withMail(o *spec.Options) { o.Notify = true }

var (
	mailFails    = Act{Who: Service, Deed: MailFails}
	aWipeIsAsked = Act{Who: Service, Call: spec.Call{Op: spec.Forfeit, Host: spec.Host{Wipe: spec.Fails}}, Pends: true}
)

// busy sets a PIN if there is none, and otherwise removes it: each keeps a notice.
func busy(w *World, who Who, acts *[]Act) {
	c := spec.Call{Op: spec.SetPIN, NewPIN: pins[2]}
	if w.State.PIN.Digits != "" {
		c = spec.Call{Op: spec.RemovePIN}
	}
	given{password: true}.into(&c)
	*acts = append(*acts, Act{Who: who, Call: c})
}

// enrolOnce enrols the thief's device, by the password.
func enrolOnce(w *World, who Who, acts *[]Act) {
	if w.State.Devices[0].ID == 0 {
		c := spec.Call{Op: spec.Enroll, Device: thiefDevice}
		given{password: true}.into(&c)
		*acts = append(*acts, Act{Who: who, Call: c})
	}
}

// sweeping runs the host's cron, with mail up or down.
func sweeping(down bool) Moves {
	return func(w *World, who Who, acts *[]Act) {
		if w.MailDown == down {
			*acts = append(*acts, Act{Who: who, Call: spec.Call{Op: spec.Sweep, Host: spec.Host{Wipe: spec.Yes}}})
		}
	}
}

// NoticeThief knows the password and enrols a device. While mail is down the thief
// keeps doing something else, so that the user does not hear of it.
var NoticeThief = Adversary{
	Name:   "a thief who is busy while mail is down",
	Rules:  small(withMail),
	Lately: []Act{mailFails},
	Knows:  [2]Facts{userKnows, Password},
	Moves: [3][]Moves{
		Thief:   {enrolOnce, busy},
		Service: {sweeping(true), wait(time.Minute)},
	},
	Horizon: time.Minute,
}

// BusyThief did so while mail was down, and goes on, less than a minute apart,
// after it works again.
var BusyThief = Adversary{
	Name:   "a thief who stays busy",
	Rules:  small(withMail),
	Lately: []Act{mailFails},
	Knows:  [2]Facts{userKnows, Password},
	Moves: [3][]Moves{
		Thief:   {enrolOnce, busy},
		Service: {deed(MailWorks), sweeping(false), wait(59 * time.Second)},
	},
	Horizon: 4 * time.Minute,
}

// Crowder has many accounts full of notices, while mail hangs and the user's wipe
// is pending.
var Crowder = Adversary{
	Name:   "somebody with many accounts whose mail hangs",
	Rules:  small(withMail),
	Lately: []Act{choseAPIN, mailFails, aWipeIsAsked},
	Knows:  [2]Facts{userKnows, Nothing},
	Moves: [3][]Moves{
		Thief:   {deed(Crowds)},
		Service: {sweeping(true), wait(time.Minute)},
	},
	Horizon: time.Minute,
}
