package factor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/knowhave/factor/internal/account"
)

// maxSweepErrors is how many users' errors Sweep returns one by one.
const maxSweepErrors = 100

// UserError is what Admin.Sweep could not do for one user. Its text leaves the
// user out; read the field.
type UserError struct {
	User string
	Err  error
}

func (e *UserError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *UserError) Unwrap() error { return e.Err }

// sweepErrors collects what a Sweep could not do.
type sweepErrors struct {
	users   []error
	more    moreErrors
	listing error // why the walk ended early
}

func (s *sweepErrors) add(user string, err error) {
	switch {
	case err == nil:
	case len(s.users) < maxSweepErrors:
		s.users = append(s.users, &UserError{User: user, Err: err})
	default:
		s.more.add(err)
	}
}

func (s *sweepErrors) join() error {
	all := s.users
	if s.more.count > 0 {
		all = append(all, &s.more)
	}
	return errors.Join(append(all, s.listing)...)
}

// moreErrors stands for those that are too many to return one by one. It matches
// the sentinels that they match, so that what looks for one does not miss it.
type moreErrors struct {
	count   int
	matches []error
}

func (m *moreErrors) add(err error) {
	m.count++
	for _, sentinel := range []error{ErrWipePending, ErrNoticesDropped, ErrUnsealed, ErrNewerFormat, ErrConflict} {
		if errors.Is(err, sentinel) && !slices.Contains(m.matches, sentinel) {
			m.matches = append(m.matches, sentinel)
		}
	}
}

func (m *moreErrors) Error() string {
	return fmt.Sprintf("factor: %d more users could not be swept", m.count)
}

// Unwrap returns the sentinels.
func (m *moreErrors) Unwrap() []error { return m.matches }

// Sweep walks the users of whom something is due: it drops codes and secrets
// that have ended, finishes wipes that were cut off, removes empty records a
// day after their last write, and last tells the notices that nobody was told. Counts
// and locks stay. Call it every minute or so,
// from one process or several.
//
// It returns how many users it changed. One user's failure stops nobody else's.
// The errors are joined, each a *UserError, at most 100 of them and then one that
// says how many more there were and matches what those match. A wipe that is not
// finished matches ErrWipePending. After Options.Wipe has failed, Sweep leaves that
// wipe alone for a minute, then for twice as long each time, up to an hour; a call
// of the ResetGuard still tries it at once. Where Options.Wipe is not set, Sweep
// says so and leaves the wipe, at once, to a process where it is.
//
// Notices of a user that could not be told wait likewise, and where Options.Notify is not
// set Sweep leaves them likewise; a new one of that user ends the wait. After 10 failures of
// Options.Notify in a row a Sweep asks it no more. Of a user at most 16 notices wait. If
// there would be more, the oldest that has a newer one of the same Action and Kind is
// dropped, else the oldest; a Sweep says so once (ErrNoticesDropped).
func (d *Admin) Sweep(ctx context.Context) (int, error) {
	due, err := d.v.clock()
	if err != nil {
		return 0, err
	}
	changed := 0
	var failed sweepErrors
	var toTell []swept
	for user, err := range d.v.users(ctx, "", due) {
		if err != nil {
			failed.listing = err // it is the last
			break
		}
		did, err := d.v.sweep(ctx, user)
		if did.changed {
			changed++
		}
		failed.add(user, err)
		if did.notices && len(toTell) < maxNotified {
			toTell = append(toTell, did)
		}
	}
	// Only now, so that mail that hangs keeps no wipe waiting.
	var mails mailing
	for _, did := range toTell {
		if ctx.Err() != nil {
			break
		}
		told, err := d.v.sweepNotices(ctx, did.user, did.kept, &mails)
		if told && !did.changed {
			changed++
		}
		failed.add(did.user, err)
	}
	return changed, failed.join()
}

// swept is what Sweep did for one user.
type swept struct {
	user    string
	changed bool
	cutOff  *Wipe            // to be finished
	notices bool             // there are some to tell
	kept    []account.Notice // by this Sweep
}

// sweep does for one user what is due, but for notices.
func (v *Verifier) sweep(ctx context.Context, user string) (swept, error) {
	did, err := update(ctx, v, user, modeFast, func(a *attempt) (swept, error) {
		did := swept{user: user, notices: a.account.Notices.Due(a.now) && !v.insideNotify(ctx, user)}
		switch due := a.account.ToSweep(a.now); due {
		case account.SweepNothing:
			a.unchanged = true
		case account.SweepWipe:
			a.unchanged = true // until the wipe is tried
			did.cutOff = a.pendingWipe()
		default:
			a.remove, did.changed = due == account.SweepRemove, true
		}
		return did, nil
	})
	if err != nil || did.cutOff == nil {
		return did, err
	}
	did.kept, err = v.runWipe(ctx, *did.cutOff)
	did.changed, did.notices = err == nil, did.notices || len(did.kept) > 0
	switch {
	case err == nil:
		return did, nil
	case wasNotCalled(err):
		// Nothing is known of how the host's function fares: another process, or
		// the next Sweep, calls it at once.
	default:
		_, failed := v.recordWipe(ctx, *did.cutOff, func(a *attempt, kept *account.Wipe) { kept.BackOff(a.now) })
		err = errors.Join(err, failed)
	}
	return did, unfinished(err)
}
