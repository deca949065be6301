package account

import (
	"time"

	"github.com/google/uuid"
)

const (
	// wipeBackoff is how long a wipe is put off after it failed, twice as long each
	// further time up to maxWipeBackoff.
	wipeBackoff    = time.Minute
	maxWipeBackoff = time.Hour
)

// A WipeReason says why a user's critical data is given up.
type WipeReason string

// The reasons.
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

// Pending reports whether there is a wipe and it is not done. There may be none.
func (w *Wipe) Pending() bool { return w != nil && !w.Done }

// Due reports whether the wipe has to be tried: it is pending and not put off.
func (w *Wipe) Due(now time.Time) bool { return w.Pending() && !active(w.RetryAt, maxWipeBackoff, now) }

// BackOff puts the next try off, after one that failed.
func (w *Wipe) BackOff(now time.Time) {
	delay := maxWipeBackoff
	if w.Tries < 6 {
		delay = wipeBackoff << w.Tries
	}
	w.Tries++
	w.RetryAt = now.Add(delay)
}
