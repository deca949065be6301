package factor

import (
	"context"
	"slices"
	"sync"
)

// turns lets calls on the same user take turns, in the order in which they came,
// and nobody wait for another user.
type turns struct {
	mu sync.Mutex
	// users has an entry for each user whose turn is held, with those who wait
	// for it.
	users map[string][]*waiting
	came  int64 // how many have waited so far
}

// waiting is somebody who waits for a turn, or has waited.
type waiting struct {
	number int64
	job    anyJob // that who has the turn may settle, nil if there is none
	// called is closed when the turn is handed over, or the job has been settled.
	called chan struct{}
	// last is the number of who came last before the turn was handed over.
	last    int64
	carried bool  // the job has been settled
	found   found // what who had the turn before knows
}

// found is a record that somebody has loaded or stored.
type found struct {
	record *Record // nil for nothing
	after  int64   // the number of who came last before the store was asked
}

// settled reports whether somebody else has settled the job. Nil stands for who
// did not have to wait.
func (w *waiting) settled() bool { return w != nil && w.carried }

// take waits for the user's turn until the context ends, whose error it then
// returns. Who has taken a turn leaves it. A job, if it is not nil, may be
// settled meanwhile by who has the turn; then there is no turn to leave.
func (t *turns) take(ctx context.Context, user string, job anyJob) (*waiting, error) {
	t.mu.Lock()
	if t.users == nil {
		t.users = make(map[string][]*waiting)
	}
	queue, held := t.users[user]
	if !held {
		t.users[user] = nil
		t.mu.Unlock()
		return nil, nil
	}
	t.came++
	mine := &waiting{number: t.came, job: job, called: make(chan struct{})}
	t.users[user] = append(queue, mine)
	t.mu.Unlock()

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
	queue := t.users[user]
	i := slices.Index(queue, mine)
	if i < 0 {
		return false
	}
	t.users[user] = slices.Delete(queue, i, i+1)
	return true
}

// leave hands the turn over to who has waited longest, with what was found after
// they came: it was stored at some time since.
func (t *turns) leave(user string, f found) {
	t.mu.Lock()
	defer t.mu.Unlock()
	queue := t.users[user]
	if len(queue) == 0 {
		delete(t.users, user)
		return
	}
	next := queue[0]
	queue[0] = nil // it holds a credential
	t.users[user] = queue[1:]
	next.last = t.came
	if next.number <= f.after {
		next.found = f
	}
	close(next.called)
}
