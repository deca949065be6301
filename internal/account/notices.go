package account

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

const (
	// maxNotices is the most notices that wait.
	maxNotices = 16
	// noticeBackoff is the wait after a failure to tell a user's notices; it
	// doubles with each further one up to maxNoticeBackoff.
	noticeBackoff    = time.Minute
	maxNoticeBackoff = time.Hour
)

// NoticeActions are the actions that a user should hear of (NIST SP 800-63B-4
// §4.6). Records store an action by its place here: add a new one at the end.
var NoticeActions = [...]string{
	"pin-set", "pin-removed", "enrolled", "revoked", "authenticator-confirmed", "authenticator-removed",
	"recovery-generated", "recovery-removed", "verified", "locked-out", "reset-last-chance", "wipe-marked", "wipe-done",
}

// A Notice tells a user what has happened.
type Notice struct {
	ID     uuid.UUID
	At     time.Time
	Action string // of NoticeActions
	Kind   Kind   // may be empty
	Device uuid.UUID
}

// IsNotice reports whether a user should hear of an action. Of verified
// credentials, that is only a recovery code.
func IsNotice(action string, k Kind) bool {
	return slices.Contains(NoticeActions[:], action) && (action != "verified" || k == KindRecovery)
}

// about reports whether two notices differ only in time.
func (n Notice) about(other Notice) bool { return n.Action == other.Action && n.Kind == other.Kind }

// Notices holds the notices not yet told.
type Notices struct {
	Waiting []Notice // oldest first
	Dropped int      // not yet reported by TakeDropped
	Tries   int      // by Sweep
	RetryAt time.Time
}

// Add keeps a notice. It is told again from noticeBackoff on, or earlier with
// waiting ones: a new notice postpones nothing, or something that happens every
// minute would keep the user from hearing of what happened once. If too many wait,
// Add drops the oldest that has a newer one of the same action and kind, else the
// oldest, so that repetitions push out nothing that happened once.
func (n *Notices) Add(notice Notice) {
	if soon := notice.At.Add(noticeBackoff); n.empty() || soon.Before(n.RetryAt) {
		n.RetryAt = soon
	}
	n.Tries = 0
	n.Waiting = append(n.Waiting, notice)
	if len(n.Waiting) > maxNotices {
		i := max(0, slices.IndexFunc(n.Waiting, n.hasNewer))
		n.Waiting = slices.Delete(n.Waiting, i, i+1)
		n.Dropped++
	}
}

func (n *Notices) hasNewer(notice Notice) bool {
	last := len(n.Waiting) - 1
	for last >= 0 && !n.Waiting[last].about(notice) {
		last--
	}
	return n.Waiting[last] != notice
}

// Told removes told notices. It reports whether any of them still waited.
func (n *Notices) Told(ids []uuid.UUID) bool {
	before := len(n.Waiting)
	n.Waiting = slices.DeleteFunc(n.Waiting, func(notice Notice) bool { return slices.Contains(ids, notice.ID) })
	n.settle()
	return len(n.Waiting) < before
}

// TakeDropped returns the number of notices dropped since its last call.
func (n *Notices) TakeDropped() int {
	dropped := n.Dropped
	n.Dropped = 0
	n.settle()
	return dropped
}

// settle ends the wait if nothing waits.
func (n *Notices) settle() {
	if n.empty() {
		*n = Notices{}
	}
}

// PutOff postpones the next try after a failure.
func (n *Notices) PutOff(now time.Time) {
	if n.empty() {
		return
	}
	n.Tries = min(n.Tries+1, 6)
	n.RetryAt = now.Add(min(noticeBackoff<<n.Tries, maxNoticeBackoff))
}

// Due reports whether there is something to tell now.
func (n *Notices) Due(now time.Time) bool {
	return !n.empty() && !active(n.RetryAt, maxNoticeBackoff, now)
}

func (n *Notices) tidy(now time.Time) {
	if n.RetryAt.After(now.Add(maxNoticeBackoff + ClockSlack)) {
		n.RetryAt = now // a clock that ran ahead put it off
	}
}

func (n *Notices) empty() bool { return len(n.Waiting) == 0 && n.Dropped == 0 }
