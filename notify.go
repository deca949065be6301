package factor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/knowhave/factor/internal/account"
	"github.com/knowhave/factor/internal/host"
)

const (
	// notifyTimeout bounds one call of Options.Notify.
	notifyTimeout = 10 * time.Second
	// maxNotifyFailures is the number of failures of Options.Notify in a row after
	// which a Sweep stops calling it.
	maxNotifyFailures = 10
	// maxNotified is the most users that one Sweep tells. The next Sweep goes on.
	maxNotified = 10_000
)

// A Notice is an Event that the user should hear of (NIST SP 800-63B-4 §4.6),
// whatever device or session it came from: a PIN was set or removed, a device
// enrolled or revoked, an authenticator confirmed or removed; recovery codes were
// generated, removed or used (ActionVerified of KindRecovery); a kind was locked
// for good (ActionLockedOut); the reset guard has one wrong proof left
// (ActionResetLastChance); a wipe was marked or done. Its Event has At, User,
// Action, Kind and Device only.
type Notice struct {
	// ID is the same in each call for this notice.
	ID    uuid.UUID
	Event Event
}

func publicNotice(n account.Notice, user string) Notice {
	return Notice{ID: n.ID, Event: Event{At: n.At, User: user, Action: Action(n.Action), Kind: Kind(n.Kind), Device: n.Device}}
}

// notice adds an event to the record's notices if the user should hear of it.
func (a *attempt) notice(e Event) {
	if a.opts.Notify == nil || !account.IsNotice(string(e.Action), account.Kind(e.Kind)) {
		return
	}
	n := account.Notice{ID: uuid.New(), At: e.At, Action: string(e.Action), Kind: account.Kind(e.Kind), Device: e.Device}
	a.account.Notices.Add(n)
	a.notices = append(a.notices, n)
}

// tell tells the notices that a call kept, once. A failure is left to Sweep and
// does not change the call's answer.
func (v *Verifier) tell(ctx context.Context, user string, kept []account.Notice) {
	if len(kept) == 0 {
		return
	}
	var mails mailing
	if told, _ := v.notify(ctx, user, kept, &mails); len(told) > 0 {
		_, _ = v.recordNotices(ctx, user, func(kept *account.Notices, _ time.Time) bool { return kept.Told(told) })
	}
}

// A mailing counts the failures of Options.Notify during one call or Sweep.
type mailing struct{ failures int } // in a row

// givenUp reports whether Options.Notify fails for everybody.
func (m *mailing) givenUp() bool { return m.failures >= maxNotifyFailures }

// notify tells notices in order. It returns those it told, and the errors of the
// others.
func (v *Verifier) notify(ctx context.Context, user string, notices []account.Notice, m *mailing) (told []uuid.UUID, err error) {
	for _, n := range notices {
		failed := v.callNotify(ctx, publicNotice(n, user))
		switch {
		case wasNotCalled(failed):
			return told, errors.Join(err, failed)
		case failed == nil:
			told, m.failures = append(told, n.ID), 0
			continue
		}
		err = errors.Join(err, failed)
		if m.failures++; m.givenUp() {
			break
		}
	}
	return told, err
}

var errNoNotify = errors.New("it is not set in this process's Options: set it, or leave the notices to the Sweep of a process that does")

func (v *Verifier) callNotify(ctx context.Context, n Notice) error {
	if v.insideNotify(ctx, n.Event.User) {
		return notCalled(inNotify, errInsideItself)
	}
	leave, err := enter(ctx, &v.notifying, n.Event.User, 0)
	if err != nil {
		return notCalled(inNotify, errTooMany)
	}
	defer leave()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), notifyTimeout)
	defer cancel()
	asked := host.Enter(ctx, hostCall{verifier: v.core, function: inNotify, user: n.Event.User})
	defer asked.Leave()
	return callHost("Notify", func() error { return v.opts.Notify(asked, n) })
}

func (v *Verifier) insideNotify(ctx context.Context, user string) bool {
	notify := hostCall{verifier: v.core, function: inNotify, user: user}
	return host.Inside(ctx, func(c hostCall) bool { return c == notify })
}

// recordNotices changes the record's notices, if there is something to change. Like
// a wipe, it outlives the caller's context.
func (v *Verifier) recordNotices(ctx context.Context, user string, change func(kept *account.Notices, now time.Time) bool) (changed bool, err error) {
	return update(v.loop.Detach(ctx), v, user, modeFast, func(a *attempt) (bool, error) {
		changed := change(&a.account.Notices, a.now)
		a.unchanged = !changed
		return changed, nil
	})
}

// sweepNotices tells a user's waiting notices if they are due, and otherwise those
// that this Sweep kept. It reports whether it told any.
func (v *Verifier) sweepNotices(ctx context.Context, user string, kept []account.Notice, m *mailing) (changed bool, err error) {
	a, err := v.read(ctx, user)
	if err != nil {
		return false, err
	}
	now, err := v.clock()
	if err != nil {
		return false, err
	}
	if a.Notices.Due(now) {
		kept = a.Notices.Waiting
	}
	var told []uuid.UUID
	var failed error
	switch {
	case len(kept) == 0 || m.givenUp():
	case v.opts.Notify == nil:
		failed = notCalled(inNotify, errNoNotify)
	default:
		told, failed = v.notify(ctx, user, kept, m)
	}
	dropped := 0
	_, err = v.recordNotices(ctx, user, func(kept *account.Notices, now time.Time) bool {
		changed := kept.Told(told)
		if failed != nil && !wasNotCalled(failed) {
			kept.PutOff(now)
			changed = true
		}
		dropped = kept.TakeDropped()
		return changed || dropped > 0
	})
	if dropped > 0 {
		failed = errors.Join(failed, fmt.Errorf("%w: %d", ErrNoticesDropped, dropped))
	}
	return err == nil && len(told) > 0, errors.Join(failed, err)
}
