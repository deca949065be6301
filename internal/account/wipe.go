package account

import (
	"time"

	"github.com/google/uuid"
)

const (
	// wipeBackoff is the wait after a failed wipe; it doubles with each further
	// failure up to maxWipeBackoff.
	wipeBackoff    = time.Minute
	maxWipeBackoff = time.Hour
)

// A WipeReason is why a user lost the critical data.
type WipeReason string

const (
	ReasonStrikes   WipeReason = "strikes"
	ReasonForfeited WipeReason = "forfeited"
)

// A Wipe is a marked wipe of the user's critical data.
type Wipe struct {
	ID      uuid.UUID
	At      time.Time
	Reason  WipeReason
	Done    bool
	Tries   int       // by Sweep
	RetryAt time.Time // by Sweep, not before
}

// Pending reports whether w is not nil and not done.
func (w *Wipe) Pending() bool { return w != nil && !w.Done }

// Due reports whether to try the wipe now: it is pending and not put off.
func (w *Wipe) Due(now time.Time) bool { return w.Pending() && !active(w.RetryAt, maxWipeBackoff, now) }

// BackOff postpones the next try after a failure.
func (w *Wipe) BackOff(now time.Time) {
	delay := maxWipeBackoff
	if w.Tries < 6 {
		delay = wipeBackoff << w.Tries
	}
	w.Tries++
	w.RetryAt = now.Add(delay)
}
