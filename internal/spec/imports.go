package spec

import "slices"

// Holdings are what a user holds in another system.
type Holdings struct {
	PIN           HeldElsewhere
	Authenticator HeldElsewhere
	Devices       []HeldElsewhere
}

// A HeldElsewhere is one of them, with its mark once imported. A PIN has Digits,
// anything else a Secret.
type HeldElsewhere struct {
	ID     Name // of a device
	Digits string
	Secret Secret
	// Since is when it was bound; 0 means now. Used is when its last code was.
	Since, Used Time
	Mark        Marks // one bit
}

// Marks remember the imported holdings.
type Marks uint64

// Places are closed to imports. Devices are IDs of devices, and Keys the keys of
// secrets that were imported, refused or removed, under any ID.
type Places struct {
	PIN, Authenticator bool
	Devices, Keys      Names
}

func (p *Places) device(d Device) {
	p.Devices.add(d.ID)
	p.Keys.add(d.Secret.Key)
}

// Names are a set, in rising order. A full one contains every name.
type Names [NamesKept]Name

func (all *Names) has(n Name) bool { return all[NamesKept-1] != 0 || slices.Contains(all[:], n) }

func (all *Names) add(n Name) {
	if all.has(n) {
		return
	}
	at := 0
	for all[at] != 0 && all[at] < n {
		at++
	}
	copy(all[at+1:], all[at:])
	all[at] = n
}

// imports binds everything new, or with a refusal nothing. The PIN, the
// authenticator and each device are places that an import fills at most once, and
// never once they were filled and emptied here: it does not undo what the user did.
// A holding that was imported before, or whose place was emptied, changes nothing
// and is no error. If something else stands in the place, imports refuses. What it
// binds is a binding like any other.
func (t *turn) imports() Answer {
	before := t.State
	refused := t.takeOver(&t.call.Held)
	if refused.Err == OK {
		t.writes = true
		return refused
	}
	t.State, t.out.Events = before, nil
	if refused.Err == AlreadyEnrolled {
		t.refuseKeys(&t.call.Held)
	}
	t.writes = t.State != before
	return refused
}

// refuseKeys marks the secrets that later imports do not bind either, as if they
// had been here: those for filled places, and those held elsewhere.
func (t *turn) refuseKeys(h *Holdings) {
	for _, d := range append(slices.Clone(h.Devices), h.Authenticator) {
		stands := t.device(d.ID) >= 0 || d.ID == 0 && t.Authenticator.Key != 0
		if d.Secret.Key != 0 && (stands || t.holder(d.Secret).Err != OK) {
			t.Vacated.Keys.add(d.Secret.Key)
		}
	}
}

func (t *turn) takeOver(h *Holdings) Answer {
	if h.PIN.Digits != "" {
		if a := t.takePIN(h.PIN); a.Err != OK {
			return a
		}
	}
	if h.Authenticator.Secret.Key != 0 {
		if a := t.takeAuthenticator(h.Authenticator); a.Err != OK {
			return a
		}
	}
	for _, d := range h.Devices {
		if a := t.takeDevice(d); a.Err != OK {
			return a
		}
	}
	return Answer{}
}

func (t *turn) takePIN(h HeldElsewhere) Answer {
	switch {
	case t.taken(h):
		return Answer{}
	case t.PIN.Digits != "":
		return Answer{Err: AlreadyEnrolled, Kind: KindPIN}
	case t.Vacated.PIN:
		return Answer{}
	}
	t.PIN = HeldPIN{Digits: h.Digits, SetAt: t.since(h)}
	t.countAnew(KindPIN)
	t.bound()
	t.took(h, KindPIN)
	return Answer{}
}

func (t *turn) takeAuthenticator(h HeldElsewhere) Answer {
	switch {
	case t.taken(h):
		return Answer{}
	case t.Authenticator.Key != 0:
		return Answer{Err: AlreadyEnrolled, Kind: KindTOTP}
	}
	if a := t.holder(h.Secret); a.Err != OK {
		return a
	}
	if t.Vacated.Authenticator || t.Vacated.Keys.has(h.Secret.Key) {
		return Answer{}
	}
	t.Authenticator, t.Confirmed = h.Secret, t.since(h)
	t.countAnew(KindTOTP)
	t.boundAuthenticator()
	t.took(h, KindTOTP)
	return Answer{}
}

func (t *turn) takeDevice(h HeldElsewhere) Answer {
	switch {
	case t.taken(h):
		return Answer{}
	case t.device(h.ID) >= 0:
		return Answer{Err: AlreadyEnrolled, Kind: KindDeviceTOTP, Device: h.ID}
	}
	if a := t.holder(h.Secret); a.Err != OK {
		return a
	}
	if t.Vacated.Devices.has(h.ID) || t.Vacated.Keys.has(h.Secret.Key) {
		return Answer{}
	}
	n := t.deviceCount()
	if n >= t.o.Device.Max {
		return refuse(DeviceLimit)
	}
	t.Devices[n] = Device{ID: h.ID, Secret: h.Secret, EnrolledAt: t.since(h), Used: h.Used}
	t.countAnew(KindDeviceTOTP)
	t.bound()
	t.took(h, KindDeviceTOTP)
	return Answer{}
}

// taken reports whether this very holding was imported before.
func (t *turn) taken(h HeldElsewhere) bool { return t.Imported&h.Mark != 0 }

// took marks a holding as imported. Its secret never comes again, under any ID: its
// used steps would be accepted once more.
func (t *turn) took(h HeldElsewhere, k Kind) {
	t.Imported |= h.Mark
	if h.Secret.Key != 0 {
		t.Vacated.Keys.add(h.Secret.Key)
	}
	t.event(Event{Action: imported, Kind: k, Device: h.ID})
}

func (t *turn) since(h HeldElsewhere) Time {
	if h.Since == 0 {
		return t.now
	}
	return h.Since
}

// holder refuses a key that is already held: in two places each of its codes would
// be accepted twice.
func (t *turn) holder(s Secret) Answer {
	all := append(t.authenticator(), t.devices()...)
	for _, h := range append(all, have{kind: KindTOTP, secret: &t.Waiting.Secret}) {
		if h.secret.Key == s.Key {
			return Answer{Err: AlreadyEnrolled, Kind: h.kind, Device: h.device}
		}
	}
	return Answer{}
}
