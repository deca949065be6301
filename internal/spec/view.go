package spec

// A View is what Admin.Status shows. It holds no secret.
type View struct {
	PIN, Authenticator, Waiting bool
	Devices                     [MaxDevices]ViewedDevice
	RecoveryCodes               int                     // unused ones
	Live                        [KindCount]bool         // a code of the kind is live, for any purpose
	Budgets                     [KindCount]ViewedBudget // those with a count
	Strikes                     int                     // while wiped, one more than Strikes
	WipeID                      Name
	WipeAt                      Time // 0: no wipe
	WipeReason                  Reason
	WipePending                 bool
	Notices                     int // that wait
}

// A Holding is what Holdings shows.
type Holding struct {
	PIN, Authenticator     bool
	Devices, RecoveryCodes int
}

// Holding returns what Holdings shows of the view.
func (v View) Holding() Holding {
	h := Holding{PIN: v.PIN, Authenticator: v.Authenticator, RecoveryCodes: v.RecoveryCodes}
	for h.Devices < MaxDevices && v.Devices[h.Devices].ID != 0 {
		h.Devices++
	}
	return h
}

// A ViewedDevice is a device as Devices shows it.
type ViewedDevice struct {
	ID               Name
	EnrolledAt, Used Time
}

// A ViewedBudget is a count. Locked without Until means until unlocked or bound
// anew.
type ViewedBudget struct {
	Wrong  int
	Locked bool
	Until  Time
}

// View returns the view of a state.
func (o *Options) View(s State, now Time) View {
	t := turn{State: s, o: o, now: now}
	v := View{PIN: s.PIN.Digits != "", Authenticator: s.Authenticator.Key != 0, Waiting: t.waiting(), Strikes: s.Guard.Strikes, RecoveryCodes: s.Recovery.Left(), Notices: len(s.Notices.All())}
	for i, d := range s.Devices {
		v.Devices[i] = ViewedDevice{d.ID, d.EnrolledAt, d.Used}
	}
	for _, k := range IssuedKinds {
		v.Live[k] = t.anyLive(k)
	}
	for _, r := range Kinds {
		b := s.Budgets[r.Kind]
		if b.Wrong > 0 {
			is, until := b.locked(o.limit(r.Kind), now)
			v.Budgets[r.Kind] = ViewedBudget{b.Wrong, is, until}
		}
	}
	if s.Wipe.Stage != NotWiped {
		v.Strikes = o.Reset.Strikes + 1
		v.WipeID, v.WipeAt, v.WipeReason = s.Wipe.ID, s.Wipe.At, s.Wipe.Reason
		v.WipePending = s.Wipe.Stage == Pending
	}
	return v
}
