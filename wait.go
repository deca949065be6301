package factor

import (
	"context"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"time"
)

const (
	// versionsAtOnce is how many users a VersionLister is asked about in one
	// call.
	versionsAtOnce = 1000
	// loadsAtOnce is how many records a poll loads at the same time.
	loadsAtOnce = 16
)

// waiters lets all who wait for a PIN share one poll. A watch exists while
// somebody waits for that user, and the goroutine that polls while there is a
// watch.
type waiters struct {
	mu    sync.Mutex
	users map[string]*watch
	stop  context.CancelFunc // ends the poll
}

type watch struct {
	waiting int
	seen    int64         // version of the record that was last found without a PIN
	done    chan struct{} // closed once the PIN is set, or on err
	err     error
}

// unseen is the version of no record, not even of none.
const unseen = -1

func (w *waiters) wait(ctx context.Context, v *Verifier, user string, timeout time.Duration) (bool, error) {
	timed, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	mine, first := w.join(v, user)
	defer w.leave(user, mine)
	if first {
		// The end of this call's own context concerns nobody else.
		if err := w.look(timed, v, user, mine); err != nil && ctx.Err() == nil {
			w.fail(user, mine, err)
		}
	}
	select {
	case <-mine.done:
	case <-timed.Done():
	}
	select {
	case <-mine.done:
		return mine.err == nil, mine.err
	default:
		return false, ctx.Err()
	}
}

// join reports whether it is the first who waits for the user, and so has to
// look for itself.
func (w *waiters) join(v *Verifier, user string) (mine *watch, first bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	mine = w.users[user]
	if mine == nil {
		mine, first = &watch{seen: unseen, done: make(chan struct{})}, true
		if len(w.users) == 0 {
			w.users = make(map[string]*watch)
			var ctx context.Context
			ctx, w.stop = context.WithCancel(context.Background())
			go w.poll(ctx, v)
		}
		w.users[user] = mine
	}
	mine.waiting++
	return mine, first
}

func (w *waiters) leave(user string, mine *watch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if mine.waiting--; mine.waiting == 0 {
		w.end(user, mine)
	}
}

// wake is called when the user's PIN was set in this process.
func (w *waiters) wake(user string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if mine := w.users[user]; mine != nil {
		w.finish(user, mine, nil)
	}
}

// finish lets go who waits, if anybody still does. The lock is held.
func (w *waiters) finish(user string, mine *watch, err error) {
	if w.users[user] == mine {
		mine.err = err
		close(mine.done)
		w.end(user, mine)
	}
}

// end makes room for a new watch, and ends the poll after the last. The lock is
// held.
func (w *waiters) end(user string, mine *watch) {
	if w.users[user] != mine {
		return
	}
	delete(w.users, user)
	if len(w.users) == 0 {
		w.stop()
	}
}

// poll asks the store until nobody waits any more. Nobody can tell a poll from
// the next: they begin a little less than an interval apart, so that many
// processes do not ask in step.
func (w *waiters) poll(ctx context.Context, v *Verifier) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	<-pause.C
	began := time.Now()
	for {
		longest := v.opts.PIN.Poll
		next := longest - mathrand.N(longest/4+1) - time.Since(began)
		pause.Reset(max(next, longest/4)) // a store that is slow is not asked without a pause
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
		began = time.Now()
		w.round(ctx, v)
	}
}

// watched is a user with the watch for them.
type watched struct {
	user  string
	watch *watch
	seen  int64
}

// round looks once at all users that are waited for.
func (w *waiters) round(ctx context.Context, v *Verifier) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	w.mu.Lock()
	all := make([]watched, 0, len(w.users))
	for user, mine := range w.users {
		all = append(all, watched{user, mine, mine.seen})
	}
	w.mu.Unlock()

	if lister, ok := v.store.(VersionLister); ok {
		all = w.changed(ctx, lister, all)
	}
	var running sync.WaitGroup
	free := make(chan struct{}, loadsAtOnce)
	for _, one := range all {
		free <- struct{}{}
		running.Go(func() {
			defer func() { <-free }()
			if err := w.look(ctx, v, one.user, one.watch); err != nil {
				w.fail(one.user, one.watch, err)
			}
		})
	}
	running.Wait()
}

// changed returns those whose record is another than the one that was seen.
func (w *waiters) changed(ctx context.Context, lister VersionLister, all []watched) []watched {
	var changed []watched
	for some := range slices.Chunk(all, versionsAtOnce) {
		users := make([]string, len(some))
		for i, one := range some {
			users[i] = one.user
		}
		versions, err := versionsOf(ctx, lister, users)
		for i, one := range some {
			switch {
			case err != nil:
				w.fail(one.user, one.watch, err)
			case versions[i] != one.seen:
				changed = append(changed, one)
			}
		}
	}
	return changed
}

func versionsOf(ctx context.Context, lister VersionLister, users []string) (versions []int64, err error) {
	err = shielded("Store.Versions", func() (err error) {
		versions, err = lister.Versions(ctx, users)
		return err
	})
	if err == nil && len(versions) != len(users) {
		err = fmt.Errorf("factor: Store.Versions returned %d versions of %d users", len(versions), len(users))
	}
	return versions, err
}

// look looks at one user's record and lets go who waits if the PIN is set.
func (w *waiters) look(ctx context.Context, v *Verifier, user string, mine *watch) error {
	rec, err := v.load(ctx, user)
	if err != nil {
		return err
	}
	a, err := v.open(user, rec)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if a.pin != nil {
		w.finish(user, mine, nil)
	}
	mine.seen = rec.Version
	return nil
}

func (w *waiters) fail(user string, mine *watch, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.finish(user, mine, err)
}
