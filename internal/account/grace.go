package account

import "time"

// MaxLead is how far what another clock says may lie in the future.
const MaxLead = time.Minute

// InGrace reports whether a user who registered then enrols a device without a
// proof: within grace of it, or up to MaxLead before. The zero time is never inside.
func InGrace(registered time.Time, grace time.Duration, now time.Time) bool {
	age := now.Sub(registered.Truncate(time.Millisecond))
	return !registered.IsZero() && age >= -MaxLead && age <= grace
}
