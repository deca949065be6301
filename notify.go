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
	// notifyTimeout is how long one call of Options.Notify may take.
	notifyTimeout = 10 * time.Second
	// maxNotifyFailures is after how many failures of Options.Notify in a row a Sweep
	// asks it no more.
	maxNotifyFailures = 10
	// maxNotified is how many users a Sweep tells at most. The next one goes on.
	maxNotified = 10_000
)

// A Notice is an Event that the user should hear of (NIST SP 800-63B-4 §4.6), whatever
// device or session it came from: a PIN was set or removed, a device enrolled or revoked,
// an authenticator confirmed or removed, recovery codes were generated, removed or used
// (ActionVerified of KindRecovery), a kind was locked for good (ActionLockedOut), the
// reset guard has one wrong proof left (ActionResetLastChance), a wipe was marked or is
// done. Its Event has At, User, Action, Kind and Device, and nothing else.
type Notice struct {
	// ID is the same each time that this notice is told.
	ID    uuid.UUID
	Event Event
}

func publicNotice(n account.Notice, user string) Notice {
	return Notice{ID: n.ID, Event: Event{At: n.At, User: user, Action: Action(n.Action), Kind: Kind(n.Kind), Device: n.Device}}
}

// notice keeps an event in the record, if the user should hear of it.
func (a *attempt) notice(e Event) {
	if a.opts.Notify == nil || !account.IsNotice(string(e.Action), account.Kind(e.Kind)) {
		return
	}
	n := account.Notice{ID: uuid.New(), At: e.At, Action: string(e.Action), Kind: account.Kind(e.Kind), Device: e.Device}
	a.account.Notices.Add(n)
	a.notices = append(a.notices, n)
}

// tell tells what a call has kept, once. What fails is left to Sweep, and is no fault of
// the call.
func (v *Verifier) tell(ctx context.Context, user string, kept []account.Notice) {
	if len(kept) == 0 {
		return
	}
	var mails mailing
	if told, _ := v.notify(ctx, user, kept, &mails); len(told) > 0 {
		_, _ = v.recordNotices(ctx, user, func(kept *account.Notices, _ time.Time) bool { return kept.Told(told) })
	}
}

// A mailing is what became of the notices of a call or a Sweep.
type mailing struct{ failures int } // in a row

// givenUp reports whether Options.Notify fails, whoever it is asked about.
func (m *mailing) givenUp() bool { return m.failures >= maxNotifyFailures }

// notify tells notices, in their order. It returns what was told, and the errors of what
// was not.
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

var errNoNotify = errors.New("it is not set in this process's Options; a Sweep where it is set tells what waits")

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

// recordNotices changes what is kept of notices, unless there is nothing to change. Like
// a wipe it does not end with its caller.
func (v *Verifier) recordNotices(ctx context.Context, user string, change func(kept *account.Notices, now time.Time) bool) (changed bool, err error) {
	return update(v.loop.Detach(ctx), v, user, modeFast, func(a *attempt) (bool, error) {
		changed := change(&a.account.Notices, a.now)
		a.unchanged = !changed
		return changed, nil
	})
}

// sweepNotices tells what waits of one user, if it is due, and else what this Sweep has
// kept of it. It reports whether it told any.
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
