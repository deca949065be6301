package spec

import "time"

// hasRoom refuses a device that would be one too many. One that is enrolled already
// is none.
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

// enroll gives a device a secret, in place of the one that it had. It takes a right
// proof, or none within the window for a device that is new.
func (t *turn) enroll() Answer {
	at := t.device(t.call.Device)
	if t.proof.given() {
		if a := t.verifyProof(); a.Err != OK {
			return a
		}
	} else if err := t.window(at >= 0); err != OK {
		return refuse(err)
	}
	t.writes = true
	if at < 0 {
		at = t.deviceCount()
	}
	t.Devices[at] = Device{ID: t.call.Device, Secret: t.newSecret(), EnrolledAt: t.now}
	t.unlockFinal(KindDeviceTOTP)
	t.bound()
	t.event(Event{Action: enrolled, Kind: KindDeviceTOTP, Device: t.call.Device})
	return Answer{}
}

// window judges an enrolment without a proof: from a minute before the registration,
// as clocks differ, until Grace after it. The host that does not know when it was
// lets nobody in.
func (t *turn) window(again bool) Err {
	if again || !t.o.RegisteredAt {
		return NoCredential
	}
	t.out.AskedRegistered = true
	at := t.call.Host.Registered
	switch {
	case t.call.Host.Unknown:
		return HostFault
	case at == 0, t.now < at.add(-time.Minute), t.now > at.add(t.o.Device.Grace):
		return NoCredential
	}
	return OK
}

func (t *turn) revoke() {
	at := t.device(t.call.Device)
	copy(t.Devices[at:], t.Devices[at+1:])
	t.Devices[MaxDevices-1] = Device{}
	t.event(Event{Action: revoked, Kind: KindDeviceTOTP, Device: t.call.Device})
}

// spendDevice judges the code against the devices that are old enough, in the order
// of their enrolment.
func (t *turn) spendDevice(minAge time.Duration) (id Name, v verdict) {
	for i := range t.deviceCount() {
		d := &t.Devices[i]
		if t.young(d.EnrolledAt, minAge) {
			continue
		}
		switch t.spendStep(&d.Secret) {
		case right:
			d.Used = t.now
			return d.ID, right
		case spent:
			v = spent
		}
	}
	return 0, v
}
