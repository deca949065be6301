package account

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

const (
	// maxNotices is how many notices wait at most.
	maxNotices = 16
	// noticeBackoff is how long the notices of a user wait until they are told again,
	// twice as long each further time up to maxNoticeBackoff.
	noticeBackoff    = time.Minute
	maxNoticeBackoff = time.Hour
)

// NoticeActions are what a user should hear of (NIST SP 800-63B-4 §4.6). Records keep
// one by its place here: a new one comes last.
var NoticeActions = [...]string{
	"pin-set", "pin-removed", "enrolled", "revoked", "authenticator-confirmed", "authenticator-removed",
	"recovery-generated", "recovery-removed", "verified", "locked-out", "reset-last-chance", "wipe-marked", "wipe-done",
}

// A Notice says what has happened to a user, who should hear of it.
type Notice struct {
	ID     uuid.UUID
	At     time.Time
	Action string // of NoticeActions
	Kind   Kind   // empty: it is about none
	Device uuid.UUID
}

// IsNotice reports whether a user should hear of an action. Of what was verified, only
// of a recovery code.
func IsNotice(action string, k Kind) bool {
	return slices.Contains(NoticeActions[:], action) && (action != "verified" || k == KindRecovery)
}

// about reports whether two notices say the same of different times.
func (n Notice) about(other Notice) bool { return n.Action == other.Action && n.Kind == other.Kind }

// Notices are those that were not told yet.
type Notices struct {
	Waiting []Notice // oldest first
	Dropped int      // that were too many, and nobody was told so
	Tries   int      // by Sweep
	RetryAt time.Time
}

// Add keeps a notice, which is told again from noticeBackoff on, or earlier with those that
// wait already: a new one puts nothing off, or what happens every minute would keep the user
// from hearing what happened once. Where too many wait, the
// oldest that has a newer one of the same action and kind is dropped, else the oldest: so
// that what somebody repeats does not push out what happened once.
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

// Told takes out what was told. It reports whether anything of it waited still.
func (n *Notices) Told(ids []uuid.UUID) bool {
	before := len(n.Waiting)
	n.Waiting = slices.DeleteFunc(n.Waiting, func(notice Notice) bool { return slices.Contains(ids, notice.ID) })
	n.settle()
	return len(n.Waiting) < before
}

// TakeDropped returns how many were dropped since it was asked last.
func (n *Notices) TakeDropped() int {
	dropped := n.Dropped
	n.Dropped = 0
	n.settle()
	return dropped
}

// settle ends the wait where nothing waits.
func (n *Notices) settle() {
	if n.empty() {
		*n = Notices{}
	}
}

// PutOff puts the next try off, after one that failed.
func (n *Notices) PutOff(now time.Time) {
	if n.empty() {
		return
	}
	n.Tries = min(n.Tries+1, 6)
	n.RetryAt = now.Add(min(noticeBackoff<<n.Tries, maxNoticeBackoff))
}

// Due reports whether there is something to tell, now.
func (n *Notices) Due(now time.Time) bool {
	return !n.empty() && !active(n.RetryAt, maxNoticeBackoff, now)
}

func (n *Notices) tidy(now time.Time) {
	if n.RetryAt.After(now.Add(maxNoticeBackoff + ClockSlack)) {
		n.RetryAt = now // put off by a clock that ran ahead
	}
}

func (n *Notices) empty() bool { return len(n.Waiting) == 0 && n.Dropped == 0 }
