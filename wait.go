package factor

import (
	"context"
	mathrand "math/rand/v2"
	"sync"
	"time"
)

// waiters lets those who wait for one user's PIN share one poll. A watch, and
// the goroutine that polls for it, exists while somebody waits.
type waiters struct {
	mu    sync.Mutex
	users map[string]*watch
}

type watch struct {
	waiting int
	stop    context.CancelFunc
	done    chan struct{} // closed once the PIN is set, or on err
	err     error
}

func (w *waiters) wait(ctx context.Context, v *Verifier, user string, timeout time.Duration) (bool, error) {
	mine := w.join(v, user)
	defer w.leave(user, mine)
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-mine.done:
		return mine.err == nil, mine.err
	case <-timer.C:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

func (w *waiters) join(v *Verifier, user string) *watch {
	w.mu.Lock()
	defer w.mu.Unlock()
	mine := w.users[user]
	if mine == nil {
		ctx, stop := context.WithCancel(context.Background())
		mine = &watch{stop: stop, done: make(chan struct{})}
		if w.users == nil {
			w.users = make(map[string]*watch)
		}
		w.users[user] = mine
		go w.poll(ctx, v, user, mine)
	}
	mine.waiting++
	return mine
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
		w.end(user, mine)
		close(mine.done)
	}
}

// end stops the poll and makes room for a new watch. The lock is held.
func (w *waiters) end(user string, mine *watch) {
	mine.stop()
	if w.users[user] == mine {
		delete(w.users, user)
	}
}

// poll asks the store until the PIN is set or nobody waits any more. Nobody can
// tell a poll from the next: they are a little less than an interval apart, so
// that many processes do not ask in step.
func (w *waiters) poll(ctx context.Context, v *Verifier, user string, mine *watch) {
	for {
		set, err := v.pinIsSet(ctx, user)
		if set || err != nil {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.users[user] == mine {
				mine.err = err
				w.end(user, mine)
				close(mine.done)
			}
			return
		}
		pause := time.NewTimer(v.opts.PIN.Poll - mathrand.N(v.opts.PIN.Poll/4+1))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return
		}
	}
}
