package spec

// Holdings are what a user holds in another system.
type Holdings struct {
	PIN           HeldElsewhere
	Authenticator HeldElsewhere
	Devices       []HeldElsewhere
}

// A HeldElsewhere is one of them, with what it is known by once it was imported. A
// PIN has Digits, anything else a Secret.
type HeldElsewhere struct {
	ID     Name // of a device
	Digits string
	Secret Secret
	// Since is when it was bound; 0: now. Used is when its last code was.
	Since, Used Time
	Mark        Marks // one bit
}

// imports takes over what was not imported before: all of it, or with a refusal
// nothing. The same holding again changes nothing, whatever became of it. Counts
// stay. A PIN and a device are bindings.
func (t *turn) imports() Answer {
	h, before := &t.call.Held, t.State
	if refused := t.takeOver(h); refused.Err != OK {
		t.State, t.out.Events = before, nil
		return refused
	}
	t.writes = true
	return Answer{}
}

func (t *turn) takeOver(h *Holdings) Answer {
	if h.PIN.Digits != "" && t.firstTime(h.PIN, KindPIN) {
		if t.PIN.Digits != "" {
			return Answer{Err: AlreadyEnrolled, Kind: KindPIN}
		}
		t.PIN = HeldPIN{Digits: h.PIN.Digits, SetAt: t.since(h.PIN)}
		t.bound()
	}
	if h.Authenticator.Secret.Key != 0 && t.firstTime(h.Authenticator, KindTOTP) {
		if t.Authenticator.Key != 0 {
			return Answer{Err: AlreadyEnrolled, Kind: KindTOTP}
		}
		if a := t.holder(h.Authenticator.Secret); a.Err != OK {
			return a
		}
		t.Authenticator = h.Authenticator.Secret
	}
	for _, d := range h.Devices {
		if !t.firstTime(d, KindDeviceTOTP) {
			continue
		}
		if a := t.takeDevice(d); a.Err != OK {
			return a
		}
	}
	return Answer{}
}

func (t *turn) takeDevice(d HeldElsewhere) Answer {
	if t.device(d.ID) >= 0 {
		return Answer{Err: AlreadyEnrolled, Kind: KindDeviceTOTP, Device: d.ID}
	}
	if a := t.holder(d.Secret); a.Err != OK {
		return a
	}
	n := t.deviceCount()
	if n >= t.o.Device.Max {
		return refuse(DeviceLimit)
	}
	t.Devices[n] = Device{ID: d.ID, Secret: d.Secret, EnrolledAt: t.since(d), Used: d.Used}
	t.bound()
	return Answer{}
}

// firstTime reports whether a holding is imported for the first time, and notes it.
func (t *turn) firstTime(h HeldElsewhere, k Kind) bool {
	if t.Imported&h.Mark != 0 {
		return false
	}
	t.Imported |= h.Mark
	t.event(Event{Action: imported, Kind: k, Device: h.ID})
	return true
}

func (t *turn) since(h HeldElsewhere) Time {
	if h.Since == 0 {
		return t.now
	}
	return h.Since
}

// holder refuses a key that is held already: in two places each of its codes would
// be accepted twice.
func (t *turn) holder(s Secret) Answer {
	if t.Authenticator.Key == s.Key {
		return Answer{Err: AlreadyEnrolled, Kind: KindTOTP}
	}
	for _, d := range t.Devices[:t.deviceCount()] {
		if d.Secret.Key == s.Key {
			return Answer{Err: AlreadyEnrolled, Kind: KindDeviceTOTP, Device: d.ID}
		}
	}
	return Answer{}
}
