package factor

import (
	"context"
	"sync"
)

// turns lets calls on the same user take turns, and nobody wait for another
// user. A turn exists while somebody holds it or waits for it.
type turns struct {
	mu    sync.Mutex
	users map[string]*turn
}

type turn struct {
	baton chan struct{} // holds one element while somebody has the turn
	calls int           // holder and waiters
}

// take waits for the user's turn until the context ends, whose error it then
// returns.
func (t *turns) take(ctx context.Context, user string) (leave func(), err error) {
	t.mu.Lock()
	if t.users == nil {
		t.users = make(map[string]*turn)
	}
	mine := t.users[user]
	if mine == nil {
		mine = &turn{baton: make(chan struct{}, 1)}
		t.users[user] = mine
	}
	mine.calls++
	t.mu.Unlock()

	gone := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if mine.calls--; mine.calls == 0 {
			delete(t.users, user)
		}
	}
	select {
	case mine.baton <- struct{}{}:
		return func() { <-mine.baton; gone() }, nil
	case <-ctx.Done():
		gone()
		return nil, ctx.Err()
	}
}
