package account

import "time"

// InGrace reports whether a user who registered then may enrol a device without a
// proof: within grace, or up to ClockSlack before. The zero time is never within.
func InGrace(registered time.Time, grace time.Duration, now time.Time) bool {
	age := now.Sub(registered.Truncate(time.Millisecond))
	return !registered.IsZero() && age >= -ClockSlack && age <= grace
}

// Unseen reports whether a device was enrolled here and has shown no code yet.
func (a *Account) Unseen(d *Device) bool {
	return d.LastStep == NoStep && d.UsedAt.IsZero() && !a.wasImported(&d.TOTP, Binding{KindDeviceTOTP, d.ID})
}

// EnrolledSince reports whether the device was enrolled since the user registered.
func (d *Device) EnrolledSince(registered time.Time) bool {
	return !d.EnrolledAt.Before(registered.Truncate(time.Millisecond).Add(-ClockSlack))
}
