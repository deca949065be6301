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
	// for it. A turn is handed over by closing the channel of who comes next.
	users map[string][]chan struct{}
}

// take waits for the user's turn until the context ends, whose error it then
// returns. Who has taken a turn leaves it.
func (t *turns) take(ctx context.Context, user string) error {
	t.mu.Lock()
	if t.users == nil {
		t.users = make(map[string][]chan struct{})
	}
	queue, held := t.users[user]
	if !held {
		t.users[user] = nil
		t.mu.Unlock()
		return nil
	}
	mine := make(chan struct{})
	t.users[user] = append(queue, mine)
	t.mu.Unlock()

	select {
	case <-mine:
		return nil
	case <-ctx.Done():
	}
	if !t.withdraw(user, mine) {
		t.leave(user) // it was handed over meanwhile
	}
	return ctx.Err()
}

// withdraw reports whether who waited still did.
func (t *turns) withdraw(user string, mine chan struct{}) bool {
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

// leave hands the turn over to who has waited longest.
func (t *turns) leave(user string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	queue := t.users[user]
	if len(queue) == 0 {
		delete(t.users, user)
		return
	}
	t.users[user] = queue[1:]
	close(queue[0])
}
