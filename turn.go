package factor

import (
	"context"
	"sync"
)

// turns lets calls on the same user take turns, in the order in which they came,
// and nobody wait for another user. Waiting and giving up cost the same, however
// many others wait: nobody can slow another user down by it.
type turns struct {
	mu sync.Mutex
	// users has an entry for each user whose turn is held, nil until somebody
	// has waited for it.
	users map[string]*queue
	came  int64 // how many have waited so far
}

// waiting is somebody who waits for a turn, or has waited.
type waiting struct {
	number int64
	job    anyJob // that the holder of the turn may settle, nil if there is none
	// called is closed when the turn is handed over, or the job has been settled.
	called chan struct{}
	// last is the number of the caller who came last before the turn was handed over.
	last    int64
	carried bool  // the job has been settled
	found   found // what the holder of the turn before knows

	// queued is whether the turn is still waited for.
	queued bool
	among  [2]neighbours // in each of the queue's lists
}

// found is a record that somebody has loaded or stored.
type found struct {
	record *Record // nil for nothing
	after  int64   // the number of the caller who came last before the store was asked
}

// settled reports whether somebody else has settled the job. Nil stands for who
// did not have to wait.
func (w *waiting) settled() bool { return w != nil && w.carried }

// take waits for the user's turn until the context ends, whose error it then
// returns. Who has taken a turn leaves it. A job, if it is not nil, may be
// settled meanwhile by who has the turn; then there is no turn to leave.
func (t *turns) take(ctx context.Context, user string, job anyJob) (*waiting, error) {
	mine := t.enter(user, job)
	if mine == nil {
		return nil, nil
	}
	select {
	case <-mine.called:
		return mine, nil
	case <-ctx.Done():
	}
	if t.withdraw(user, mine) {
		return nil, ctx.Err()
	}
	<-mine.called // by who has the turn, soon: what was judged must not be left behind
	if mine.carried {
		return mine, nil
	}
	t.leave(user, mine.found)
	return nil, ctx.Err()
}

// enter takes the turn and returns nil, or if it is held waits for it.
func (t *turns) enter(user string, job anyJob) *waiting {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.users == nil {
		t.users = make(map[string]*queue)
	}
	line, held := t.users[user]
	if !held {
		t.users[user] = nil
		return nil
	}
	if line == nil {
		line = &queue{}
		t.users[user] = line
	}
	t.came++
	mine := &waiting{number: t.came, job: job, called: make(chan struct{})}
	line.add(mine)
	return mine
}

// last returns the number of who came last.
func (t *turns) last() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.came
}

// withdraw reports whether who waited still did.
func (t *turns) withdraw(user string, mine *waiting) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !mine.queued {
		return false
	}
	t.users[user].remove(mine)
	return true
}

// leave hands the turn over to who has waited longest, with what was found after
// they came: it was stored at some time since.
func (t *turns) leave(user string, f found) {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := t.users[user].first(everybody)
	if next == nil {
		delete(t.users, user)
		return
	}
	t.users[user].remove(next)
	next.last = t.came
	if next.number <= f.after {
		next.found = f
	}
	close(next.called)
}
