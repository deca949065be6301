package spec

// hasRoom refuses one device too many. An enrolled one may come again.
func (t *turn) hasRoom() Err {
	if t.device(t.call.Device) < 0 && t.deviceCount() >= t.o.Device.Max {
		return DeviceLimit
	}
	return OK
}

func (t *turn) hasDevice() Err {
	if t.device(t.call.Device) < 0 {
		return UnknownDevice
	}
	return OK
}

// enroll gives a device a secret, replacing an earlier one. It takes a right proof,
// or none within the window: see unproven.
func (t *turn) enroll() Answer {
	at := t.device(t.call.Device)
	if t.proof.given() {
		if a := t.verifyProof(); a.Err != OK {
			return a
		}
	} else if err := t.unproven(at); err != OK {
		return refuse(err)
	}
	t.writes = true
	if at >= 0 {
		t.removed()
	} else {
		at = t.deviceCount()
	}
	t.Devices[at] = Device{ID: t.call.Device, Secret: t.newSecret(), EnrolledAt: t.now}
	t.countAnew(KindDeviceTOTP)
	t.bound()
	t.event(Event{Action: enrolled, Kind: KindDeviceTOTP, Device: t.call.Device})
	return Answer{}
}

// unproven judges an enrolment without a proof. The window is from a minute before
// the registration, since clocks differ, until Grace after it. A host that does not
// know the registration admits nobody. An enrolled device may come again only if it
// was enrolled in this same window and has shown no code: its answer was lost. It
// starts over, so that it keeps no age.
func (t *turn) unproven(at int) Err {
	again := at >= 0
	if !t.o.RegisteredAt || again && t.seen(t.Devices[at]) {
		return NoCredential
	}
	t.out.AskedRegistered = true
	registered := t.call.Host.Registered
	from, to := registered.add(-clockSlack), registered.add(t.o.Device.Grace)
	switch {
	case t.call.Host.Unknown:
		return HostFault
	case registered == 0, t.now < from, t.now > to:
		return NoCredential
	case again && t.Devices[at].EnrolledAt < from:
		return NoCredential
	}
	return OK
}

// seen reports whether a code of the device was ever accepted, or its secret was
// imported.
func (t *turn) seen(d Device) bool {
	return d.Secret.Last != NoStep || d.Used != 0 || t.Vacated.Keys.has(d.Secret.Key)
}

func (t *turn) revoke() {
	at := t.device(t.call.Device)
	t.Vacated.device(t.Devices[at])
	copy(t.Devices[at:], t.Devices[at+1:])
	t.Devices[MaxDevices-1] = Device{}
	t.removed()
	t.event(Event{Action: revoked, Kind: KindDeviceTOTP, Device: t.call.Device})
}
