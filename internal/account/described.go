package account

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/totp"
)

// Described is what one user holds in another system, in that system's form. Only
// the PIN's hash is known to be well-formed.
type Described struct {
	PIN           *PIN
	Authenticator *DescribedTOTP
	Devices       []DescribedDevice
}

// A DescribedTOTP is a key, and the step of its last accepted code, 0 if unknown.
type DescribedTOTP struct {
	totp.Description
	LastStep int64
}

// A DescribedDevice is a device.
type DescribedDevice struct {
	ID                 uuid.UUID
	TOTP               DescribedTOTP
	EnrolledAt, UsedAt time.Time
}

// A Refusal names a bad field and tells its form. It never repeats the value.
type Refusal struct{ Field, Reason string }

// in returns the refusal with an outer field in front of its field.
func (r *Refusal) in(outer string) *Refusal {
	if r == nil {
		return nil
	}
	return &Refusal{outer + "." + r.Field, r.Reason}
}

// Parse returns the holdings in an account's form, or a Refusal.
func (d Described) Parse(now time.Time) (held Holdings, refused *Refusal) {
	if d.PIN != nil {
		setAt, refused := parseInstant("SetAt", d.PIN.SetAt, now)
		if refused != nil {
			return held, refused.in("PIN")
		}
		held.PIN = &PIN{Hash: d.PIN.Hash, SetAt: defaultTime(setAt, now)}
	}
	var keys []*totp.Key
	if d.Authenticator != nil {
		s, refused := d.Authenticator.parse(now)
		if refused != nil {
			return held, refused.in("Authenticator")
		}
		held.Authenticator, keys = &Authenticator{TOTP: s, ConfirmedAt: now}, append(keys, &s.Key)
	}
	for n, described := range d.Devices {
		device, refused := described.parse(now)
		switch {
		case refused != nil:
		case slices.ContainsFunc(held.Devices, func(other Device) bool { return other.ID == device.ID }):
			refused = &Refusal{"ID", "must not be given twice: leave out all but the newest"}
		case slices.ContainsFunc(keys, device.SameSecret):
			refused = &Refusal{"TOTP", "must not have the secret of another, because each code would be accepted twice: have the user enrol one of the two anew"}
		}
		if refused != nil {
			return held, refused.in(fmt.Sprintf("Devices[%d]", n))
		}
		held.Devices, keys = append(held.Devices, device), append(keys, &device.Key)
	}
	return held, nil
}

func (d DescribedTOTP) parse(now time.Time) (s TOTP, refused *Refusal) {
	key, field, reason := d.Description.Parse()
	if reason != "" {
		return s, &Refusal{field, reason}
	}
	s = TOTP{Key: key, LastStep: NoStep}
	if d.LastStep < 0 || d.LastStep > s.Step(now)+totp.MaxSkew {
		return s, &Refusal{"LastStep", "must be Unix time / Period, and not in the future: 0 if unknown"}
	}
	if d.LastStep > 0 {
		s.LastStep = d.LastStep
	}
	return s, nil
}

func (d DescribedDevice) parse(now time.Time) (device Device, refused *Refusal) {
	if d.ID == uuid.Nil {
		return device, &Refusal{"ID", "must not be the nil UUID: give the ID that the client uses"}
	}
	s, refused := d.TOTP.parse(now)
	if refused != nil {
		return device, refused.in("TOTP")
	}
	enrolledAt, refused := parseInstant("EnrolledAt", d.EnrolledAt, now)
	if refused != nil {
		return device, refused
	}
	usedAt, refused := parseInstant("UsedAt", d.UsedAt, now)
	return Device{ID: d.ID, TOTP: s, EnrolledAt: defaultTime(enrolledAt, now), UsedAt: usedAt}, refused
}

// parseInstant returns a time in an account's form, or zero if unknown.
func parseInstant(field string, t, now time.Time) (time.Time, *Refusal) {
	if t.IsZero() {
		return t, nil
	}
	if t.Unix() < 0 || t.After(now.Add(ClockSlack)) {
		return t, &Refusal{field, "must be from 1970 on and not in the future: leave it zero if unknown"}
	}
	return t.UTC().Truncate(time.Millisecond), nil
}

func defaultTime(t, now time.Time) time.Time {
	if t.IsZero() {
		return now
	}
	return t
}
